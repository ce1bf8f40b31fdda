"""A weighted sum over time, as the attention layers of 2016 to 2018 made it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from ...document.build import Builder
from ...document.model import Config, Layer, Ref
from ...tensors import Tensor
from ..masked import mask_of
from ..stored import SHARED

EPSILON: Final = 1e-7
"""``K.epsilon()`` where nobody changed it."""
ARGUMENTS: Final = frozenset({"bias", "return_attention", "step_dim", "init", "attention_dim"}) | {
    f"{letter}_{kind}" for letter in "Wub" for kind in ("regularizer", "constraint", "initializer")
}
"""What copies of these classes write in their configuration, where they write anything."""


def pooled(sub: Builder, x: Ref, scores: Ref, *, shifted: bool = False) -> tuple[Ref, Ref]:
    """The sum of `x` (batch, time, features) weighted by ``exp(scores) * mask / (sum + epsilon)``, and the weights.

    `scores` (batch, time, 1). `shifted` where the largest score, masked ones too, is taken off first.
    """
    if shifted:
        scores = sub.op("subtract", scores, sub.op("max", scores, axis=1, keepdims=True))
    kept = sub.op("multiply", sub.op("exp", scores), mask_of(sub, x))
    total = sub.op("add", sub.op("sum", kept, axis=1, keepdims=True), EPSILON)
    weights = sub.op("divide", kept, total)
    return sub.op("sum", sub.op("multiply", x, weights), axis=1), weights


def finish(layer: Layer, sub: Builder, out: Ref, weights: Ref) -> Layer:
    """The model, with the weights as a second output where the layer was told to return them."""
    outputs = (out, weights) if layer.config.get("return_attention") is True else out
    return sub.finish(outputs, layer.config.get("trainable") is not False)


def fits(layer: Layer, more: Collection[str] = ()) -> bool:
    """Whether the layer has no argument that these classes do not have."""
    return layer.config.keys() - SHARED <= ARGUMENTS | set(more) and ">" not in (layer.registered_name or "")


def dense(sub: Builder, x: Ref, kernel: Tensor, bias: Tensor | None, name: str, activation: str = "linear") -> Ref:
    """A Dense layer on `x` with these weights."""
    weights = {"kernel": kernel} if bias is None else {"kernel": kernel, "bias": bias}
    config: Config = {"units": kernel.shape[1], "use_bias": bias is not None, "activation": activation}
    return sub.layer("Dense", config, x, weights=weights, name=name)
