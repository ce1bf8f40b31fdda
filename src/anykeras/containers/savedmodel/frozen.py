"""Frozen graphs as a container: a ``GraphDef`` alone, whose weights are constants."""

from __future__ import annotations

from ..base import Match, Raw
from ..foreign import is_graph
from ..wire.messages import MetaGraph
from .files import MOST_GRAPH
from .graph import GraphFile


class FrozenGraph:
    """What ``convert_variables_to_constants`` of TensorFlow 1 and 2 leaves, usually called ``NAME.pb``."""

    name = "frozen graph"

    def match(self, path: str, head: bytes) -> str | None:
        """By its first field, a node with a name and an operation."""
        return "nodes of TensorFlow" if is_graph(head, len(head)) else None

    def read(self, match: Match) -> Raw:
        """The graph. Raises LimitExceeded."""
        source = match.opened()
        graph = MetaGraph(graph=memoryview(source.whole(MOST_GRAPH, match.path)))
        return Raw(match, part=match.path, attributes={"backend": "tensorflow"}, graph=GraphFile(match.path, graph))
