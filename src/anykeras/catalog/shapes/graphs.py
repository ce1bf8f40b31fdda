"""A graph as a sequence of calls, each after those whose outcomes it takes."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

from ...document.model import Call, Graph, Layer, Ref, refs

Step = tuple[Layer, int, Call]


def steps(graph: Graph) -> Iterator[Step]:
    """Every call with its layer and its number, in an order in which they can be carried out.

    Calls in a loop, or that take what no call makes, do not come.
    """
    if graph.sequential:
        yield from _one_after_another(graph)
        return
    layers = {layer.name: layer for layer in graph.layers}
    waits: dict[tuple[str, int], set[tuple[str, int]]] = {}
    wanted: dict[tuple[str, int], list[tuple[str, int]]] = {}
    for name, calls in graph.calls.items():
        for number, call in enumerate(calls):
            sources = {(r.layer, r.node) for r in refs((call.args, call.kwargs))}
            waits[name, number] = sources
            for source in sources:
                wanted.setdefault(source, []).append((name, number))
    ready = deque(place for place, sources in waits.items() if not sources)
    while ready:
        name, number = ready.popleft()
        if name in layers:
            yield layers[name], number, graph.calls[name][number]
        for place in wanted.get((name, number), ()):
            waits[place].discard((name, number))
            if not waits[place]:
                ready.append(place)


def _one_after_another(graph: Graph) -> Iterator[Step]:
    if graph.layers:
        yield graph.layers[0], 0, Call() if graph.layers[0].class_name == "InputLayer" else Call((ENTRY,))
    for before, layer in pairwise(graph.layers):
        yield layer, 0, Call((Ref(before.name),))


# What the first layer of a sequential model without an InputLayer is called on.
ENTRY = Ref("")


def inputs(graph: Graph) -> list[Ref]:
    """The inputs of a model, in the order in which a call gives them."""
    if not graph.sequential:
        return flat(graph.inputs)
    if graph.layers and graph.layers[0].class_name == "InputLayer":
        return [Ref(graph.layers[0].name)]
    return [ENTRY]


def outputs(graph: Graph) -> Any:
    """The outputs of a model, as it returns them."""
    if not graph.sequential:
        return graph.outputs
    return Ref(graph.layers[-1].name) if graph.layers else ENTRY


def flat(structure: Any) -> list[Any]:
    """The leaves of nested sequences and mappings; a mapping's in the order of its keys, as Keras 3 flattens."""
    if isinstance(structure, list | tuple):
        return [leaf for item in structure for leaf in flat(item)]
    if isinstance(structure, Mapping):
        return [leaf for key in sorted(structure) for leaf in flat(structure[key])]
    return [structure]
