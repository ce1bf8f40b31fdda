"""A live layer of a user's class as a submodel of native layers and operations, its weights in native layers.

The layer's `call` runs once on symbolic tensors, with a symbolic tensor in the place of each variable. What it leaves
is a graph of inputs and weights; each weight is then held by an Embedding with one row, which is the weight laid flat,
so that it stays a trainable variable of the file.
"""

from __future__ import annotations

import inspect
import json
import math
from collections.abc import Callable, Iterator, Mapping, Set
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any

from ..catalog.layout import list_variable_specs
from ..document.edit import GraphEditor
from ..document.model import Era, Graph, Layer, Path, Ref, refs
from ..document.walk import fill_weights, layers_of
from ..errors import AnyKerasError, Unsupported
from ..keras_private import draws_random_numbers, list_own_variables
from ..lazily import np
from ..parse import keras3
from ..parse.reading import ParseContext
from ..recovery.equality import computes_same
from ..recovery.functions import is_module
from ..recovery.functions.table import canonical
from ..recovery.graph_ops import GraphOps, Symbol, flat_symbols
from ..recovery.held import Module
from ..targets.keras_custom import pair_variables, weights_of
from ..targets.keras_live import follow
from ..tensors import Tensor, constant

_DIRECTIONS = ("forward_", "backward_")  # the names that Bidirectional of every Keras gives its two layers


class NotTraceable(Exception):
    """The layer stays what it is; the text says why."""


def trace_to_graph(layer: Layer, live: Any, inputs: list[Any]) -> Layer:
    """The submodel that computes what `live` does, with the weights of `layer`.

    Args:
        layer: the layer of the document, with its weights.
        live: a built layer of the user's class, with fresh variables.
        inputs: symbolic tensors, as the layer is called with them.

    Raises:
        NotTraceable: the layer cannot be expressed so.
        AnyKerasError: the file holds other weights than the class has.
    """
    if hasattr(live, "state_size") or (hasattr(live, "go_backwards") and layer.name.startswith(_DIRECTIONS)):
        raise NotTraceable("it is part of a recurrent layer, which needs a cell or a recurrent layer there")
    tensors: dict[int, Tensor] = {}
    if weights_of(layer):
        for variable, (_, tensor) in pair_variables(live, layer):
            variable.assign(tensor.read())
            tensors[id(variable)] = tensor
    trained = "training" in inspect.signature(live.call).parameters
    model = _trace(layer, live, inputs, {"training": False} if trained else {}, tensors)
    if trained and not computes_same(model, _trace(layer, live, inputs, {"training": True}, tensors)):
        raise NotTraceable("it computes something else in training")
    return model


def to_document(model: object, what: str) -> Layer:
    """A live functional model of the running Keras as a document's, without its weights; `what` names it in errors."""
    import keras

    config = json.loads(json.dumps(keras.saving.serialize_keras_object(model)))
    return keras3.parse_layer(config, ParseContext(Era.KERAS3, what))


def _trace(layer: Layer, live: Any, inputs: list[Any], kwargs: Mapping[str, Any], tensors: Mapping[int, Tensor]) -> Layer:
    import keras

    own = list_own_variables(live)
    if any("float" not in str(variable.dtype) for variable in own) or draws_random_numbers(live):
        raise NotTraceable("it draws random numbers or counts")
    symbols = {id(v): keras.Input(batch_shape=tuple(v.shape), dtype=str(v.dtype)) for v in own}
    flat = keras.tree.flatten(inputs)
    try:
        with _swap_variables(live, symbols):
            outputs = live.call(*inputs, **kwargs)
        ends = [tensor for tensor in keras.tree.flatten(outputs) if isinstance(tensor, keras.KerasTensor)]
        if not ends or len(ends) != len(keras.tree.flatten(outputs)):
            raise NotTraceable("its output does not depend on its input")
        whole = keras.Model([*flat, *symbols.values()], outputs)
        model = to_document(whole, f"class {layer.class_name}")
    except NotTraceable:
        raise
    except Exception as error:  # whatever the user's class raises: it then stays as it is
        raise NotTraceable(
            f"its call cannot be traced: {type(error).__name__}: {' '.join(str(error).split())[:200]}"
        ) from error
    return _with_weights(replace(model, name=layer.name), whole, own, len(flat), layer, tensors)


def _with_weights(model: Layer, whole: Any, own: list[Any], count: int, layer: Layer, tensors: Mapping[int, Tensor]) -> Layer:
    model = _fill(model, whole, tensors)
    graph = model.graph
    if graph is None or any(_is_unresolved(inner) for inner in layers_of(model)):
        raise NotTraceable("a layer inside it is no layer of Keras 3")
    ends = refs(graph.inputs)
    held = sum(len(inner.weights) for inner in layers_of(model))
    if held != len(whole.weights) or any(refs(graph.outputs).count(end) for end in ends):
        raise NotTraceable("not all of its variables belong to native layers")
    editor = GraphEditor(graph, layer.address)
    for variable, end in zip(own, ends[count:], strict=True):
        row = _hold(editor, variable, _tensor_of(variable, tensors), ends[0], layer.name)
        editor.replace_ref(end, row)
    graph = _without(editor.finish(), {end.layer for end in ends[count:]})
    inputs = ends[0] if count == 1 else tuple(ends[:count])
    trainable = layer.config.get("trainable", True) is not False
    return replace(model, graph=replace(graph, inputs=inputs), config={"trainable": trainable}, address=layer.address)


def _is_unresolved(layer: Layer) -> bool:
    """A class that is not of Keras, in what Keras wrote of a traced call."""
    return layer.module is not None and layer.module.split(".")[0] != "keras"


def _tensor_of(variable: Any, tensors: Mapping[int, Tensor]) -> Tensor:
    """The tensor of the file that a variable was filled from, or else its numbers."""
    import keras

    dtype, found = str(variable.dtype), tensors.get(id(variable))
    if found is None:
        return constant(keras.ops.convert_to_numpy(variable), dtype)
    return found if found.dtype == dtype else found.cast(dtype)


def _fill(model: Layer, whole: object, tensors: Mapping[int, Tensor]) -> Layer:
    """The model with the numbers of the live one."""
    bound: dict[Path, dict[str, Tensor]] = {}
    for spec in list_variable_specs(model):
        store: dict[str, Any] = {}
        holder = follow(whole, spec.steps)
        holder.save_own_variables(store)
        variables = list_own_variables(holder)
        known = spec.key.isdigit() and len(store) == len(variables)
        tensor = (
            _tensor_of(variables[int(spec.key)], tensors) if known else constant(store[spec.key], str(store[spec.key].dtype))
        )
        bound.setdefault(spec.holder.path, {})[spec.role.name] = tensor
    return fill_weights(model, bound)


def _hold(editor: GraphEditor, variable: Any, tensor: Tensor, first: Ref, name: str) -> Ref:
    """An Embedding of one row, laid out as the variable, that is always looked up at 0."""
    shape = tuple(int(size) for size in variable.shape)
    size, stem = math.prod(shape), f"{name}_{variable.name}"
    zero = editor.op(f"{stem}_sum", "sum", editor.op(f"{stem}_zeros_like", "zeros_like", first))
    index = editor.op(f"{stem}_cast", "cast", editor.op(f"{stem}_multiply", "multiply", zero, 0), "int32")
    row = editor.op(f"{stem}_index", "reshape", index, (1,))
    config = {"input_dim": 1, "output_dim": size, "trainable": bool(variable.trainable)}
    weights = {"embeddings": tensor.reshape(1, size)}
    flat = editor.add(Layer("Embedding", stem, config, weights, address=editor.address), row)
    return editor.op(f"{stem}_reshape", "reshape", flat, shape)


def _without(graph: Graph, names: Set[str]) -> Graph:
    """The graph without these layers, which nobody reads."""
    layers = tuple(layer for layer in graph.layers if layer.name not in names)
    return replace(graph, layers=layers, calls={name: calls for name, calls in graph.calls.items() if name not in names})


@contextmanager
def _swap_variables(live: Any, symbols: Mapping[int, Any]) -> Iterator[None]:
    """The layer with symbolic tensors where its attributes hold its own variables."""
    from ..compat.tensor import LegacyTensor  # loaded only where a class is traced

    before = dict(vars(live))

    def put(value: Any) -> Any:
        if isinstance(value, LegacyTensor):
            found = symbols.get(id(value.raw))
            return value if found is None else LegacyTensor(found, value.runtime)
        if type(value).__name__ in ("list", "tuple", "TrackedList"):
            items = [put(item) for item in value]
            return tuple(items) if isinstance(value, tuple) else items
        if type(value).__name__ in ("dict", "TrackedDict"):
            return {key: put(item) for key, item in value.items()}
        return symbols.get(id(value), value)

    hidden = ("_trainable_variables", "_non_trainable_variables", "_layers", "_tracker")
    try:
        for name, value in before.items():
            if name not in hidden:
                vars(live)[name] = put(value)
        yield
    finally:
        vars(live).clear()
        vars(live).update(before)


# A function from custom_objects, traced through Keras into native operations.


Traced = Callable[..., Any]


def trace_function(name: str, function: Callable[..., object]) -> Traced:
    """`function` as recovery calls functions: ``call(ops, *args, **kwargs)``."""

    def call(ops: object, *args: object, **kwargs: object) -> Any:
        if not isinstance(ops, GraphOps):
            return function(*args, **kwargs)
        symbols = list({symbol.ref: symbol for symbol in flat_symbols([args, kwargs])}.values())
        if not symbols:
            return function(*args, **kwargs)
        return ops.embed(_trace_to_model(name, function, symbols, args, kwargs), _one_or_all(symbols))

    return call


def list_objects_for_code(objects: object) -> dict[str, Any]:
    """What stored code may use of custom objects: functions, each as the tables call it, and constants.

    A module gives the functions and constants that it defines itself, as ``module.name``.
    """
    if not isinstance(objects, Mapping):
        return {}
    found: dict[str, Any] = {}
    for name, value in objects.items():
        if isinstance(value, ModuleType) and is_module(value.__name__):
            found[name] = Module(canonical(value.__name__))
        elif isinstance(value, ModuleType):
            own = {f"{name}.{key}": held for key, held in vars(value).items() if _is_own(value, key, held)}
            found |= list_objects_for_code(own)
        elif isinstance(value, FunctionType | BuiltinFunctionType | partial):
            found[name] = trace_function(name, value)
        elif _is_constant(value):
            found[name] = value
    return found


def _is_own(module: ModuleType, name: str, value: object) -> bool:
    public = not name.startswith("_")
    return public and (_is_constant(value) or getattr(value, "__module__", None) == module.__name__)


def _is_constant(value: object) -> bool:
    if isinstance(value, list | tuple):
        return type(value) in (list, tuple) and all(_is_constant(item) for item in value)
    return isinstance(value, bool | int | float | str | np.ndarray | np.generic)


def _one_or_all(symbols: list[Symbol]) -> Any:
    return symbols[0] if len(symbols) == 1 else symbols


def _trace_to_model(
    name: str, function: Callable[..., object], symbols: list[Symbol], args: tuple[object, ...], kwargs: dict[str, Any]
) -> Layer:
    import keras

    inputs = {s.ref: keras.Input(batch_shape=s.spec.shape, dtype=s.spec.dtype) for s in symbols}

    def put(value: object) -> Any:
        if isinstance(value, Symbol):
            return inputs[value.ref]
        if isinstance(value, tuple | list):
            return type(value)(put(item) for item in value)
        if isinstance(value, dict):
            return {key: put(item) for key, item in value.items()}
        return value

    try:
        outputs = function(*put(args), **put(kwargs))
        model = keras.Model(list(inputs.values()) if len(inputs) > 1 else inputs[symbols[0].ref], outputs, name=name)
        document = to_document(model, f"custom_objects[{name!r}]")
    except AnyKerasError:
        raise
    except Exception as error:  # whatever the user's function raises is theirs to read
        raise Unsupported(
            "AK5001",
            f"custom_objects[{name!r}] does not run on symbolic tensors: {type(error).__name__}: {error}",
            key=name,
            next_step="Write it with keras.ops, or with anykeras.compat for an old keras.backend.",
        ) from error
    if model.weights:
        raise Unsupported("AK5002", f"custom_objects[{name!r}] makes weights, which the file cannot fill", key=name)
    return document
