"""MultiHead of keras-multi-head: copies of a layer, side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from ...catalog import find
from ...document.build import Builder
from ...document.model import Config, Era, Layer, Ref
from ...findings import Affects, Fidelity, Finding
from ...migrations import Context
from ...tensors import Tensor
from ..base import stands_for
from ..masked import mask_of
from .attending import keeping
from .reading import fits, masks_about

CODE = "AK5134"
_RECURRENT = ("LSTM", "GRU", "SimpleRNN")
# Classes whose weights mean today what they meant in Keras 2: the wrapper holds them, so no rule has seen them.
_HEADS = (*_RECURRENT, "Dense", "Conv1D", "Conv2D")


@stands_for(
    CODE,
    "the layers, side by side",
    classes=("MultiHead",),
    package="keras-multi-head 0.22.0 and 0.27.0",
    what="MultiHead calls several layers of one kind on its input, or on a part of a projection of it for each, and stacks "
    "what they give along a new last axis. The wrapper holds all weights, one layer after the other.",
    checked="keras-multi-head 0.22.0 on Keras 2.3.1, 0.27.0 on tf.keras 2.3",
    difference="2e-07",
    references=("keras_multi_head/multi_head.py 0.22.0 and 0.27.0",),
)
def multi_head(layer: Layer, context: Context) -> Layer | None:
    """Every layer with its weights on the input or its projection; `stack` of what they give."""
    held = layer.config.get("layers")
    heads = [head for head in held if isinstance(head, Layer)] if isinstance(held, tuple) else []
    if not fits(layer, ("layers", "hidden_dim", "use_bias"), ("reg_index", "reg_slice", "reg_factor")):
        return None
    projected = isinstance(layer.config["hidden_dim"], int)
    weights = list(layer.weights.values())
    count = (2 if layer.config["use_bias"] is not False else 1) if projected else 0
    filled = _filled(heads, weights[count:])
    if filled is None or len(weights) < count:
        return None
    sub = Builder(layer.name, layer.address)
    x = sub.input()
    parts = list(_projected(sub, x, weights[:count], len(heads))) if projected else [x] * len(heads)
    out = sub.op("stack", tuple(sub.add(head, part) for head, part in zip(filled, parts, strict=True)), axis=-1)
    if layer.config.get("reg_index") is not None:
        seen = "reg_index adds to the loss"
        done = "left out; it acts on training alone"
        context.findings.append(Finding(CODE, layer.address or layer.name, seen, done, Fidelity.LOSSY, Affects.TRAINING))
    kept = keeping(sub, out, mask_of(sub, x)) if masks_about(context) and _keeps(heads[0]) else out
    return sub.finish(kept, layer.config.get("trainable") is not False)


def _projected(sub: Builder, x: Ref, weights: Sequence[Tensor], count: int) -> Iterator[Ref]:
    """Each head's part of the projection; a Dense layer for each."""
    kernels, biases = weights[0].split(count), weights[1].split(count) if len(weights) > 1 else []
    for i, kernel in enumerate(kernels):
        config: Config = {"units": kernel.shape[1], "use_bias": bool(biases)}
        held = {"kernel": kernel, **({"bias": biases[i]} if biases else {})}
        yield sub.layer("Dense", config, x, weights=held)


def _filled(heads: Sequence[Layer], weights: Sequence[Tensor]) -> list[Layer] | None:
    """The layers with their weights; None where there are others than these layers have."""
    made, left = [], list(weights)
    for head in heads:
        entry = find(head.class_name, Era.KERAS3) if head.class_name in _HEADS else None
        roles = list(entry.roles(head)) if entry is not None else []
        own = {role.name: tensor for role, tensor in zip(roles, left, strict=False)}
        if not roles or len(own) < len(roles) or not _fit(own):
            return None
        made.append(replace(head, weights=own))
        left = left[len(roles) :]
    return made if made and not left else None


def _fit(own: dict[str, Tensor]) -> bool:
    bias = own.get("bias")
    return bias is None or bias.shape[-1] == own["kernel"].shape[-1]


def _keeps(head: Layer) -> bool:
    """Whether the layer hands a mask on (keras 2.3.1)."""
    return head.class_name == "Dense" or (head.class_name in _RECURRENT and head.config.get("return_sequences") is True)
