"""Masks that Keras 3 adds to a graph on its own while it builds it.

A layer called on a masked tensor, and nothing else, gets the mask as one more argument that becomes part of the graph:
the operations that made the mask are then on the way from the inputs to that layer and move layers to other depths,
which decides how weights are numbered. Sources: keras 3.15.1 ``layers/layer.py`` (``Layer.__call__``, steps 1, 6 and 8,
``_set_mask_metadata``) and each ``compute_mask``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from ..document.graph import Node, find_reachable, flat_refs, steps
from ..document.model import Call, Graph, Layer, Ref, Value
from .masks import Outgoing, makes_mask, mask_rule

Mask = Node | None


class _Flow:
    """The mask of every tensor of a graph, and the operations that make the masks."""

    def __init__(self, layers: Mapping[str, Layer]) -> None:
        self._layers = layers
        self._masks: dict[Ref, Mask] = {}
        self.hidden: dict[Node, list[Node]] = {}

    def operation(self, *parents: Node) -> Node:
        """One more operation of Keras on these nodes; its name is none that a layer can have."""
        made = (f"\0{len(self.hidden)}", 0)
        self.hidden[made] = list(parents)
        return made

    def call(self, node: Node, call: Call) -> None:
        """Give a call its mask, and its outcome one."""
        layer = self._layers[node[0]]
        if layer.operation or not call.args:
            return
        taken = [self._masks.get(ref) for ref in flat_refs(call.args[0])]
        masks = [mask for mask in taken if mask is not None]
        explicit = flat_refs(call.kwargs.get("mask"))
        if explicit:
            taken = [(ref.layer, ref.node) for ref in explicit]
        elif masks and _add(layer, call):
            self.hidden[node] = masks
        for tensor, mask in enumerate(_infer_outgoing(self, layer, call.args[0], taken)):
            self._masks[Ref(*node, tensor)] = mask


def find_hidden_parents(graph: Graph) -> Mapping[Node, Sequence[Node]]:
    """Calls that take a mask which the document does not spell out, with the nodes that make that mask."""
    layers = {layer.name: layer for layer in graph.layers}
    if not any(makes_mask(layer) for layer in layers.values()):
        return {}
    flow = _Flow(layers)
    read = find_reachable(graph)
    for layer, number, call in steps(graph):
        if (layer.name, number) in read:
            flow.call((layer.name, number), call)
    return flow.hidden


def _add(layer: Layer, call: Call) -> bool:
    """Whether the mask that Keras looks up lands in the arguments that it keeps.

    It does where Keras had no reason to copy the arguments first: one tensor by position and nothing by name; a
    Functional never copies.
    """
    if not mask_rule(layer.class_name).argument:
        return False
    alone = len(call.args) == 1 and not call.kwargs
    return alone and (layer.class_name == "Functional" or isinstance(call.args[0], Ref))


def _infer_outgoing(flow: _Flow, layer: Layer, inputs: Value, masks: Sequence[Mask]) -> Sequence[Mask]:
    """The masks of a layer's outputs, as far as they are masked."""
    rule = mask_rule(layer.class_name)
    if rule.outgoing is Outgoing.KEPT:
        return masks
    add = None if rule.running else _ADDING.get(rule.outgoing)
    return add(flow, layer, inputs, masks) if add else ()


def _mask_masking(flow: _Flow, layer: Layer, inputs: Value, masks: Sequence[Mask]) -> Sequence[Mask]:
    return [flow.operation(flow.operation(*_nodes(inputs)))]  # any(not_equal(inputs, mask_value))


def _mask_embedding(flow: _Flow, layer: Layer, inputs: Value, masks: Sequence[Mask]) -> Sequence[Mask]:
    return [flow.operation(*_nodes(inputs))] if layer.config.get("mask_zero", False) else ()


def _copy(flow: _Flow, layer: Layer, inputs: Value, masks: Sequence[Mask]) -> Sequence[Mask]:
    first = masks[0] if masks else None
    return () if first is None else [flow.operation(first)]  # convert_to_tensor


def _recurrent(flow: _Flow, layer: Layer, inputs: Value, masks: Sequence[Mask]) -> Sequence[Mask]:
    return masks[:1] if layer.config.get("return_sequences", False) else ()


def _bidirectional(flow: _Flow, layer: Layer, inputs: Value, masks: Sequence[Mask]) -> Sequence[Mask]:
    inner = layer.config.get("layer")
    if not isinstance(inner, Layer) or not inner.config.get("return_sequences", False):
        return ()
    return masks[:1] if layer.config.get("merge_mode", "concat") else [*masks[:1], *masks[:1]]


def _either(flow: _Flow, layer: Layer, inputs: Value, masks: Sequence[Mask]) -> Sequence[Mask]:
    """``logical_or`` of all masks, none where one is missing (``merging/base_merge.py``)."""
    known = [mask for mask in masks if mask is not None]
    if not known or len(known) < len(masks):
        return ()
    joined = known[0]
    for mask in known[1:]:
        joined = flow.operation(joined, mask)
    return [joined]


def _concatenate(flow: _Flow, layer: Layer, inputs: Value, masks: Sequence[Mask]) -> Sequence[Mask]:
    """``any(concatenate(...))`` of the masks, each first brought to the rank of its input (``merging/concatenate.py``).

    A mask has no features axis and its input has one; where both have the same rank the way is two operations shorter.
    """
    if all(mask is None for mask in masks):
        return ()
    parts = []
    for node, mask in zip(_nodes(inputs), masks, strict=False):
        filled = flow.operation(node)  # ones_like or zeros_like
        parts.append(filled if mask is None else flow.operation(flow.operation(mask), filled))
    return [flow.operation(flow.operation(*parts))]


def _nodes(value: Value) -> list[Node]:
    return [(ref.layer, ref.node) for ref in flat_refs(value)]


_Rule = Callable[[_Flow, Layer, Value, Sequence[Mask]], Sequence[Mask]]
_ADDING: Final[Mapping[Outgoing, _Rule]] = {
    Outgoing.VECTORS: _mask_masking,
    Outgoing.INTEGERS: _mask_embedding,
    Outgoing.COPIED: _copy,
    Outgoing.STEPS: _recurrent,
    Outgoing.WRAPPED: _bidirectional,
    Outgoing.ANY: _either,
    Outgoing.JOINED_ANY: _concatenate,
}
