"""A live Keras model as a document, and its variables by where they stand there: what weights are matched with and put into.

Nothing of the model is serialized: layers of the user's own need no `get_config`. Such a layer is a list of what it holds,
without an order, and its variables have the names that its code gives them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ..catalog import find
from ..catalog.base import LayerEntry, mode_of
from ..containers.memory import Memory
from ..document.model import Call, Config, Document, Era, Graph, Layer, Object, Path, Ref, Value, Writer
from ..document.walk import walk
from ..errors import Malformed
from ..keras_private import (
    config_of,
    find_call,
    list_graph_nodes,
    list_inbound_nodes,
    list_inner_layers,
    list_own_variables,
    list_sequential_layers,
    set_attribute,
)
from ..tensors import Array, Tensor
from .live_memory import allocate_for_backend, as_tensor

# Their configuration holds whole layers, or code.
_UNREAD = frozenset(
    {"Lambda", "Bidirectional", "TimeDistributed", "RNN", "StackedRNNCells", "Wrapper", "SpectralNormalization"}
)
_FUNCTIONS = ("train_function", "test_function", "predict_function")


@dataclass(frozen=True)
class LiveModel:
    """A live model: its document, and each layer and its variables (by role) under its path there."""

    model: Any
    document: Document
    layers: Mapping[Path, Any]
    variables: Mapping[Path, Mapping[str, Any]]


def read_model(model: Any) -> LiveModel:
    """A live model of Keras 3, functional, sequential or of a class of its own, with what its variables hold now.

    Raises:
        Malformed: it has no variables yet.
    """
    reader = _ModelReader()
    read = reader.layer(model)
    document = Document(read, Writer(Era.KERAS3), Era.KERAS3)
    layers = {path: reader.live[id(layer)] for path, layer in walk(read) if id(layer) in reader.live}
    variables = {path: reader.variables.get(id(layer), {}) for path, layer in walk(read) if reader.variables.get(id(layer))}
    if not variables and not getattr(model, "built", False):
        raise Malformed(
            "AK1312",
            f"the model {model.name!r} has no variables to fill",
            layer=str(model.name),
            next_step="Build it first: call it once on data of the right shape, or give its first layer an input shape.",
        )
    return LiveModel(model, document, layers, variables)


def fill_model(
    live: LiveModel,
    tensors: Mapping[Path, Mapping[str, Tensor]],
    arguments: Mapping[Path, Mapping[str, Value]],
    others: Sequence[tuple[Any, Tensor]] = (),
) -> None:
    """Put tensors into the variables of a live model, and set arguments of its layers: all of it, or nothing.

    `others` are variables that Keras does not know of, each with what goes into it.

    Every value is checked before the first variable changes. A file that cannot change is mapped by then, and each tensor of it
    is read when its turn comes, so that the memory of one is needed beside the model's; any other file is read as a whole.

    Raises:
        Malformed: a tensor cannot be read, or is not of the shape of its variable.
    """
    memory, share = allocate_for_backend(), as_tensor()
    work = [
        (live.variables[path][role], _hold(memory, tensor, live.variables[path][role], live.layers[path].name))
        for path, roles in tensors.items()
        for role, tensor in roles.items()
    ]
    work += [(variable, _hold(memory, tensor, variable, str(live.model.name))) for variable, tensor in others]
    changes = [(live.layers[path], key, _revive(value)) for path, own in arguments.items() for key, value in own.items()]
    while work:  # what a backend copies need not stay
        _assign(*work.pop(), memory, share)
    for layer, key, value in changes:
        cell = getattr(layer, "cell", None)
        set_attribute(cell if cell is not None and hasattr(cell, key) else layer, key, value)
    if changes:
        for name in _FUNCTIONS:  # traced with the arguments of before
            if hasattr(live.model, name):
                setattr(live.model, name, None)


def _hold(memory: Memory, tensor: Tensor, variable: Any, layer: str) -> Tensor:
    if tuple(variable.shape) != tensor.shape or not tensor.dtype.startswith(_NUMBERS):
        raise Malformed(
            "AK1302",
            f"{tensor.origin} is {tensor.dtype} {tensor.shape}, and the variable {variable.dtype} {tuple(variable.shape)}",
            part=tensor.origin,
            layer=layer,
        )
    return memory.hold(tensor)


def _assign(variable: Any, tensor: Tensor, memory: Memory, share: Callable[[Any], Any]) -> None:
    array = memory.own(tensor)
    variable.assign(share(array) if hasattr(variable, "path") else array)


_NUMBERS = ("bool", "int", "uint", "float", "bfloat", "complex")


def _revive(value: Value) -> Any:
    """An argument of a document as a live layer has it; a function made of layers is a model of them."""
    import keras

    if isinstance(value, Layer) and value.graph is not None and value.graph.sequential:
        made = [getattr(keras.layers, layer.class_name)(**layer.config, name=layer.name) for layer in value.graph.layers]
        return keras.Sequential(made, name=value.name)
    return keras.activations.get(value) if isinstance(value, str) and hasattr(keras.activations, value) else value


@dataclass
class _ModelReader:
    """One reading; layers of the document by identity, so that each live layer is read once."""

    live: dict[int, Any] = field(default_factory=dict)
    variables: dict[int, Mapping[str, Any]] = field(default_factory=dict)
    seen: dict[int, Layer] = field(default_factory=dict)
    kept: list[Layer] = field(default_factory=list)  # so that no identity is used twice

    def layer(self, live: Any) -> Layer:
        """A live layer with everything in it; of one met before the name alone, since its variables stand there."""
        if id(live) in self.seen:
            return self._keep(replace(self.seen[id(live)], config={}, weights={}, graph=None), live, {})
        own = _list_own_variables(live)
        class_name, variables = _find_roles(live, own)
        self.seen[id(live)] = Layer(class_name, live.name)
        weights = {role: _read_tensor(variable) for role, variable in variables.items()}
        graph, held = self._inside(live, class_name)
        config = {**_read_config(live, class_name), **held}
        return self._keep(Layer(class_name, live.name, config, weights, graph), live, variables)

    def _keep(self, layer: Layer, live: object, variables: Mapping[str, object]) -> Layer:
        self.kept.append(layer)
        self.live[id(layer)], self.variables[id(layer)] = live, variables
        return layer

    def _inside(self, live: object, class_name: str) -> tuple[Graph | None, Config]:
        if class_name == "Sequential":
            return Graph(tuple(self.layer(inner) for inner in list_sequential_layers(live)), sequential=True), {}
        nodes = list_graph_nodes(live)
        if nodes is not None:
            return self._graph(live, nodes), {}
        entry = find(class_name, Era.KERAS3)
        if entry is not None:
            return None, dict(self._children(live, entry))
        return None, {name: self.layer(inner) for name, inner in _walk_held(live)}

    def _children(self, live: object, entry: LayerEntry) -> Iterator[tuple[str, Value]]:
        for key, at in entry.children:
            value = getattr(live, at, None)
            if isinstance(value, list | tuple):
                yield key, tuple(self.layer(inner) for inner in value if _is_layer(inner))
            elif _is_layer(value):
                yield key, self.layer(value)

    def _graph(self, live: Any, nodes: Sequence[Any]) -> Graph:
        numbers: dict[int, int] = {}
        by_operation: dict[int, list[Any]] = {}
        inside = {id(node) for node in nodes}
        for operation in live.operations:
            own = [node for node in list_inbound_nodes(operation) if id(node) in inside]
            by_operation[id(operation)] = own
            numbers.update({id(node): number for number, node in enumerate(own)})

        def ref(tensor: object) -> Ref:
            operation, node_index, tensor_index = find_call(tensor)
            node = list_inbound_nodes(operation)[node_index]
            return Ref(operation.name, numbers.get(id(node), 0), tensor_index)

        layers, calls = [], {}
        for operation in live.operations:
            layers.append(self.layer(operation) if _is_layer(operation) else _read_operation(operation))
            calls[operation.name] = tuple(
                Call(tuple(ref(t) for t in node.input_tensors)) for node in by_operation[id(operation)]
            )
        inputs, outputs = (tuple(ref(tensor) for tensor in found) for found in (live.inputs, live.outputs))
        return Graph(tuple(layers), calls, inputs, outputs[0] if len(outputs) == 1 else outputs)


def _read_operation(live: Any) -> Layer:
    return Layer(type(live).__name__, live.name, operation=True)


def _is_layer(value: object) -> bool:
    import keras

    return isinstance(value, keras.layers.Layer)


def _list_own_variables(live: object) -> list[Any]:
    return [variable for variable in list_own_variables(live) if "seed_generator" not in variable.path]


def _find_roles(live: object, own: Sequence[object]) -> tuple[str, dict[str, Any]]:
    """The class of a layer, and its variables by role; a class that is none of Keras has them by their names."""
    for base in type(live).__mro__:
        if not base.__module__.startswith("keras."):
            continue
        entry = find(base.__name__, Era.KERAS3)
        if base.__name__ in ("Sequential", "Functional"):
            return base.__name__, _find_by_name(own)
        found = _find_by_role(live, own, entry, base.__name__) if entry is not None else None
        if found is not None:
            return base.__name__, found
    name = type(live).__name__
    return f"Custom>{name}" if find(name, Era.KERAS3) is not None else name, _find_by_name(own)


def _find_by_role(live: object, own: Sequence[object], entry: LayerEntry, class_name: str) -> dict[str, Any] | None:
    """The variables of a layer of Keras in the roles of the catalog; None where they are others than it knows."""
    config = _read_config(live, class_name)
    roles = [role for role in entry.roles(Layer(class_name, "", config)) if not role.copy]
    owners: dict[str, list[Any]] = {}
    quantized = bool(mode_of(config))
    found = {}
    for role in roles:
        if role.at not in owners:
            holder = live
            for step in role.at.split("/"):
                holder = getattr(holder, step, None) if step else holder
            owners[role.at] = _list_own_variables(holder) if holder is not None else []
        if not owners[role.at]:
            return {} if not getattr(live, "built", True) else None
        at = _index_named(owners[role.at], role.name) if quantized else 0
        if at is None:
            return None
        found[role.name] = owners[role.at].pop(at)
    return found if not any(owners.values()) and (not own or "" in owners) else None


def _index_named(own: Sequence[Any], name: str) -> int | None:
    """Where the variable of that name is; the order of a quantized layer depends on when it was quantized."""
    return next((index for index, variable in enumerate(own) if variable.name == name), None)


def _find_by_name(own: Sequence[Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for variable in own:
        name, number = variable.name, 0
        while name in found:
            number += 1
            name = f"{variable.name}_{number}"
        found[name] = variable
    return found


def _read_tensor(variable: Any) -> Tensor:
    def load() -> Array:
        import keras

        return np.asarray(keras.ops.convert_to_numpy(variable))

    return Tensor(tuple(variable.shape), str(variable.dtype), variable.path, load)


def _walk_held(live: object) -> Iterator[tuple[str, Any]]:
    """The layers that a layer of another class holds, by the attribute that has them, as far as one does."""
    names = {id(value): key for key, value in vars(live).items() if _is_layer(value)}
    for number, inner in enumerate(list_inner_layers(live)):
        yield names.get(id(inner), f"layer_{number}"), inner


def _read_config(live: object, class_name: str) -> dict[str, Value]:
    """The plain arguments of a layer of Keras; {} of one whose arguments nobody knows."""
    if class_name in _UNREAD or find(class_name, Era.KERAS3) is None or not type(live).__module__.startswith("keras."):
        return {}
    config = config_of(live)
    found = {key: _read_value(value) for key, value in config.items() if key != "name"}
    if isinstance(policy := config.get("dtype"), dict):  # says whether and how the layer is quantized
        found["dtype"] = Object(str(policy["class_name"]), {key: _read_value(value) for key, value in policy["config"].items()})
    shape = next((tensor.shape for node in list_inbound_nodes(live) for tensor in node.input_tensors), None)
    return found if shape is None else {**found, "build_config": {"input_shape": tuple(shape)}}


def _read_value(value: object) -> Value:
    if isinstance(value, list | tuple):
        return tuple(_read_value(item) for item in value)
    if isinstance(value, dict):
        return Object(str(value.get("class_name", "dict")))
    return value if isinstance(value, None | bool | int | float | str) else Object(type(value).__name__)
