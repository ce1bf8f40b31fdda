"""Whole numbers that are sizes of tensors: kept as sizes, so that what is reshaped by them stays known."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from ...recovery.functions import Dim, Operand, Refused, Sizes
from ...recovery.functions.indexing import SLICE_MASKS, slice_key
from ...recovery.functions.shapes import difference, product
from ...recovery.functions.values import Remainder
from ..values import SizeTable
from .base import NodeCall, rows

Size = Operand


def count(call: NodeCall) -> Operand:
    """What an op on sizes comes to, as a size; NotImplemented where it is no size, and the numbers are wanted."""
    run = _SIZED.get(call.op)
    if run is None or not any(isinstance(value, Dim | Sizes | SizeTable) for value in call.given):
        return NotImplemented
    try:
        given = [_items(value) for value in call.given]
        return NotImplemented if any(value is None for value in given) else run(call, given)
    except (Refused, TypeError, ValueError, LookupError):
        return NotImplemented


def _items(value: Operand) -> Size | list[Size] | None:
    """A size, or a list of them; None for what is neither."""
    if isinstance(value, Sizes | SizeTable):
        return list(value if isinstance(value, Sizes) else value.rows)
    if isinstance(value, Dim | bool | int):
        return value
    if isinstance(value, np.ndarray | np.generic) and value.dtype.kind in "iub" and value.ndim <= 1:
        return value.tolist()
    return None


def _pack(value: Operand) -> Operand:
    """Back from a list: open sizes among them, or plain numbers."""
    if isinstance(value, list) and value and all(isinstance(row, tuple) for row in value):
        return SizeTable(tuple(value))
    if isinstance(value, list):
        return Sizes(value) if any(isinstance(item, Dim) for item in value) else np.asarray(value, "int32")
    return value if isinstance(value, Dim) else np.asarray(value, "bool" if isinstance(value, bool) else "int32")


def _each(function: Callable[[Size, Size], Size]) -> Callable[[NodeCall, Sequence[Operand]], Operand]:
    def run(call: NodeCall, given: Sequence[Operand]) -> Operand:
        one, other = given
        if not isinstance(one, list) and not isinstance(other, list):
            return _pack(function(one, other))
        length = max(len(side) for side in given if isinstance(side, list))
        left, right = (side * length if isinstance(side, list) and len(side) == 1 else side for side in given)
        left, right = (side if isinstance(side, list) else [side] * length for side in (left, right))
        return _pack([function(a, b) for a, b in zip(left, right, strict=True)])

    return run


def _more(one: Size, other: Size) -> bool:
    """Whether a size is greater than another, where that is certain. Raises Refused."""
    _refuse_remainders(one, other)
    apart = difference(one, other) if isinstance(one, Dim) or isinstance(other, Dim) else one - other
    if isinstance(apart, int):
        return apart > 0
    if isinstance(apart, Dim) and apart.scale > 0 and apart.scale + apart.offset > 0:
        return True  # a size is at least one
    if isinstance(apart, Dim) and apart.scale < 0 and apart.scale + apart.offset <= 0:
        return False
    raise Refused("a size is compared with another one", "AK3062")


def _refuse_remainders(*sizes: Size) -> None:
    """A remainder may be nothing, as no size of a tensor is."""
    for size in sizes:
        if isinstance(size, Dim) and any(isinstance(source, Remainder) for source in size.sources):
            raise Refused("a remainder of a size is compared with another size", "AK3062")


def _same(one: Size, other: Size) -> bool:
    """Whether two sizes are equal, where that is certain."""
    if one == other:
        return True
    apart = difference(one, other)
    if isinstance(apart, int):
        return apart == 0
    raise Refused("a size is compared with another one", "AK3062")


def _floor_mod(one: Size, other: Size) -> Size:
    if isinstance(one, Dim) and isinstance(other, int) and one.scale % other == 0:
        return one.offset % other
    return Dim(Remainder(one, other)) if isinstance(one, Dim) and isinstance(other, int) and other > 0 else one % other


def _strided(call: NodeCall, given: Sequence[Operand]) -> Operand:
    x, *bounds = given
    if not isinstance(x, list) or any(isinstance(item, Dim) for bound in bounds for item in bound):
        return NotImplemented
    begin, end, strides = bounds
    masks = {f"{key}_mask": int(call.at.get(f"{key}_mask", 0)) for key in SLICE_MASKS}
    (part,) = slice_key(begin, end, strides, **masks)
    if part is None or part is Ellipsis:
        return NotImplemented
    return _pack(x[part])


def _slice(call: NodeCall, given: Sequence[Operand]) -> Operand:
    x, (begin,), (size,) = given
    return _pack(x[begin : len(x) if size == -1 else begin + size])


def _gather(call: NodeCall, given: Sequence[Operand]) -> Operand:
    x, places = given[0], given[1]
    return _pack([x[place] for place in places] if isinstance(places, list) else x[places])


def _join(call: NodeCall, given: Sequence[Operand]) -> Operand:
    parts = given[:-1] if call.op == "ConcatV2" else given[1:]
    return _pack([item for part in parts for item in part])


def _stack(given: Sequence[Operand]) -> Operand:
    """Sizes as one list; several lists of as many as a table."""
    if not any(isinstance(item, list) for item in given):
        return _pack(list(given))
    alike = all(isinstance(item, list) and len(item) == len(given[0]) for item in given)
    return SizeTable(tuple(map(tuple, given))) if alike else NotImplemented


def _reduce(function: Callable[[list[Size]], Size]) -> Callable[[NodeCall, Sequence[Operand]], Operand]:
    def run(call: NodeCall, given: Sequence[Operand]) -> Operand:
        found = function(given[0]) if isinstance(given[0], list) else given[0]
        return _pack([found] if call.at.get("keep_dims") else found)

    return run


def _extreme(most: bool) -> Callable[[Size, Size], Size]:
    def run(one: Size, other: Size) -> Size:
        return one if one == other or _more(one, other) is most else other

    return run


def _extreme_of(most: bool) -> Callable[[list[Size]], Size]:
    return lambda items: functools.reduce(_extreme(most), items)


def _reshape(call: NodeCall, given: Sequence[Operand]) -> Operand:
    x, shape = given
    items = x if isinstance(x, list) else [x]
    if len(shape) == 0 and len(items) == 1:
        return _pack(items[0])
    return _pack(items) if len(shape) == 1 else NotImplemented


def _pieces(call: NodeCall, given: Sequence[Operand]) -> Operand:
    if call.op == "Unpack":
        return tuple(_pack(item) for item in given[0])
    items, many = given[call.op == "Split"], int(call.at["num_split"])
    widths = [len(items) // many] * many if call.op == "Split" else given[1]
    ends = np.cumsum(widths).tolist()
    return tuple(_pack(items[end - width : end]) for width, end in zip(widths, ends, strict=True))


_SIZED: Mapping[str, Callable[[NodeCall, Sequence[Operand]], Operand]] = {
    "Add": _each(operator.add), "AddV2": _each(operator.add), "Sub": _each(operator.sub), "Mul": _each(operator.mul),
    "FloorDiv": _each(operator.floordiv), "Div": _each(operator.floordiv), "TruncateDiv": _each(operator.floordiv),
    "FloorMod": _each(_floor_mod), "Maximum": _each(_extreme(True)), "Minimum": _each(_extreme(False)),
    "Equal": _each(_same), "NotEqual": _each(lambda a, b: not _same(a, b)),
    "Greater": _each(_more), "Less": _each(lambda a, b: _more(b, a)),
    "GreaterEqual": _each(lambda a, b: not _more(b, a)), "LessEqual": _each(lambda a, b: not _more(a, b)),
    "StridedSlice": _strided, "Slice": _slice, "GatherV2": _gather, "Gather": _gather,
    "ConcatV2": _join, "Concat": _join,
    "Pack": lambda call, given: _stack(given) if not call.at.get("axis") else NotImplemented,
    "Prod": _reduce(product), "Max": _reduce(_extreme_of(True)), "Min": _reduce(_extreme_of(False)),
    "Reshape": _reshape, "Unpack": _pieces, "Split": _pieces, "SplitV": _pieces,
    "ExpandDims": lambda call, given: _pack([given[0]]) if not isinstance(given[0], list) else NotImplemented,
    "Squeeze": lambda call, given: _pack(given[0][0]) if isinstance(given[0], list) and len(given[0]) == 1 else NotImplemented,
    "Neg": lambda call, given: _pack([-x for x in given[0]] if isinstance(given[0], list) else -given[0]),
    "Cast": lambda call, given: _pack(given[0]) if "int" in str(call.at["DstT"]) else NotImplemented,
}  # fmt: skip


def _shape(call: NodeCall) -> Operand:
    """The shapes of tensors, as sizes."""
    found: list[Operand] = []
    for value in call.given:
        if isinstance(value, Sizes):
            found.append(np.asarray([len(value)], "int32"))
            continue
        shape = () if isinstance(value, Dim) else call.ops.shape(call.ops.tensor(value))
        whole = all(isinstance(size, int) for size in shape)
        found.append(np.asarray(shape, call.at.get("out_type", "int32")) if whole else Sizes(shape))
    return found[0] if call.op == "Shape" else tuple(found)


def _rank(call: NodeCall) -> Operand:
    value = call.given[0]
    return np.int32(1 if isinstance(value, Sizes) else 0 if isinstance(value, Dim) else call.ops.rank(call.ops.tensor(value)))


def _size(call: NodeCall) -> Operand:
    value = call.given[0]
    shape = (
        (len(value),) if isinstance(value, Sizes) else () if isinstance(value, Dim) else call.ops.shape(call.ops.tensor(value))
    )
    found = product(shape)
    return found if isinstance(found, Dim) else np.asarray(found, call.at.get("out_type", "int32"))


rows({"Shape ShapeN": _shape, "Rank": _rank, "Size": _size})
