"""Axes in every old spelling, and reductions over them."""

from __future__ import annotations

from collections.abc import Callable

from .base import Ops
from .dtypes import dtype_name, numeric, of
from .shapes import product
from .values import Operand, Sizes

Axis = int | tuple[int, ...] | None


def axis_of(axis: Operand) -> Axis:
    """One axis as an int, several as a tuple, None for all; numpy integers and one-element lists included."""
    if axis is None:
        return None
    if isinstance(axis, list | tuple | Sizes) or bool(getattr(axis, "ndim", False)):
        several = tuple(int(one) for one in axis)
        return several[0] if len(several) == 1 else several
    return int(axis)


def positive(axis: Operand, rank: int) -> int:
    """One axis counted from the front."""
    return int(axis) % rank if rank else 0


def reduce(ops: Ops, name: str, x: Operand, axis: Operand = None, keepdims: Operand = False) -> Operand:
    """A reduction of ``keras.ops`` over any spelling of axes; over a shape it gives a size."""
    if isinstance(x, Sizes):
        return _reduced_sizes(ops, name, x)
    where = axis_of(axis)
    if where == ():
        return x
    if where is None and keepdims:
        where = tuple(range(ops.rank(x)))  # Keras 3.15 on torch forgets keepdims over all axes
    if name in ("any", "all"):
        x = x if of(ops, x) == "bool" else ops.cast(x, "bool")
    elif name in ("mean", "var", "std"):
        x = numeric(ops, x)
    return ops.op(name, x, axis=where, keepdims=bool(keepdims))


def reduce_to(
    ops: Ops, name: str, x: Operand, axis: Operand = None, dtype: Operand = None, keepdims: Operand = False, **_: Operand
) -> Operand:
    """A reduction whose outcome may be asked for in a dtype."""
    y = reduce(ops, name, x, axis, keepdims)
    return y if dtype is None else ops.cast(y, dtype_name(ops, dtype))


def along(ops: Ops, name: str, x: Operand, axis: Operand = None) -> Operand:
    """An operation that keeps the shape, or one of arguments, along any spelling of an axis."""
    return ops.op(name, x, axis=axis_of(axis))


def position(ops: Ops, name: str, x: Operand, axis: Operand = None, keepdims: Operand = False) -> Operand:
    """``argmax`` and ``argmin``."""
    return ops.op(name, x, axis=axis_of(axis), keepdims=bool(keepdims))


def _reduced_sizes(ops: Ops, name: str, x: Sizes) -> Operand:
    reducers: dict[str, Callable[..., Operand]] = {"prod": product, "sum": sum, "max": max, "min": min}
    return reducers[name](x.items) if name in reducers else ops.op(name, list(x.items))
