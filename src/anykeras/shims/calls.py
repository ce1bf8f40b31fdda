"""How a layer that a shim replaces is called."""

from __future__ import annotations

from ..document.model import Call, Layer, refs
from ..migrations import RuleContext


def calls_of(layer: Layer, context: RuleContext) -> tuple[Call, ...]:
    """The calls of the layer in its graph; none where it stands in a sequence or in another layer."""
    graph = context.surroundings.graphs.get((layer.name, layer.class_name))
    return () if graph is None else graph.calls.get(layer.name, ())


def tensors_taken(layer: Layer, context: RuleContext) -> int:
    """On how many tensors the layer is called; 1 where its calls are not in a graph."""
    calls = calls_of(layer, context)
    return max(1, len(refs(calls[0].args[:1]))) if calls else 1
