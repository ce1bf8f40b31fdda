"""A descended document as tf.keras and Keras 2 write it: objects, layers, nodes and ends in JSON.

Sources: ``get_config`` and ``from_config`` of engine/network.py and engine/functional.py of keras 2.1.5 to 2.3.1 and of the
keras in TensorFlow 1.15 to 2.15; initializers.py of the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from ...catalog.base import OPERATION_LAYERS
from ...catalog.layout import order_by_creation, order_names
from ...catalog.masks import find_hidden_parents
from ...catalog.releases import Release, Since
from ...catalog.renames import TRUNCATED
from ...descent.rulebook import refuse
from ...document.model import Call, Config, Dtype, Graph, Layer, Object, Ref, Slice, Value
from ...tensors import Tensor
from ..lowering.result import Json

_FUNCTIONAL: Final = Since(None, tf="2.3")
_DICT_ENDS: Final = Since(None, tf="2.2")
_INPUT_FIRST: Final = Since(None, tf="2.3", tfjs="4.22")
_SEQUENTIAL_AS_DICT: Final = Since(None, tf="1.15", keras2="2.2", tfjs="4.22")
_NAMED_INITIALIZERS: Final = Since(None, tf="2.4")
_POLICIES: Final = Since(None, tf="2.3")
_LAYERS_WITH_DTYPE: Final = Since(None, tf="1.15", keras2="2.3")
_BACKWARD: Final = Since(None, tf="2.1")
_TENSORS_BY_KEYWORD: Final = Since(None, tf="2.3")
_COUNTS_EVERY_MODEL: Final = Since(None, tfjs="4.22")
"""The construction of a Sequential counts as a call, whether it begins with an InputLayer or not."""

# (scale, mode, distribution): VarianceScaling says these in every release (keras 2.3.1 initializers.py).
_SCALINGS: Final[Mapping[str, tuple[float, str, str]]] = {
    "GlorotUniform": (1.0, "fan_avg", "uniform"), "GlorotNormal": (1.0, "fan_avg", "normal"),
    "HeUniform": (2.0, "fan_in", "uniform"), "HeNormal": (2.0, "fan_in", "normal"),
    "LecunUniform": (1.0, "fan_in", "uniform"), "LecunNormal": (1.0, "fan_in", "normal"),
}  # fmt: skip
_POLICY_CLASSES: Final = ("DTypePolicy", "FloatDTypePolicy", "Policy")
_SYMBOLS: Final = ("TFOpLambda", "SlicingOpLambda")
_STATES: Final = ("LSTM", "GRU", "SimpleRNN", "RNN", "Bidirectional", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D")
_BY_NAME: Final[Mapping[str, Sequence[str]]] = {"MultiHeadAttention": ("query", "value", "key")}


def class_of(model: Layer, release: Release) -> str:
    """The class of a model there."""
    assert model.graph is not None
    if model.graph.sequential:
        return "Sequential"
    return "Functional" if _FUNCTIONAL.holds(release) else "Model"


def order_layers(model: Layer) -> list[Layer]:
    """The layers of a model as the stack lists them when it has loaded it: that is how it counts weights."""
    graph = model.graph
    assert graph is not None
    if graph.sequential:
        return list(graph.layers)
    by_name = {layer.name: layer for layer in graph.layers}
    return [by_name[name] for name in order_names(graph, find_hidden_parents(graph))]


def has_input(layer: Layer) -> bool:
    """Whether a model knows its input before it is called, so that its construction counts as its first call."""
    graph = layer.graph
    return graph is not None and (not graph.sequential or (bool(graph.layers) and graph.layers[0].class_name == "InputLayer"))


class Speller:
    """Spells for one release and box."""

    def __init__(self, release: Release, box: str) -> None:
        self.release, self.box = release, box

    def model(self, model: Layer) -> dict[str, Json]:
        """``{"class_name", "config"}`` of a model."""
        graph = model.graph
        assert graph is not None
        config = self._sequential(model, graph) if graph.sequential else self._functional(model, graph)
        return {"class_name": class_of(model, self.release), "config": config}

    def layer(self, layer: Layer) -> dict[str, Json]:
        """The same for any layer."""
        if layer.graph is not None:
            return self.model(layer)
        config: dict[str, Json] = {"name": layer.name}
        for key, value in layer.config.items():
            if key == "backward_layer" and not _BACKWARD.holds(self.release):
                continue
            config[key] = self._dtype(layer, value) if key == "dtype" else self.value(value, layer)
        if layer.class_name != "InputLayer" and not _LAYERS_WITH_DTYPE.holds(self.release):
            config.pop("dtype", None)
        spelled: dict[str, Json] = {"class_name": layer.class_name, "config": config}
        if self.box == ".keras" and layer.class_name not in OPERATION_LAYERS:
            return {"module": "keras.layers", **spelled, "registered_name": None}
        return spelled

    def _dtype(self, layer: Layer, value: Value) -> Json:
        """A dtype or policy. Raises Unsupported for a policy of several dtypes that the release does not have."""
        said = value.config if isinstance(value, Object) and isinstance(value.config, Mapping) else {"name": value}
        name = said.get("name") if not isinstance(value, Dtype) else value.name
        if name is None or not isinstance(name, str):
            return None
        if "_" in name:
            if not _POLICIES.holds(self.release):
                raise refuse(layer.name, f"the dtype policy {name!r}", self.release, "dtype")
            policy: dict[str, Json] = {"class_name": "Policy", "config": {"name": name}}
            if self.box == ".keras":
                return {"module": "keras.mixed_precision", **policy, "registered_name": None}
            return policy
        plain = layer.class_name == "InputLayer" or _LAYERS_WITH_DTYPE.holds(self.release)
        if not plain and name != "float32":
            raise refuse(layer.name, f"a layer of dtype {name!r}", self.release, "dtype")
        if self.release.line == "keras2" and name not in ("float32", "int32", "int64", "uint8", "bool", "float64", "float16"):
            raise refuse(layer.name, f"the dtype {name!r}", self.release, "dtype")
        return name

    def _sequential(self, model: Layer, graph: Graph) -> Json:
        layers = list(graph.layers)
        first = layers[0] if layers and layers[0].class_name == "InputLayer" else None
        shape = first.config.get("batch_input_shape") if first is not None else model.config.get("build_input_shape")
        behind = layers[1:] if first is not None else layers
        drops = first is not None and not _INPUT_FIRST.holds(self.release) and bool(behind) and behind[0].graph is None
        if drops or first is None:
            layers = behind
        spelled = [self.layer(layer) for layer in layers]
        if spelled and layers[0].class_name != "InputLayer" and layers[0].graph is None and shape is not None:
            config = spelled[0]["config"]
            assert isinstance(config, dict)
            config["batch_input_shape"] = self.value(shape, model)
            dtype = first.config.get("dtype") if first is not None else None
            if isinstance(dtype, str) and dtype.startswith("float") and self.release.line == "keras2":
                config["dtype"] = dtype  # of whole numbers it would become that of the layer's weights
        if not _SEQUENTIAL_AS_DICT.holds(self.release):
            return [*spelled]
        found: dict[str, Json] = {"name": model.name, "layers": [*spelled]}
        if first is None and shape is not None:
            found["build_input_shape"] = self.value(shape, model)
        return found

    def _functional(self, model: Layer, graph: Graph) -> Json:
        every = _COUNTS_EVERY_MODEL.holds(self.release)
        counted = {layer.name for layer in graph.layers if has_input(layer) or (every and layer.graph is not None)}
        nodes = _Nodes(self, counted)
        layers: list[Json] = []
        listed = order_layers(model)
        order = order_by_creation(graph, [layer.name for layer in listed])
        by_name = {layer.name: layer for layer in listed}
        for layer in [by_name[name] for name in order] if order is not None else listed:
            made = graph.calls.get(layer.name, ()) if layer.class_name != "InputLayer" else ()
            inbound: list[Json] = [nodes.node(layer, call) for call in made]
            layers.append({**self.layer(layer), "name": layer.name, "inbound_nodes": inbound})
        return {
            "name": model.name,
            "trainable": model.config.get("trainable") is not False,
            "layers": layers,
            "input_layers": nodes.ends(graph.inputs),
            "output_layers": nodes.ends(graph.outputs),
        }

    def value(self, value: Value, where: Layer) -> Json:
        """Any value of a configuration."""
        if value is None or isinstance(value, bool | int | float | str):
            return value
        if isinstance(value, Layer):
            return self.layer(value)
        if isinstance(value, Object):
            return self.object(value, where)
        if isinstance(value, Dtype):
            return value.name
        if isinstance(value, tuple):
            return [self.value(item, where) for item in value]
        if isinstance(value, Mapping):
            return {str(key): self.value(item, where) for key, item in value.items()}
        if isinstance(value, Slice):
            return {key: self.value(getattr(value, key), where) for key in ("start", "stop", "step")}
        if isinstance(value, Tensor):
            rows: Json = value.read().tolist()
            return rows
        raise refuse(where.name, f"a {type(value).__name__} in the configuration", self.release)

    def object(self, value: Object, where: Layer) -> Json:
        """An initializer, regularizer or constraint. Raises Unsupported for what holds no plain configuration."""
        name, config = value.class_name, value.config
        if name in _POLICY_CLASSES:
            return self._dtype(where, value)
        if not isinstance(config, Mapping):
            raise refuse(where.name, f"the function {config!r}", self.release)
        said: Config = {key: item for key, item in config.items() if key not in ("input_axes", "output_axes")}
        if name in _SCALINGS and not _NAMED_INITIALIZERS.holds(self.release):
            scale, mode, distribution = _SCALINGS[name]
            if distribution == "normal" and self.release.line == "tf":
                distribution = "truncated_normal"
            name = "VarianceScaling"
            said = {"scale": scale, "mode": mode, "distribution": distribution, "seed": said.get("seed")}
        if name in ("L1", "L2"):
            name, said = "L1L2", {"l1": said.get("l1", 0.0), "l2": said.get("l2", 0.0)}
        if name == "VarianceScaling" and self.release.line == "keras2" and said.get("distribution") == TRUNCATED[1]:
            said = {**said, "distribution": TRUNCATED[0]}
        return {"class_name": name, "config": {key: self.value(item, where) for key, item in said.items()}}


class _Nodes:
    """The calls of one graph; `counted` are the models in it whose construction counts as a call."""

    def __init__(self, speller: Speller, counted: set[str]) -> None:
        self._speller, self._counted = speller, counted

    def ref(self, ref: Ref) -> list[Json]:
        return [ref.layer, ref.node + (ref.layer in self._counted), ref.tensor]

    def ends(self, ends: Value) -> Json:
        """Inputs or outputs of the model."""
        if isinstance(ends, Mapping):
            if _DICT_ENDS.holds(self._speller.release):
                return {key: self._argument(end) for key, end in ends.items()}
            return [self._argument(end) for end in ends.values()]
        if isinstance(ends, tuple):
            return [self._argument(end) for end in ends]
        return [self._argument(ends)]

    def _argument(self, value: Value, where: Layer | None = None) -> Json:
        if isinstance(value, Ref):
            return self.ref(value)
        if isinstance(value, tuple):
            return [self._argument(item, where) for item in value]
        return self._speller.value(value, where or Layer("", ""))

    def node(self, layer: Layer, call: Call) -> Json:
        """One entry of ``inbound_nodes``: a list of tensors, each with the keyword arguments of the call."""
        first, kwargs = self._arrange(layer, call)
        by_keyword = any(_holds_refs(value) for value in kwargs.values())
        if by_keyword and not _TENSORS_BY_KEYWORD.holds(self._speller.release):
            raise refuse(layer.name, f"{layer.class_name} is called with tensors by keyword", self._speller.release)
        spelled: dict[str, Json] = {key: self._argument(value, layer) for key, value in kwargs.items()}
        if layer.class_name in _SYMBOLS and not isinstance(first, tuple):
            return (
                [*self.ref(first), spelled]
                if isinstance(first, Ref)
                else ["_CONSTANT_VALUE", -1, self._argument(first), spelled]
            )
        tensors = first if isinstance(first, tuple) else (first,)
        if not tensors or not all(isinstance(tensor, Ref) for tensor in tensors):
            raise refuse(layer.name, f"{layer.class_name} is called on something else than tensors", self._speller.release)
        return [[*self.ref(tensor), spelled] for tensor in tensors if isinstance(tensor, Ref)]

    def _arrange(self, layer: Layer, call: Call) -> tuple[Value, dict[str, Value]]:
        """The tensors that a layer is called on, and the arguments by name."""
        kwargs = {key: value for key, value in call.kwargs.items() if value is not None or layer.class_name in _SYMBOLS}
        args = list(call.args) or [kwargs.pop("inputs", ())]
        if layer.class_name in _BY_NAME:
            kwargs |= {
                name: value for name, value in zip(_BY_NAME[layer.class_name][1:], args[1:], strict=False) if value is not None
            }
            kwargs = {key: value for key, value in kwargs.items() if value is not False}
            args = args[:1]
        first = args[0]
        states = kwargs.pop("initial_state", None) if layer.class_name in _STATES else None
        if states is not None:
            first = (first, *(states if isinstance(states, tuple) else (states,)))
        if len(args) > 1:
            raise refuse(layer.name, f"{layer.class_name} is called with {len(args)} arguments", self._speller.release)
        kwargs = {key: value for key, value in kwargs.items() if not (key == "training" and not value)}
        if isinstance(first, Mapping):
            raise refuse(layer.name, f"{layer.class_name} is called on tensors by name", self._speller.release)
        return first, kwargs


def _holds_refs(value: Value) -> bool:
    if isinstance(value, tuple):
        return any(_holds_refs(item) for item in value)
    return isinstance(value, Ref)
