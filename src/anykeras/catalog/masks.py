"""One table of what each class does with Keras masks, now and in the Kerases before: who makes, keeps, merges, reads one.

Sources: `supports_masking`, `compute_mask` and the arguments of `call` of each class in keras 1.0.8, 1.2.2, 2.0.0, 2.1.5,
2.2.4, 2.3.1, 3.0.5, 3.6.0 and 3.15.1, and in the keras of TensorFlow 1.14, 2.6, 2.9, 2.10, 2.13 and 2.15. In Keras 1 and
2 a class without `supports_masking` refuses a masked tensor, so no file has one behind it; in tf.keras the mask ends.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from ..document.model import Era, Layer, Writer


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


def mask_rule(class_name: str, writer: Writer | None = None) -> MaskRule:
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


_TABLES: Final = frozenset({"Embedding", "ReversibleEmbedding", "TokenEmbedding", "EmbeddingRet", "PositionEmbedding"})
