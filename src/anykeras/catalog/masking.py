"""Masks that Keras adds to a graph on its own while it builds it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..document.model import Graph
from .graph_order import Node


def hidden_parents(graph: Graph) -> Mapping[Node, Sequence[Node]]:
    """Calls that take a mask which the document does not spell out, with the nodes that make that mask."""
    return {}
