"""Concatenating and stacking, of tensors and of shapes."""

from __future__ import annotations

from . import shapes
from .base import Ops
from .values import Dim, Operand, Sizes


def concatenate_any(ops: Ops, tensors: list[Operand], axis: int) -> Operand:
    """``concat``; of shapes it is a shape."""
    if any(isinstance(one, Sizes) for one in tensors):
        return Sizes(item for one in tensors for item in shapes.sizes(ops, one))
    return tensors[0] if len(tensors) == 1 else ops.concatenate(tensors, axis=axis)


def stack_any(ops: Ops, tensors: list[Operand], axis: int) -> Operand:
    """``stack``; of sizes it is a shape."""
    if any(isinstance(one, Dim) for one in tensors) and not any(ops.is_tensor(one) for one in tensors):
        return Sizes(tensors)
    if all(isinstance(one, int) for one in tensors):
        return Sizes(tensors)
    return ops.stack([shapes.number(ops, one, "int32") for one in tensors], axis=axis)
