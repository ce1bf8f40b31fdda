"""Architectures of Keras 1, Keras 2 and tf.keras: ``{"class_name", "config"}`` all the way down.

The layout is that of ``Model.get_config`` in Keras 1.0 to 2.15: functional models list ``layers`` with
``inbound_nodes``; sequential ones are a list (Keras 1, Keras 2 before 2.2.3) or hold ``layers`` under a name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ..containers.base import Json
from ..document.model import Call, Code, Graph, Layer, Ref, Value
from . import keras1_graph
from .graph import check_refs, shift_nested, true_inputs
from .values import MODELS, Reading, completed, legacy_value, mapping, number, plain, qualified, sequence, text

CONSTANT = "_CONSTANT_VALUE"  # keras/engine/node.py, TF 2.4: a call argument that is not a tensor
_CODE_TYPES = ("lambda", "function")
# Lambda stores each of its functions beside a key that says how (keras/layers/core.py, every version).
_CODE_KEYS = {"function": "function_type", "output_shape": "output_shape_type", "mask": "mask_type",
              "mode": "mode_type", "output_mask": "output_mask_type"}  # fmt: skip


def layer_of(data: dict[str, Json], reading: Reading, address: str = "") -> Layer:
    """A layer or model from its serialized form. Raises Malformed."""
    reading.count_layer()
    class_name = text(data.get("class_name"), reading, "class_name")
    config = data.get("config")
    if isinstance(config, dict) and keras1_graph.is_graph(config):
        return model_of({**data, "config": keras1_graph.functional(config, reading)}, reading, address)
    if _is_graph(config) and (class_name in MODELS or (isinstance(config, dict) and "input_layers" in config)):
        return model_of(data, reading, address)
    if not isinstance(config, dict):
        raise reading.wrong(f"the config of a {class_name} should be an object", layer=str(data.get("name") or class_name))
    name = config.get("name", data.get("name")) or ""
    if not isinstance(name, str):
        raise reading.wrong("a layer name should be a text", layer=class_name, key="name")
    address = f"{address}/{name or class_name}" if address else name or class_name
    held = {key: _held(key, value, config, reading) for key, value in config.items() if key != "name"}
    module, registered = data.get("module"), data.get("registered_name")
    if registered is None and ">" in class_name:
        registered, class_name = class_name, class_name.rpartition(">")[2]
    class_name = qualified(class_name, registered if isinstance(registered, str) else None, config, reading)
    return completed(
        Layer(
            class_name,
            name,
            held,
            module=module if isinstance(module, str) else None,
            registered_name=registered if isinstance(registered, str) else None,
            address=address,
        ),
        reading,
    )


def _held(key: str, value: Json, config: Mapping[str, Json], reading: Reading) -> Value:
    kind = config.get(_CODE_KEYS.get(key, ""))
    if kind in _CODE_TYPES and value is not None:
        module = config.get("module" if key == "function" else f"{key}_module")
        return Code(plain(value), str(kind), module if isinstance(module, str) else None)
    return legacy_value(value, reading, key)


def _is_graph(config: Json) -> bool:
    return isinstance(config, list) or (isinstance(config, dict) and isinstance(config.get("layers"), list))


def model_of(data: dict[str, Json], reading: Reading, address: str = "") -> Layer:
    """A Sequential or functional model with everything in it. Raises Malformed, LimitExceeded."""
    reading.enter()
    config = data["config"]
    outer = data.get("name")
    if isinstance(config, list):
        config = {"layers": config, **({"name": outer} if isinstance(outer, str) else {})}
    body = mapping(config, reading, "config")
    name = body.get("name", outer) or ""
    if not isinstance(name, str):
        raise reading.wrong("a model name should be a text", key="name")
    address = f"{address}/{name or 'sequential'}" if address else name or "model"
    functional = "input_layers" in body or "output_layers" in body
    graph = _functional(body, reading, address) if functional else _sequential(body, reading, address)
    left_out = ("layers", "name", "input_layers", "output_layers")
    held = {key: legacy_value(value, reading, key) for key, value in body.items() if key not in left_out}
    reading.leave()
    kind = "Functional" if functional else "Sequential"
    written = data.get("class_name")
    registered = data.get("registered_name")
    custom = isinstance(written, str) and written not in MODELS
    return Layer(
        str(written) if custom else kind,
        name,
        held,
        graph=graph,
        registered_name=registered if isinstance(registered, str) else None,
        address=address,
    )


def _sequential(body: Mapping[str, Json], reading: Reading, address: str) -> Graph:
    listed = sequence(body.get("layers"), reading, "layers")
    layers = [layer_of(mapping(item, reading, "layer"), reading, address) for item in listed]
    return Graph(tuple(layers), sequential=True)


def _functional(body: Mapping[str, Json], reading: Reading, address: str) -> Graph:
    layers: list[Layer] = []
    calls: dict[str, tuple[Call, ...]] = {}
    for item in sequence(body.get("layers"), reading, "layers"):
        data = mapping(item, reading, "layer")
        layer = layer_of(data, reading, address)
        name = data.get("name", layer.name)
        if not isinstance(name, str) or not name:
            raise reading.wrong("a layer of a functional model has no name", layer=layer.class_name)
        if name in calls:
            raise reading.wrong(f"two layers are called {name!r}", layer=name)
        layers.append(replace(layer, name=name))
        nodes = sequence(data.get("inbound_nodes", []), reading, "inbound_nodes", name)
        calls[name] = tuple(call_of(node, reading, name) for node in nodes) or (Call(),) * (layer.class_name == "InputLayer")
    graph = Graph(
        tuple(layers),
        calls,
        _alone(_ends(body.get("input_layers"), reading, "input_layers")),
        _alone(_ends(body.get("output_layers"), reading, "output_layers")),
    )
    return check_refs(true_inputs(shift_nested(graph)), reading)


def _alone(ends: Value) -> Value:
    """One tensor stands by itself: a model with one output gave it bare, however the file lists it (Keras 1 and 2)."""
    return ends[0] if isinstance(ends, tuple) and len(ends) == 1 else ends


def _ends(value: Json, reading: Reading, what: str) -> Value:
    if isinstance(value, list) and len(value) >= 3 and isinstance(value[0], str):
        return _ref(value, reading, what)
    if isinstance(value, list):
        return tuple(_ends(item, reading, what) for item in value)
    if isinstance(value, dict):
        return {key: _ends(item, reading, what) for key, item in value.items()}
    raise reading.wrong(f"{what} should list tensors", key=what)


def _ref(value: list[Json], reading: Reading, layer: str) -> Ref:
    if len(value) < 3 or not isinstance(value[0], str):
        raise reading.wrong("a tensor should be [layer, node, index]", layer)
    return Ref(value[0], number(value[1], reading, "node index", layer), number(value[2], reading, "index", layer))


def call_of(node: Json, reading: Reading, layer: str) -> Call:
    """One call: ``[[name, node, tensor, kwargs], ...]``, one such entry alone, or entries under keys."""
    kwargs: dict[str, Value] = {}

    def argument(entry: Json) -> Value:
        if isinstance(entry, dict):
            return {key: argument(item) for key, item in entry.items()}
        items = sequence(entry, reading, "inbound_nodes", layer)
        if not items or not isinstance(items[0], str):
            return tuple(argument(item) for item in items)
        if len(items) > 3 and isinstance(items[3], dict):
            kwargs.update({key: _call_value(value, reading) for key, value in items[3].items()})
        return plain(items[2]) if items[0] == CONSTANT and len(items) > 2 else _ref(items, reading, layer)

    held = argument(node)
    if isinstance(held, tuple) and len(held) == 1:
        held = held[0]
    return Call((held,), kwargs)


def _call_value(value: Json, reading: Reading) -> Value:
    """A keyword argument of a call, in which ``[name, node, tensor]`` is a tensor (also with a further {} or null)."""
    if isinstance(value, list):
        looks = len(value) in (3, 4) and isinstance(value[0], str) and all(type(i) is int for i in value[1:3])
        if looks and value[0] == CONSTANT:
            return plain(value[2])
        if looks and isinstance(value[0], str):
            if value[1] == -1:
                return plain(value[2])
            return _ref(value, reading, value[0])
        if len(value) == 3 and value[0] == CONSTANT:
            return plain(value[2])
        return tuple(_call_value(item, reading) for item in value)
    if isinstance(value, dict) and "class_name" not in value:
        return {key: _call_value(item, reading) for key, item in value.items()}
    return legacy_value(value, reading)
