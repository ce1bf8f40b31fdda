"""Walking and rebuilding a document without changing it in place."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any

from .. import limits
from ..tensors import Tensor
from .model import LEAVES, Call, Config, Document, Graph, Layer, Origin, Path, Ref, Value

_HELD_STEPS = 16  # of work, for a layer in an argument: rules that double a wrapper double what is inside it


def walk(layer: Layer, path: Path = ()) -> Iterator[tuple[Path, Layer]]:
    """The layer and every layer inside it (wrapped, cell, nested model) with their paths, parents first.

    Args:
        layer: where to start.
        path: the path of `layer` itself, which those of the others begin with.
    """
    yield path, layer
    for step, inner in list_children(layer):
        yield from walk(inner, path + step)


def layers_of(layer: Layer) -> Iterator[Layer]:
    """The layer and every layer inside it, parents first."""
    return (inner for _, inner in walk(layer))


def find_frozen_layers(layer: Layer) -> set[Path]:
    """The paths of the layers that are not trained: those that say so, and all inside them."""

    def visit(path: Path, inner: Layer, frozen: bool) -> Iterator[Path]:
        frozen = frozen or inner.config.get("trainable") is False
        if frozen:
            yield path
        for step, below in list_children(inner):
            yield from visit(path + step, below, frozen)

    return set(visit((), layer, False))


def list_children(layer: Layer) -> tuple[tuple[Path, Layer], ...]:
    """The layers directly inside, with the way to each: those of its configuration, then those of its graph."""
    return layer.held if layer.graph is None else (*layer.held, *layer.graph.members)


def make_inner_path(holder: Layer, inner: Layer) -> Path:
    """The way to a layer directly inside another; raises KeyError where it is not there."""
    for step, held in list_children(holder):
        if held is inner:
            return step
    raise KeyError(inner.name)


def rebuild(layer: Layer, change: Callable[[Layer], Layer], classes: frozenset[str] = frozenset()) -> Layer:
    """Apply `change` to every layer, innermost first, and return the new tree.

    With `classes`, what holds no layer of these classes is passed by: `change` has nothing to do there.
    """
    if classes and classes.isdisjoint(layer.class_names):
        return layer
    return change(_change_children(layer, lambda _, inner: rebuild(inner, change, classes)))


def rebuild_paths(layer: Layer, change: Callable[[Path, Layer], Layer], path: Path = ()) -> Layer:
    """As `rebuild`, for a `change` that takes the path which the layer had in the tree before."""
    return change(path, _change_children(layer, lambda step, inner: rebuild_paths(inner, change, path + step)))


def _change_children(layer: Layer, change: Callable[[Path, Layer], Layer]) -> Layer:
    """A layer with each layer directly inside replaced by what `change` makes of it and the way to it."""
    if layer.graph is None and not layer.held:
        return layer
    config = layer.config if not layer.held else _change_config(layer.config, change)
    graph = layer.graph
    if graph is not None:
        layers = tuple(change(step, inner) for step, inner in graph.members)
        if any(a is not b for a, b in zip(layers, graph.layers, strict=True)):
            graph = replace(graph, layers=layers)
    return layer if graph is layer.graph and config is layer.config else replace(layer, config=config, graph=graph)


def _change_config(config: Config, change: Callable[[Path, Layer], Layer]) -> Config:
    changed: dict[str, Value] = {}
    for key, value in config.items():
        if type(value) not in LEAVES and (new := _change_value(value, change, (key,))) is not value:
            changed[key] = new
    return {**config, **changed} if changed else config


def _change_value(value: Value, change: Callable[[Path, Layer], Layer], path: Path) -> Value:
    if isinstance(value, Layer):
        limits.budget().charge(_HELD_STEPS)
        return change(path, value)
    if isinstance(value, tuple):
        if LEAVES.issuperset(map(type, value)):
            return value
        items = tuple(_change_value(item, change, (*path, index)) for index, item in enumerate(value))
        return items if any(a is not b for a, b in zip(items, value, strict=True)) else value
    if isinstance(value, Mapping):
        pairs = {key: _change_value(item, change, (*path, key)) for key, item in value.items()}
        return pairs if any(pairs[k] is not value[k] for k in pairs) else value
    return value


def map_refs(value: Value, change: Callable[[Ref], Value]) -> Value:
    """The same structure of arguments with every ref replaced."""
    if isinstance(value, Ref):
        return change(value)
    if isinstance(value, tuple):
        return tuple(map_refs(item, change) for item in value)
    if isinstance(value, Mapping):
        return {key: map_refs(item, change) for key, item in value.items()}
    return value


def map_call_refs(call: Call, change: Callable[[Ref], Value]) -> Call:
    """The same call with every ref of its arguments replaced."""
    args = tuple(map_refs(arg, change) for arg in call.args)
    return Call(args, {key: map_refs(value, change) for key, value in call.kwargs.items()})


def map_graph_refs(graph: Graph, change: Callable[[Ref], Value]) -> Graph:
    """The same graph with every ref of its calls, inputs and outputs replaced."""
    calls = {name: tuple(map_call_refs(call, change) for call in listed) for name, listed in graph.calls.items()}
    return replace(graph, calls=calls, inputs=map_refs(graph.inputs, change), outputs=map_refs(graph.outputs, change))


def fill_weights(layer: Layer, weights: Mapping[Path, Mapping[str, Tensor]], names: Mapping[Path, str] | None = None) -> Layer:
    """The same tree with weights in place by the path of their layer, and names for layers that have none."""

    def fill(path: Path, inner: Layer) -> Layer:
        name = inner.name or (names or {}).get(path, "")
        held = weights.get(path, inner.weights)
        return inner if name == inner.name and held is inner.weights else replace(inner, name=name, weights=held)

    return rebuild_paths(layer, fill)


# A document as plain JSON values: for `inspect --json`, for tests, and for looking at.


def dump(value: Value | Document) -> Any:
    """Plain JSON values; tensors as their shape, dtype and where they lie."""
    if isinstance(value, Tensor):
        return {"shape": list(value.shape), "dtype": value.dtype, "origin": value.origin, "steps": list(value.steps)}
    if isinstance(value, bytes):
        return f"<{len(value)} bytes>"
    if isinstance(value, Mapping):
        return {str(key): dump(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return [dump(item) for item in value]
    if is_dataclass(value) and not isinstance(value, type):
        held = {field.name: getattr(value, field.name) for field in fields(value)}
        held = {key: dump(item) for key, item in held.items() if not isinstance(item, Origin)}
        return {key: item for key, item in held.items() if item not in (None, "", [], {}, False)}
    return value


def summarize_document(model: Layer) -> list[dict[str, Any]]:
    """One row a layer, nested ones after their model: name, class, number of weights and of parameters."""
    rows = []
    for layer in layers_of(model):
        if layer.operation:
            continue
        rows.append(
            {
                "layer": layer.address or layer.name,
                "class": layer.class_name,
                "weights": {role: list(tensor.shape) for role, tensor in layer.weights.items()},
                "parameters": sum(tensor.size for tensor in layer.weights.values()),
            }
        )
    return rows
