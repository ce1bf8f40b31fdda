"""Layers, models and operations as Keras 3 serializes them.

Sources: keras 3.15.1 ``models/functional.py`` (``get_config``, ``functional_from_config``), ``models/sequential.py``,
``saving/serialization_lib.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from ...catalog import find, releases
from ...catalog.layout import order_by_creation, order_names
from ...catalog.masks import find_hidden_parents
from ...catalog.operations import UnknownOperation, split
from ...catalog.operations import find as find_operation
from ...catalog.shapes import Spec, infer
from ...catalog.shapes.tables import takes_several_tensors
from ...catalog.signatures import NOW, find_signature
from ...document.graph import Node, find_reachable
from ...document.model import Call, Config, Era, FromUser, Graph, Layer, Object, Ref, Value, number_depth, refs
from ...document.walk import map_refs
from ...errors import Bug, MissingObject, Unsupported
from ...lazily import np
from ...tensors import Array, constant
from .minors import check_class, check_operation, make_portable, spells, takes_name
from .result import Json
from .values import check_name, lower_value

# Models take these beside what their graph gives; their constructors are read as `Functional.from_config` does.
_MODEL_KEYS: Final = {"Functional": ("trainable",), "Sequential": ("trainable", "dtype", "build_input_shape")}
# Arguments that a class takes through a base class (keras 3.15.1, `get_config` of each).
_INHERITED: Final[Mapping[str, frozenset[str]]] = {
    "AdditiveAttention": frozenset({"seed"}),
    **dict.fromkeys(("SimpleRNN", "LSTM", "GRU"), frozenset({"zero_output_for_mask"})),
    **dict.fromkeys([f"ConvLSTM{rank}D" for rank in (1, 2, 3)], frozenset({"unroll", "zero_output_for_mask"})),
    **dict.fromkeys(("EinsumDense", "Embedding"), frozenset({"activity_regularizer"})),
    "ReversibleEmbedding": frozenset({"activity_regularizer", "quantization_config"}),
    "LayerNormalization": frozenset({"rms_scaling"}),
    **dict.fromkeys(("IntegerLookup", "TextVectorization"), frozenset({"vocabulary_size"})),
    "StringLookup": frozenset({"vocabulary_size", "oov_method"}),
    **dict.fromkeys(
        ("AutoContrast", "MaxNumBoundingBoxes", "RandomBrightness", "RandomContrast", "Solarization"),
        frozenset({"data_format"}),
    ),
}
# Of these arguments one must be set, whatever the signature says.
_ONE_OF: Final[Mapping[str, tuple[str, ...]]] = {"InputLayer": ("batch_shape", "shape", "input_tensor")}
_EVERY_LAYER: Final = frozenset({"name", "trainable", "dtype"})


class Lower:
    """Lowers the layers of one graph for one minor of Keras; the graph of a nested model gets its own."""

    def __init__(self, minor: str, kept: Mapping[Node, int] | None = None) -> None:
        self.minor, self._kept = minor, kept

    def layer(self, layer: Layer) -> dict[str, Json]:
        """``{"module", "class_name", "config", "registered_name"}`` of a layer, with all that is inside it."""
        if layer.graph is not None:
            return sequential(layer, self.minor) if layer.graph.sequential else functional(layer, self.minor)
        config: dict[str, Json] = {"name": layer.name}
        is_custom = isinstance(layer.origin, FromUser)
        for key, value in (layer.config if is_custom else arguments(layer, self.minor)).items():
            if key == "dtype" and not spells(self.minor, releases.POLICIES_AS_OBJECTS):
                value = policy_name(value)
            if isinstance(value, str) and not is_custom:
                check_name(value, layer, key)
            config[key] = lower_value(value, self, layer, key)
        if is_custom:
            class_name = layer.bare_class_name
            return _serialize(None, class_name, config, layer.registered_name or class_name)
        entry = find(layer.class_name, Era.KERAS3)
        return _serialize("keras.layers", (entry.exported if entry else "") or layer.class_name, config)

    def tensor(self, ref: Ref) -> Json:
        """A tensor of this graph. Keras looks at its history alone; shape and dtype are there for form."""
        if self._kept is None:
            raise Bug("AK6009", "a tensor of a graph stands where there is no graph", layer=ref.layer)
        history: Json = [ref.layer, self._kept[ref.layer, ref.node], ref.tensor]
        return {
            "class_name": "__keras_tensor__",
            "config": {"shape": [None], "dtype": "float32", "keras_history": history},
        }

    def node(self, layer: Layer, call: Call) -> dict[str, Json]:
        """One entry of ``inbound_nodes``."""
        args = [lower_value(value, self, layer, "call") for value in call.args]
        kwargs = {key: lower_value(value, self, layer, f"call.{key}") for key, value in call.kwargs.items()}
        return {"args": args, "kwargs": dict(kwargs)}

    def operation(self, layer: Layer, call: Call) -> dict[str, Json]:
        """An operation with its one call."""
        call = _spell_axes(layer.class_name, call, spells(self.minor, releases.AXES_AS_NUMBERS))
        named = takes_name(layer.class_name, self.minor)
        complete = not spells(self.minor, releases.DEFAULTS_STAY)
        try:
            node = split(layer.class_name, *_with_arrays(layer.class_name, call), complete)
        except UnknownOperation as error:
            raise Unsupported("AK6004", str(error), layer=layer.name) from None
        check_operation(layer, node.config, self.minor)
        config: dict[str, Json] = {"name": layer.name} if named else {}
        for key, value in node.config.items():
            config[key] = lower_value(value, self, layer, key)
        made = _serialize(node.module, node.class_name, config)
        return {**made, "name": layer.name, "inbound_nodes": [self.node(layer, Call(node.args, node.kwargs))]}


def policy_name(value: Value) -> Value:
    """A dtype policy by its name, where that says all of it."""
    said = value.config if isinstance(value, Object) and isinstance(value.config, Mapping) else {}
    plain = isinstance(value, Object) and value.class_name in ("DTypePolicy", "FloatDTypePolicy") and said.keys() == {"name"}
    return said["name"] if plain else value


_AXES: Final = {"logsumexp": "axis", "moments": "axes", "norm": "axis", "quantile": "axis", "count_nonzero": "axis"}
"""The reductions that hand their axes to a backend as they are: a row in JSON is a list, which NumPy and JAX do not take."""


def _spell_axes(function: str, call: Call, as_numbers: bool) -> Call:
    """The one axis of such a reduction as a number; for releases that take none (logsumexp, moments), as a row."""
    key, known = _AXES.get(function), find_operation(function)
    if key is None or known is None:
        return call
    at = [parameter.name for parameter in known.parameters].index(key)

    def spell(value: Value) -> Value:
        if as_numbers and isinstance(value, tuple) and len(value) == 1:
            return value[0]
        return (value,) if not as_numbers and isinstance(value, int) and function in ("logsumexp", "moments") else value

    args = tuple(spell(value) if place == at else value for place, value in enumerate(call.args))
    return replace(call, args=args, kwargs={k: spell(v) if k == key else v for k, v in call.kwargs.items()})


def _with_arrays(function: str, call: Call) -> tuple[tuple[Value, ...], Config]:
    """The arguments of an operation with rows of numbers as arrays where tensors stand: Keras reads rows as a list."""
    known = find_operation(function)
    if known is None:
        return call.args, call.kwargs
    names = [parameter.name.lstrip("*") for parameter in known.parameters]
    args = tuple(
        _as_array(value, takes_several_tensors(known.function, names[min(place, len(names) - 1)]))
        for place, value in enumerate(call.args)
    )
    kwargs = {key: _as_array(value, takes_several_tensors(known.function, key)) for key, value in call.kwargs.items()}
    return args, kwargs


def _as_array(value: Value, several: bool | None) -> Value:
    if several is None or not isinstance(value, tuple):
        return value
    if several:
        return tuple(_as_array(item, False) for item in value)
    depth = number_depth(value)
    if not depth:
        return value
    array = np.asarray(value)
    return constant(array, {"b": "bool", "i": "int32"}.get(array.dtype.kind, "float32"))


def functional(model: Layer, minor: str) -> dict[str, Json]:
    """A model with a graph of calls, its layers in the order in which Keras itself would write them."""
    graph = _graph(model)
    kept = _renumber(find_reachable(graph))
    lower = Lower(minor, kept)
    by_name = {layer.name: layer for layer in graph.layers}
    order = order_names(graph, find_hidden_parents(graph))
    if not spells(minor, releases.CALLS_WAIT):
        order = order_by_creation(graph, order) or order
    listed = [_lower_called(lower, by_name[name], graph, kept) for name in order]
    nested = {layer.name for layer in graph.layers if layer.graph is not None and not layer.graph.sequential}
    config: dict[str, Json] = {"name": model.name, **_model_config(model, "Functional", lower), "layers": [*listed]}

    def end(ref: Ref) -> Value:
        # A Functional counts its own construction as a call, but only here (functional.py, `get_tensor`).
        counted = ref.layer in nested and spells(minor, releases.ENDS_COUNT_CONSTRUCTION)
        return (ref.layer, kept[ref.layer, ref.node] + counted, ref.tensor)

    for key, ends in (("input_layers", graph.inputs), ("output_layers", graph.outputs)):
        if isinstance(ends, Ref) and not spells(minor, releases.ENDS_AS_THEY_ARE):
            ends = (ends,)
        config[key] = lower_value(map_refs(ends, end), lower, model, key)
    return _serialize("keras.src.models.functional", "Functional", config, "Functional")


def sequential(model: Layer, minor: str) -> dict[str, Json]:
    """A stack of layers."""
    lower = Lower(minor)
    stack = _graph(model).layers
    for number, layer in enumerate(stack, 1):
        _check_stackable(model, layer, number == len(stack))
    layers: list[Json] = [lower.layer(layer) for layer in stack]
    return _serialize(
        "keras", "Sequential", {"name": model.name, **_model_config(model, "Sequential", lower), "layers": layers}
    )


def _check_stackable(model: Layer, layer: Layer, is_last: bool) -> None:
    """Refuse a graph of several inputs, or of several outputs for a next layer, in a stack. Raises Unsupported."""
    graph = layer.graph
    if graph is None or graph.sequential:
        return
    inputs, outputs = len(refs(graph.inputs)), len(refs(graph.outputs))
    if inputs == 1 and (outputs == 1 or is_last):
        return
    raise Unsupported(
        "AK6042",
        f"the Sequential {model.name!r} holds a graph: {layer.name!r} has {inputs} inputs and {outputs} outputs, and the "
        "file does not say how they are connected",
        layer=layer.name,
        next_step="Rebuild this part as a functional model with the same layers, and load the weights into it by name.",
    )


def arguments(layer: Layer, minor: str) -> Config:
    """The arguments of a layer, all of them ones that its class takes in `minor`; raises Unsupported naming the others."""
    takes = _list_accepted_arguments(layer)
    extra = sorted(key for key, value in layer.config.items() if value is not None and key not in takes | _EVERY_LAYER)
    if extra:
        raise Unsupported(
            "AK6003",
            f"{layer.class_name} of Keras {NOW} has no argument {', '.join(map(repr, extra))}",
            layer=layer.name,
            key=extra[0],
            next_step="Please report the file: a rule for this argument is missing.",
        )
    either = _ONE_OF.get(layer.class_name, ())
    if either and all(layer.config.get(key) is None for key in either):
        raise Unsupported("AK6015", f"the {either[0]} of this {layer.class_name} is not known", layer=layer.name, key=either[0])
    entry = find(layer.class_name, Era.KERAS3)
    known = entry.name if entry is not None else layer.class_name
    said = {key: value for key, value in layer.config.items() if key in takes and key != "name"}
    config = make_portable(known, said, minor=minor)
    check_class(known, config, minor, "layers", layer.name)
    return config


def _list_accepted_arguments(layer: Layer) -> frozenset[str]:
    """What the class takes and what it writes itself; raises MissingObject for a class that Keras does not have.

    The few classes that refuse ``trainable`` or ``dtype`` (SpatialDropout2D, Discretization) have no variables.
    """
    entry = find(layer.class_name, Era.KERAS3)
    for name in (layer.class_name, *((entry.name,) if entry else ())):
        described = find_signature(name)
        if described is not None:
            return frozenset(described.defaults) | described.written | _INHERITED.get(name, frozenset())
    raise MissingObject(
        "AK6002",
        f"{layer.class_name!r} is not a layer of Keras {NOW}",
        layer=layer.name,
        next_step="Pass the class through custom_objects.",
    )


def _lower_called(lower: Lower, layer: Layer, graph: Graph, kept: Mapping[Node, int]) -> dict[str, Json]:
    calls = [call for i, call in enumerate(graph.calls.get(layer.name, ())) if (layer.name, i) in kept]
    if layer.operation:
        return lower.operation(layer, calls[0])
    is_input = layer.class_name == "InputLayer"
    nodes: list[Json] = [] if is_input else [lower.node(layer, call) for call in calls]
    return {**lower.layer(layer), "name": layer.name, "inbound_nodes": nodes}


def _renumber(nodes: set[Node]) -> dict[Node, int]:
    """The number of each call among the calls of its layer that are kept."""
    count: dict[str, int] = {}
    numbers = {}
    for name, number in sorted(nodes):
        numbers[name, number] = count.get(name, 0)
        count[name] = count.get(name, 0) + 1
    return numbers


def _model_config(model: Layer, kind: str, lower: Lower) -> dict[str, Json]:
    return {
        key: lower_value(model.config[key], lower, model, key) for key in _MODEL_KEYS[kind] if model.config.get(key) is not None
    }


def _graph(model: Layer) -> Graph:
    if model.graph is None:
        raise Bug("AK6009", f"{model.class_name} has no graph", layer=model.name)
    return model.graph


def _serialize(
    module: str | None, class_name: str, config: dict[str, Json], registered_name: str | None = None
) -> dict[str, Json]:
    return {"module": module, "class_name": class_name, "config": config, "registered_name": registered_name}


def keep_wrapped_layers(config: dict[str, Json]) -> None:
    """Give the forward layer of every Bidirectional in `config` a number of its own, from 1."""
    left: list[Json] = [config]
    number = 0
    while left:
        value = left.pop()
        if isinstance(value, list):
            left += value
        elif isinstance(value, dict):
            left += value.values()
            inner = value.get("config")
            layer = inner.get("layer") if value.get("class_name") == "Bidirectional" and isinstance(inner, dict) else None
            if isinstance(layer, dict):
                number += 1
                layer["shared_object_id"] = number


# Inverse document frequencies, which Keras 3 wants twice: in the configuration and among the weights.
#
# Source: keras 3.15.1 ``layers/preprocessing/index_lookup.py`` (``set_vocabulary``, ``save_own_variables``): a layer with
# ``output_mode="tf_idf"`` and a vocabulary in its configuration refuses a file without the dataset ``idf_weights``, and
# that dataset is the padded form of the argument ``idf_weights``.


def add_idf_weights(layer: Layer) -> Layer:
    """The layer with both forms, where it has one; any other layer as it is."""
    words, weights = layer.config.get("vocabulary"), layer.config.get("idf_weights")
    stored = layer.weights.get("idf_weights")
    if layer.config.get("output_mode") != "tf_idf" or not isinstance(words, tuple):
        return layer
    if weights is None and stored is not None:
        values = stored.read()[: len(words)].tolist()
        return layer.with_config(idf_weights=tuple(values))
    if stored is None and isinstance(weights, tuple):
        padded = _pad(layer, words, np.asarray(weights, "float32"))
        return replace(layer, weights={**layer.weights, "idf_weights": constant(padded, origin=layer.address)})
    return layer


def _pad(layer: Layer, words: tuple[object, ...], weights: Array) -> Array:
    """One weight for each token: words without a token of their own in front get the mean, unused places 0."""
    oov = layer.config.get("num_oov_indices", 1)
    front = oov if isinstance(oov, int) else 1
    if words[:front] == (layer.config.get("oov_token", "[UNK]"),) * front:
        front = 0
    size = layer.config.get("max_tokens")
    padded = bool(layer.config.get("pad_to_max_tokens", False)) and isinstance(size, int)
    back = size - front - len(weights) if padded and isinstance(size, int) else 0
    return np.concatenate([np.full(front, weights.mean()), weights, np.zeros(max(back, 0))]).astype("float32")


# Pooling operations as the layers that do the same.
#
# A node `max_pool` or `average_pool` that was written and read again cannot run on JAX: its sizes come back as lists,
# and to lists Keras 3.15.1 adds tuples (``src/backend/jax/nn.py``, `_pool`). The layers make tuples of them.


_LAYERS: Final = {"max_pool": "MaxPooling", "average_pool": "AveragePooling"}
_ARGUMENTS: Final = ("inputs", "pool_size", "strides", "padding", "data_format")


def use_pooling_layers(model: Layer) -> Layer:
    """The graph of a model with layers for such nodes, as far as the number of their axes is known."""
    graph = model.graph
    if graph is None or not any(_is_pooling(layer) for layer in graph.layers):
        return model
    specs = infer(model)
    layers, calls = list(graph.layers), dict(graph.calls)
    for place, layer in enumerate(layers):
        made = calls.get(layer.name, ())
        if _is_pooling(layer) and len(made) == 1 and (pool := _layer(layer, made[0], specs)) is not None:
            layers[place], calls[layer.name] = pool
    return replace(model, graph=replace(graph, layers=tuple(layers), calls=calls))


def _is_pooling(layer: Layer) -> bool:
    return layer.operation and layer.class_name in _LAYERS


def _layer(node: Layer, call: Call, specs: Mapping[Ref, Spec]) -> tuple[Layer, tuple[Call]] | None:
    arguments: dict[str, Value] = {**dict(zip(_ARGUMENTS, call.args, strict=False)), **call.kwargs}
    inputs, size = arguments.pop("inputs", None), arguments.get("pool_size")
    spec = specs.get(inputs) if isinstance(inputs, Ref) else None
    axes = len(size) if isinstance(size, tuple) else len(spec.shape) - 2 if spec and spec.shape is not None else 0
    if not isinstance(inputs, Ref) or axes not in (1, 2, 3):
        return None
    config = {key: value for key, value in arguments.items() if value is not None}
    return Layer(f"{_LAYERS[node.class_name]}{axes}D", node.name, config, address=node.address), (Call((inputs,)),)
