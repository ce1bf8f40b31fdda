"""What must hold for the graph of any functional model, whatever era wrote it."""

from __future__ import annotations

from dataclasses import replace

from ..document.graph import all_refs, calls, topological_order
from ..document.model import Graph, Ref, refs
from ..document.walk import map_graph_refs, map_refs
from ..errors import Malformed
from .reading import ParseContext


def shift_nested(graph: Graph) -> Graph:
    """Count calls of nested models from 0.

    A model is born with one node of its own, made by its constructor. Keras 1 and 2 leave it out when they number the
    calls of a nested model, some versions of tf.keras and Keras 3 count it, so an index that points past the last call
    while 0 is never used means that everything is one too high (keras/engine/topology.py 2.1; KERAS3 functional.py).
    """
    nested = {layer.name for layer in graph.layers if layer.graph is not None}
    by_layer: dict[str, set[int]] = {}
    for ref in all_refs(graph):
        if ref.layer in nested:
            by_layer.setdefault(ref.layer, set()).add(ref.node)
    shifted = {name for name, nodes in by_layer.items() if max(nodes) >= len(graph.calls[name]) and 0 not in nodes}
    if not shifted:
        return graph
    return map_graph_refs(graph, lambda r: Ref(r.layer, r.node - 1, r.tensor) if r.layer in shifted else r)


def true_inputs(graph: Graph) -> Graph:
    """The graph with inputs that are inputs.

    A Lambda that returned its argument put its own name on that very tensor (``_keras_history``, keras/engine/topology.py
    1.2.2), so that the file names the Lambda as the model's input.
    """
    fed = {layer.name for layer in graph.layers if layer.class_name == "InputLayer"}

    def source(start: Ref) -> Ref:
        ref, seen = start, set[Ref]()
        while ref.layer not in fed and ref not in seen:
            seen.add(ref)
            made = graph.calls.get(ref.layer, ())
            taken = refs((made[ref.node].args, made[ref.node].kwargs)) if ref.node < len(made) else []
            if len(taken) != 1:
                break
            ref = taken[0]
        return ref if ref.layer in fed else start

    return replace(graph, inputs=map_refs(graph.inputs, source)) if fed else graph


def check_refs(graph: Graph, context: ParseContext) -> Graph:
    """The graph, if every ref names a call that exists and no call waits for itself. Raises Malformed."""
    for ref in all_refs(graph):
        made = graph.calls.get(ref.layer)
        if made is None:
            raise context.malformed(f"a tensor of {ref.layer!r} is used, and no such layer is listed", ref.layer)
        if ref.node >= len(made):
            raise context.malformed(f"call {ref.node} of {ref.layer!r} is used, and it is called {len(made)} times", ref.layer)
    _check_acyclic(graph, context)
    return graph


def _check_acyclic(graph: Graph, context: ParseContext) -> None:
    reached = set(topological_order(graph))
    for node, _ in calls(graph):
        if node not in reached:
            raise Malformed(
                "AK1203",
                f"call {node[1]} of {node[0]!r} depends on its own output",
                part=context.part,
                layer=node[0],
                next_step="Check whether the architecture was edited by hand; Keras writes no cycles.",
            )
