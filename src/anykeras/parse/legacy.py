"""Architectures of Keras 1, Keras 2 and tf.keras: ``{"class_name", "config"}`` all the way down.

The layout is that of ``Model.get_config`` in Keras 1.0 to 2.15: functional models list ``layers`` with
``inbound_nodes``; sequential ones are a list (Keras 1, Keras 2 before 2.2.3) or hold ``layers`` under a name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ..catalog import find
from ..containers.base import Json
from ..document.model import Call, Code, Graph, Layer, Object, Ref, Value
from . import keras1_graph
from .graph import check_refs, find_true_inputs, shift_nested
from .reading import MODELS, ParseContext, complete_layer, mapping, number, plain, qualify, sequence, text
from .renamed import restore_calls

CONSTANT = "_CONSTANT_VALUE"  # keras/engine/node.py, TF 2.4: a call argument that is not a tensor
_CODE_TYPES = ("lambda", "function")
# Lambda stores each of its functions beside a key that says how (keras/layers/core.py, every version).
_CODE_KEYS = {"function": "function_type", "output_shape": "output_shape_type", "mask": "mask_type",
              "mode": "mode_type", "output_mask": "output_mask_type"}  # fmt: skip
# Arguments that hold an object which may share its name with a layer class ("Identity", "Normalization").
_OBJECT_KEYS = ("initializer", "regularizer", "constraint", "init", "loss", "optimizer", "policy", "dtype")


def parse_layer(data: dict[str, Json], context: ParseContext, address: str = "") -> Layer:
    """A layer or model from its serialized form. Raises Malformed."""
    context.count_layer()
    class_name = text(data.get("class_name"), context, "class_name")
    config = data.get("config")
    if isinstance(config, dict) and keras1_graph.is_graph(config):
        return parse_model({**data, "config": keras1_graph.parse_graph(config, context)}, context, address)
    if _is_graph(config) and (class_name in MODELS or (isinstance(config, dict) and "input_layers" in config)):
        return parse_model(data, context, address)
    if not isinstance(config, dict):
        raise context.malformed(f"the config of a {class_name} should be an object", layer=str(data.get("name") or class_name))
    name = config.get("name", data.get("name")) or ""
    if not isinstance(name, str):
        raise context.malformed("a layer name should be a text", layer=class_name, key="name")
    address = f"{address}/{name or class_name}" if address else name or class_name
    held = {key: _parse_config_value(key, value, config, context) for key, value in config.items() if key != "name"}
    module, registered = data.get("module"), data.get("registered_name")
    if registered is None and ">" in class_name:
        registered, class_name = class_name, class_name.rpartition(">")[2]
    class_name = qualify(class_name, registered if isinstance(registered, str) else None, config, context)
    return complete_layer(
        Layer(
            class_name,
            name,
            held,
            module=module if isinstance(module, str) else None,
            registered_name=registered if isinstance(registered, str) else None,
            address=address,
        ),
        context,
    )


def _parse_config_value(key: str, value: Json, config: Mapping[str, Json], context: ParseContext) -> Value:
    kind = find_code_kind(key, config)
    if kind is not None and value is not None:
        module = config.get("module" if key == "function" else f"{key}_module")
        return Code(plain(value), kind, module if isinstance(module, str) else None)
    return parse_value(value, context, key)


def find_code_kind(key: str, config: Mapping[str, Json]) -> str | None:
    """How the code under `key` is stored, ``lambda`` or ``function``; None where no code is."""
    kind = config.get(_CODE_KEYS.get(key, ""))
    return str(kind) if kind in _CODE_TYPES else None


def parse_value(value: Json, context: ParseContext, key: str = "") -> Value:
    """A configuration value of Keras 1, 2 or tf.keras: ``{"class_name", "config"}`` is a layer or an object."""
    if isinstance(value, list):
        return tuple(parse_value(item, context, key) for item in value)
    if not isinstance(value, dict):
        return value
    class_name = value.get("class_name")
    if isinstance(class_name, str) and "config" in value:
        if class_name == "__tuple__":
            return parse_value(value.get("items", []), context, key)
        return _parse_legacy_object(class_name, value, context, key)
    if class_name in ("__tuple__", "TensorShape") and isinstance(value.get("items"), list):
        return parse_value(value["items"], context, key)
    return {name: parse_value(item, context, name) for name, item in value.items()}


def _parse_legacy_object(class_name: str, value: Mapping[str, Json], context: ParseContext, key: str) -> Value:
    config, module = value["config"], value.get("module")
    if class_name == "__lambda__":
        return Code(plain(config), "__lambda__")
    inner = find(qualify(class_name, None, config, context), context.era)
    is_layer = isinstance(config, (dict, list)) and not key.endswith(_OBJECT_KEYS)
    if is_layer and (inner is not None or class_name in MODELS or (isinstance(config, dict) and "name" in config)):
        return parse_layer(dict(value), context)
    held = parse_value(config, context, key) if not isinstance(config, str) else config
    return Object(
        class_name,
        held if isinstance(held, (Mapping, str)) else {"value": held},
        module if isinstance(module, str) else None,
        name if isinstance(name := value.get("registered_name"), str) else None,
    )


def _is_graph(config: Json) -> bool:
    return isinstance(config, list) or (isinstance(config, dict) and isinstance(config.get("layers"), list))


def parse_model(data: dict[str, Json], context: ParseContext, address: str = "") -> Layer:
    """A Sequential or functional model with everything in it. Raises Malformed, LimitExceeded."""
    context.enter()
    config = data["config"]
    outer = data.get("name")
    if isinstance(config, list):
        config = {"layers": config, **({"name": outer} if isinstance(outer, str) else {})}
    body = mapping(config, context, "config")
    name = body.get("name", outer) or ""
    if not isinstance(name, str):
        raise context.malformed("a model name should be a text", key="name")
    address = f"{address}/{name or 'sequential'}" if address else name or "model"
    functional = "input_layers" in body or "output_layers" in body
    graph = _parse_functional(body, context, address) if functional else _parse_sequential(body, context, address)
    left_out = ("layers", "name", "input_layers", "output_layers")
    held = {key: parse_value(value, context, key) for key, value in body.items() if key not in left_out}
    context.leave()
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


def _parse_sequential(body: Mapping[str, Json], context: ParseContext, address: str) -> Graph:
    listed = sequence(body.get("layers"), context, "layers")
    layers = [parse_layer(mapping(item, context, "layer"), context, address) for item in listed]
    return Graph(tuple(layers), sequential=True)


def _parse_functional(body: Mapping[str, Json], context: ParseContext, address: str) -> Graph:
    layers: list[Layer] = []
    calls: dict[str, tuple[Call, ...]] = {}
    for item in sequence(body.get("layers"), context, "layers"):
        data = mapping(item, context, "layer")
        layer = parse_layer(data, context, address)
        name = data.get("name", layer.name)
        if not isinstance(name, str) or not name:
            raise context.malformed("a layer of a functional model has no name", layer=layer.class_name)
        if name in calls:
            raise context.malformed(f"two layers are called {name!r}", layer=name)
        layers.append(replace(layer, name=name))
        nodes = sequence(data.get("inbound_nodes", []), context, "inbound_nodes", name)
        calls[name] = tuple(call_of(node, context, name) for node in nodes) or (Call(),) * (layer.class_name == "InputLayer")
    graph = Graph(
        tuple(layers),
        calls,
        unwrap_single(_parse_ends(body.get("input_layers"), context, "input_layers")),
        unwrap_single(_parse_ends(body.get("output_layers"), context, "output_layers")),
    )
    return check_refs(find_true_inputs(restore_calls(shift_nested(graph), context)), context)


def unwrap_single(ends: Value) -> Value:
    """One tensor stands by itself: a model with one output gave it bare, however the file lists it (Keras 1 and 2)."""
    return ends[0] if isinstance(ends, tuple) and len(ends) == 1 else ends


def _parse_ends(value: Json, context: ParseContext, what: str) -> Value:
    if isinstance(value, list) and len(value) >= 3 and isinstance(value[0], str):
        return _parse_ref(value, context, what)
    if isinstance(value, list):
        return tuple(_parse_ends(item, context, what) for item in value)
    if isinstance(value, dict):
        return {key: _parse_ends(item, context, what) for key, item in value.items()}
    raise context.malformed(f"{what} should list tensors", key=what)


def _parse_ref(value: list[Json], context: ParseContext, layer: str) -> Ref:
    if len(value) < 3 or not isinstance(value[0], str):
        raise context.malformed("a tensor should be [layer, node, index]", layer)
    return Ref(value[0], number(value[1], context, "node index", layer), number(value[2], context, "index", layer))


def call_of(node: Json, context: ParseContext, layer: str) -> Call:
    """One call: ``[[name, node, tensor, kwargs], ...]``, one such entry alone, or entries under keys."""
    kwargs: dict[str, Value] = {}

    def argument(entry: Json) -> Value:
        if isinstance(entry, dict):
            return {key: argument(item) for key, item in entry.items()}
        items = sequence(entry, context, "inbound_nodes", layer)
        if not items or not isinstance(items[0], str):
            return tuple(argument(item) for item in items)
        if len(items) > 3 and isinstance(items[3], dict):
            kwargs.update({key: _call_value(value, context) for key, value in items[3].items()})
        return plain(items[2]) if items[0] == CONSTANT and len(items) > 2 else _parse_ref(items, context, layer)

    held = argument(node)
    listed = isinstance(node, list) and bool(node) and not isinstance(node[0], str)  # else one entry, maybe a constant
    if listed and isinstance(held, tuple) and len(held) == 1:
        held = held[0]
    return Call((held,), kwargs)


def _call_value(value: Json, context: ParseContext) -> Value:
    """A keyword argument of a call, in which ``[name, node, tensor]`` is a tensor (also with a further {} or null)."""
    if isinstance(value, list):
        looks = len(value) in (3, 4) and isinstance(value[0], str) and all(type(i) is int for i in value[1:3])
        if looks and value[0] == CONSTANT:
            return plain(value[2])
        if looks and isinstance(value[0], str):
            if value[1] == -1:
                return plain(value[2])
            return _parse_ref(value, context, value[0])
        if len(value) == 3 and value[0] == CONSTANT:
            return plain(value[2])
        return tuple(_call_value(item, context) for item in value)
    if isinstance(value, dict) and "class_name" not in value:
        return {key: _call_value(item, context) for key, item in value.items()}
    return parse_value(value, context)
