"""Shapes that may hold unknown sizes: asked for, multiplied, reshaped and filled."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction

from .base import Ops
from .values import Dim, Operand, Refused, Shape, Size, Sizes

MOST_AXES = 64


def static(ops: Ops, x: Operand) -> Shape:
    """The shape with None where unknown: ``K.int_shape(x)``."""
    return Shape(size if isinstance(size, int) else None for size in ops.shape(x))


def require_size(ops: Ops, x: Operand, axis: int, why: str) -> int:
    """The size of one axis; raises Refused where it is unknown."""
    size = ops.shape(x)[axis]
    if not isinstance(size, int):
        raise Refused(f"{why} needs the size of axis {axis}, which is not known before the model runs", "AK3043")
    return size


def sizes(ops: Ops, shape: Operand) -> tuple[Operand, ...]:
    """A shape argument of any spelling as a tuple of ints and Dims."""
    if isinstance(shape, Sizes):
        return shape.items
    if isinstance(shape, int | Dim) or hasattr(shape, "__index__"):
        return (shape,) if isinstance(shape, Dim) else (int(shape),)
    if ops.is_tensor(shape):
        raise Refused("a shape is computed from the values of a tensor", "AK3043")
    items = tuple(_parse_size(item) for item in (shape.tolist() if hasattr(shape, "tolist") else shape))
    if len(items) > MOST_AXES or any(isinstance(item, int) and abs(item) >= 2**63 for item in items):
        raise Refused("a shape has more axes, or a larger size, than a tensor can have")
    return items


def _parse_size(item: Operand) -> Operand:
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


_COUNTING: dict[str, Callable[..., Operand]] = {
    "add": operator.add,
    "subtract": operator.sub,
    "multiply": operator.mul,
    "floor_divide": operator.floordiv,
    "divide": operator.truediv,
    "true_divide": operator.truediv,
    "negative": operator.neg,
    "maximum": max,
    "minimum": min,
}


def count_sizes(name: str, args: tuple[Operand, ...]) -> Operand | None:
    """What an operation on sizes alone comes to, if that is a size; None where it is a tensor."""
    if name not in _COUNTING or not any(isinstance(one, Dim | Sizes) for one in args):
        return None
    if not all(isinstance(one, Dim | Sizes | int | list | tuple) or hasattr(one, "__index__") for one in args):
        return None
    return difference(*args) if name == "subtract" else _attempt(_COUNTING[name], *args)


def difference(one: Operand, other: Operand) -> Operand | None:
    """One size less another, if that is a size."""
    return _attempt(operator.sub, one, other)


def _attempt(count: Callable[..., Operand], *args: Operand) -> Operand | None:
    try:
        return count(*args)
    except (Refused, TypeError):
        return None


def product(items: Iterable[Operand]) -> Operand:
    """The product of sizes."""
    result: Operand = 1
    for item in items:
        result = item * result
    return result


def reshape(ops: Ops, x: Operand, shape: Operand) -> Operand:
    """``reshape`` to sizes of which any number may be unknown, as far as one -1 can say it.

    Where the batch and one more size are unknown the Reshape layer is used, which keeps the batch by itself.
    """
    target = list(sizes(ops, shape))
    before = ops.shape(x)
    if -1 in target and any(isinstance(size, Dim) for size in target):
        target[target.index(-1)] = _infer_missing(before, target)
    unknown = [axis for axis, size in enumerate(target) if isinstance(size, Dim) or size == -1]
    if len(unknown) <= 1:
        return ops.op("reshape", x, tuple(-1 if axis in unknown else size for axis, size in enumerate(target)))
    if len(unknown) == 2 and unknown[0] == 0 and target[0] == before[0]:
        rest = tuple(-1 if axis in unknown else size for axis, size in enumerate(target))[1:]
        return ops.layer("Reshape", {"target_shape": rest}, x)
    return ops.resize_open(x, tuple(target))


def reshape_open(ops: Ops, x: Operand, sizes: tuple[Operand, ...]) -> Operand:
    """`x` reshaped where several sizes are open: each element is taken from its place. Raises Refused for a size of -1."""
    if any(isinstance(size, int) and size < 0 for size in sizes):
        raise Refused("a reshape leaves more than one size unknown", "AK3043")
    kept = _count_kept(ops.shape(x), sizes)
    lead, rest = sizes[: len(sizes) - kept], sizes[len(sizes) - kept :]
    rows = ops.reshape(x, (-1, *rest))
    places: Operand = 0
    for axis, size in enumerate(lead):
        spread = tuple(-1 if place == axis else 1 for place in range(len(lead)))
        steps = ops.reshape(arange(ops, 0, size, 1, "int32"), spread)
        places = ops.add(ops.multiply(steps, number(ops, product(lead[axis + 1 :]), "int32")), places)
    return ops.take(rows, places, axis=0)


def _count_kept(before: Sequence[Operand], after: Sequence[Operand]) -> int:
    """How many of the last axes stay as they are, and have known sizes."""
    same = 0
    for one, other in zip(reversed(before[1:]), reversed(after[1:]), strict=False):
        if not isinstance(one, int) or one != other:
            break
        same += 1
    return same


def _infer_missing(before: tuple[Operand, ...], target: list[Operand]) -> Operand:
    """What -1 stands for, when other sizes are unknown too: total size over the given sizes, if that is a size."""
    left, right = list(before), [size for size in target if not (isinstance(size, int) and size == -1)]
    for size in list(right):
        if size in left:
            left.remove(size)
            right.remove(size)
    whole, given = _attempt(product, left), _attempt(product, right)
    return -1 if whole is None or given in (None, 0) else _divide(whole, given)


def _divide(whole: Size, part: Size) -> Size:
    """A product of sizes without some of its factors; -1 where that is not seen to be whole."""
    sources = list(whole.sources) if isinstance(whole, Dim) else []
    for source in part.sources if isinstance(part, Dim) else ():
        if source not in sources:
            return -1
        sources.remove(source)
    offset = any(isinstance(size, Dim) and size.offset for size in (whole, part))
    numbers = (size.scale if isinstance(size, Dim) else Fraction(size) for size in (whole, part))
    scale = next(numbers) / next(numbers)
    if offset or scale.denominator != 1:
        return -1
    return Dim(*sources, scale=scale) if sources else int(scale)


def tile(ops: Ops, x: Operand, repeats: Operand) -> Operand:
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
    spread = ops.logical_and if ops.dtype(x) == "bool" else ops.multiply  # TensorFlow multiplies no booleans
    return spread(tiled, ops.ones(unknown, dtype=ops.dtype(x)))


def arange(ops: Ops, start: Operand, stop: Operand, step: Operand, dtype: str) -> Operand:
    """``arange``, also up to an unknown size."""
    if stop is None:
        start, stop = 0, start
    if any(ops.is_tensor(part) for part in (start, stop, step)):
        raise Refused("a range ends where the values of a tensor say", "AK3043")
    if not any(isinstance(part, Dim) for part in (start, stop, step)):
        return ops.arange(start, stop, step, dtype=dtype)
    count = _attempt(lambda: ((stop - start if step > 0 else start - stop) + abs(step) - 1) // abs(step))
    if count is None or not isinstance(step, int) or not step:
        raise Refused("a range has a length that is not known before the model runs", "AK3043")
    places = ops.subtract(ops.cumsum(ops.ones((count,), dtype=dtype), axis=0), 1)
    return ops.add(places if step == 1 else ops.multiply(places, step), number(ops, start, dtype))


def number(ops: Ops, x: Operand, dtype: str) -> Operand:
    """A size where a tensor is wanted: a Dim or Sizes as a tensor; all else unchanged."""
    if isinstance(x, Dim):
        return ops.size(x, dtype)
    if isinstance(x, Sizes):
        if all(isinstance(item, int) for item in x):
            return ops.constant(list(x), dtype)
        rows = [ops.reshape(ops.size(i, dtype), (1,)) if isinstance(i, Dim) else ops.constant([i], dtype) for i in x]
        return rows[0] if len(rows) == 1 else ops.concatenate(rows, axis=0)
    return x
