"""What the layers of Keras 3 are called with: the arguments of `call` beside its first, and what each may be.

Source: the signatures of `call` of every public layer of keras 3.15.1; `tests/targets/test_checks.py` compares. `training` is
taken by all.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Final

from .masks import ATTENTIONS, HEADS, MERGING, RECURRENT


class ArgumentKind(enum.Enum):
    """What may stand for an argument of a call, None aside."""

    TENSOR = "a tensor"
    MASKS = "a tensor, or one for each input"
    STATES = "tensors"
    FLAG = "true or false"


Arguments = Mapping[str, ArgumentKind]
FIRST: Final = frozenset(("inputs", "query", "sequences", "sequence", "data", "x"))  # what the first argument is called
_KINDS: Final = {
    "mask": ArgumentKind.TENSOR,
    "initial_state": ArgumentKind.STATES,
    "states": ArgumentKind.STATES,
    "training": ArgumentKind.FLAG,
    "return_attention_scores": ArgumentKind.FLAG,
    "use_causal_mask": ArgumentKind.FLAG,
    "reverse": ArgumentKind.FLAG,
}


def _list_arguments(names: str, masks: ArgumentKind = ArgumentKind.TENSOR) -> Arguments:
    """Arguments in the order of the signature; what has no kind of its own is a tensor."""
    return {name: masks if name == "mask" else _KINDS.get(name, ArgumentKind.TENSOR) for name in names.split()}


_SEQUENCES: Final = _list_arguments("initial_state mask training")
_MASKED: Final = _list_arguments("training mask")
_READING: Final = _list_arguments("mask training")
_SCORING: Final = _list_arguments("mask training return_attention_scores use_causal_mask", ArgumentKind.MASKS)
_HEADS: Final = _list_arguments(
    "value key query_mask value_mask key_mask attention_mask return_attention_scores training use_causal_mask"
)
_CELLS: Final = _list_arguments("states training")
_CALLS: Final[Mapping[str, Arguments]] = {
    **dict.fromkeys((*RECURRENT, "Bidirectional"), _SEQUENCES),
    **dict.fromkeys(("BatchNormalization", "Pipeline", "TimeDistributed"), _MASKED),
    **dict.fromkeys(("GlobalAveragePooling1D", "Softmax"), _READING),
    **dict.fromkeys(ATTENTIONS, _SCORING),
    **dict.fromkeys(HEADS, _HEADS),
    **dict.fromkeys(("LSTMCell", "GRUCell", "SimpleRNNCell", "StackedRNNCells"), _CELLS),
    "Lambda": _list_arguments("mask training", ArgumentKind.MASKS),
    "CategoryEncoding": _list_arguments("count_weights training"),
    "ReversibleEmbedding": _list_arguments("reverse training"),
}
_PLAIN: Final = _list_arguments("training")
# How many tensors the list has that these layers are called on.
LISTS: Final[Mapping[str, tuple[int, int | None]]] = {
    **dict.fromkeys(MERGING, (1, None)),
    **dict.fromkeys(("Subtract", "Dot"), (2, 2)),
    **dict.fromkeys(ATTENTIONS, (2, 3)),
}
# Layers that are called on one tensor, and on no list.
_SINGLE: Final = ("Conv", "Depthwise", "Separable", "MaxPooling", "AveragePooling", "GlobalMax", "GlobalAverage", "ZeroPadding",
                  "Cropping", "UpSampling")  # fmt: skip
_SINGLE_NAMES: Final = RECURRENT | {"Bidirectional", "Dense", "EinsumDense", "Embedding", "BatchNormalization", "Flatten",
                                    "LayerNormalization", "Permute", "PReLU", "RepeatVector", "Reshape"}  # fmt: skip


def call_arguments(class_name: str) -> Arguments:
    """The arguments of a layer's `call` beside its first."""
    return _CALLS.get(class_name, _PLAIN)


def takes_one(class_name: str) -> bool:
    """Whether the layer is called on one tensor, and Keras fails on a list."""
    return class_name in _SINGLE_NAMES or class_name.startswith(_SINGLE)
