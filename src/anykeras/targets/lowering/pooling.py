"""Pooling operations as the layers that do the same.

A node `max_pool` or `average_pool` that was written and read again cannot run on JAX: its sizes come back as lists,
and to lists Keras 3.15.1 adds tuples (``src/backend/jax/nn.py``, `_pool`). The layers make tuples of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from ...catalog.shapes import Spec, infer
from ...document.model import Call, Layer, Ref, Value

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
