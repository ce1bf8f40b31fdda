"""One table of what each class does with Keras masks, now and in the Kerases before: who makes, keeps, merges, reads one.

Sources: `supports_masking`, `compute_mask` and the arguments of `call` of each class in keras 1.0.8, 1.2.2, 2.0.0, 2.1.5,
2.2.4, 2.3.1, 3.0.5, 3.6.0 and 3.15.1, and in the keras of TensorFlow 1.14, 2.6, 2.9, 2.10, 2.13 and 2.15. In Keras 1 and
2 a class without `supports_masking` refuses a masked tensor, so no file has one behind it; in tf.keras the mask ends.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from ..document.graph import Node, find_reachable, iterate_steps, list_refs
from ..document.model import Call, Era, Graph, Layer, Ref, Value, Writer
from ..document.walk import layers_of


class Outgoing(enum.Enum):
    """What mask the outcome of a layer carries."""

    NONE = "none"
    KEPT = "that of the first input, the very tensor"
    COPIED = "that of the first input, as a tensor of its own"
    STEPS = "that of the first input where the layer gives every step (`return_sequences`)"
    WRAPPED = "as the layer inside has it"
    INSIDE = "what the graph inside makes of it"
    EVERY = "the steps that every mask of the inputs keeps; inputs without one do not count"
    ANY = "the steps that any mask of the inputs keeps; none where an input has none"
    JOINED_EVERY = "as EVERY, along the joined axis one mask behind the other"
    JOINED_ANY = "as ANY, where inputs without a mask keep all steps"
    INTEGERS = "made: where the input is not 0, if `mask_zero` is set"
    VECTORS = "made: where any feature of the input is not `mask_value`"
    ARGUMENT = "made: by the function given as `mask`"


@dataclass(frozen=True)
class MaskRule:
    """`reads`: the outcome depends on the mask of the input. `argument`: ``call`` takes it as `mask`.

    `running` is true where only the running layer puts the mask on its outcome, so that the graph does not show it.
    """

    outgoing: Outgoing = Outgoing.NONE
    reads: bool = False
    argument: bool = False
    running: bool = False


RECURRENT: Final = frozenset(("RNN", "SimpleRNN", "LSTM", "GRU", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D"))
MERGES: Final = frozenset(("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum"))
MERGING: Final = MERGES | {"Concatenate"}
MASKED_VALUES: Final = frozenset(("Multiply", "Maximum", "Minimum"))
"""Merges whose values depend on the masks of what they merge since Keras 3.4: where one input is masked, the other counts alone
(keras 3.4.1 layers/merging/base_merge.py)."""
ATTENTIONS: Final = frozenset(("Attention", "AdditiveAttention"))
_KEEPING = """Activation ActivityRegularization AlphaDropout Dense Dropout ELU GaussianDropout GaussianNoise
GroupNormalization Identity LayerNormalization LeakyReLU Normalization PReLU ReLU Rescaling SpatialDropout1D
SpatialDropout2D SpatialDropout3D ThresholdedReLU UnitNormalization"""
HEADS: Final = ("MultiHeadAttention", "GroupQueryAttention", "GroupedQueryAttention")

_NOTHING: Final = MaskRule()
_KEPT: Final = MaskRule(Outgoing.KEPT)
_NOW: Final[Mapping[str, MaskRule]] = {
    **dict.fromkeys(_KEEPING.split(), _KEPT),
    # The statistics of a batch leave masked steps out: in training alone.
    "BatchNormalization": replace(_KEPT, argument=True),
    "TimeDistributed": replace(_KEPT, argument=True),
    "Softmax": replace(_KEPT, reads=True, argument=True),
    **dict.fromkeys(HEADS, replace(_KEPT, reads=True)),
    **dict.fromkeys(ATTENTIONS, MaskRule(Outgoing.COPIED, reads=True, argument=True)),
    **dict.fromkeys(RECURRENT, MaskRule(Outgoing.STEPS, reads=True, argument=True)),
    "Bidirectional": MaskRule(Outgoing.WRAPPED, reads=True, argument=True),
    "GlobalAveragePooling1D": MaskRule(reads=True, argument=True),
    "Lambda": MaskRule(Outgoing.ARGUMENT, reads=True, argument=True),
    # Of Keras 1, until the function that is its `mode` is recovered; the masks are an argument of that function.
    "Merge": MaskRule(reads=True),
    "Embedding": MaskRule(Outgoing.INTEGERS),
    # Its `call` sets the mask, its `compute_mask` gives none (keras 3.15.1).
    "ReversibleEmbedding": MaskRule(Outgoing.INTEGERS, running=True),
    "Masking": MaskRule(Outgoing.VECTORS),
    **dict.fromkeys(MERGES, MaskRule(Outgoing.ANY)),
    "Concatenate": MaskRule(Outgoing.JOINED_ANY),
    **dict.fromkeys(("Functional", "Sequential", "Pipeline"), MaskRule(Outgoing.INSIDE, argument=True)),
}
# The rows that were other ones, with the releases before which they held (() for all), the first that fits counts.
_BEFORE_3: Final = (Era.KERAS0, Era.KERAS1, Era.KERAS2, Era.TF2)
_THEN: Final[Sequence[tuple[Sequence[str], Sequence[Era], tuple[int, ...], MaskRule]]] = (
    (sorted(MERGES), _BEFORE_3, (), MaskRule(Outgoing.EVERY)),
    (("Concatenate",), _BEFORE_3, (), MaskRule(Outgoing.JOINED_EVERY)),
    # Before Keras 3.4 a layer called on a list handed no mask on (layers/layer.py, `previous_mask`).
    ((*sorted(MERGES), "Concatenate"), (Era.KERAS3,), (3, 4), _NOTHING),
    # keras-bert and its kin: an Embedding that gives its table too.
    (("TokenEmbedding", "EmbeddingRet"), _BEFORE_3, (), MaskRule(Outgoing.INTEGERS)),
    # No `supports_masking` in tf.keras up to 2.15; measured in 1.13, 2.3 and 2.13.
    (("Identity", "Normalization", "Rescaling"), (Era.TF2,), (), _NOTHING),
    # TensorFlow 2.5 gave it `supports_masking`.
    (("ReLU",), (Era.TF2,), (2, 5), _NOTHING),
    # Before TensorFlow 2.4 (its Keras is stamped 2.4.0) and in all of Keras 2, Softmax did not look at masks.
    (("Softmax",), (Era.TF2,), (2, 4, 1), _KEPT),
    (("Softmax",), (Era.KERAS2,), (), _KEPT),
    # TensorFlow 2.10 let it read masks and hand them on.
    (HEADS[:1], (Era.TF2,), (2, 10), _NOTHING),
)


def find_mask_rule(class_name: str, writer: Writer | None = None) -> MaskRule:
    """What a class does with masks in the Keras of a writer; in Keras 3.15.1 where there is none, or it is of Keras 3."""
    for names, eras, before, rule in _THEN if writer is not None else ():
        early = not before or (writer is not None and () < writer.release < before)
        if class_name in names and writer is not None and writer.era in eras and early:
            return rule
    return _NOW.get(class_name, _NOTHING)


def makes_mask(layer: Layer) -> bool:
    """Whether the outcome of a layer carries a mask that none of its inputs had."""
    if layer.class_name == "Masking":
        return True
    return layer.class_name in _TABLES and layer.config.get("mask_zero") not in (None, False)


def holds_mask_maker(model: Layer) -> bool:
    """Whether a layer of this tree makes a mask."""
    return not _MASK_MAKERS.isdisjoint(model.class_names) and any(makes_mask(layer) for layer in layers_of(model))


_TABLES: Final = frozenset({"Embedding", "ReversibleEmbedding", "TokenEmbedding", "EmbeddingRet", "PositionEmbedding"})
_MASK_MAKERS: Final = _TABLES | {"Masking"}

# Masks that Keras 3 adds to a graph on its own while it builds it.
#
# A layer called on a masked tensor, and nothing else, gets the mask as one more argument that becomes part of the graph:
# the operations that made the mask are then on the way from the inputs to that layer and move layers to other depths,
# which decides how weights are numbered. Sources: keras 3.15.1 ``layers/layer.py`` (``Layer.__call__``, steps 1, 6 and 8,
# ``_set_mask_metadata``) and each ``compute_mask``.


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
        taken = [self._masks.get(ref) for ref in list_refs(call.args[0])]
        masks = [mask for mask in taken if mask is not None]
        explicit = list_refs(call.kwargs.get("mask"))
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
    for layer, number, call in iterate_steps(graph):
        if (layer.name, number) in read:
            flow.call((layer.name, number), call)
    return flow.hidden


def _add(layer: Layer, call: Call) -> bool:
    """Whether the mask that Keras looks up lands in the arguments that it keeps.

    It does where Keras had no reason to copy the arguments first: one tensor by position and nothing by name; a
    Functional never copies.
    """
    if not find_mask_rule(layer.class_name).argument:
        return False
    alone = len(call.args) == 1 and not call.kwargs
    return alone and (layer.class_name == "Functional" or isinstance(call.args[0], Ref))


def _infer_outgoing(flow: _Flow, layer: Layer, inputs: Value, masks: Sequence[Mask]) -> Sequence[Mask]:
    """The masks of a layer's outputs, as far as they are masked."""
    rule = find_mask_rule(layer.class_name)
    if rule.outgoing is Outgoing.KEPT:
        return masks
    add = None if rule.running else _ADDING.get(rule.outgoing)
    return add(flow, layer, inputs, masks) if add else ()


def _mask_masking(flow: _Flow, layer: Layer, inputs: Value, masks: Sequence[Mask]) -> Sequence[Mask]:
    return [flow.operation(flow.operation(*_list_nodes(inputs)))]  # any(not_equal(inputs, mask_value))


def _mask_embedding(flow: _Flow, layer: Layer, inputs: Value, masks: Sequence[Mask]) -> Sequence[Mask]:
    return [flow.operation(*_list_nodes(inputs))] if layer.config.get("mask_zero", False) else ()


def _copy(flow: _Flow, layer: Layer, inputs: Value, masks: Sequence[Mask]) -> Sequence[Mask]:
    first = masks[0] if masks else None
    return () if first is None else [flow.operation(first)]  # convert_to_tensor


def _follow_recurrent(flow: _Flow, layer: Layer, inputs: Value, masks: Sequence[Mask]) -> Sequence[Mask]:
    return masks[:1] if layer.config.get("return_sequences", False) else ()


def _follow_bidirectional(flow: _Flow, layer: Layer, inputs: Value, masks: Sequence[Mask]) -> Sequence[Mask]:
    inner = layer.config.get("layer")
    if not isinstance(inner, Layer) or not inner.config.get("return_sequences", False):
        return ()
    return masks[:1] if layer.config.get("merge_mode", "concat") else [*masks[:1], *masks[:1]]


def _follow_either(flow: _Flow, layer: Layer, inputs: Value, masks: Sequence[Mask]) -> Sequence[Mask]:
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
    for node, mask in zip(_list_nodes(inputs), masks, strict=False):
        filled = flow.operation(node)  # ones_like or zeros_like
        parts.append(filled if mask is None else flow.operation(flow.operation(mask), filled))
    return [flow.operation(flow.operation(*parts))]


def _list_nodes(value: Value) -> list[Node]:
    return [(ref.layer, ref.node) for ref in list_refs(value)]


_Rule = Callable[[_Flow, Layer, Value, Sequence[Mask]], Sequence[Mask]]
_ADDING: Final[Mapping[Outgoing, _Rule]] = {
    Outgoing.VECTORS: _mask_masking,
    Outgoing.INTEGERS: _mask_embedding,
    Outgoing.COPIED: _copy,
    Outgoing.STEPS: _follow_recurrent,
    Outgoing.WRAPPED: _follow_bidirectional,
    Outgoing.ANY: _follow_either,
    Outgoing.JOINED_ANY: _concatenate,
}
