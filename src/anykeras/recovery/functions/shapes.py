"""Sizes that are not known when a function is traced, and shapes made of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from typing import Any

from .base import Ops, Refused, Value


class Dim:
    """An unknown size: ``scale * product of sources + offset``.

    `sources` are whatever the `Ops` needs to find the size again when the model runs, such as (tensor, axis); they
    must be hashable. Dims with equal parts are equal. Arithmetic that leaves this form is refused.
    """

    __slots__ = ("offset", "scale", "sources")

    def __init__(self, *sources: Any, scale: Fraction | int = 1, offset: int = 0) -> None:
        self.sources = tuple(sorted(sources, key=repr))
        self.scale, self.offset = Fraction(scale), offset

    def __add__(self, other: Value) -> Value:
        if _whole(other):
            return Dim(*self.sources, scale=self.scale, offset=self.offset + int(other))
        if isinstance(other, Dim) and other.sources == self.sources:
            scale, offset = self.scale + other.scale, self.offset + other.offset
            return Dim(*self.sources, scale=scale, offset=offset) if scale else offset
        return NotImplemented

    __radd__ = __add__

    def __neg__(self) -> Value:
        return Dim(*self.sources, scale=-self.scale, offset=-self.offset)

    def __sub__(self, other: Value) -> Value:
        return self + (-other) if _whole(other) or isinstance(other, Dim) else NotImplemented

    def __rsub__(self, other: Value) -> Value:
        return (-self) + other

    def __mul__(self, other: Value) -> Value:
        if _whole(other):
            other = int(other)
            return Dim(*self.sources, scale=self.scale * other, offset=self.offset * other) if other else 0
        if isinstance(other, Dim) and not (self.offset or other.offset):
            return Dim(*self.sources, *other.sources, scale=self.scale * other.scale)
        return NotImplemented

    __rmul__ = __mul__

    def __floordiv__(self, other: Value) -> Value:
        if not _whole(other) or not other:
            return NotImplemented
        scale, offset = self.scale / int(other), Fraction(self.offset, int(other))
        if offset.denominator != 1 or scale.denominator != 1:
            raise Refused("an unknown size is divided by a number that may not divide it", "AK3043")
        return Dim(*self.sources, scale=scale, offset=int(offset))

    __truediv__ = __floordiv__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Dim) and (self.sources, self.scale, self.offset) == (
            other.sources,
            other.scale,
            other.offset,
        )

    def __hash__(self) -> int:
        return hash((self.sources, self.scale, self.offset))

    def _undecided(self, other: object) -> bool:
        raise Refused("the code branches on a size that is not known before the model runs", "AK3043")

    __lt__ = __le__ = __gt__ = __ge__ = _undecided

    def __bool__(self) -> bool:
        return True  # a size of zero is no size that a model is traced for

    def __repr__(self) -> str:
        return f"Dim({', '.join(map(repr, self.sources))}, scale={self.scale}, offset={self.offset})"


class Shape(tuple[Any, ...]):
    """A static shape as TensorFlow's ``TensorShape`` and Keras' shapes: a tuple with None where unknown."""

    __slots__ = ()

    def __getitem__(self, key: Any) -> Any:
        found = super().__getitem__(key)
        return Shape(found) if isinstance(key, slice) else found

    def __add__(self, other: Any) -> Any:
        return Shape((*self, *other))

    def __radd__(self, other: Any) -> Any:
        return Shape((*other, *self))


class Pair(tuple[Any, Any]):
    """What ``tf.nn.top_k`` gives: (values, indices), also by name."""

    __slots__ = ()


class Sizes:
    """A shape as a tensor of integers (``tf.shape(x)``, ``K.shape(x)``, Theano's ``x.shape``).

    Arithmetic is element by element, as the tensor's was; items are ints and Dims.
    """

    __slots__ = ("items",)

    def __init__(self, items: Iterable[Value]) -> None:
        self.items = tuple(items)

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[Value]:
        return iter(self.items)

    def __getitem__(self, key: Any) -> Value:
        return Sizes(self.items[key]) if isinstance(key, slice) else self.items[key]

    def each(self, function: Callable[..., Value], other: Value) -> Sizes:
        """`function` of each item and the other operand, which is one number or as many as there are items."""
        if isinstance(other, Sizes | tuple | list):
            if len(other) not in (1, len(self)):
                raise Refused(f"a shape of {len(self)} sizes meets one of {len(other)}")
            others = list(other) * len(self) if len(other) == 1 else list(other)
            return Sizes(function(a, b) for a, b in zip(self.items, others, strict=True))
        return Sizes(function(a, other) for a in self.items)

    def __add__(self, other: Value) -> Sizes:
        return self.each(lambda a, b: a + b, other)

    def __radd__(self, other: Value) -> Sizes:
        return self.each(lambda a, b: b + a, other)

    def __sub__(self, other: Value) -> Sizes:
        return self.each(lambda a, b: a - b, other)

    def __rsub__(self, other: Value) -> Sizes:
        return self.each(lambda a, b: b - a, other)

    def __mul__(self, other: Value) -> Sizes:
        return self.each(lambda a, b: a * b, other)

    __rmul__ = __mul__

    def __floordiv__(self, other: Value) -> Sizes:
        return self.each(lambda a, b: a // b, other)

    def __truediv__(self, other: Value) -> Sizes:
        return self.each(lambda a, b: a / b, other)

    def __mod__(self, other: Value) -> Sizes:
        return self.each(lambda a, b: a % b, other)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sizes) and self.items == other.items

    def __hash__(self) -> int:
        return hash(self.items)

    def __repr__(self) -> str:
        return f"Sizes({list(self.items)!r})"


def _whole(value: Value) -> bool:
    return isinstance(value, int) or (hasattr(value, "__index__") and not isinstance(value, Dim))


def static(ops: Ops, x: Value) -> Shape:
    """The shape with None where unknown: ``K.int_shape(x)``."""
    return Shape(size if isinstance(size, int) else None for size in ops.shape(x))


def known(ops: Ops, x: Value, axis: int, why: str) -> int:
    """The size of one axis; raises Refused where it is unknown."""
    size = ops.shape(x)[axis]
    if not isinstance(size, int):
        raise Refused(f"{why} needs the size of axis {axis}, which is not known before the model runs", "AK3043")
    return size


def sizes(ops: Ops, shape: Value) -> tuple[Value, ...]:
    """A shape argument of any spelling as a tuple of ints and Dims."""
    if isinstance(shape, Sizes):
        return shape.items
    if isinstance(shape, int | Dim) or hasattr(shape, "__index__"):
        return (shape,) if isinstance(shape, Dim) else (int(shape),)
    if ops.is_tensor(shape):
        raise Refused("a shape is computed from the values of a tensor", "AK3043")
    return tuple(_size(item) for item in (shape.tolist() if hasattr(shape, "tolist") else shape))


def _size(item: Value) -> Value:
    if isinstance(item, Dim):
        return item
    if isinstance(item, Sizes) and len(item) == 1:
        return item[0]
    if item is None:
        return -1
    if isinstance(item, float) and item.is_integer():
        return int(item)
    if hasattr(item, "__index__"):
        return int(item)
    raise Refused("a shape holds a size that is computed from the values of a tensor", "AK3043")


def product(items: Iterable[Value]) -> Value:
    """The product of sizes."""
    result: Value = 1
    for item in items:
        result = item * result
    return result


def reshape(ops: Ops, x: Value, shape: Value) -> Value:
    """``reshape`` to sizes of which any number may be unknown, as far as one -1 can say it.

    Where the batch and one more size are unknown the Reshape layer is used, which keeps the batch by itself.
    """
    target = list(sizes(ops, shape))
    before = ops.shape(x)
    if -1 in target and any(isinstance(size, Dim) for size in target):
        target[target.index(-1)] = _missing(before, target)
    unknown = [axis for axis, size in enumerate(target) if isinstance(size, Dim) or size == -1]
    if len(unknown) <= 1:
        return ops.op("reshape", x, tuple(-1 if axis in unknown else size for axis, size in enumerate(target)))
    if len(unknown) == 2 and unknown[0] == 0 and target[0] == before[0]:
        rest = tuple(-1 if axis in unknown else size for axis, size in enumerate(target))[1:]
        return ops.layer("Reshape", {"target_shape": rest}, x)
    return ops.resized(x, tuple(target))


def _missing(before: tuple[Value, ...], target: list[Value]) -> Value:
    """What -1 stands for, when other sizes are unknown too: total size over the given sizes, if that is a size."""
    left, right = list(before), [size for size in target if not (isinstance(size, int) and size == -1)]
    for size in list(right):
        if size in left:
            left.remove(size)
            right.remove(size)
    if all(isinstance(size, int) for size in (*left, *right)):
        whole, given = math.prod(left), math.prod(right)
        if given and whole % given == 0:
            return whole // given
    if not right:
        return product(left)
    return -1


def tile(ops: Ops, x: Value, repeats: Value) -> Value:
    """``tile``; an axis of size one may be repeated an unknown number of times."""
    counts = sizes(ops, repeats)
    rank = ops.rank(x)
    counts = (1,) * (rank - len(counts)) + counts
    if all(isinstance(count, int) for count in counts):
        return ops.op("tile", x, counts)
    unknown = tuple(count if isinstance(count, Dim) else 1 for count in counts)
    before = (1,) * (len(counts) - rank) + tuple(ops.shape(x))
    if any(isinstance(count, Dim) and size != 1 for count, size in zip(counts, before, strict=True)):
        raise Refused("an axis longer than one is repeated an unknown number of times", "AK3043")
    tiled = ops.op("tile", x, tuple(count if isinstance(count, int) else 1 for count in counts))
    return ops.multiply(tiled, ops.ones(unknown, dtype=ops.dtype(x)))


def arange(ops: Ops, start: Value, stop: Value, step: Value, dtype: str) -> Value:
    """``arange``, also up to an unknown size."""
    if stop is None:
        start, stop = 0, start
    unknown = [part for part in (start, stop, step) if isinstance(part, Dim)]
    if not unknown:
        return ops.arange(start, stop, step, dtype=dtype)
    count = stop - start
    if step != 1 or not isinstance(count, Dim):
        raise Refused("a range of unknown length has a step", "AK3043")
    counted = ops.subtract(ops.cumsum(ops.ones((count,), dtype=dtype), axis=0), 1)
    return ops.add(counted, start if isinstance(start, int) else ops.size(start, dtype))


def number(ops: Ops, x: Value, dtype: str) -> Value:
    """A size where a tensor is wanted: a Dim or Sizes as a tensor; all else unchanged."""
    if isinstance(x, Dim):
        return ops.size(x, dtype)
    if isinstance(x, Sizes):
        if all(isinstance(item, int) for item in x):
            return ops.constant(list(x), dtype)
        return ops.stack([ops.size(i, dtype) if isinstance(i, Dim) else ops.constant(i, dtype) for i in x], axis=0)
    return x


class Scope:
    """What ``tf.name_scope`` and its kin give: a context manager that changes nothing."""

    def __init__(self, name: Value = "") -> None:
        self.name = name if isinstance(name, str) else ""

    def __enter__(self) -> str:
        return self.name + "/"

    def __exit__(self, *_: object) -> None:
        return None
