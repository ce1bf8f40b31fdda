"""Small formulas that several old libraries share."""

from __future__ import annotations

from .axes import axis_of, reduce
from .base import Ops, Value


def bounded(ops: Ops, x: Value, low: Value, high: Value) -> Value:
    """Clip to bounds that may be tensors or absent; two plain numbers make one operation."""
    if isinstance(low, int | float) and isinstance(high, int | float):
        return ops.clip(x, low, high)
    if high is not None:
        x = ops.minimum(x, high)
    return x if low is None else ops.maximum(x, low)


def is_set(ops: Ops, x: Value) -> bool:
    """Whether an optional coefficient is given: any tensor is, a number when it is not zero."""
    return ops.is_tensor(x) or bool(x)


def normalized(ops: Ops, x: Value, axis: Value, floor: Value) -> Value:
    """``x * rsqrt(max(sum(x ** 2), floor))``."""
    total = reduce(ops, "sum", ops.square(x), axis, True)
    return ops.multiply(x, ops.rsqrt(ops.maximum(total, floor)))


def softmax_over(ops: Ops, x: Value, axis: Value) -> Value:
    """Softmax over one axis or several."""
    where = axis_of(axis)
    if isinstance(where, int):
        return ops.softmax(x, axis=where)
    shifted = ops.exp(ops.subtract(x, ops.max(x, axis=where, keepdims=True)))
    return ops.divide(shifted, ops.sum(shifted, axis=where, keepdims=True))
