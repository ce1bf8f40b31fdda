"""Functions of ``keras.ops`` that rearrange elements (keras/src/ops/numpy.py, core.py, einops.py of 3.15.1)."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

from ...document.model import Ellipsis_, Slice
from .spec import Spec, axes_of, broadcast, each, floating, plus, product, promote, reshape, spec_of, times, total
from .tables import operation


@operation("reshape")
def reshaped(x: Any, newshape: Any) -> Spec:
    found = spec_of(x)
    return found.with_shape(reshape(found.known(), newshape if isinstance(newshape, tuple) else (newshape,)))


@operation("ravel")
def ravel(x: Any) -> Spec:
    found = spec_of(x)
    return found.with_shape((product(found.known()),))


@operation("transpose")
def transpose(x: Any, axes: Any = None) -> Spec:
    found = spec_of(x)
    shape = found.known()
    return found.with_shape([shape[a] for a in (axes or range(len(shape) - 1, -1, -1))])


@operation("swapaxes")
def swapaxes(x: Any, axis1: int, axis2: int) -> Spec:
    found = spec_of(x)
    shape = list(found.known())
    shape[axis1], shape[axis2] = shape[axis2], shape[axis1]
    return found.with_shape(shape)


@operation("moveaxis")
def moveaxis(x: Any, source: Any, destination: Any) -> Spec:
    found = spec_of(x)
    shape = found.known()
    old, new = axes_of(source, len(shape)), axes_of(destination, len(shape))
    moved = dict(zip(new, old, strict=True))
    rest = iter(a for a in range(len(shape)) if a not in old)
    return found.with_shape([shape[moved[i] if i in moved else next(rest)] for i in range(len(shape))])


@operation("rot90")
def rot90(array: Any, k: int = 1, axes: Any = (0, 1)) -> Spec:
    return swapaxes(array, *axes) if k % 2 else spec_of(array)


@operation("expand_dims")
def expand_dims(x: Any, axis: Any) -> Spec:
    found = spec_of(x)
    shape = found.known()
    new = axes_of(axis, len(shape) + len(each(axis, 1)))
    rest = iter(shape)
    return found.with_shape([1 if i in new else next(rest) for i in range(len(shape) + len(new))])


@operation("squeeze")
def squeeze(x: Any, axis: Any = None) -> Spec:
    found = spec_of(x)
    shape = found.known()
    gone = [i for i, d in enumerate(shape) if d == 1] if axis is None else axes_of(axis, len(shape))
    return found.with_shape([d for i, d in enumerate(shape) if i not in gone])


@operation("broadcast_to")
def broadcast_to(x: Any, shape: Any) -> Spec:
    found = spec_of(x)
    broadcast(found.known(), shape)
    return found.with_shape(shape)


@operation("repeat")
def repeat(x: Any, repeats: Any, axis: int | None = None) -> Spec:
    found = spec_of(x)
    shape = list(found.known()) if axis is not None else [product(found.known())]
    at = axis or 0
    one_each = isinstance(repeats, tuple) and len(repeats) > 1
    factor = repeats[0] if isinstance(repeats, tuple) else repeats
    shape[at] = sum(repeats) if one_each else times(shape[at], factor)
    return found.with_shape(shape)


@operation("tile")
def tile(x: Any, repeats: Any) -> Spec:
    found = spec_of(x)
    counts = each(repeats, 1)
    shape = found.known()
    rank = max(len(shape), len(counts))
    dims = (1,) * (rank - len(shape)) + shape
    return found.with_shape([times(d, n) for d, n in zip(dims, (1,) * (rank - len(counts)) + counts, strict=True)])


@operation("concatenate")
def concatenate(xs: Any, axis: int | None = 0) -> Spec:
    specs = [spec_of(x) for x in xs]
    dtype = promote(*(s.dtype for s in specs))
    if axis is None:
        return Spec((total([product(s.known()) for s in specs]),), dtype)
    shapes = [s.known() for s in specs]
    (at,) = axes_of(axis, len(shapes[0]))
    merged = [total(d) if i == at else agreed(d) for i, d in enumerate(zip(*shapes, strict=True))]
    return Spec(tuple(merged), dtype)


def agreed(dims: tuple[int | None, ...]) -> int | None:
    """The one size that all known dimensions have; raises ValueError where they differ."""
    known = {d for d in dims if d is not None}
    if len(known) > 1:
        raise ValueError(f"dimensions {dims} differ")
    return known.pop() if len(known) == 1 and None not in dims else None


@operation("stack")
def stack(x: Any, axis: int = 0) -> Spec:
    specs = [spec_of(item) for item in x]
    shape = list(specs[0].known())
    shape.insert(axis % (len(shape) + 1), len(specs))
    return Spec(tuple(shape), promote(*(s.dtype for s in specs)))


@operation("vstack")
def vstack(xs: Any) -> Spec:
    return concatenate([s if len(s.known()) > 1 else s.with_shape((1, *s.known())) for s in map(spec_of, xs)], 0)


@operation("hstack")
def hstack(xs: Any) -> Spec:
    return concatenate(xs, 0 if len(spec_of(xs[0]).known()) == 1 else 1)


@operation("dstack")
def dstack(xs: Any) -> Spec:
    return concatenate([s if len(s.known()) > 2 else s.with_shape((*s.known(), 1)) for s in map(spec_of, xs)], 2)


@operation("append")
def append(x1: Any, x2: Any, axis: int | None = None) -> Spec:
    return concatenate([x1, x2], axis)


@operation("split", "array_split")
def split(x: Any, indices_or_sections: Any, axis: int = 0) -> list[Spec]:
    found = spec_of(x)
    length = found.known()[axis]
    if isinstance(indices_or_sections, tuple):
        edges = (0, *indices_or_sections, length)
        sizes = [None if b is None else b - a for a, b in pairwise(edges)]
    else:
        parts = int(indices_or_sections)
        sizes = [None if length is None else length // parts + (i < length % parts) for i in range(parts)]
    (at,) = axes_of(axis, len(found.known()))
    return [found.with_shape((*found.known()[:at], size, *found.known()[at + 1 :])) for size in sizes]


@operation("hsplit")
def hsplit(x: Any, indices_or_sections: Any) -> list[Spec]:
    return split(x, indices_or_sections, 0 if len(spec_of(x).known()) == 1 else 1)


@operation("vsplit")
def vsplit(x: Any, indices_or_sections: Any) -> list[Spec]:
    return split(x, indices_or_sections, 0)


@operation("dsplit")
def dsplit(x: Any, indices_or_sections: Any) -> list[Spec]:
    return split(x, indices_or_sections, 2)


@operation("unstack")
def unstack(x: Any, num: int | None = None, axis: int = 0) -> list[Spec]:
    found = spec_of(x)
    (at,) = axes_of(axis, len(found.known()))
    count = num if num is not None else found.known()[at]
    if count is None:
        raise ValueError("unstack along an unknown axis")
    return [found.with_shape([d for i, d in enumerate(found.known()) if i != at])] * count


@operation("take")
def take(x: Any, indices: Any, axis: int | None = None) -> Spec:
    found, index = spec_of(x), spec_of(indices)
    if axis is None:
        return found.with_shape(index.known())
    (at,) = axes_of(axis, len(found.known()))
    return found.with_shape((*found.known()[:at], *index.known(), *found.known()[at + 1 :]))


@operation("take_along_axis")
def take_along_axis(x: Any, indices: Any, axis: int | None = None) -> Spec:
    found, index = spec_of(x), spec_of(indices)
    if axis is None:
        return found.with_shape((product(index.known()),))
    (at,) = axes_of(axis, len(found.known()))
    ones = [[1 if i == at else d for i, d in enumerate(s.known())] for s in (found, index)]
    shape = list(broadcast(tuple(ones[0]), tuple(ones[1])))
    shape[at] = index.known()[at]
    return found.with_shape(shape)


@operation("get_item")
def get_item(x: Any, key: Any) -> Spec:
    found = spec_of(x)
    keys = list(key) if isinstance(key, tuple) else [key]
    if not any(isinstance(k, Ellipsis_) for k in keys):
        keys.append(Ellipsis_())
    left = list(found.known())
    shape: list[int | None] = []
    for place, part in enumerate(keys):
        if isinstance(part, Ellipsis_):
            count = len(left) - sum(k is not None for k in keys[place + 1 :])
            shape += left[:count]
            left = left[count:]
        elif part is None:
            shape.append(1)
        elif isinstance(part, Slice):
            shape.append(sliced(left.pop(0), part))
        else:
            left.pop(0)
    return found.with_shape(shape)


def sliced(length: int | None, part: Slice) -> int | None:
    """How many elements a slice takes of a dimension."""
    bounds = [b if isinstance(b, int) else None for b in (part.start, part.stop, part.step)]
    return None if length is None else len(range(*slice(*bounds).indices(length)))


@operation("slice")
def slice_(inputs: Any, start_indices: Any, shape: Any) -> Spec:
    return spec_of(inputs).with_shape(shape)


@operation("scatter")
def scatter(indices: Any, values: Any, shape: Any) -> Spec:
    return spec_of(values).with_shape(shape)


@operation("full")
def full(shape: Any, fill_value: Any, dtype: str | None = None) -> Spec:
    value = spec_of(fill_value).dtype
    return Spec(each(shape, 1), dtype or promote(value))


@operation("pad")
def pad(x: Any, pad_width: Any, mode: str = "constant", constant_values: Any = None) -> Spec:
    found = spec_of(x)
    rank = len(found.known())
    widths = pad_width
    if isinstance(widths, int) or len(widths) == 1:
        one = widths if isinstance(widths, int) else widths[0]
        widths = (one,) * rank
    sides = [each(w, 2) for w in (widths if rank == len(widths) or isinstance(widths[0], tuple) else (widths,) * rank)]
    return found.with_shape([plus(d, sum(s)) for d, s in zip(found.known(), sides, strict=True)])


@operation("diag")
def diag(x: Any, k: int = 0) -> Spec:
    found = spec_of(x)
    shape = found.known()
    if len(shape) == 1:
        return found.with_shape((plus(shape[0], abs(k)),) * 2)
    return diagonal(x, k)


@operation("diagonal")
def diagonal(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Spec:
    found = spec_of(x)
    shape = found.known()
    first, second = axes_of((axis1, axis2), len(shape))
    rows, columns = shape[first], shape[second]
    length = None
    if rows is not None and columns is not None:
        length = max(0, min(rows, columns - offset) if offset >= 0 else min(rows + offset, columns))
    return found.with_shape([*(d for i, d in enumerate(shape) if i not in (first, second)), length])


@operation("diagflat")
def diagflat(x: Any, k: int = 0) -> Spec:
    found = spec_of(x)
    return found.with_shape((plus(product(found.known()), abs(k)),) * 2)


@operation("meshgrid")
def meshgrid(x: Any = (), indexing: str = "xy", **_: Any) -> list[Spec]:
    specs = [spec_of(item) for item in x]
    sizes = [product(s.known()) for s in specs]
    if indexing == "xy" and len(sizes) > 1:
        sizes[:2] = sizes[1::-1]
    return [s.with_shape(sizes) for s in specs]


@operation("linspace", "logspace", "geomspace")
def linspace(start: Any, stop: Any, num: int = 50, axis: int = 0, dtype: str | None = None, **_: Any) -> Spec:
    first, last = spec_of(start), spec_of(stop)
    shape = list(broadcast(first.known(), last.known()))
    shape.insert(axis % (len(shape) + 1), num)
    return Spec(tuple(shape), dtype or floating(promote(first.dtype, last.dtype, "float")))


@operation("vander")
def vander(x: Any, N: int | None = None, increasing: bool = False) -> Spec:
    found = spec_of(x)
    return found.with_shape((found.known()[0], found.known()[0] if N is None else N))


@operation("searchsorted")
def searchsorted(sorted_sequence: Any, values: Any, side: str = "left") -> Spec:
    length = spec_of(sorted_sequence).known()[0]
    return Spec(spec_of(values).shape, "int64" if length is None else "int32")


@operation("unravel_index")
def unravel_index(indices: Any, shape: Any) -> list[Spec]:
    found = spec_of(indices)
    return [found] * len(shape)


@operation("nonzero")
def nonzero(x: Any) -> list[Spec]:
    return [Spec((None,), "int32")] * len(spec_of(x).known())


@operation("view_as_real")
def view_as_real(x: Any) -> Spec:
    return Spec((*spec_of(x).known(), 2), "float32")


@operation("view_as_complex")
def view_as_complex(x: Any) -> Spec:
    return Spec(spec_of(x).known()[:-1], "complex64")


@operation("rearrange")
def rearrange(tensor: Any, pattern: str, **lengths: Any) -> Spec:
    """Named axes with groups in parentheses; ``...`` is left unknown."""
    before, after = (_groups(side) for side in pattern.split("->"))
    found = spec_of(tensor)
    sizes: dict[str, int | None] = {k: v for k, v in lengths.items() if isinstance(v, int)}
    for group, length in zip(before, found.known(), strict=True):
        unknown = [name for name in group if name not in sizes]
        rest = product(tuple(sizes[name] for name in group if name in sizes))
        if len(unknown) == 1:
            sizes[unknown[0]] = None if length is None or not rest else length // rest
    return found.with_shape([product(tuple(sizes[name] for name in group)) for group in after])


def _groups(side: str) -> list[list[str]]:
    """``"b (h w)"`` -> [["b"], ["h", "w"]]."""
    return [(group or name).split() for group, name in re.findall(r"\(([^)]*)\)|([^\s()]+)", side)]
