"""The architecture of a noted model, as the ``to_json`` of its own Keras would have written it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import wraps
from typing import Any

import numpy as np

from ..containers.base import Json
from ..document.model import Era
from ..errors import Unsupported
from .inert import Inert, Missing
from .layers import NUMBER, LiveLayer, Recorded, RecordedLayer
from .models import RecordedModel
from .sequential import RecordedGraph, RecordedSequential
from .tensors import Node, RecordedTensor, Recording, find_nodes, list_layers

_STARTING = ("initializer", "init")


def write_architecture(model: Any) -> dict[str, Json]:
    """The whole model. Raises Unsupported for a layer that holds what no architecture could."""
    return _Writing(model.recorder).outer(model)


def write_call(node: Node) -> dict[str, Json]:
    """A model of one call alone, in the vocabulary of Keras 1 where the program is of Keras 0."""
    return _Writing(node.recorder, flat=False).call(node)


class _Writing:
    def __init__(self, recorder: Recording, flat: bool | None = None) -> None:
        self.recorder = recorder
        self.flat = recorder.writer.era is Era.KERAS0 if flat is None else flat

    def outer(self, model: object) -> dict[str, Json]:
        written = self.layer(model)
        if not self.flat and isinstance(model, RecordedModel) and not model.is_named:
            written.pop("name", None)
        return written

    # -- layers

    def layer(self, record: Any, first: bool = False) -> dict[str, Json]:
        """A layer or model; `first` of a Sequential says the shape of the input."""
        if isinstance(record, RecordedGraph):
            return self._graph(record)
        if isinstance(record, RecordedSequential) and type(record).call is RecordedModel.call:
            branches = list(_list_branches(record))
            shared = len({id(branch) for branch in branches}) < len(branches)  # a Merge in it writes each branch where it is
            return self._functional(record) if shared and not self.flat else self._sequential(record)
        if isinstance(record, RecordedModel):
            return self._functional(record)
        config = self._config(record)
        shape = record.batch_input_shape
        if shape is not None and (first or record.class_name == "InputLayer"):
            config["batch_input_shape"] = list(shape)
        if self.flat:
            named: dict[str, Json] = {"custom_name": record.name} if getattr(record, "is_named", False) else {}
            return {"name": record.class_name, **named, **config}
        return {"class_name": record.class_name, "config": {"name": record.name, **config}}

    def _config(self, record: Any) -> dict[str, Json]:
        trainable: dict[str, Json] = {} if record.trainable else {"trainable": False}
        if isinstance(record, LiveLayer):
            numbers = list(self.recorder.live)
            trainable = {} if getattr(record.live, "trainable", True) else {"trainable": False}
            return {NUMBER: numbers.index(id(record.live)), **trainable}
        if record.class_name == "Lambda":
            return {**self._lambda(record), **trainable}
        found: dict[str, Json] = {}
        for key, value in record.config.items():
            if key.endswith(_STARTING) and not isinstance(value, str):
                continue  # how a weight began does not matter: its numbers are in the file
            both = value == "l1_l2" and key.endswith("regularizer")  # a name that Keras 3 does not have
            found[key] = self.value(self.recorder.runtime.keras.regularizers.L1L2(0.01, 0.01) if both else value, record, key)
            if key in ("mode", "output_mask") and callable(value) and not isinstance(value, str):
                found[f"{key}_type"] = "function"
        if record.class_name == "Merge" and found.get("layers") is None:
            found.pop("layers", None)
        if record.class_name == "AutoEncoder":
            found = {f"{key}_config" if key in ("encoder", "decoder") else key: value for key, value in found.items()}
        return {**found, **trainable}

    def _lambda(self, record: RecordedLayer) -> dict[str, Json]:
        """A Lambda by its function alone: followed, the function says the shape of what it gives."""
        function = self._function(record.apply_function, record.name)
        mask = record.config.get("mask", record.config.get("output_mask"))
        masks: dict[str, Json] = {}
        if callable(mask):
            masks = {"mask": self._function(mask, f"{record.name}_mask"), "mask_type": "function"}
        return {"function": function, "function_type": "function", "arguments": {}, **masks}

    def _function(self, function: Callable[..., object], stem: str) -> str:
        @wraps(function)
        def run(*args: object, **kwargs: object) -> Any:
            return function(*args, **kwargs)

        return self.recorder.hold(self.recorder.runtime.for_keras(run), stem)

    # -- values

    def value(self, value: object, record: object, key: str) -> Json:
        """A value of a configuration. Raises Unsupported for what has no place in one."""
        if value is None or isinstance(value, bool | str):
            return value
        if isinstance(value, int | float):
            return int(value) if isinstance(value, int) else float(value)
        if isinstance(value, np.generic):
            return self.value(value.item(), record, key)
        if isinstance(value, np.ndarray):
            return self.value(value.tolist(), record, key)
        if isinstance(value, list | tuple):
            return [self.value(item, record, key) for item in value]
        if isinstance(value, Mapping):
            return {str(name): self.value(item, record, key) for name, item in value.items()}
        if isinstance(value, Recorded):
            return dict(self.layer(value))
        if isinstance(value, Missing):
            value.refuse()
        return self._object(value, record, key)

    def _object(self, value: object, record: Any, key: str) -> Json:
        keras = self.recorder.runtime.keras
        if isinstance(value, keras.layers.Layer):
            return dict(self.layer(self.recorder.of_live(value)))
        if isinstance(value, Inert) and key.endswith(("regularizer", "constraint", "initializer", "init")):
            return None  # of training alone
        if hasattr(value, "dtype") and not callable(value) and not hasattr(value, "get_config"):
            return self.value(np.asarray(value).tolist(), record, key)
        if hasattr(value, "get_config") and not isinstance(value, type | Inert):
            if key.endswith(("regularizer", "constraint")) and type(value).__module__.split(".")[0] != "keras":
                return None  # of the program's own class: it acts on training alone
            return {"class_name": type(value).__name__, "config": self.value(value.get_config(), record, key)}
        name = getattr(value, "name", None)
        if key == "dtype" and isinstance(name, str):
            return name
        if callable(value) and not isinstance(value, Inert):
            return None if key.endswith(("regularizer", "constraint")) else self._named(value, record, key)
        raise Unsupported(
            "AK1324",
            f"{key}= of {record.class_name} {record.name!r} is a {type(value).__name__}, which no model file could hold",
            layer=record.name,
            key=key,
            next_step="Give a plain value in the source.",
        )

    def _named(self, function: Callable[..., object], record: Any, key: str) -> Json:
        """A function by its name where Keras has it, else held for the architecture."""
        name = getattr(function, "__name__", "")
        if getattr(function, "is_legacy", False) and not hasattr(function, "is_for_keras") and name.isidentifier():
            return name
        return self._function(function, f"{record.name}_{key}")

    # -- models

    def _sequential(self, model: RecordedSequential) -> dict[str, Json]:
        layers: list[Json] = [self.layer(layer, first=i == 0) for i, layer in enumerate(model.stack)]
        if self.flat:
            return {"name": "Sequential", "layers": layers}
        trainable: dict[str, Json] = {} if model.trainable else {"trainable": False}
        if self.recorder.writer.era is Era.KERAS1 and model.trainable:
            return {"class_name": "Sequential", "name": model.name, "config": layers}
        return {"class_name": "Sequential", "config": {"name": model.name, "layers": layers, **trainable}}

    def _functional(self, model: RecordedModel) -> dict[str, Json]:
        kept = find_nodes(model.inputs, model.outputs)
        layers = list_layers(model.inputs, model.outputs)
        places = {
            (id(layer), node.number): number
            for layer in layers
            for number, node in enumerate(node for node in layer.nodes if id(node) in kept)
        }

        def ref(tensor: RecordedTensor) -> list[Json]:
            return [tensor.node.layer.name, places[id(tensor.node.layer), tensor.node.number], tensor.index]

        written: list[Json] = []
        for layer in layers:
            calls = [self._node(node, ref) for node in layer.nodes if id(node) in kept and node.args]
            written.append({**self.layer(layer), "name": layer.name, "inbound_nodes": [call for call in calls if call]})
        ends: dict[str, Json] = {
            "input_layers": [ref(tensor) for tensor in model.inputs],
            "output_layers": [ref(tensor) for tensor in model.outputs],
        }
        trainable: dict[str, Json] = {} if model.trainable else {"trainable": False}
        return {"class_name": "Model", "config": {"name": model.name, "layers": written, **ends, **trainable}}

    def _node(self, node: Node, ref: Callable[[RecordedTensor], list[Json]]) -> Json:
        def put(value: object) -> Json:
            if isinstance(value, RecordedTensor):
                return ref(value)
            if isinstance(value, list | tuple):
                return [put(item) for item in value]
            if isinstance(value, Mapping):
                return {key: put(item) for key, item in value.items()}
            return self.value(value, node.layer, "call")

        kwargs = {key: put(value) for key, value in node.kwargs.items()}
        inputs = node.args[0] if len(node.args) == 1 else list(node.args)
        if isinstance(inputs, Mapping):
            return {key: [*ref(value), kwargs] for key, value in inputs.items()}
        flat = inputs if isinstance(inputs, list | tuple) else [inputs]
        return [[*ref(tensor), kwargs] for tensor in flat]

    def call(self, node: Node) -> dict[str, Json]:
        """A model around one call: an input for each tensor that it reads."""
        tensors = list({id(tensor): tensor for tensor in node.tensors}.values())
        names = {id(tensor): f"tensor_{i}" for i, tensor in enumerate(tensors)}
        inputs: list[Json] = []
        for tensor in tensors:
            raw = tensor.raw
            kept = "input_dtype" if self.recorder.writer.era in (Era.KERAS0, Era.KERAS1) else "dtype"
            config: dict[str, Json] = {"name": names[id(tensor)], "batch_input_shape": list(raw.shape), kept: str(raw.dtype)}
            inputs.append({"class_name": "InputLayer", "name": names[id(tensor)], "config": config, "inbound_nodes": []})
        written = self._node(node, lambda tensor: [names[id(tensor)], 0, 0])
        layer: dict[str, Json] = {**self.layer(node.layer), "name": node.layer.name, "inbound_nodes": [written]}
        ends: dict[str, Json] = {
            "input_layers": [[name, 0, 0] for name in names.values()],
            "output_layers": [[node.layer.name, 0, 0]],
        }
        return {"class_name": "Model", "config": {"name": "call", "layers": [*inputs, layer], **ends}}

    # -- Graph

    def _graph(self, graph: RecordedGraph) -> dict[str, Json]:
        nodes: dict[str, Json] = {}
        config: list[Json] = []
        for item in graph.node_config:
            name, shared = item["name"], item.get("shared", False)
            written = self.layer(graph.inner[name])
            if not self.flat:
                config.append({**item, **({"layer": written} if shared else {})})
                nodes[name] = written
                continue
            nodes[name] = {"name": "Siamese", "layer": written} if shared else written
            config.append({key: value for key, value in item.items() if key not in ("shared", "outputs")})
            for head, output in enumerate(item.get("outputs", ())):
                nodes[output] = {"name": "SiameseHead", "head": head}
                config.append({"name": output, "input": name})
        ends: dict[str, Json] = {
            "input_config": [dict(item) for item in graph.input_config],
            "node_config": config,
            "output_config": [dict(item) for item in graph.output_config],
            "nodes": nodes,
        }
        return {"name": "Graph", **ends} if self.flat else {"class_name": "Graph", "config": {"name": graph.name, **ends}}


def _list_branches(record: object) -> Iterator[Any]:
    """The models under the Merge layers of a Sequential, each as often as it stands there."""
    for layer in record.stack if isinstance(record, RecordedSequential) else ():
        branches = layer.config.get("layers") if isinstance(layer, RecordedLayer) and layer.class_name == "Merge" else None
        for branch in branches or ():
            yield branch
            yield from _list_branches(branch)
