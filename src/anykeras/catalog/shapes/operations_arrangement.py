"""Functions of ``keras.ops`` that rearrange elements (keras/src/ops/numpy.py, core.py, einops.py of 3.15.1)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ... import limits
from ...document.model import Ellipsis_, Slice, Value
from ..base import Shape
from .spec import (
    Axes,
    Numbers,
    Spec,
    add_sizes,
    axes_of,
    broadcast,
    each,
    multiply_sizes,
    product,
    promote,
    reshape,
    to_floating,
    total,
)
from .tables import operation


@operation("reshape")
def reshape_rule(x: Spec, newshape: Numbers) -> Spec:
    return x.with_shape(reshape(x.known(), newshape if isinstance(newshape, tuple) else (newshape,)))


@operation("ravel")
def ravel(x: Spec) -> Spec:
    return x.with_shape((product(x.known()),))


@operation("transpose")
def transpose(x: Spec, axes: tuple[int, ...] | None = None) -> Spec:
    shape = x.known()
    return x.with_shape([shape[a] for a in (axes or range(len(shape) - 1, -1, -1))])


@operation("swapaxes")
def swapaxes(x: Spec, axis1: int, axis2: int) -> Spec:
    shape = list(x.known())
    shape[axis1], shape[axis2] = shape[axis2], shape[axis1]
    return x.with_shape(shape)


@operation("moveaxis")
def moveaxis(x: Spec, source: Axes, destination: Axes) -> Spec:
    shape = x.known()
    old, new = axes_of(source, len(shape)), axes_of(destination, len(shape))
    moved = dict(zip(new, old, strict=True))
    rest = iter(a for a in range(len(shape)) if a not in old)
    return x.with_shape([shape[moved[i] if i in moved else next(rest)] for i in range(len(shape))])


@operation("rot90")
def rot90(array: Spec, k: int = 1, axes: tuple[int, int] = (0, 1)) -> Spec:
    return swapaxes(array, *axes) if k % 2 else array


@operation("expand_dims")
def expand_dims(x: Spec, axis: Axes) -> Spec:
    shape = x.known()
    new = axes_of(axis, len(shape) + len(each(axis, 1)))
    rest = iter(shape)
    return x.with_shape([1 if i in new else next(rest) for i in range(len(shape) + len(new))])


@operation("squeeze")
def squeeze(x: Spec, axis: Axes = None) -> Spec:
    shape = x.known()
    gone = [i for i, d in enumerate(shape) if d == 1] if axis is None else axes_of(axis, len(shape))
    return x.with_shape([d for i, d in enumerate(shape) if i not in gone])


@operation("broadcast_to")
def broadcast_to(x: Spec, shape: Shape) -> Spec:
    broadcast(x.known(), shape)
    return x.with_shape(shape)


@operation("repeat")
def repeat(x: Spec, repeats: Numbers, axis: int | None = None) -> Spec:
    shape = list(x.known()) if axis is not None else [product(x.known())]
    at = axis or 0
    if isinstance(repeats, tuple) and len(repeats) > 1:
        shape[at] = sum(repeats)
    else:
        shape[at] = multiply_sizes(shape[at], repeats[0] if isinstance(repeats, tuple) else repeats)
    return x.with_shape(shape)


@operation("tile")
def tile(x: Spec, repeats: Numbers) -> Spec:
    counts = each(repeats, 1)
    shape = x.known()
    rank = max(len(shape), len(counts))
    dims = (1,) * (rank - len(shape)) + shape
    return x.with_shape([multiply_sizes(d, n) for d, n in zip(dims, (1,) * (rank - len(counts)) + counts, strict=True)])


@operation("concatenate")
def concatenate(xs: Sequence[Spec], axis: int | None = 0) -> Spec:
    dtype = promote(*(s.dtype for s in xs))
    if axis is None:
        return Spec((total([product(s.known()) for s in xs]),), dtype)
    shapes = [s.known() for s in xs]
    (at,) = axes_of(axis, len(shapes[0]))
    merged = [total(d) if i == at else agree(d) for i, d in enumerate(zip(*shapes, strict=True))]
    return Spec(tuple(merged), dtype)


def agree(dims: tuple[int | None, ...]) -> int | None:
    """The one size that all known dimensions have; raises ValueError where they differ."""
    known = {d for d in dims if d is not None}
    if len(known) > 1:
        raise ValueError(f"dimensions {dims} differ")
    return known.pop() if len(known) == 1 and None not in dims else None


@operation("stack")
def stack(x: Sequence[Spec], axis: int = 0) -> Spec:
    shape = list(x[0].known())
    shape.insert(axis % (len(shape) + 1), len(x))
    return Spec(tuple(shape), promote(*(s.dtype for s in x)))


@operation("vstack")
def vstack(xs: Sequence[Spec]) -> Spec:
    return concatenate([s if len(s.known()) > 1 else s.with_shape((1, *s.known())) for s in xs], 0)


@operation("hstack")
def hstack(xs: Sequence[Spec]) -> Spec:
    return concatenate(xs, 0 if len(xs[0].known()) == 1 else 1)


@operation("dstack")
def dstack(xs: Sequence[Spec]) -> Spec:
    return concatenate([s if len(s.known()) > 2 else s.with_shape((*s.known(), 1)) for s in xs], 2)


@operation("append")
def append(x1: Spec, x2: Spec, axis: int | None = None) -> Spec:
    return concatenate([x1, x2], axis)


@operation("split", "array_split")
def split(x: Spec, indices_or_sections: Numbers, axis: int = 0) -> list[Spec]:
    length = x.known()[axis]
    if isinstance(indices_or_sections, tuple):
        starts = (0, *indices_or_sections)
        sizes = [add_sizes(end, -start) for start, end in zip(starts, (*indices_or_sections, length), strict=True)]
    else:
        parts = int(indices_or_sections)
        limits.budget().charge(parts)
        sizes = [None if length is None else length // parts + (i < length % parts) for i in range(parts)]
    (at,) = axes_of(axis, len(x.known()))
    return [x.with_shape((*x.known()[:at], size, *x.known()[at + 1 :])) for size in sizes]


@operation("hsplit")
def hsplit(x: Spec, indices_or_sections: Numbers) -> list[Spec]:
    return split(x, indices_or_sections, 0 if len(x.known()) == 1 else 1)


@operation("vsplit")
def vsplit(x: Spec, indices_or_sections: Numbers) -> list[Spec]:
    return split(x, indices_or_sections, 0)


@operation("dsplit")
def dsplit(x: Spec, indices_or_sections: Numbers) -> list[Spec]:
    return split(x, indices_or_sections, 2)


@operation("unstack")
def unstack(x: Spec, num: int | None = None, axis: int = 0) -> list[Spec]:
    (at,) = axes_of(axis, len(x.known()))
    count = num if num is not None else x.known()[at]
    if count is None:
        raise ValueError("unstack along an unknown axis")
    limits.budget().charge(count)
    return [x.with_shape([d for i, d in enumerate(x.known()) if i != at])] * count


@operation("take")
def take(x: Spec, indices: Spec, axis: int | None = None) -> Spec:
    found, index = x, indices
    if axis is None:
        return found.with_shape(index.known())
    (at,) = axes_of(axis, len(found.known()))
    return found.with_shape((*found.known()[:at], *index.known(), *found.known()[at + 1 :]))


@operation("take_along_axis")
def take_along_axis(x: Spec, indices: Spec, axis: int | None = None) -> Spec:
    found, index = x, indices
    if axis is None:
        return found.with_shape((product(index.known()),))
    (at,) = axes_of(axis, len(found.known()))
    ones = [[1 if i == at else d for i, d in enumerate(s.known())] for s in (found, index)]
    shape = list(broadcast(tuple(ones[0]), tuple(ones[1])))
    shape[at] = index.known()[at]
    return found.with_shape(shape)


@operation("get_item")
def get_item(x: Spec, key: Value) -> Spec:
    keys = list(key) if isinstance(key, tuple) else [key]
    if not any(isinstance(k, Ellipsis_) for k in keys):
        keys.append(Ellipsis_())
    left = list(x.known())
    shape: list[int | None] = []
    for place, part in enumerate(keys):
        if isinstance(part, Ellipsis_):
            count = len(left) - sum(k is not None for k in keys[place + 1 :])
            shape += left[:count]
            left = left[count:]
        elif part is None:
            shape.append(1)
        elif isinstance(part, Slice):
            shape.append(count_slice(left.pop(0), part))
        else:
            left.pop(0)
    return x.with_shape(shape)


def count_slice(length: int | None, part: Slice) -> int | None:
    """How many elements a slice takes of a dimension."""
    if (part.start or 0, part.stop, part.step or 1) == (0, None, 1):
        return length  # itself, where it is an open size that is followed
    bounds = [b if isinstance(b, int) else None for b in (part.start, part.stop, part.step)]
    return None if length is None else len(range(*slice(*bounds).indices(length)))


@operation("slice")
def slice_(inputs: Spec, start_indices: Value, shape: Shape) -> Spec:
    return inputs.with_shape(shape)


@operation("scatter")
def scatter(indices: Value, values: Spec, shape: Shape) -> Spec:
    return values.with_shape(shape)


@operation("full")
def full(shape: Shape, fill_value: Spec, dtype: str | None = None) -> Spec:
    value = fill_value.dtype
    return Spec(each(shape, 1), dtype or promote(value))


@operation("pad")
def pad(x: Spec, pad_width: int | tuple[Numbers, ...], mode: str = "constant", constant_values: object = None) -> Spec:
    rank = len(x.known())
    widths = (pad_width,) if isinstance(pad_width, int) else pad_width
    if len(widths) == 1:
        widths = widths * rank
    paired = rank == len(widths) or isinstance(widths[0], tuple)
    sides = [each(w, 2) for w in (widths if paired else (widths,) * rank)]
    return x.with_shape([add_sizes(d, sum(s)) for d, s in zip(x.known(), sides, strict=True)])


@operation("diag")
def diag(x: Spec, k: int = 0) -> Spec:
    shape = x.known()
    if len(shape) == 1:
        return x.with_shape((add_sizes(shape[0], abs(k)),) * 2)
    return diagonal(x, k)


@operation("diagonal")
def diagonal(x: Spec, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Spec:
    shape = x.known()
    first, second = axes_of((axis1, axis2), len(shape))
    rows, columns = shape[first], shape[second]
    length = None
    if rows is not None and columns is not None:
        length = max(0, min(rows, columns - offset) if offset >= 0 else min(rows + offset, columns))
    return x.with_shape([*(d for i, d in enumerate(shape) if i not in (first, second)), length])


@operation("diagflat")
def diagflat(x: Spec, k: int = 0) -> Spec:
    return x.with_shape((add_sizes(product(x.known()), abs(k)),) * 2)


@operation("meshgrid")
def meshgrid(x: Sequence[Spec] = (), indexing: str = "xy", **_: object) -> list[Spec]:
    sizes = [product(s.known()) for s in x]
    if indexing == "xy" and len(sizes) > 1:
        sizes[:2] = sizes[1::-1]
    return [s.with_shape(sizes) for s in x]


@operation("linspace", "logspace", "geomspace")
def linspace(start: Spec, stop: Spec, num: int = 50, axis: int = 0, dtype: str | None = None, **_: object) -> Spec:
    first, last = start, stop
    shape = list(broadcast(first.known(), last.known()))
    shape.insert(axis % (len(shape) + 1), num)
    return Spec(tuple(shape), dtype or to_floating(promote(first.dtype, last.dtype, "float")))


@operation("vander")
def vander(x: Spec, N: int | None = None, increasing: bool = False) -> Spec:
    return x.with_shape((x.known()[0], x.known()[0] if N is None else N))


@operation("searchsorted")
def searchsorted(sorted_sequence: Spec, values: Spec, side: str = "left") -> Spec:
    length = sorted_sequence.known()[0]
    return Spec(values.shape, "int64" if length is None else "int32")


@operation("unravel_index")
def unravel_index(indices: Spec, shape: Shape) -> list[Spec]:
    return [indices] * len(shape)


@operation("nonzero")
def nonzero(x: Spec) -> list[Spec]:
    return [Spec((None,), "int32")] * len(x.known())


@operation("view_as_real")
def view_as_real(x: Spec) -> Spec:
    return Spec((*x.known(), 2), "float32")


@operation("view_as_complex")
def view_as_complex(x: Spec) -> Spec:
    return Spec(x.known()[:-1], "complex64")


@operation("rearrange")
def rearrange(tensor: Spec, pattern: str, **lengths: Value) -> Spec:
    """Named axes with groups in parentheses; ``...`` is left unknown."""
    before, after = (_groups(side) for side in pattern.split("->"))
    sizes: dict[str, int | None] = {k: v for k, v in lengths.items() if isinstance(v, int)}
    for group, length in zip(before, tensor.known(), strict=True):
        unknown = [name for name in group if name not in sizes]
        rest = product(tuple(sizes[name] for name in group if name in sizes))
        if len(unknown) == 1:
            sizes[unknown[0]] = None if length is None or not rest else length // rest
    return tensor.with_shape([product(tuple(sizes[name] for name in group)) for group in after])


def _groups(side: str) -> list[list[str]]:
    """``"b (h w)"`` -> [["b"], ["h", "w"]]."""
    return [(group or name).split() for group, name in re.findall(r"\(([^)]*)\)|([^\s()]+)", side)]
