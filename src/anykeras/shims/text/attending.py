"""Attention as CyberZHG's packages compute it."""

from __future__ import annotations

from ...document.build import Builder
from ...document.model import Ref
from ...migrations import Context
from .reading import before_june_2020

_EPSILON = 1e-7


def suppressed(sub: Builder, scores: Ref, keep: Ref) -> Ref:
    """Softmax over the last axis, scores of what `keep` (0 or 1) leaves out lowered by 10000 (0.44 and later)."""
    lowered = sub.op("multiply", sub.op("subtract", 1.0, keep), 10000.0)
    return sub.op("softmax", sub.op("subtract", scores, lowered), axis=-1)


def multiplied(sub: Builder, scores: Ref, keep: Ref) -> Ref:
    """Softmax over the last axis of what `keep` (0 or 1) keeps, none where it keeps nothing (0.43 and before)."""
    top = sub.op("max", scores, axis=-1, keepdims=True)
    powers = sub.op("multiply", sub.op("exp", sub.op("subtract", scores, top)), keep)
    total = sub.op("add", sub.op("sum", powers, axis=-1, keepdims=True), _EPSILON)
    return sub.op("divide", powers, total)


def band(sub: Builder, scores: Ref, left: int | None, right: int | None) -> Ref:
    """1 where the key is at most `left` steps before the query and at most `right` after it, None without limit."""
    made = sub.op("ones_like", scores)
    if left is not None:
        made = sub.op("triu", made, k=-left)
    return made if right is None else sub.op("tril", made, k=right)


def both(sub: Builder, one: Ref | None, other: Ref | None) -> Ref | None:
    """What both keep; None for everything."""
    if one is None or other is None:
        return one if other is None else other
    return sub.op("multiply", one, other)


def attended(sub: Builder, scores: Ref, keep: Ref | None, history: bool, context: Context) -> Ref:
    """The weights of keys (last axis) for queries; `keep` says which keys count, `history` leaves out later ones."""
    if history:
        keep = both(sub, keep, band(sub, scores, None, 0))
    if keep is None:
        return sub.op("softmax", scores, axis=-1)
    return (multiplied if before_june_2020(context) else suppressed)(sub, scores, keep)


def keeping(sub: Builder, y: Ref, mask: Ref) -> Ref:
    """`y` (batch, time, features) with a mask, from 0 and 1 (batch, time, 1)."""
    inner = Builder(f"{sub.name}_masked", sub.address)
    same = inner.finish(inner.layer("Activation", {"activation": "linear"}, inner.input()))
    return sub.add(same, y, mask=sub.op("not_equal", sub.op("squeeze", mask, axis=-1), 0))
