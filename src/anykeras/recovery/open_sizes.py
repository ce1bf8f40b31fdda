"""Sizes that are not known before a model runs, followed through it: which of them are the same.

The shape rules of the catalog compute with numbers. They are run a second time on `Open` sizes, numbers that remember what
they are, so that the outcome says of each open axis how it comes from the axes of the inputs.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import SupportsIndex

from ..catalog.shapes import Argument, Output, Spec, flatten_specs
from ..catalog.shapes.engine import Inference
from ..document.model import Layer
from ..lazily import np
from .functions import Dim, Operand, Ops, Refused
from .functions.folding import check_size
from .functions.values import Quotient, Remainder

_numbers = itertools.count(1)  # two axes that nothing says to be equal never have the same number


@dataclass(frozen=True)
class SizeSource:
    """One open axis, wherever it comes from."""

    number: int


class Open(int):
    """A large number that stands for an open size in shape rules. `dim` says which."""

    dim: Dim

    @classmethod
    def of(cls, value: int, dim: Operand) -> int:
        """`value` as the size `dim`; plain where that is known or cannot be said."""
        if not isinstance(dim, Dim):
            return value
        made = cls(value)
        made.dim = dim
        return made

    def __add__(self, other: SupportsIndex) -> int:
        return _count("__add__", self, other)

    def __radd__(self, other: SupportsIndex) -> int:
        return _count("__add__", self, other)

    def __sub__(self, other: SupportsIndex) -> int:
        return _count("__sub__", self, other)

    def __rsub__(self, other: SupportsIndex) -> int:
        return _count("__add__", -self, other)

    def __neg__(self) -> int:
        return _count("__mul__", self, -1)

    def __mul__(self, other: SupportsIndex) -> int:
        return _count("__mul__", self, other)

    def __rmul__(self, other: SupportsIndex) -> int:
        return _count("__mul__", self, other)

    def __floordiv__(self, other: SupportsIndex) -> int:
        return _count("__floordiv__", self, other)


def _count(name: str, one: int, other: SupportsIndex) -> int:
    value: int = getattr(int, name)(int(one), int(other))
    if not isinstance(one, Open):
        return value
    try:
        return Open.of(value, getattr(one.dim, name)(other.dim if isinstance(other, Open) else int(other)))
    except (Refused, TypeError):
        return value


def make_size() -> int:
    """An open size of which nothing is known."""
    number = next(_numbers)
    return Open.of((1 << 33) + number * 2654435761 % (1 << 32), Dim(SizeSource(number)))


def open_sizes(spec: Spec, batch: int | None = None) -> Spec:
    """The spec with a size for each open axis; those it has already stay. `batch` is that of its first axis."""
    if spec.shape is None:
        return spec
    known = spec.sizes if spec.sizes is not None and len(spec.sizes) == len(spec.shape) else (batch,)
    known = (*known, *[None] * (len(spec.shape) - len(known)))
    sizes = tuple(
        size if size is not None else before if isinstance(before, Open) else make_size()
        for size, before in zip(spec.shape, known, strict=False)
    )
    return replace(spec, sizes=sizes)


def follow_sizes(layer: Layer, args: Sequence[Argument], kwargs: Mapping[str, Argument], found: Output) -> Output:
    """`found`, the outcome of calling a layer, with its open sizes, as far as those of the arguments tell them."""
    if all(spec.shape is not None and None not in spec.shape for spec in flatten_specs(found)):
        return _zip(found, iter(flatten_specs(found)))
    if any(spec.sizes is None for spec in flatten_specs([*args, kwargs])):
        return found
    with_sizes = Inference().call(layer, [_as_sizes(arg) for arg in args], {key: _as_sizes(arg) for key, arg in kwargs.items()})
    sized = iter(flatten_specs(with_sizes))
    if len(flatten_specs(with_sizes)) != len(flatten_specs(found)):
        return found
    return _zip(found, sized)


def _zip(found: Output, sized: Operand) -> Output:
    if isinstance(found, Spec):
        return replace(found, sizes=next(sized).shape)
    if isinstance(found, Mapping):
        return {key: _zip(item, sized) for key, item in found.items()}
    return tuple(_zip(item, sized) for item in found)


def _as_sizes(value: Argument) -> Argument:
    if isinstance(value, Spec):
        return Spec(value.sizes, value.dtype)
    if isinstance(value, Mapping):
        return {key: _as_sizes(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return tuple(_as_sizes(item) for item in value)
    return value


class SizeTensors:
    """Open sizes as tensors of a graph: as numbers, and as rows of ones of that length, cut from tensors that have it."""

    def __init__(self, ops: Ops) -> None:
        self._ops = ops
        self._axes: dict[Dim, tuple[Operand, int]] = {}

    def enter(self, tensor: Operand, sizes: Sequence[int | None]) -> None:
        """A tensor whose axes have these sizes."""
        for axis, size in enumerate(sizes):
            if isinstance(size, Open):
                self._axes.setdefault(size.dim, (tensor, axis))

    def number(self, dim: Dim, dtype: str) -> Operand:
        """The size as a number when the model runs."""
        near = dim if dim in self._axes else self._find_near(dim, any_scale=True)
        if near is not None:
            base = self._ops.op("sum", self._count_along(near, dtype))
            return self._scale(self._add_offset(base, -near.offset), dim.scale / near.scale, dim.offset)
        result: Operand = 1
        for source in dim.sources:
            one = (
                self._divide(source, dtype)
                if isinstance(source, Quotient | Remainder)
                else self._ops.op("sum", self._make_row(source, dtype))
            )
            result = one if isinstance(result, int) else self._ops.op("multiply", one, result)
        return self._scale(result, dim.scale, dim.offset)

    def _divide(self, source: Quotient | Remainder, dtype: str) -> Operand:
        name = "mod" if isinstance(source, Remainder) else "floor_divide"
        found = self._ops.op(name, self.number(source.dim, "int32"), source.divisor)
        return found if dtype == "int32" else self._ops.op("cast", found, dtype)

    def _scale(self, value: Operand, scale: Operand, offset: int) -> Operand:
        if scale.numerator != 1:
            value = self._ops.op("multiply", value, scale.numerator)
        if scale.denominator != 1:
            value = self._ops.op("floor_divide", value, scale.denominator)
        return self._add_offset(value, offset)

    def _add_offset(self, value: Operand, offset: int) -> Operand:
        return self._ops.op("add", value, offset) if offset else value

    def row(self, dim: Dim, dtype: str) -> Operand:
        """Ones in a row of that length. Raises Refused where no tensor tells it."""
        if dim in self._axes:
            return self._count_along(dim, dtype)
        near = self._find_near(dim)
        if near is not None:
            return self._lengthen(self._count_along(near, dtype), dim.offset - near.offset, dtype)
        if dim.offset:
            return self._lengthen(self.row(Dim(*dim.sources, scale=dim.scale), dtype), dim.offset, dtype)
        if dim.scale.denominator != 1 or dim.scale < 0:
            raise Refused("the code fills a tensor along a computed size that is not known", "AK3043")
        row: Operand = np.ones((check_size(int(dim.scale), "keras.ops.ones"),), dtype) if dim.scale != 1 else None
        for source in dim.sources:
            along = self._make_row(source, dtype)
            row = along if row is None else self._ops.op("reshape", self._ops.op("outer", along, row), (-1,))
        return row

    def _make_row(self, source: Operand, dtype: str) -> Operand:
        if isinstance(source, Quotient):
            return self._ops.getitem(self.row(source.dim, dtype), (slice(source.divisor - 1, None, source.divisor), Ellipsis))
        if Dim(source) not in self._axes:
            raise Refused("the code fills a tensor along a size that no tensor has", "AK3043")
        return self._count_along(Dim(source), dtype)

    def _lengthen(self, row: Operand, by: int, dtype: str) -> Operand:
        if by <= 0:
            return self._ops.getitem(row, (slice(None, by or None), Ellipsis)) if by else row
        return self._ops.op("concatenate", [row, np.ones((check_size(by, "keras.ops.ones"),), dtype)], axis=0)

    def _find_near(self, dim: Dim, any_scale: bool = False) -> Dim | None:
        """A size that a tensor has and that differs from this one by a constant, or by a factor too."""
        alike = (known for known in self._axes if known.sources == dim.sources)
        return next((known for known in alike if any_scale or known.scale == dim.scale), None)

    def _count_along(self, dim: Dim, dtype: str) -> Operand:
        """Ones in a row as long as the axis that has this size."""
        tensor, axis = self._axes[dim]
        key: list[Operand] = [0] * self._ops.rank(tensor)
        key[axis] = slice(None)
        ones = self._ops.op("ones_like", self._ops.getitem(tensor, tuple(key)) if len(key) > 1 else tensor)
        return ones if self._ops.dtype(ones) == dtype else self._ops.op("cast", ones, dtype)

    def fill(self, shape: Sequence[Operand], value: Operand, dtype: str) -> Operand:
        """A value in a shape of which some sizes are open."""
        static = tuple(1 if isinstance(size, Dim) else int(size) for size in shape)
        check_size(math.prod(static), "keras.ops.full")
        is_tensor = self._ops.is_tensor(value)
        spread_by = "logical_and" if dtype == "bool" else "multiply"  # TensorFlow multiplies no booleans
        result = self._ops.op(spread_by, value, np.ones(static, dtype)) if is_tensor else np.full(static, value, dtype)
        for axis, size in enumerate(shape):
            if isinstance(size, Dim):
                spread = tuple(-1 if i == axis else 1 for i in range(len(shape)))
                result = self._ops.op(spread_by, self._ops.op("reshape", self.row(size, dtype), spread), result)
        return result
