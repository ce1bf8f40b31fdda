"""``multi_gpu_model``: a model that cuts each batch in parts, gives each part to a replica and joins the outcomes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ...document.model import Era, Graph, Layer, Ref, refs
from ..rulebook import RuleContext, rule


@rule(
    "AK2251",
    to=Era.KERAS3,
    eras=(Era.KERAS2, Era.TF2),
    classes=("Functional",),
)
def _multi_gpu(model: Layer, context: RuleContext) -> Layer | None:
    graph = model.graph
    if graph is None or graph.sequential:
        return None
    nested = [layer for layer in graph.layers if layer.graph is not None]
    others = {"InputLayer", "Lambda", "Concatenate"}
    rest = [layer for layer in graph.layers if layer.graph is None]
    if len(nested) != 1 or {layer.class_name for layer in rest} != others:
        return None
    parts = len(graph.calls[nested[0].name])
    return nested[0] if _cut_batch(graph, nested[0].name, parts) and _join_outputs(graph, nested[0].name, parts) else None


def _cut_batch(graph: Graph, name: str, parts: int) -> bool:
    """Whether the model is called on part 0, 1 ... of every input, in the order of the inputs."""
    inputs = refs(graph.inputs)
    for number, call in enumerate(graph.calls[name]):
        cuts = [graph.layer(ref.layer) for ref in refs(call.args)]
        if [_source(graph, layer) for layer in cuts] != inputs:
            return False
        if any(_arguments(layer) != {"i": number, "parts": parts} for layer in cuts):
            return False
    return parts > 1


def _source(graph: Graph, layer: Layer) -> Ref | None:
    calls = graph.calls[layer.name]
    given = refs(calls[0].args) if len(calls) == 1 else []
    return given[0] if len(given) == 1 else None


def _arguments(layer: Layer) -> Mapping[str, object] | None:
    held = layer.config.get("arguments")
    return dict(held) if layer.class_name == "Lambda" and isinstance(held, Mapping) else None


def _join_outputs(graph: Graph, name: str, parts: int) -> bool:
    """Whether every output is one output of all calls in order, concatenated along the batch."""
    ends = refs(graph.outputs)
    return all(_is_joint(graph, end, [Ref(name, node, i) for node in range(parts)]) for i, end in enumerate(ends))


def _is_joint(graph: Graph, end: Ref, parts: Sequence[Ref]) -> bool:
    layer = graph.layer(end.layer)
    calls = graph.calls[end.layer]
    whole = layer.class_name == "Concatenate" and layer.config.get("axis") == 0
    return whole and len(calls) == 1 and refs(calls[0].args) == list(parts)
