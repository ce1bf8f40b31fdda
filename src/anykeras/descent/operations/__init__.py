"""Operations in the words of a release: built-in layers, symbols or nodes of TensorFlow."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from ...catalog.base import Shape
from ...catalog.operations import bind, find
from ...catalog.releases import Release, Since
from ...catalog.shapes import UNKNOWN, Spec, infer
from ...document.model import Call, Ellipsis_, Layer, Ref, Slice, Value
from ...document.walk import rebuild
from ...errors import Unsupported
from .by_layers import Operation, Said, by_layers
from .by_parts import by_parts
from .node_def import NODE_DEF, by_node
from .tf_lambda import TF_LAMBDA, by_symbol

# Keras 3 has operations of its own; slices in files since 3.2 (keras 3.1.1 and 3.2.1, ops/numpy.py and serialization_lib.py).
_INDEXING: Final = Since("3.2")
_ELLIPSIS: Final = Since("3.3")  # saving/serialization_lib.py


def say_operations(model: Layer, release: Release) -> Layer:
    """The model with every operation that the release has not as such in its words. Raises Unsupported."""
    ways = _ways(release)

    def change(inner: Layer) -> Layer:
        graph = inner.graph
        if graph is None or graph.sequential or not any(layer.operation for layer in graph.layers):
            return inner
        specs = infer(inner)
        layers, calls = [], dict(graph.calls)
        for layer in graph.layers:
            if layer.class_name == "get_item" and layer.operation and not _is_foreign(layer, release):
                calls[layer.name] = tuple(_without_dots(call, specs, release) for call in calls[layer.name])
            elif _is_foreign(layer, release):
                known = find(layer.class_name)
                assert known is not None
                named = replace(layer, class_name=known.function)
                layer, call = _say(Operation(named, _bind(layer, inner, specs), specs, release), ways)
                calls[layer.name] = (call,)
            layers.append(layer)
        return replace(inner, graph=replace(graph, layers=tuple(layers), calls=calls))

    return rebuild(model, change)


def _ways(release: Release) -> tuple[Callable[[Operation], Said], ...]:
    if TF_LAMBDA.holds(release):
        return (by_symbol, by_layers, by_parts)
    return (by_layers, by_node, by_parts) if NODE_DEF.holds(release) else (by_layers, by_parts)


def _is_foreign(layer: Layer, release: Release) -> bool:
    if not layer.operation:
        return False
    return release.line != "keras3" or (layer.class_name == "get_item" and not _INDEXING.holds(release))


def _without_dots(call: Call, specs: Mapping[Ref, Spec], release: Release) -> Call:
    """The call of an index without ``...``, where a minor of Keras 3 does not read it."""
    if _ELLIPSIS.holds(release) or len(call.args) != 2 or not isinstance(call.args[0], Ref):
        return call
    return replace(call, args=(call.args[0], _spell_out(call.args[1], specs.get(call.args[0], UNKNOWN).shape)))


def _spell_out(key: Value, shape: Shape | None) -> Value:
    """An index with a range for each axis that ``...`` stands for."""
    keys = key if isinstance(key, tuple) else (key,)
    if shape is None or not any(isinstance(one, Ellipsis_) for one in keys):
        return key
    at = next(place for place, one in enumerate(keys) if isinstance(one, Ellipsis_))
    used = sum(one is not None for one in keys) - 1
    return (*keys[:at], *(Slice(),) * (len(shape) - used), *keys[at + 1 :])


def _bind(layer: Layer, model: Layer, specs: Mapping[Ref, Spec]) -> dict[str, Value]:
    """The arguments of the one call of an operation by their names, defaults included."""
    known = find(layer.class_name)
    assert known is not None and model.graph is not None
    call = model.graph.calls[layer.name][0]
    given = {name.lstrip("*"): value for name, value in bind(known, call.args, call.kwargs).items()}
    if layer.class_name == "get_item":
        shape = specs.get(given["x"], UNKNOWN).shape if isinstance(given["x"], Ref) else None
        given["key"] = _spell_out(given["key"], shape)
    for parameter in known.parameters:
        if not parameter.required and not parameter.name.startswith("*"):
            given.setdefault(parameter.name, parameter.default)
    return given


def _say(operation: Operation, ways: tuple[Callable[[Operation], Said], ...]) -> Said:
    refusal: Unsupported | None = None
    for way in ways:
        try:
            return way(operation)
        except Unsupported as error:
            refusal = refusal or error
    assert refusal is not None
    raise refusal
