"""Where a value of a graph goes: along its edges, into the functions that it is given to, and out of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple

from ..containers.wire.messages import FunctionDef, NodeDef


class Place(NamedTuple):
    """A node or an argument, in the function of that name, or in the graph itself where that is ""."""

    function: str
    name: str


class Flows:
    """The edges of a graph and of its functions, taken together."""

    def __init__(
        self, functions: Sequence[FunctionDef], nodes: Sequence[tuple[str, NodeDef]], calls: Sequence[Collection[str]]
    ) -> None:
        """`nodes` with the function that each is in, and for each the functions that it `calls`."""
        self._ops: dict[Place, str] = {}
        self._next: defaultdict[Place, list[Place]] = defaultdict(list)
        arguments, returned = dict[str, list[Place]](), dict[str, set[Place]]()
        for function in functions:
            if function.signature is not None:
                own = function.signature.name
                arguments[own] = [Place(own, argument.name) for argument in function.signature.inputs]
                returned[own] = {Place(own, value.split(":")[0]) for value in function.returns.values()}
        for (own, node), called in zip(nodes, calls, strict=True):
            place = Place(own, node.name)
            self._ops[place] = node.op
            for name in node.inputs:
                if not name.startswith("^"):
                    self._next[Place(own, name.split(":")[0])].append(place)
            for name in called:
                self._next[place] += arguments.get(name, [])
                for end in returned.get(name, ()):
                    self._next[end].append(place)

    def leads_on(self, start: Place) -> bool:
        """Whether anything takes a value."""
        return start in self._next

    def find_operation(self, start: Place, wanted: Callable[[str], bool]) -> str:
        """The first of the operations `wanted` that a value reaches, else ""."""
        seen, left = {start}, [start]
        while left:
            for place in self._next.get(left.pop(), ()):
                if place not in seen:
                    if (op := self._ops.get(place, "")) and wanted(op):
                        return op
                    seen.add(place)
                    left.append(place)
        return ""
