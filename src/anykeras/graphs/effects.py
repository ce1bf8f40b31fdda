"""What ops of a graph would do outside of it if TensorFlow ran it: files, code, network. AnyKeras runs none of them.

The table is that of the audit; what the audit lists as reaching out is translated by no row of `ops`, so that an op is one of
three: translated, reaching out, or unknown.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Literal

from ..auditing.graphs import OPERATIONS
from ..containers.savedmodel.graph import HIDDEN, Body, GraphFile, strip
from ..containers.wire.messages import NodeDef
from ..limits import budget
from .ops import list_supported

Standing = Literal["translated", "reaches out", "unknown"]
_STEPS = 10  # what looking at a node costs


@dataclass(frozen=True)
class OutsideEffect:
    """One op that reaches out of the graph: what it does, and the signature or function that reaches it."""

    op: str
    node: str
    effect: str
    reached_from: str

    def as_dict(self) -> dict[str, object]:
        """The effect as plain JSON values."""
        return asdict(self)


def find_effect(op: str) -> str | None:
    """What an op does outside of its graph, such as ``reads files``; None where it does nothing there, or is not known."""
    return next((effect for effect, (_, names) in OPERATIONS.items() if op in names), None)


def classify(op: str) -> Standing:
    """What the graph route makes of an op."""
    if find_effect(op) is not None:
        return "reaches out"
    return "translated" if op in list_supported() else "unknown"


def list_effects(graph: GraphFile, signature: str | None = None) -> tuple[OutsideEffect, ...]:
    """The ops that reach out and that a signature reaches, or what TensorFlow runs on loading; each op of a node once.

    What saves and restores a SavedModel is in every one of them and is reached by no signature. With the name of a
    `signature` the others are not looked at.
    """
    found: dict[tuple[str, str], OutsideEffect] = {}
    for name, body, node in _find_reached(graph, signature):
        effect = find_effect(node.op)
        if effect is not None:
            where = f"{body.name}/{node.name}" if body.name else node.name
            found.setdefault((node.op, where), OutsideEffect(node.op, where, effect, name))
    return tuple(found.values())


def _find_reached(graph: GraphFile, only: str | None) -> Iterator[tuple[str, Body, NodeDef]]:
    """Every node that a signature needs, control inputs and called functions included, with the signature's name."""
    seen: set[tuple[str, str]] = set()
    for name, signature in graph.meta.signatures.items():
        shown = "loading" if name.startswith(HIDDEN) else name
        if only not in (None, name) and shown != "loading":
            continue
        waiting = [(graph.body, strip(port.name)) for port in signature.outputs.values()]
        while waiting:
            body, at = waiting.pop()
            node = body.nodes.get(at)
            if node is None or (body.name, at) in seen:
                continue
            seen.add((body.name, at))
            budget().charge(_STEPS)
            yield shown, body, node
            waiting += [(body, strip(ref)) for ref in node.inputs]
            for called in _list_functions(graph, node):
                waiting += [(called, inner) for inner in called.nodes]  # its ops with effects run, whoever reads them
    if not graph.meta.signatures:
        yield from (("graph", graph.body, node) for node in graph.body.nodes.values())


def _list_functions(graph: GraphFile, node: NodeDef) -> Iterator[Body]:
    """The functions that a node calls, by its op or in its attributes."""
    own = graph.function(node.op)
    names = [
        attribute.function.name for key in node.attributes if (attribute := graph.attribute(node, key)) and attribute.function
    ]
    for body in (own, *map(graph.function, names)):
        if body is not None:
            yield body
