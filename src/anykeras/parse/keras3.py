"""Architectures of Keras 3, and of the ``.keras`` format of Keras 2.12 to 2.15: objects that name their module.

The layout is that of ``serialize_keras_object`` in keras/src/saving/serialization_lib.py, Keras 3.0 to 3.15.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from ..catalog import find, operations
from ..containers.base import Json
from ..document.model import Call, Code, Dtype, Ellipsis_, Era, Graph, Layer, Object, Ref, Slice, Value
from ..errors import AnyKerasError
from ..tensors import constant, from_rows
from . import legacy
from .graph import check_refs, shift_nested
from .reading import MODELS, ParseContext, complete_layer, mapping, number, plain, qualify, sequence, text
from .recorded_shapes import note_shapes

_NOT_LAYERS = ("initializers", "regularizers", "constraints", "losses", "metrics", "optimizers", "dtype_policies",
               "quantizers", "distribution", "random")  # fmt: skip


def parse_value(value: Json, context: ParseContext) -> Value:
    """A value in which every dict with a class name is an object."""
    if isinstance(value, list):
        return tuple(parse_value(item, context) for item in value)
    if not isinstance(value, dict):
        return value
    class_name = value.get("class_name")
    if not isinstance(class_name, str) or not ({"config", "items", "value"} & value.keys()):
        return {key: parse_value(item, context) for key, item in value.items()}
    special = _SPECIAL.get(class_name)
    if special is not None and (made := special(value, context)) is not None:
        return made
    return _parse_object(class_name, value, context)


def _parse_object(class_name: str, data: dict[str, Json], context: ParseContext) -> Value:
    config, module = data.get("config"), data.get("module")
    registered = data.get("registered_name")
    where = module if isinstance(module, str) else None
    if class_name == "function" and isinstance(config, str):
        return config if _is_own_function(where) else Object("function", config, where, _parse_text(registered))
    if _is_layer(class_name, where, config, context):
        return parse_layer(data, context)
    held = config if isinstance(config, str) else parse_value(config, context)
    if not isinstance(held, Mapping | str):
        held = {} if held is None else {"value": held}
    return Object(class_name, held, where, _parse_text(registered))


def _is_own_function(module: str | None) -> bool:
    """Whether a function is Keras' own: its bare name then says everything."""
    return module is not None and (module == "builtins" or module.split(".")[0] in ("keras", "tf_keras"))


def _parse_text(value: Json) -> str | None:
    return value if isinstance(value, str) else None


def _is_layer(class_name: str, module: str | None, config: Json, context: ParseContext) -> bool:
    if module is not None and any(f".{word}" in f".{module}" for word in _NOT_LAYERS):
        return False
    if class_name in MODELS or find(qualify(class_name, None, config, context), context.era) is not None:
        return isinstance(config, dict)
    return isinstance(config, dict) and "name" in config and ({"trainable", "dtype"} <= config.keys())


_Special = Callable[[dict[str, Json], ParseContext], Value | None]


def _parse_tuple(data: dict[str, Json], context: ParseContext) -> Value | None:
    return tuple(parse_value(item, context) for item in sequence(data.get("items"), context, "items"))


def _parse_lambda(data: dict[str, Json], context: ParseContext) -> Value | None:
    return Code(plain(data.get("config")), "__lambda__")


def _slice(data: dict[str, Json], context: ParseContext) -> Value | None:
    config = mapping(data.get("config"), context, "slice")
    return Slice(*(parse_value(config.get(key), context) for key in ("start", "stop", "step")))


def _parse_numpy(data: dict[str, Json], context: ParseContext) -> Value | None:
    """An array among the arguments of a call (``__numpy__`` and ``__tensor__`` of serialization_lib.py)."""
    config = mapping(data.get("config"), context, "array")
    dtype = config.get("dtype")
    dtype = dtype if isinstance(dtype, str) else "float32"
    try:
        return constant(from_rows(config.get("value"), dtype), dtype, context.part)
    except AnyKerasError:
        raise
    except (TypeError, ValueError):
        raise context.malformed("an array among the arguments does not hold numbers") from None


def _parse_ellipsis(data: dict[str, Json], context: ParseContext) -> Value | None:
    return Ellipsis_()


def _parse_keras_tensor(data: dict[str, Json], context: ParseContext) -> Value | None:
    config = mapping(data.get("config"), context, "tensor")
    history = sequence(config.get("keras_history"), context, "keras_history")
    if len(history) != 3:
        raise context.malformed("a tensor's history should be [layer, node, index]")
    layer = text(history[0], context, "keras_history")
    return Ref(layer, number(history[1], context, "node index"), number(history[2], context, "tensor index"))


def _parse_dtype(data: dict[str, Json], context: ParseContext) -> Value | None:
    config = data.get("config")
    return Dtype(config) if isinstance(config, str) else None


_SPECIAL: Mapping[str, _Special] = {
    "__tuple__": _parse_tuple,
    "__lambda__": _parse_lambda,
    "slice": _slice,
    "__slice__": _slice,
    "__numpy__": _parse_numpy,
    "__tensor__": _parse_numpy,
    "__ellipsis__": _parse_ellipsis,
    "__keras_tensor__": _parse_keras_tensor,
    "__dtype__": _parse_dtype,
}


def parse_layer(data: dict[str, Json], context: ParseContext, address: str = "") -> Layer:
    """A layer, operation or model. Raises Malformed, LimitExceeded."""
    context.count_layer()
    class_name = text(data.get("class_name"), context, "class_name")
    config = mapping(data.get("config"), context, "config", class_name)
    name = config.get("name", data.get("name")) or ""
    if not isinstance(name, str):
        raise context.malformed("a layer name should be a text", layer=class_name, key="name")
    address = f"{address}/{name or class_name}" if address else name or class_name
    made = Layer(
        qualify(class_name, _parse_text(data.get("registered_name")), config, context),
        name,
        module=_parse_text(data.get("module")),
        registered_name=_parse_text(data.get("registered_name")),
        address=address,
    )
    if isinstance(config.get("layers"), list) and ("input_layers" in config or _parse_sequential_class(class_name, data)):
        return _parse_model(made, config, context)
    held = {key: _parse_argument(key, item, config, context) for key, item in config.items() if key != "name"}
    return complete_layer(replace(made, config=held), context)


def _parse_argument(key: str, value: Json, config: Mapping[str, Json], context: ParseContext) -> Value:
    """An argument; code as tf.keras 2.12 to 2.15 spells it: a tuple beside the key that says so (core/lambda_layer.py)."""
    held = parse_value(value, context)
    kind = legacy.find_code_kind(key, config)
    if kind is None or not isinstance(held, tuple):
        return held
    return Code(held, kind, _parse_text(config.get("module" if key == "function" else f"{key}_module")))


def _parse_sequential_class(class_name: str, data: Mapping[str, Json]) -> bool:
    return class_name == "Sequential" or "Sequential" in str(data.get("registered_name"))


def _parse_model(made: Layer, config: Mapping[str, Json], context: ParseContext) -> Layer:
    context.enter()
    functional = "input_layers" in config
    graph = _parse_functional(config, context, made.address) if functional else _parse_sequential(config, context, made.address)
    context.leave()
    graph_keys = ("layers", "name", "input_layers", "output_layers")
    held = {key: parse_value(item, context) for key, item in config.items() if key not in graph_keys}
    class_name = made.class_name if made.class_name not in MODELS else "Functional" if functional else "Sequential"
    return replace(made, class_name=class_name, config=held, graph=graph)


def _parse_sequential(config: Mapping[str, Json], context: ParseContext, address: str) -> Graph:
    listed = note_shapes(sequence(config.get("layers"), context, "layers"), functional=False)
    return Graph(tuple(parse_layer(mapping(i, context, "layer"), context, address) for i in listed), sequential=True)


def _parse_functional(config: Mapping[str, Json], context: ParseContext, address: str) -> Graph:
    layers: list[Layer] = []
    calls: dict[str, tuple[Call, ...]] = {}
    for item in note_shapes(sequence(config.get("layers"), context, "layers"), functional=True):
        data = mapping(item, context, "layer")
        layer = parse_layer(data, context, address)
        name = text(data.get("name", layer.name), context, "name", layer.class_name)
        if name in calls:
            raise context.malformed(f"two layers are called {name!r}", layer=name)
        nodes = sequence(data.get("inbound_nodes", []), context, "inbound_nodes", name)
        made = tuple(_call(node, context, name) for node in nodes)
        calls[name] = made or (Call(),) * (layer.class_name == "InputLayer")
        layers.append(replace(layer, name=name))
    now = context.era is Era.KERAS3
    models = {layer.name for layer in layers if now and layer.graph is not None and not layer.graph.sequential}
    starts, ends = (_parse_ends(config.get(key), models, context, key) for key in ("input_layers", "output_layers"))
    made_layers, made_calls = _parse_operations(layers, calls, context)
    if not now:  # tf.keras lists the one output of a model too
        starts, ends = legacy.unwrap_single(starts), legacy.unwrap_single(ends)
    graph = Graph(made_layers, made_calls, starts, ends)
    return check_refs(graph if now else shift_nested(graph), context)


def _parse_ends(value: Json, models: set[str], context: ParseContext, what: str) -> Value:
    """Where a model begins and ends. There, but not between layers, Keras 3 counts a nested functional model's own
    node as its first (``get_tensor`` in keras/src/models/functional.py)."""
    if isinstance(value, list) and len(value) == 3 and isinstance(value[0], str):
        node = number(value[1], context, what)
        return Ref(value[0], node - 1 if value[0] in models and node else node, number(value[2], context, what))
    if isinstance(value, list):
        return tuple(_parse_ends(item, models, context, what) for item in value)
    if isinstance(value, dict):
        if isinstance(value.get("items"), list):
            return _parse_ends(value["items"], models, context, what)
        return {key: _parse_ends(item, models, context, what) for key, item in value.items()}
    raise context.malformed(f"{what} should list tensors", key=what)


def _call(node: Json, context: ParseContext, layer: str) -> Call:
    if isinstance(node, list):
        return legacy.call_of(node, context, layer)
    data = mapping(node, context, "inbound_nodes", layer)
    args = tuple(parse_value(item, context) for item in sequence(data.get("args"), context, "args", layer))
    kwargs = mapping(data.get("kwargs", {}), context, "kwargs", layer)
    return Call(args, {key: parse_value(item, context) for key, item in kwargs.items()})


def _parse_operations(
    layers: list[Layer], calls: dict[str, tuple[Call, ...]], context: ParseContext
) -> tuple[tuple[Layer, ...], dict[str, tuple[Call, ...]]]:
    """Nodes that are functions of ``keras.ops`` by the public name of the function and its public arguments."""
    made: list[Layer] = []
    for layer in layers:
        joined = [_join_operation(layer, call, context) for call in calls[layer.name]] if _is_operation(layer) else []
        if joined:
            made.append(replace(layer, class_name=joined[0][0], config={}, module=None, operation=True))
            calls[layer.name] = tuple(call for _, call in joined)
        else:
            made.append(layer)
    return tuple(made), calls


def _join_operation(layer: Layer, call: Call, context: ParseContext) -> tuple[str, Call]:
    try:
        function, args, kwargs = operations.join(layer.module, layer.class_name, layer.config, call.args, call.kwargs)
    except operations.UnknownOperation as error:
        raise context.malformed(str(error), layer.name) from None
    return function, Call(tuple(args), dict(kwargs))


def _is_operation(layer: Layer) -> bool:
    """HDF5 files of Keras 3 name no module: there an operation is what has no argument that every layer has."""
    if layer.graph is not None or layer.module is not None:
        return layer.graph is None and ".ops" in str(layer.module)
    return "trainable" not in layer.config and operations.find_node(None, layer.class_name) is not None
