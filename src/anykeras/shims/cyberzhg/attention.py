"""What the packages share: attention as they compute it, and tables of vectors."""

from __future__ import annotations

from ...document.build import Builder
from ...document.model import Config, Era, Layer, Ref
from ...migrations import RuleContext
from ...tensors import Tensor
from ..blocks import mask_of, with_mask

_EPSILON = 1e-7


def softmax_lowered(sub: Builder, scores: Ref, keep: Ref) -> Ref:
    """Softmax over the last axis, scores of what `keep` (0 or 1) leaves out lowered by 10000 (0.44 and later)."""
    lowered = sub.op("multiply", sub.op("subtract", 1.0, keep), 10000.0)
    return sub.op("softmax", sub.op("subtract", scores, lowered), axis=-1)


def softmax_kept(sub: Builder, scores: Ref, keep: Ref) -> Ref:
    """Softmax over the last axis of what `keep` (0 or 1) keeps, none where it keeps nothing (0.43 and before)."""
    top = sub.op("max", scores, axis=-1, keepdims=True)
    powers = sub.op("multiply", sub.op("exp", sub.op("subtract", scores, top)), keep)
    total = sub.op("add", sub.op("sum", powers, axis=-1, keepdims=True), _EPSILON)
    return sub.op("divide", powers, total)


def band(sub: Builder, scores: Ref, left: int | None, right: int | None) -> Ref:
    """1 where the key is at most `left` steps before the query and at most `right` after it, None without limit."""
    kept = sub.op("ones_like", scores)
    if left is not None:
        kept = sub.op("triu", kept, k=-left)
    return kept if right is None else sub.op("tril", kept, k=right)


def keep_both(sub: Builder, one: Ref | None, other: Ref | None) -> Ref | None:
    """What both keep; None for everything."""
    if one is None or other is None:
        return one if other is None else other
    return sub.op("multiply", one, other)


def attend(sub: Builder, scores: Ref, keep: Ref | None, history: bool, context: RuleContext) -> Ref:
    """The weights of keys (last axis) for queries; `keep` says which keys count, `history` leaves out later ones."""
    if history:
        keep = keep_both(sub, keep, band(sub, scores, None, 0))
    if keep is None:
        return sub.op("softmax", scores, axis=-1)
    return (softmax_kept if before_june_2020(context) else softmax_lowered)(sub, scores, keep)


def finish(layer: Layer, sub: Builder, out: Ref, masked: Ref | None) -> Layer:
    """The submodel in the place of `layer`; its output carries the mask of `masked`, if any."""
    out = out if masked is None else with_mask(sub, out, mask_of(sub, masked))
    return sub.finish(out, layer.config.get("trainable") is not False)


def needs_masks(context: RuleContext) -> bool:
    """Whether anything in the model may make a mask, so that layers have to use them."""
    return context.model is None or context.surroundings.makes_masks


def before_june_2020(context: RuleContext) -> bool:
    """Whether the file is of the time when keras-self-attention was at 0.42 or before, and keras-bert at 0.82 or before.

    Later ones are of June 2020 and after (dates in their source archives). Keras 2.3.1 was the last Keras before, and
    TensorFlow 2.2 came out in May 2020.
    """
    writer = context.writer
    return writer.era in (Era.KERAS0, Era.KERAS1, Era.KERAS2) or (writer.era is Era.TF2 and () < writer.release < (2, 2))


_KEPT = ("embeddings_regularizer", "embeddings_constraint", "mask_zero", "trainable", "dtype")


def table(layer: Layer, weights: Tensor, **changed: bool) -> Layer:
    """An Embedding that holds `weights` (rows, features)."""
    config: Config = {"input_dim": weights.shape[0], "output_dim": weights.shape[1],
                      **{key: layer.config[key] for key in _KEPT if layer.config.get(key) is not None}, **changed}  # fmt: skip
    return Layer("Embedding", f"{layer.name}_table", config, {"embeddings": weights}, address=layer.address)


def positions(sub: Builder, x: Ref) -> Ref:
    """0, 1, 2 ... along the second axis of (batch, time, features), as integers (batch, time)."""
    ones = sub.op("cast", sub.op("ones_like", sub.op("max", x, axis=-1)), "int32")
    return sub.op("subtract", sub.op("cumsum", ones, axis=1), 1)


def whole_table(sub: Builder, rows: Layer, x: Ref, size: int) -> Ref:
    """All rows of a table (rows, features), without a batch axis, hung on the input `x`."""
    nothing = sub.op("cast", sub.op("sum", sub.op("zeros_like", x)), "int32")
    ones = sub.op("broadcast_to", sub.op("add", nothing, 1), (size,))
    numbers = sub.op("subtract", sub.op("cumsum", ones, axis=0), 1)
    return sub.op("add", sub.add(rows, numbers), 0.0)
