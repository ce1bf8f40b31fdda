"""Questions about a graph: which calls there are, what each takes, who reads it, and in which order they can be made.

A node is one call of a layer, ``(name, number)``, as a :class:`~anykeras.document.model.Ref` names it. Every function
here takes time in proportion to the graph, and none calls itself for each layer of a chain.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from .model import Call, Graph, Layer, Ref, Value, refs

Node = tuple[str, int]
"""One call of a layer: its name and the number of the call."""
CallStep = tuple[Layer, int, Call]
"""A layer, the number of one of its calls, and that call."""
ENTRY = Ref("")
"""What the first layer of a sequential model without an InputLayer is called on."""


def iterate_arguments(call: Call) -> list[Ref]:
    """The refs of a call as Keras flattens them: positional, then by name in alphabetical order."""
    first = [ref for argument in call.args for ref in list_refs(argument)]
    return [*first, *list_refs(call.kwargs)] if call.kwargs else first


def iterate_leaves(structure: object) -> list[Any]:
    """The leaves of nested sequences and mappings from left to right, a mapping's in the order of its keys.

    So Keras 3 flattens (keras 3.15.1 ``tree/optree_impl.py``).
    """
    if isinstance(structure, list | tuple):
        return [leaf for item in structure for leaf in iterate_leaves(item)]
    if isinstance(structure, Mapping):
        return [leaf for key in sorted(structure) for leaf in iterate_leaves(structure[key])]
    return [structure]


def list_refs(value: Value) -> list[Ref]:
    """The refs among the leaves of a structure."""
    if isinstance(value, Ref):
        return [value]
    if isinstance(value, list | tuple):
        return [ref for item in value for ref in list_refs(item)]
    return [leaf for leaf in iterate_leaves(value) if isinstance(leaf, Ref)] if isinstance(value, Mapping) else []


def calls(graph: Graph) -> Iterator[tuple[Node, Call]]:
    """Every call that a graph of calls lists, with its node."""
    for name, listed in graph.calls.items():
        for number, call in enumerate(listed):
            yield (name, number), call


def iterate_all_refs(graph: Graph) -> list[Ref]:
    """Every ref of a graph: those of its calls, of its inputs and of its outputs."""
    taken = [ref for _, call in calls(graph) for ref in refs((call.args, call.kwargs))]
    return taken + refs(graph.inputs) + refs(graph.outputs)


def find_parents(graph: Graph) -> dict[Node, list[Node]]:
    """Each node with the nodes whose outcomes it takes; an input that has no call of its own takes none."""
    found = {node: [(ref.layer, ref.node) for ref in iterate_arguments(call)] for node, call in calls(graph)}
    for ref in refs(graph.inputs):
        if ref.layer not in graph.calls:
            found[ref.layer, 0] = []
    return found


def find_users(graph: Graph) -> dict[Node, list[Node]]:
    """Each node that is read with the nodes that read it, each of them once."""
    return _find_users(find_parents(graph))


def _find_users(taken: Mapping[Node, Sequence[Node]]) -> dict[Node, list[Node]]:
    found: dict[Node, list[Node]] = {}
    for node, sources in taken.items():
        for source in dict.fromkeys(sources):
            found.setdefault(source, []).append(node)
    return found


def count_readers(graph: Graph) -> Counter[Ref]:
    """How many calls read each tensor; being an output of the graph counts as one more."""
    found: Counter[Ref] = Counter()
    for _, call in calls(graph):
        found.update(set(refs((call.args, call.kwargs))))
    found.update(set(refs(graph.outputs)))
    return found


def sort_topologically(graph: Graph) -> list[Node]:
    """All nodes, each after those whose outcomes it takes.

    Left out are nodes in a loop or behind one, and those that take what no call makes.
    """
    sources = find_parents(graph)
    missing = {node: len(set(taken)) for node, taken in sources.items()}
    readers = _find_users(sources)
    ready = deque(node for node, count in missing.items() if count == 0)
    ordered = []
    while ready:
        node = ready.popleft()
        ordered.append(node)
        for user in readers.get(node, ()):
            missing[user] -= 1
            if missing[user] == 0:
                ready.append(user)
    return ordered


def find_reachable(graph: Graph) -> set[Node]:
    """The nodes that some output depends on, and the inputs."""
    sources = find_parents(graph)
    found = {(ref.layer, ref.node) for ref in (*refs(graph.outputs), *refs(graph.inputs))}
    waiting = list(found)
    while waiting:
        for source in sources.get(waiting.pop(), ()):
            if source not in found:
                found.add(source)
                waiting.append(source)
    return found


def iterate_steps(graph: Graph) -> Iterator[CallStep]:
    """Every call with its layer and its number, in an order in which they can be carried out.

    Layers of a sequential model are called one after another, the first on :data:`ENTRY` unless it is an InputLayer.
    """
    if graph.sequential:
        yield from _step_through(graph)
        return
    layers = {layer.name: layer for layer in graph.layers}
    for name, number in sort_topologically(graph):
        if name in layers and name in graph.calls:
            yield layers[name], number, graph.calls[name][number]


def _step_through(graph: Graph) -> Iterator[CallStep]:
    if graph.layers:
        yield graph.layers[0], 0, Call() if graph.layers[0].class_name == "InputLayer" else Call((ENTRY,))
    for before, layer in pairwise(graph.layers):
        yield layer, 0, Call((Ref(before.name),))


def list_inputs(graph: Graph) -> list[Ref]:
    """The inputs of a model, in the order in which a call gives them."""
    if not graph.sequential:
        return list_refs(graph.inputs)
    if graph.layers and graph.layers[0].class_name == "InputLayer":
        return [Ref(graph.layers[0].name)]
    return [ENTRY]


def list_outputs(graph: Graph) -> Value:
    """The outputs of a model, as it returns them."""
    if not graph.sequential:
        return graph.outputs
    return Ref(graph.layers[-1].name) if graph.layers else ENTRY
