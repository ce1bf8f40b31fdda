"""Op layers of tf.keras keep their arguments in the call. Here they move into the layer, so that the call is tensors.

After this, a ``TFOpLambda`` is a layer like another: called on a list of tensors, and everything else in its
configuration, with `Hole` where each tensor goes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ..document.model import Call, Graph, Layer, Ref, Value
from ..document.walk import rebuild
from .functions import Operand
from .held import constant

OP_LAYERS = frozenset({"TFOpLambda", "SlicingOpLambda"})
ARGS, KWARGS = "call_args", "call_kwargs"  # as `_settled` enters them
_HOLE = "__tensor_argument__"


def move_arguments_into_layers(model: Layer) -> Layer:
    """The model with the arguments of op layers in their configuration."""

    def change(layer: Layer) -> Layer:
        graph = layer.graph
        if graph is None or graph.sequential or not any(x.class_name in OP_LAYERS for x in graph.layers):
            return layer
        return replace(layer, graph=_move_arguments(graph))

    return rebuild(model, change)


def _move_arguments(graph: Graph) -> Graph:
    layers, calls = [], dict(graph.calls)
    for layer in graph.layers:
        made = graph.calls.get(layer.name, ())
        if layer.class_name in OP_LAYERS and made:
            tensors: list[Ref] = []
            args = tuple(_take_tensors(arg, tensors) for arg in made[0].args)
            kwargs = {key: _take_tensors(value, tensors) for key, value in made[0].kwargs.items()}
            layer = layer.with_config(call_args=args, call_kwargs=kwargs)
            calls[layer.name] = tuple(Call((_list_tensors(call),)) for call in made)
        layers.append(layer)
    return replace(graph, layers=tuple(layers), calls=calls)


def _list_tensors(call: Call) -> Value:
    tensors: list[Ref] = []
    for arg in call.args:
        _take_tensors(arg, tensors)
    for value in call.kwargs.values():
        _take_tensors(value, tensors)
    return tensors[0] if len(tensors) == 1 else tuple(tensors)


def _take_tensors(value: Value, tensors: list[Ref]) -> Value:
    if isinstance(value, Ref):
        tensors.append(value)
        return {_HOLE: len(tensors) - 1}
    if isinstance(value, tuple):
        return tuple(_take_tensors(item, tensors) for item in value)
    if isinstance(value, Mapping):
        return {key: _take_tensors(item, tensors) for key, item in value.items()}
    return value


def restore_arguments(value: Operand, inputs: Operand) -> Operand:
    """Arguments with tensors where their holes are."""
    tensors = inputs if isinstance(inputs, list) else [inputs]
    if isinstance(value, Mapping):
        if _HOLE in value:
            return tensors[value[_HOLE]]
        if value.get("class_name") or value.get("type"):
            return constant(value)
        return {key: restore_arguments(item, inputs) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [restore_arguments(item, inputs) for item in value]
    return value
