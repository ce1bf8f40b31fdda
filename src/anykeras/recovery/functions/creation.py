"""Tensors made of nothing: fill, counted, or of numbers in the code."""

from __future__ import annotations

import numpy as np

from . import folding, shapes
from .arguments import dtype_name
from .base import Ops
from .shapes import arange, number, sizes
from .values import Dim, Operand, Sizes


def fill(ops: Ops, name: str, shape: Operand, dtype: Operand = None) -> Operand:
    """``zeros`` and ``ones`` in a shape of any spelling."""
    return ops.op(name, sizes(ops, shape), dtype=dtype_name(ops, dtype))


def fill_like(ops: Ops, name: str, x: Operand, dtype: Operand = None) -> Operand:
    """``zeros_like`` and ``ones_like``; like a shape, numbers as many as it has."""
    if isinstance(x, Sizes):
        return Sizes((0 if name == "zeros_like" else 1,) * len(x))
    return ops.op(name, x, dtype=None if dtype is None else dtype_name(ops, dtype))


def numbers(ops: Ops, value: Operand, dtype: str, shape: Operand = None) -> Operand:
    """A constant of a dtype, one number or as many as the shape has."""
    array = np.asarray(value, dtype=dtype)
    if shape is not None:
        size = tuple(int(one) for one in sizes(ops, shape))
        array = folding.compute("full", (size, array), {}) if array.ndim == 0 else np.reshape(array, size)
    return ops.constant(array)


def cast(ops: Ops, x: Operand, dtype: Operand) -> Operand:
    """A tensor, or a size as a tensor, in another dtype."""
    name = dtype_name(ops, dtype)
    if isinstance(x, Dim | Sizes) and name in ("int32", "int64"):
        return x
    return ops.cast(number(ops, x, name), name)


def count(ops: Ops, start: Operand, stop: Operand = None, step: Operand = 1, dtype: Operand = None) -> Operand:
    """``arange`` of whole numbers, or of floats where one of its numbers is one."""
    kind = "float32" if any(isinstance(one, float) for one in (start, stop, step)) else "int32"
    return arange(ops, start, stop, step, dtype_name(ops, dtype, kind))


# Concatenating and stacking, of tensors and of shapes.


def concatenate_any(ops: Ops, tensors: list[Operand], axis: int) -> Operand:
    """``concat``; of shapes it is a shape."""
    if any(isinstance(one, Sizes) for one in tensors):
        return Sizes(item for one in tensors for item in shapes.sizes(ops, one))
    return tensors[0] if len(tensors) == 1 else ops.concatenate(tensors, axis=axis)


def stack_any(ops: Ops, tensors: list[Operand], axis: int) -> Operand:
    """``stack``; of sizes it is a shape."""
    if any(isinstance(one, Dim) for one in tensors) and not any(ops.is_tensor(one) for one in tensors):
        return Sizes(tensors)
    if all(isinstance(one, int | np.integer) for one in tensors):
        return Sizes(map(int, tensors))
    return ops.stack([shapes.number(ops, one, "int32") for one in tensors], axis=axis)
