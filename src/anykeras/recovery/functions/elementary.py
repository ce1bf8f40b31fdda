"""Small formulas that several old libraries share."""

from __future__ import annotations

from .axes import axis_of, reduce
from .base import Ops
from .dtypes import of
from .values import Operand, Refused


def bound(ops: Ops, x: Operand, low: Operand = None, high: Operand = None) -> Operand:
    """Clip to bounds that may be tensors or absent; two plain numbers make one operation."""
    if isinstance(low, int | float) and isinstance(high, int | float):
        return ops.clip(x, low, high)
    if high is not None:
        x = ops.minimum(x, high)
    return x if low is None else ops.maximum(x, low)


def is_set(ops: Ops, x: Operand) -> bool:
    """Whether an optional coefficient is given: any tensor is, a number when it is not zero."""
    return ops.is_tensor(x) or bool(x)


def normalized(ops: Ops, x: Operand, axis: Operand = None, floor: Operand = 1e-12) -> Operand:
    """``x * rsqrt(max(sum(x ** 2), floor))``."""
    total = reduce(ops, "sum", ops.square(x), axis, True)
    return ops.multiply(x, ops.rsqrt(ops.maximum(total, floor)))


def batch_normalize(
    ops: Ops, x: Operand, mean: Operand, var: Operand, beta: Operand, gamma: Operand, epsilon: Operand
) -> Operand:
    """``tf.nn.batch_normalization``: scale and shift may be absent."""
    factor = ops.rsqrt(ops.add(var, epsilon))
    factor = factor if gamma is None else ops.multiply(factor, gamma)
    shift = ops.negative(ops.multiply(mean, factor))
    return ops.add(ops.multiply(x, factor), shift if beta is None else ops.add(shift, beta))


def softmax_over(ops: Ops, x: Operand, axis: Operand = -1) -> Operand:
    """Softmax over one axis or several."""
    where = axis_of(axis)
    if isinstance(where, int):
        return ops.softmax(x, axis=where)
    shifted = ops.exp(ops.subtract(x, ops.max(x, axis=where, keepdims=True)))
    return ops.divide(shifted, ops.sum(shifted, axis=where, keepdims=True))


def bits(ops: Ops, name: str, a: Operand, b: Operand) -> Operand:
    """``and``, ``or`` and ``xor``: of truth values, or of the bits of whole numbers."""
    kind = "logical" if "bool" in (of(ops, a), of(ops, b)) else "bitwise"
    return ops.op(f"{kind}_{name}", a, b)


def invert_bits(ops: Ops, a: Operand) -> Operand:
    """``not`` of a truth value, or of the bits of a whole number."""
    return ops.logical_not(a) if of(ops, a) == "bool" else ops.bitwise_not(a)


def transposed(ops: Ops, x: Operand, axes: Operand = None) -> Operand:
    """Axes in another order; reversed where none is given."""
    return ops.transpose(x) if axes is None else ops.transpose(x, axes=tuple(int(one) for one in axes))


def contract(ops: Ops, a: Operand, b: Operand, axes: Operand) -> Operand:
    """``tensordot`` over a number of axes, or over one or several of each."""
    if isinstance(axes, int):
        return ops.tensordot(a, b, axes=axes)
    return ops.tensordot(a, b, axes=tuple((one,) if isinstance(one, int) else tuple(one) for one in axes))


def select(ops: Ops, condition: Operand, x: Operand = None, y: Operand = None) -> Operand:
    """``where`` with two values to choose from; raises Refused for a condition alone."""
    if x is None:
        raise Refused("where with a condition alone: how many places it names depends on values", "AK3043")
    return ops.where(condition, x, y)
