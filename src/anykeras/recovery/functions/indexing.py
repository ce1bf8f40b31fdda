"""Slicing as numpy, Theano and TensorFlow spell it, in the keys that survive in Keras 3."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from . import folding
from .arguments import dtype_of
from .base import Ops, plain
from .shapes import arange, difference, number
from .values import Dim, Operand, Refused, Shape, Sizes

SLICE_MASKS = ("begin", "end", "ellipsis", "new_axis", "shrink_axis")


def slice_key(
    begin: Sequence[Operand],
    end: Sequence[Operand],
    strides: Sequence[Operand],
    begin_mask: int = 0,
    end_mask: int = 0,
    ellipsis_mask: int = 0,
    new_axis_mask: int = 0,
    shrink_axis_mask: int = 0,
) -> tuple[Operand, ...]:
    """The key that TensorFlow's ``strided_slice`` spells by five bit masks."""
    key: list[Operand] = []
    for bit, (start, stop, step) in enumerate(zip(begin, end, strides, strict=True)):
        mask = 1 << bit
        if ellipsis_mask & mask:
            key.append(Ellipsis)
        elif new_axis_mask & mask:
            key.append(None)
        elif shrink_axis_mask & mask:
            key.append(start)
        else:
            key.append(slice(None if begin_mask & mask else start, None if end_mask & mask else stop, step))
    return tuple(key)


def getitem(ops: Ops, x: Operand, key: Operand) -> Operand:
    """``x[key]``: lists become ``take``, negative steps ``flip``, a mask is refused."""
    if isinstance(x, Sizes | Shape | tuple | list):
        key = key[0] if isinstance(key, tuple) and len(key) == 1 else key
        if key is not None and key is not Ellipsis and not isinstance(key, tuple):
            return x[key]
        x = number(ops, x, "int32") if isinstance(x, Sizes) else np.asarray(x)
    parts = [plain(part) for part in key] if isinstance(key, tuple) else [plain(key)]
    parts = _expand_ellipsis(ops, x, parts)
    simple: list[Operand] = []
    later: list[tuple[str, int, Operand]] = []
    axis = 0
    for part, size in parts:
        kept, step = _keep(ops, part, size)
        simple.append(kept)
        if step is not None:
            later.append((*step[:1], axis, *step[1:]))
        axis += 0 if isinstance(kept, int) else 1
    whole = all(part == slice(None) for part in simple)
    y = x if whole else ops.getitem(x, tuple(simple) if len(simple) > 1 else (simple[0], Ellipsis))
    if sum(action == "take" for action, _, _ in later) > 1:
        raise Refused("a tensor is indexed with several lists at once")
    for action, where, given in reversed(later):
        y = ops.op(action, y, given, axis=where) if action == "take" else _take_steps(ops, y, where, given)
    return y


def _expand_ellipsis(ops: Ops, x: Operand, parts: list[Operand]) -> list[tuple[Operand, Operand]]:
    """The key without Ellipsis, each part with the size of its axis (None for a new axis)."""
    used = sum(part is not None and part is not Ellipsis for part in parts)
    rank = ops.rank(x)
    if used > rank:
        raise Refused(f"a tensor of rank {rank} is indexed with {used} keys")
    filler = [slice(None)] * (rank - used)
    places = [place for place, part in enumerate(parts) if part is Ellipsis]
    at = places[0] if places else len(parts)
    parts = [*parts[:at], *filler, *(part for part in parts[at:] if part is not Ellipsis)]
    sizes = iter(ops.shape(x))
    return [(part, None if part is None else next(sizes)) for part in parts]


def _keep(ops: Ops, part: Operand, size: Operand) -> tuple[Operand, tuple[str, Operand] | None]:
    """A part that survives, and what is left to do along that axis."""
    if part is None:
        return None, None
    if isinstance(part, slice):
        return _slice(ops, part, size)
    if isinstance(part, Dim):
        return _at(ops, part, size)
    if ops.is_tensor(part):
        if dtype_of(ops, part) == "bool":
            raise Refused("a tensor is indexed with a mask: the outcome's size depends on values", "AK3043")
        return slice(None), ("take", part)
    if isinstance(part, list | tuple | np.ndarray) and np.ndim(part):
        index = np.asarray(part)
        if index.dtype == bool:
            index = np.flatnonzero(index)
        return slice(None), ("take", index.astype("int32"))
    return int(part), None


def _at(ops: Ops, part: Dim, size: Operand) -> tuple[Operand, tuple[str, Operand] | None]:
    back = difference(part, size)
    if isinstance(back, int) and back < 0:
        return back, None
    return slice(None), ("take", ops.size(part, "int32"))


def _slice(ops: Ops, part: slice, size: Operand) -> tuple[Operand, tuple[str, Operand] | None]:
    step = 1 if part.step is None else int(part.step)
    start, stop = _read_bound(ops, part.start, size), _read_bound(ops, part.stop, size)
    beyond = difference(stop, size) if isinstance(stop, Dim) else None
    stop = None if isinstance(beyond, int) and beyond >= 0 else stop
    if isinstance(start, Dim) or isinstance(stop, Dim):
        return slice(None), ("take", _stretch(ops, start, stop, step, size))
    if step > 0:
        return slice(start, stop, None if step == 1 else step), None
    if start is None and stop is None:
        return slice(None), ("flip", -step)
    if not isinstance(size, int):
        raise Refused("an axis of unknown size is read backwards in part", "AK3043")
    places = range(*slice(start, stop, step).indices(size))
    folding.check_size(len(places), "an index")
    taken = list(places)
    return slice(None), ("take", np.asarray(taken, dtype="int32"))


def _stretch(ops: Ops, start: Operand, stop: Operand, step: int, size: Operand) -> Operand:
    """The places of a slice one of whose ends is a size."""
    first, last = (0 if start is None else start), (size if stop is None else stop)
    first, last = (size + end if isinstance(end, int) and end < 0 else end for end in (first, last))
    length = difference(last, first)
    if step != 1 or length is None:
        raise Refused("a slice ends at an unknown place", "AK3043")
    if isinstance(last, Dim) and difference(last, size) is None and last is not size:
        ops.note("a slice up to the size of another tensor: taken not to reach beyond the axis")
    return ops.add(arange(ops, 0, length, 1, "int32"), number(ops, first, "int32"))


def _read_bound(ops: Ops, bound: Operand, size: Operand) -> int | Dim | None:
    if isinstance(bound, Dim):
        back = difference(bound, size)
        return back if isinstance(back, int) and back < 0 else bound
    if ops.is_tensor(bound):
        raise Refused("a slice ends where the values of a tensor say", "AK3043")
    return None if bound is None else int(bound)


def _take_steps(ops: Ops, x: Operand, axis: int, step: int) -> Operand:
    y = ops.flip(x, axis=axis)
    if step == 1:
        return y
    return ops.getitem(y, (*([slice(None)] * axis), slice(None, None, step), Ellipsis))


def cut(ops: Ops, x: Operand, begin: Operand, size: Operand) -> Operand:
    """``tf.slice``: `size` elements from `begin` along each axis, -1 for the rest."""
    key = []
    for start, count in zip(begin, size, strict=True):
        rest = isinstance(count, int) and count == -1
        key.append(slice(start, None if rest else start + count))
    return getitem(ops, x, tuple(key))
