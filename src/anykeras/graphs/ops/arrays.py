"""Shapes, slices, joins, reductions and look-ups."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...recovery.functions import Dim, Operand, Refused, Sizes, find_operator
from ...recovery.functions import shapes as open_shapes
from ...recovery.functions.creation import concatenate_any, stack_any
from ...recovery.functions.indexing import SLICE_MASKS, cut, slice_key
from ..values import Blocks
from .base import NodeCall, Translate, cast, op, rows
from .blocks import narrow, widen


@op("Reshape")
def reshape(call: NodeCall) -> Operand:
    """Another shape, open sizes included."""
    return open_shapes.reshape(call.ops, call.array(0), call.sizes(1))


@op("ExpandDims")
def expand_dims(call: NodeCall) -> Operand:
    """One more axis."""
    if isinstance(call.given[0], Blocks):
        return widen(call, call.integer(1) % (len(call.given[0].block) + 3))
    return call.ops.op("expand_dims", call.array(0), axis=call.integer(1))


@op("Squeeze")
def squeeze(call: NodeCall) -> Operand:
    """Without axes of size one."""
    axes = tuple(call.at.get("squeeze_dims") or ())
    if isinstance(call.given[0], Blocks) and len(axes) == 1:
        return narrow(call, axes[0] % (len(call.given[0].block) + 2))
    x = call.array(0)
    if not axes:
        shape = call.ops.shape(x)
        axes = tuple(axis for axis, size in enumerate(shape) if isinstance(size, int) and size == 1)
    return call.ops.op("squeeze", x, axis=axes) if axes else x


@op("Transpose")
def transpose(call: NodeCall) -> Operand:
    """Axes in another order."""
    return call.ops.op("transpose", call.array(0), axes=call.integers(1))


@op("ConjugateTranspose")
def conjugate_transpose(call: NodeCall) -> Operand:
    """Axes in another order; real numbers are their own conjugates."""
    return transpose(call)


@op("Fill")
def fill(call: NodeCall) -> Operand:
    """One value in a shape."""
    shape, value = call.sizes(0), call.array(1)
    dtype = call.ops.dtype(value) if call.ops.is_tensor(value) else str(np.asarray(value).dtype)
    if not any(isinstance(size, Dim) for size in shape) and not call.ops.is_tensor(value):
        return np.broadcast_to(np.asarray(value), tuple(int(size) for size in shape))
    return call.ops.op("full", shape, value if call.ops.is_tensor(value) else np.asarray(value).item(), dtype=dtype)


@op("BroadcastTo")
def broadcast_to(call: NodeCall) -> Operand:
    """Repeated along axes of size one."""
    x, shape = call.array(0), call.sizes(1)
    if any(isinstance(size, Dim) for size in shape) and not call.ops.is_tensor(x):
        x = call.ops.anchor(x)
    return call.ops.op("broadcast_to", x, shape)


@op("Tile")
def tile(call: NodeCall) -> Operand:
    """Repeated along axes."""
    x, times = call.array(0), call.sizes(1)
    if any(isinstance(size, Dim) for size in times) and not call.ops.is_tensor(x):
        x = call.ops.anchor(x)
    return open_shapes.tile(call.ops, x, times)


@op("Range")
def count_up(call: NodeCall) -> Operand:
    """Numbers from a start by a step."""
    start, stop, step = (_scalar(call, place) for place in range(3))
    dtype = str(call.at.get("Tidx", "int32"))
    if any(isinstance(part, Dim) for part in (start, stop, step)):
        return cast(call.ops, open_shapes.arange(call.ops, start, stop, step, "int32"), dtype)
    return call.ops.op("arange", start, stop, step, dtype=dtype)


@op("ListDiff")
def leave_out(call: NodeCall) -> Operand:
    """What of a list is not in another one, and where it was; of constants alone, for its size depends on them."""
    if not all(isinstance(value, np.ndarray) for value in call.given):
        raise Refused(
            f"the op {call.op} gives a tensor whose size depends on values, which a Keras model cannot hold", "AK3060"
        )
    places = np.flatnonzero(~np.isin(*call.given))
    return call.given[0][places], places.astype(str(call.at.get("out_idx", "int32")))


@op("LinSpace")
def spaced(call: NodeCall) -> Operand:
    """So many numbers between two."""
    return call.ops.op("linspace", call.number(0), call.number(1), int(call.number(2)), dtype=str(call.at.get("T", "float32")))


def _scalar(call: NodeCall, place: int) -> Operand:
    value = call.given[place]
    return value if isinstance(value, Dim) else call.number(place)


@op("Pack")
def stack(call: NodeCall) -> Operand:
    """Tensors along a new axis."""
    given = [call.array(place) for place in range(len(call))]
    axis = int(call.at.get("axis", 0))
    if not any(map(call.ops.is_tensor, given)):
        return np.stack([np.asarray(value) for value in given], axis)
    return stack_any(call.ops, given, axis)


@op("ConcatV2", "Concat")
def concatenate(call: NodeCall) -> Operand:
    """Tensors along an axis that they have."""
    count = len(call) - 1
    places = range(count) if call.op == "ConcatV2" else range(1, count + 1)
    axis = call.integer(count if call.op == "ConcatV2" else 0)
    parts = [call.array(place) for place in places]
    if not any(map(call.ops.is_tensor, parts)):
        return np.concatenate([np.asarray(part) for part in parts], axis)
    return concatenate_any(call.ops, parts, axis)


@op("Split")
def split(call: NodeCall) -> Operand:
    """Equal parts of an axis."""
    return _parts(call, call.array(1), call.integer(0), int(call.at["num_split"]))


@op("SplitV")
def split_by_sizes(call: NodeCall) -> Operand:
    """Parts of an axis by their sizes, of which one may be left open."""
    x, sizes, axis = call.array(0), list(call.integers(1)), call.integer(2)
    if -1 in sizes:
        whole = call.ops.shape(x)[axis]
        if not isinstance(whole, int):
            raise Refused("an axis of open size is split into a part that is not said", "AK3062")
        sizes[sizes.index(-1)] = whole - sum(size for size in sizes if size >= 0)
    ends = [sum(sizes[: place + 1]) for place in range(len(sizes))]
    return tuple(_along(call, x, axis, end - size, end) for size, end in zip(sizes, ends, strict=True))


def _parts(call: NodeCall, x: Operand, axis: int, many: int) -> tuple[Operand, ...]:
    if many == 1:
        return (x,)
    if not call.ops.is_tensor(x):
        return tuple(np.split(np.asarray(x), many, axis))
    return tuple(call.ops.op("split", x, many, axis=axis))


def _along(call: NodeCall, x: Operand, axis: int, start: int, stop: int) -> Operand:
    axis %= call.ops.rank(x)
    return _take(call, x, (*[slice(None)] * axis, slice(start, stop), Ellipsis))


def _take(call: NodeCall, x: Operand, key: tuple[Operand, ...]) -> Operand:
    return find_operator("getitem", call.ops.context)(call.ops, x, key)


@op("Unpack")
def unstack(call: NodeCall) -> Operand:
    """The slices of an axis."""
    x, axis = call.array(0), int(call.at.get("axis", 0))
    if not call.ops.is_tensor(x):
        return tuple(np.moveaxis(np.asarray(x), axis, 0))
    axis %= call.ops.rank(x)
    return tuple(_take(call, x, (*[slice(None)] * axis, place, Ellipsis)) for place in range(int(call.at["num"])))


@op("StridedSlice")
def strided_slice(call: NodeCall) -> Operand:
    """``x[...]``, spelled by five bit masks."""
    x = call.array(0)
    begin, end, strides = (list(call.sizes(place)) for place in (1, 2, 3))
    masks = {f"{key}_mask": int(call.at.get(f"{key}_mask", 0)) for key in SLICE_MASKS}
    key = slice_key(begin, end, strides, **masks)
    if not call.ops.is_tensor(x) and not any(isinstance(item, Dim) for item in (*begin, *end)):
        return np.asarray(x)[key]
    return _take(call, x, key)


@op("Slice")
def window(call: NodeCall) -> Operand:
    """So many elements from a place, along each axis."""
    x = call.array(0)
    if call.ops.is_tensor(call.given[1]) and not call.ops.is_tensor(call.given[2]):
        return _moving_window(call, x)
    return cut(call.ops, x, call.sizes(1), call.sizes(2))


def _moving_window(call: NodeCall, x: Operand) -> Operand:
    """A window of known size at a computed place."""
    shape = call.ops.shape(x)
    sizes = [whole if size == -1 else size for whole, size in zip(shape, call.sizes(2), strict=True)]
    return call.ops.op("slice", x, call.given[1], tuple(sizes))


def _reduction(name: str) -> Translate:
    def run(call: NodeCall) -> Operand:
        x, axes = call.array(0), call.integers(1)
        if not axes:
            return x
        whole = "int" in str(call.at.get("T", "")) and name == "mean"
        if whole:
            raise Refused("whole numbers are averaged", "AK3062")
        return call.keep(call.ops.op(name, x, axis=axes, keepdims=bool(call.at.get("keep_dims"))))

    return run


rows({name.capitalize(): _reduction(name) for name in ("mean", "sum", "max", "min", "prod", "any", "all")})


@op("EuclideanNorm")
def length(call: NodeCall) -> Operand:
    """The root of the sum of squares."""
    squares = call.ops.op("square", call.tensor(0))
    return call.ops.op("sqrt", call.ops.op("sum", squares, axis=call.integers(1), keepdims=bool(call.at.get("keep_dims"))))


@op("ArgMax", "ArgMin")
def position(call: NodeCall) -> Operand:
    """Where the greatest or least number is."""
    found = call.ops.op(call.op.lower(), call.array(0), axis=call.integer(1))
    return cast(call.ops, found, str(call.at["output_type"]))


@op("GatherV2", "Gather", "ResourceGather")
def gather(call: NodeCall) -> Operand:
    """Slices of an axis by their places."""
    params, places = call.array(0), call.array(1)
    axis = call.integer(2) if len(call) > 2 else 0
    batch = int(call.at.get("batch_dims", 0) or 0)
    if batch:
        return call.call("gather", params, places, axis=axis, batch_dims=batch)
    if not call.ops.is_tensor(params) and not call.ops.is_tensor(places):
        return np.take(np.asarray(params), np.asarray(places), axis)
    if not call.ops.is_tensor(places):
        places = np.asarray(places, "int32")
    return call.ops.op("take", params, places, axis=axis)


@op("GatherNd", "ResourceGatherNd")
def gather_nd(call: NodeCall) -> Operand:
    """Elements by their places along several axes."""
    return call.call("gather_nd", call.array(0), call.array(1))


@op("OneHot")
def one_hot(call: NodeCall) -> Operand:
    """One where the place is, zero elsewhere, or other values."""
    dtype = str(call.at.get("T", "float32"))
    return call.call(
        "one_hot", call.array(0), call.integer(1), call.number(2), call.number(3), int(call.at.get("axis", -1)), dtype
    )


@op("TopKV2")
def top_k(call: NodeCall) -> Operand:
    """The greatest numbers of the last axis, and where they are."""
    many = call.integer(1) if len(call) > 1 else int(call.at["k"])
    values, places = call.ops.op("top_k", call.tensor(0), many, sorted=bool(call.at.get("sorted", True)))
    return values, cast(call.ops, places, str(call.at.get("index_type", "int32")))


@op("InTopKV2", "InTopK")
def in_top_k(call: NodeCall) -> Operand:
    """Whether a class is among the likeliest."""
    many = call.integer(2) if len(call) > 2 else int(call.at["k"])
    return call.ops.op("in_top_k", call.tensor(1), call.tensor(0), k=many)


@op("Cumsum", "Cumprod")
def accumulate(call: NodeCall) -> Operand:
    """Sums or products so far, along an axis."""
    flags = {key: bool(call.at.get(key)) for key in ("exclusive", "reverse")}
    return call.keep(call.call(call.op.lower(), call.array(0), call.integer(1), **flags))


@op("Pad", "PadV2", "MirrorPad")
def pad(call: NodeCall) -> Operand:
    """A border of a value, or of the numbers beside it."""
    x = call.array(0)
    if not isinstance(call.given[1], np.ndarray):
        raise Refused("a border is as wide as a computed number says", "AK3062")
    widths = tuple(tuple(int(size) for size in row) for row in np.asarray(call.given[1]).reshape(-1, 2))
    if not any(map(any, widths)):
        return x
    if call.op == "MirrorPad":
        return call.ops.op("pad", x, widths, mode="reflect") if call.at["mode"] == "REFLECT" else _mirror(call, x, widths)
    value = call.number(2) if len(call) > 2 else 0
    return call.ops.op("pad", x, widths, mode="constant", constant_values=value)


def _mirror(call: NodeCall, x: Operand, widths: Sequence[Sequence[int]]) -> Operand:
    """A border of what is next to it, its edge included (which ``keras.ops.pad`` on torch takes for another mode)."""
    for axis, (before, behind) in enumerate(widths):
        parts = [x]
        if before:
            parts.insert(0, _flip_edge(call, x, slice(0, before), axis))
        if behind:
            parts.append(_flip_edge(call, x, slice(-behind, None), axis))
        x = concatenate_any(call.ops, parts, axis) if len(parts) > 1 else x
    return x


def _flip_edge(call: NodeCall, x: Operand, edge: slice, axis: int) -> Operand:
    return call.ops.op("flip", call.ops.getitem(x, (*(slice(None),) * axis, edge)), axis=axis)


@op("ReverseV2")
def reverse(call: NodeCall) -> Operand:
    """Backwards along axes."""
    axes = call.integers(1)
    return call.ops.op("flip", call.array(0), axis=axes if len(axes) > 1 else axes[0]) if axes else call.given[0]


@op("ReverseSequence")
def reverse_sequence(call: NodeCall) -> Operand:
    """The first so many steps of each sample backwards."""
    x, along, samples = call.array(0), int(call.at["seq_dim"]), int(call.at["batch_dim"])
    order = [samples, along, *(axis for axis in range(call.ops.rank(x)) if axis not in (samples, along))]
    turned = call.ops.op("transpose", x, axes=tuple(order)) if order != sorted(order) else x
    y = call.call("reverse_sequence", turned, call.array(1), seq_axis=1, batch_axis=0)
    back = tuple(int(place) for place in np.argsort(order))
    return call.ops.op("transpose", y, axes=back) if order != sorted(order) else y


@op("Roll")
def roll(call: NodeCall) -> Operand:
    """Along axes, what falls out comes in again."""
    x = call.array(0)
    for shift, axis in zip(call.integers(1), call.integers(2), strict=True):
        x = call.ops.op("roll", x, shift, axis=axis)
    return x


@op("InvertPermutation")
def invert_permutation(call: NodeCall) -> Operand:
    """The permutation that undoes one."""
    return call.keep(call.ops.op("argsort", call.array(0)))


@op("BroadcastArgs")
def broadcast_args(call: NodeCall) -> Operand:
    """The shape that two shapes are broadcast to."""
    one, other = (list(call.sizes(place)) for place in (0, 1))
    width = max(len(one), len(other))
    one, other = ([1] * (width - len(side)) + side for side in (one, other))
    found = [b if isinstance(a, int) and a == 1 else a for a, b in zip(one, other, strict=True)]
    if any(x != y and not (isinstance(y, int) and y == 1) for x, y in zip(found, other, strict=True)):
        raise Refused("two shapes of open sizes are broadcast", "AK3062")
    return Sizes(found) if any(isinstance(size, Dim) for size in found) else np.asarray(found, "int32")


@op("UnsortedSegmentSum", "UnsortedSegmentMax")
def segments(call: NodeCall) -> Operand:
    """Rows put together by their number."""
    name = "segment_sum" if call.op == "UnsortedSegmentSum" else "segment_max"
    return call.keep(call.ops.op(name, call.tensor(0), call.tensor(1), num_segments=call.integer(2)))


@op("ScatterNd")
def scatter(call: NodeCall) -> Operand:
    """Rows put at places of a tensor of zeros; at one place they add up."""
    return call.keep(call.ops.op("scatter", call.tensor(0), call.tensor(1), call.integers(2)))


@op("TensorScatterUpdate", "TensorScatterAdd", "TensorScatterSub")
def scatter_into(call: NodeCall) -> Operand:
    """Rows put, added or subtracted at places of a tensor."""
    x, places, rows_ = call.tensors()
    if call.op == "TensorScatterUpdate":
        return call.keep(call.ops.op("scatter_update", x, places, rows_))
    shape = call.ops.shape(x)
    if not all(isinstance(size, int) for size in shape):
        raise Refused("rows are added to a tensor of open size", "AK3062")
    added = call.ops.op("scatter", places, rows_, tuple(shape))
    return call.keep(call.ops.op("add" if call.op == "TensorScatterAdd" else "subtract", x, added))


@op("SegmentSum", "SegmentMean", "SegmentMax", "SegmentMin", "SegmentProd")
def sorted_segments(call: NodeCall) -> Operand:
    """Rows put together by numbers that are known: how many there are follows from the last."""
    numbers = call.array(1)
    if call.ops.is_tensor(numbers) or not np.size(numbers):
        raise Refused(f"the op {call.op} gives as many rows as computed numbers say", "AK3062")
    places = [np.flatnonzero(np.asarray(numbers) == number) for number in range(int(np.max(numbers)) + 1)]
    name, x = call.op.removeprefix("Segment").lower(), call.ops.as_tensor(call.given[0])
    rows_ = []
    for held in places:
        part = call.ops.op("take", x, held.astype("int32"), axis=0) if len(held) else None
        nothing = call.ops.op(
            "ones_like" if name == "prod" else "zeros_like", call.ops.getitem(x, (0, Ellipsis))
        )  # a number that does not occur
        rows_.append(nothing if part is None else call.ops.op(name, part, axis=0))
    return call.keep(stack_any(call.ops, rows_, 0))


@op("UnsortedSegmentProd", "UnsortedSegmentMin")
def unsorted_segments(call: NodeCall) -> Operand:
    """Rows put together by their number, through a mask of which row is whose."""
    ops, x, numbers, many = call.ops, call.array(0), call.tensor(1), call.integer(2)
    rank = ops.rank(x)
    whose = ops.op(
        "equal", ops.op("expand_dims", ops.as_tensor(numbers), axis=0), np.arange(many, dtype="int32").reshape(-1, 1)
    )
    wide = ops.op("reshape", whose, (many, -1, *[1] * (rank - 1)))
    dtype = str(call.at.get("T", "float32"))
    most = np.finfo(dtype).max if "float" in dtype else np.iinfo(dtype).max
    other = np.asarray(1 if call.op.endswith("Prod") else most, dtype)
    kept = ops.op("where", wide, ops.op("expand_dims", x, axis=0), other)
    return call.keep(ops.op("prod" if call.op.endswith("Prod") else "min", kept, axis=1))
