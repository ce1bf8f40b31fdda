"""Walking and rebuilding a document without changing it in place."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from ..tensors import Tensor
from .model import Call, Graph, Layer, Ref, Value


def walk(layer: Layer) -> Iterator[Layer]:
    """The layer and every layer inside it (wrapped, cell, nested model), parents first."""
    yield layer
    for inner in inside(layer):
        yield from walk(inner)


def inside(layer: Layer) -> Iterator[Layer]:
    """The layers directly inside: those of its configuration, then those of its graph."""
    yield from _layers_of(tuple(layer.config.values()))
    if layer.graph is not None:
        yield from layer.graph.layers


def _layers_of(value: Value) -> Iterator[Layer]:
    if isinstance(value, Layer):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from _layers_of(item)
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _layers_of(item)


def rebuild(layer: Layer, change: Callable[[Layer], Layer]) -> Layer:
    """Apply `change` to every layer, innermost first, and return the new tree."""
    config = {key: _rebuild_value(value, change) for key, value in layer.config.items()}
    graph = layer.graph
    if graph is not None:
        layers = tuple(rebuild(inner, change) for inner in graph.layers)
        if any(a is not b for a, b in zip(layers, graph.layers, strict=True)):
            graph = replace(graph, layers=layers)
    if graph is not layer.graph or any(config[k] is not layer.config[k] for k in config):
        layer = replace(layer, config=config, graph=graph)
    return change(layer)


def _rebuild_value(value: Value, change: Callable[[Layer], Layer]) -> Value:
    if isinstance(value, Layer):
        return rebuild(value, change)
    if isinstance(value, tuple):
        items = tuple(_rebuild_value(item, change) for item in value)
        return items if any(a is not b for a, b in zip(items, value, strict=True)) else value
    if isinstance(value, Mapping):
        pairs = {key: _rebuild_value(item, change) for key, item in value.items()}
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


def filled(layer: Layer, weights: Mapping[int, Mapping[str, Tensor]], names: Mapping[int, str] | None = None) -> Layer:
    """The same tree with weights (and names) in place, keyed by the identity of the layer objects.

    Identity, since layers of different nested models may share a name.
    """

    def value(held: Value) -> Value:
        if isinstance(held, Layer):
            return filled(held, weights, names)
        if isinstance(held, tuple):
            return tuple(value(item) for item in held)
        if isinstance(held, Mapping):
            return {key: value(item) for key, item in held.items()}
        return held

    graph = layer.graph
    if graph is not None:
        graph = replace(graph, layers=tuple(filled(inner, weights, names) for inner in graph.layers))
    return replace(
        layer,
        name=layer.name or (names or {}).get(id(layer), ""),
        config={key: value(held) for key, held in layer.config.items()},
        weights=weights.get(id(layer), layer.weights),
        graph=graph,
    )
