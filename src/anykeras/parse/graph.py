"""What must hold for the graph of any functional model, whatever era wrote it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ..document.graph import calls, iterate_all_refs, sort_topologically
from ..document.model import Graph, Ref, Value, refs
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
    first, named = _find_references(graph, nested)
    shifted, partly = set(), set()
    for name in first.keys() | named.keys():
        one, other = first.get(name, set()), named.get(name, set())
        count, below = len(graph.calls[name]), {node - 1 for node in one}
        if one | other != (every := set(range(count))) and below | other == every and other:
            partly.add(name)
        elif max(one | other) >= count and 0 not in one | other:
            shifted.add(name)
    if not shifted and not partly:
        return graph

    def lower(names: set[str]) -> Callable[[Ref], Ref]:
        return lambda r: Ref(r.layer, r.node - 1, r.tensor) if r.layer in names else r

    graph = map_graph_refs(graph, lower(shifted)) if shifted else graph
    return _map_first(graph, lower(partly)) if partly else graph


def _find_references(graph: Graph, nested: set[str]) -> tuple[dict[str, set[int]], dict[str, set[int]]]:
    """The calls of nested models that are taken in place, and those that are taken by name."""
    first: dict[str, set[int]] = {}
    named: dict[str, set[int]] = {}
    taken: list[tuple[dict[str, set[int]], Value]] = [(first, graph.inputs), (first, graph.outputs)]
    for call in (call for each in graph.calls.values() for call in each):
        taken += [(first, call.args), (named, call.kwargs)]
    for held, value in taken:
        for ref in refs(value):
            if ref.layer in nested:
                held.setdefault(ref.layer, set()).add(ref.node)
    return first, named


def _map_first(graph: Graph, change: Callable[[Ref], Ref]) -> Graph:
    """The graph with other tensors in place; those given by name stay.

    TensorFlow 2.2 and 2.3 number by-name calls of a Sequential without its own node, and the others with it (`serialize`
    in keras/engine/node.py 2.3.4). Every call of a file is taken somewhere, which tells the two apart.
    """
    calls = {
        name: tuple(replace(call, args=tuple(map_refs(value, change) for value in call.args)) for call in each)
        for name, each in graph.calls.items()
    }
    return replace(graph, calls=calls, inputs=map_refs(graph.inputs, change), outputs=map_refs(graph.outputs, change))


def find_true_inputs(graph: Graph) -> Graph:
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
    for ref in iterate_all_refs(graph):
        made = graph.calls.get(ref.layer)
        if made is None:
            raise context.malformed(f"a tensor of {ref.layer!r} is used, and no such layer is listed", ref.layer)
        if ref.node >= len(made):
            raise context.malformed(f"call {ref.node} of {ref.layer!r} is used, and it is called {len(made)} times", ref.layer)
    _check_acyclic(graph, context)
    return graph


def _check_acyclic(graph: Graph, context: ParseContext) -> None:
    reached = set(sort_topologically(graph))
    for node, _ in calls(graph):
        if node not in reached:
            raise Malformed(
                "AK1203",
                f"call {node[1]} of {node[0]!r} depends on its own output",
                part=context.part,
                layer=node[0],
                next_step="Check whether the architecture was edited by hand; Keras writes no cycles.",
            )
