"""The order in which Keras 3 lists the layers of a Functional model, which is the order it numbers their weights in.

Keras does not keep the order of the configuration: it sorts by depth (the longest way to an output), and within a depth
by first visit of a depth-first walk from the outputs. Source: keras 3.15.1 ``ops/function.py`` (``map_graph``,
``_build_map``). The walk here keeps its own stack, so a chain of thousands of layers is no deeper than one of ten.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..document.graph import Node, flat_refs, parents
from ..document.model import Graph
from ..errors import Malformed


def layer_order(graph: Graph, hidden: Mapping[Node, Sequence[Node]] | None = None) -> list[str]:
    """Names of the layers and operations of a functional graph as ``model.operations`` lists them.

    What no output depends on is left out; an unused input stays. `hidden` adds parents that the graph does not spell
    out (see `catalog.masking`). Raises Malformed where a reference leads nowhere or the graph has a cycle.
    """
    sources: dict[Node, Sequence[Node]] = {**parents(graph)}
    for node, more in (hidden or {}).items():
        sources[node] = [*sources.get(node, ()), *more]
    finished, visited = _walk(sources, [(ref.layer, ref.node) for ref in flat_refs(graph.outputs)])
    layer_depth = _depths(sources, finished)
    for ref in flat_refs(graph.inputs):
        if ref.layer not in layer_depth:
            layer_depth[ref.layer], visited[ref.layer] = 0, -1
    real = {layer.name for layer in graph.layers}
    named = [name for name in layer_depth if name in real]
    return sorted(named, key=lambda name: (-layer_depth[name], visited[name]))


def _walk(parents: Mapping[Node, Sequence[Node]], roots: Sequence[Node]) -> tuple[list[Node], dict[str, int]]:
    """Nodes in the order in which a depth-first walk leaves them, and the rank of each layer's first visit."""
    finished: dict[Node, None] = {}
    visited: dict[str, int] = {}
    for root in roots:
        if root in finished:
            continue
        stack = [(root, iter(_parents(parents, root)))]
        open_nodes = {root}
        visited.setdefault(root[0], len(visited))
        while stack:
            node, rest = stack[-1]
            following = next((n for n in rest if n not in finished), None)
            if following is None:
                stack.pop()
                open_nodes.discard(node)
                finished[node] = None
                continue
            if following in open_nodes:
                raise Malformed("AK1291", "the graph has a cycle", layer=following[0])
            visited.setdefault(following[0], len(visited))
            open_nodes.add(following)
            stack.append((following, iter(_parents(parents, following))))
    return list(finished), visited


def _parents(parents: Mapping[Node, Sequence[Node]], node: Node) -> Sequence[Node]:
    if node not in parents:
        raise Malformed("AK1290", f"the graph refers to call {node[1]} of {node[0]!r}, which it does not have", layer=node[0])
    return parents[node]


def _depths(parents: Mapping[Node, Sequence[Node]], finished: Sequence[Node]) -> dict[str, int]:
    """The depth of each layer: the largest of its calls, counted from the outputs."""
    node_depth: dict[Node, int] = {}
    layer_depth: dict[str, int] = {}
    for node in reversed(finished):
        depth = max(node_depth.get(node, 0), layer_depth.get(node[0], 0))
        layer_depth[node[0]] = node_depth[node] = depth
        for parent in parents[node]:
            node_depth[parent] = max(depth + 1, node_depth.get(parent, 0))
    return layer_depth
