"""The body of a graph or function while it is evaluated, and who evaluates it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from ..containers.savedmodel.graph import Body, GraphFile
from ..recovery.functions import Operand
from .writer import GraphWriter

Outputs = tuple[Operand, ...]


@dataclass(eq=False)
class Scope:
    """A body while it is evaluated: the `results` of its nodes, and those of the `arguments` by name.

    Inside a loop of TensorFlow 1, which is no function, `outer` is the same body around it and `frame` the loop's name.
    `loops` are what the variables of loops came to, by the name of their Merge.
    """

    body: Body
    arguments: Mapping[str, Operand] = field(default_factory=dict)
    results: dict[str, Outputs] = field(default_factory=dict)
    outer: Scope | None = None
    frame: str = ""
    depth: int = 0
    loops: dict[str, Operand] = field(default_factory=dict)

    def inside(self, frame: str, results: dict[str, Outputs]) -> Scope:
        """This body inside a loop of TensorFlow 1, where its variables are known."""
        return Scope(self.body, {}, results, self, frame, self.depth)


class Evaluator(Protocol):
    """Evaluates nodes of a graph over a writer."""

    graph: GraphFile
    ops: GraphWriter

    def value(self, scope: Scope, ref: str) -> Operand:
        """The value of one tensor."""
