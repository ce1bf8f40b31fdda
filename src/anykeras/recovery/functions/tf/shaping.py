"""``tf.*`` about shapes: asking, changing, joining, splitting, gathering, padding."""

from __future__ import annotations

import numpy as np

from .. import control, folding, shapes
from ..arguments import axis_of, dtype_name, dtype_of, positive
from ..base import Ops
from ..creation import concatenate_any, stack_any
from ..formulas import permute
from ..indexing import SLICE_MASKS, cut, getitem, slice_key
from ..shapes import difference
from ..table import Spelled, function, functions, refuse
from ..values import Dim, Operand, Refused, Shape, Sizes


def _expand(ops: Ops, input: Operand, axis: Operand) -> Operand:
    if not ops.is_tensor(input) and isinstance(input, int | Dim):
        return Sizes([input])
    return ops.expand_dims(input, int(axis))


functions(
    "tensorflow",
    {
        "shape": lambda ops, input, name=None, out_type=None: Sizes(
            (len(input),) if isinstance(input, Sizes) else ops.shape(input)
        ),
        "shape_n": lambda ops, input, out_type=None: [Sizes(ops.shape(one)) for one in input],
        "rank": lambda ops, input: 1 if isinstance(input, Sizes) else ops.rank(input),
        "size": lambda ops, input, out_type=None: shapes.product(ops.shape(input)),
        "TensorShape": lambda ops, dims: Shape(None if isinstance(one, Dim) else one for one in dims),
        "reshape": lambda ops, tensor, shape: shapes.reshape(
            ops, tensor, stack_any(ops, list(shape), 0) if isinstance(shape, list) else shape
        ),
        "transpose": lambda ops, a, perm=None, conjugate=False: permute(ops, a, perm),
        "matrix_transpose linalg.matrix_transpose linalg.transpose": lambda ops, a, conjugate=False: ops.swapaxes(a, -1, -2),
        "expand_dims": Spelled("input axis -name dim=axis", _expand),
        "stack pack parallel_stack": lambda ops, values, axis=0: stack_any(ops, list(values), int(axis)),
        "tile": lambda ops, input, multiples: shapes.tile(ops, input, multiples),
        "broadcast_to": lambda ops, input, shape: ops.broadcast_to(input, shapes.sizes(ops, shape)),
        "roll": lambda ops, input, shift, axis: ops.roll(input, shift, axis=axis_of(axis)),
        "slice": lambda ops, input_, begin, size: cut(ops, input_, begin, size),
        "ensure_shape": lambda ops, x, shape: x,  # a check
    },
)


@function("tensorflow.squeeze", arguments="input axis -name squeeze_dims=axis")
def squeeze(ops: Ops, input: Operand, axis: Operand = None) -> Operand:
    where = axis_of(axis)
    if where is None or where == ():
        where = tuple(index for index, size in enumerate(ops.shape(input)) if size == 1)
    rank = ops.rank(input)
    several = (where,) if isinstance(where, int) else where
    for index in sorted((positive(one, rank) for one in several), reverse=True):
        input = ops.squeeze(input, axis=index)
    return input


@function(
    "tensorflow.concat",
    "tensorflow.concat_v2",
    arguments="values axis -name concat_dim=axis",
)  # TensorFlow 1 on (values, axis); 0.x (axis, values)
def concat(ops: Ops, values: Operand, axis: Operand) -> Operand:
    if isinstance(values, int) or (isinstance(axis, list | tuple) and axis):
        values, axis = axis, values
    return concatenate_any(ops, list(values), int(axis))


@function("tensorflow.unstack", "tensorflow.unpack")
def unstack(ops: Ops, value: Operand, num: Operand = None, axis: Operand = 0) -> Operand:
    if isinstance(value, Sizes):
        return list(value)
    return control.split_steps(ops, value, positive(axis, ops.rank(value)))


@function(
    "tensorflow.split",
    arguments="value num_or_size_splits|num_split=parts axis|split_dim=axis num",
)  # TensorFlow 1 on (value, num_or_size_splits, axis); 0.x (axis, number, value)
def split(ops: Ops, value: Operand, parts: Operand, axis: Operand = 0, num: Operand = None) -> Operand:
    if isinstance(value, int) and ops.is_tensor(axis):
        value, axis = axis, value
    axis = int(axis)
    if isinstance(value, Sizes):
        value, parts = list(value), len(value) if isinstance(parts, int) else parts
        return [Sizes([one]) for one in value]
    if isinstance(parts, int):
        return list(ops.split(value, parts, axis=axis))
    lengths = [int(part) for part in parts]
    total = ops.shape(value)[axis]
    if -1 in lengths:
        lengths[lengths.index(-1)] = total - (sum(lengths) + 1)
    return list(ops.split(value, tuple(int(edge) for edge in np.cumsum(lengths)[:-1]), axis=axis))


@function("tensorflow.repeat")  # TensorFlow 1.15 on
def repeat(ops: Ops, input: Operand, repeats: Operand, axis: Operand = None) -> Operand:
    if axis is None:
        input, axis = ops.reshape(input, (-1,)), 0
    if isinstance(repeats, int):
        return ops.repeat(input, repeats, axis=int(axis))
    if isinstance(repeats, Dim):
        wide = ops.expand_dims(input, int(axis) + 1)
        counts: list[Operand] = [1] * ops.rank(wide)
        counts[int(axis) + 1] = repeats
        before = ops.shape(input)
        after = (*before[: int(axis)], before[int(axis)] * repeats, *before[int(axis) + 1 :])
        return shapes.reshape(ops, shapes.tile(ops, wide, counts), after)
    return ops.take(input, repeat_places(repeats), axis=int(axis))


def repeat_places(counts: Operand) -> Operand:
    """The places that a repetition of each element takes them from."""
    places = folding.compute("repeat", (list(range(len(counts))), [int(one) for one in counts]), {})
    return places.astype("int32")


@function(
    "tensorflow.reverse",
    "tensorflow.reverse_v2",
    arguments="tensor axis dims=axis",
)  # TensorFlow 1 on: axes; 0.x: a list of truth values
def reverse(ops: Ops, tensor: Operand, axis: Operand) -> Operand:
    axes = [axis] if isinstance(axis, int) and not isinstance(axis, bool) else list(axis)
    if axes and all(isinstance(one, bool) for one in axes):
        axes = [index for index, turned in enumerate(axes) if turned]
    for one in axes:
        tensor = ops.flip(tensor, axis=int(one))
    return tensor


@function("tensorflow.strided_slice")
def strided_slice(
    ops: Ops, input_: Operand, begin: Operand, end: Operand = None, strides: Operand = None, *masks: Operand, **named: Operand
) -> Operand:
    bits = dict(zip((f"{key}_mask" for key in SLICE_MASKS), masks, strict=False)) | named
    bits.pop("var", None)
    input_ = input_ if ops.is_tensor(input_) or isinstance(input_, Sizes) else np.asarray(input_)
    return getitem(ops, input_, slice_key(begin, end, [1] * len(begin) if strides is None else strides, **bits))


@function("tensorflow.gather", arguments="params indices -validate_indices -name axis batch_dims")
def gather(ops: Ops, params: Operand, indices: Operand, axis: Operand = None, batch_dims: Operand = 0) -> Operand:
    where = int(batch_dims or 0) if axis is None else int(axis)
    if isinstance(params, Sizes | Shape):
        return Sizes(params[one] for one in indices) if isinstance(indices, list | tuple) else params[indices]
    if not batch_dims:
        return ops.take(params, _whole(ops, indices), axis=where)
    return _gather_in_batches(ops, params, _whole(ops, indices), where, int(batch_dims))


def _whole(ops: Ops, indices: Operand) -> Operand:
    indices = shapes.number(ops, indices, "int32")
    if ops.is_tensor(indices):
        return indices if "int" in dtype_of(ops, indices) else ops.cast(indices, "int32")
    return np.asarray(indices, dtype="int32")


def _gather_in_batches(ops: Ops, params: Operand, indices: Operand, axis: int, batch: int) -> Operand:
    """``gather`` where both share their first axes: one number a place, or the rest of the axes with it."""
    extra = ops.rank(params) - axis - 1
    if axis == batch == ops.rank(indices):
        return ops.squeeze(_gather_in_batches(ops, params, ops.expand_dims(indices, -1), axis, batch), axis=axis)
    if axis != batch or ops.rank(indices) != batch + 1:
        raise Refused("gather with batch_dims over axes that do not follow one another")
    index = control.align_leading(ops, indices, ops.rank(indices) + extra)
    index = ops.add(index, ops.zeros_like(ops.cast(ops.take(params, np.zeros(1, "int32"), axis=axis), dtype_of(ops, index))))
    return ops.take_along_axis(params, index, axis=axis)


@function("tensorflow.gather_nd")
def gather_nd(ops: Ops, params: Operand, indices: Operand, batch_dims: Operand = 0) -> Operand:
    if not ops.is_tensor(indices):
        indices = ops.constant(np.asarray(indices, dtype="int32"))
    depth = shapes.require_size(ops, indices, -1, "tensorflow.gather_nd")
    indices = ops.cast(indices, "int32")
    if batch_dims == 1 and depth == 1 and ops.rank(indices) == 2:
        return ops.squeeze(_gather_in_batches(ops, params, indices, 1, 1), axis=1)
    return _gather_rows(ops, params, indices, depth, int(batch_dims))


def _gather_rows(ops: Ops, params: Operand, indices: Operand, depth: int, batch: int) -> Operand:
    """Full coordinates folded into one index of the flattened leading axes."""
    sizes = ops.shape(params)
    if batch:
        raise Refused("gather_nd of samples one by one")
    place: Operand = 0
    for axis in range(depth):
        here = ops.getitem(indices, (Ellipsis, axis))
        place = ops.add(ops.multiply(place, sizes[axis]), here) if axis else here
    return ops.take(shapes.reshape(ops, params, (-1, *sizes[depth:])), place, axis=0)


@function("tensorflow.pad", arguments="tensor paddings mode -name constant_values")
def pad(ops: Ops, tensor: Operand, paddings: Operand, mode: Operand = "CONSTANT", constant_values: Operand = 0) -> Operand:
    if ops.is_tensor(paddings):
        raise Refused("a border whose width is computed from the values of a tensor", "AK3043")
    kind = mode.lower()
    listed = [tuple(one) for one in paddings]
    if kind == "constant" and any(isinstance(width, Dim) for one in listed for width in one):
        return _pad_open(ops, tensor, listed, constant_values)
    around = tuple((int(one[0]), int(one[1])) for one in listed)
    if kind == "constant":
        return ops.pad(tensor, around, mode=kind, constant_values=constant_values)
    return ops.pad(tensor, around, mode=kind)


def _pad_open(ops: Ops, tensor: Operand, paddings: list[tuple[Operand, ...]], value: Operand) -> Operand:
    """A border as wide as a size is: joined to the tensor, and cut where both together have a known length."""
    for axis, (before, after) in enumerate(paddings):
        for width, in_front in ((before, True), (after, False)):
            if isinstance(width, int) and not width:
                continue
            shape: list[Operand] = list(ops.shape(tensor))
            total = difference(shape[axis], -width)
            cut = isinstance(width, Dim) and isinstance(total, int)
            shape[axis] = total if cut else width
            total = total if isinstance(total, int) else 0
            border = ops.full(tuple(shape), value, dtype=dtype_of(ops, tensor))
            tensor = ops.concatenate([border, tensor] if in_front else [tensor, border], axis=axis)
            if cut:
                part = slice(-total, None) if in_front else slice(None, total)
                tensor = ops.getitem(tensor, (*[slice(None)] * axis, part, Ellipsis))
    return tensor


def _equal_places(ops: Ops, places: Operand, count: Dim) -> Operand:
    """``one_hot`` for an unknown number of places."""
    wide = ops.expand_dims(ops.cast(places, "int32"), -1)
    return ops.cast(ops.equal(wide, shapes.arange(ops, 0, count, 1, "int32")), "float32")


@function("tensorflow.one_hot")
def one_hot(
    ops: Ops,
    indices: Operand,
    depth: Operand,
    on_value: Operand = None,
    off_value: Operand = None,
    axis: Operand = None,
    dtype: Operand = None,
) -> Operand:
    if isinstance(depth, Dim):
        hot = ops.moveaxis(_equal_places(ops, indices, depth), -1, -1 if axis is None else int(axis))
    else:
        hot = ops.one_hot(ops.cast(indices, "int32"), int(depth), axis=-1 if axis is None else int(axis))
    name = dtype_name(ops, dtype, "float32")
    if on_value is None and off_value is None:
        return hot if name == "float32" else ops.cast(hot, name)
    on, off = (1 if on_value is None else on_value), (0 if off_value is None else off_value)
    return ops.add(ops.multiply(ops.cast(hot, name), on - off), off)


@function("tensorflow.sequence_mask")  # TensorFlow 1 and 2
def sequence_mask(ops: Ops, lengths: Operand, maxlen: Operand = None, dtype: Operand = "bool") -> Operand:
    if maxlen is None or ops.is_tensor(maxlen):
        raise Refused("a sequence mask as long as the longest sequence", "AK3043")
    steps = shapes.arange(ops, 0, maxlen, 1, "int32")
    mask = ops.less(steps, ops.expand_dims(ops.cast(lengths, "int32"), -1))
    return mask if dtype == "bool" else ops.cast(mask, dtype_name(ops, dtype))


@function(
    "tensorflow.reverse_sequence",
    arguments="input seq_lengths seq_axis batch_axis seq_dim=seq_axis batch_dim=batch_axis",
)  # TensorFlow 1 (seq_dim, batch_dim) and 2
def reverse_sequence(ops: Ops, input: Operand, seq_lengths: Operand, seq_axis: Operand, batch_axis: Operand = None) -> Operand:
    along = positive(int(seq_axis), ops.rank(input))
    if positive(int(batch_axis or 0), ops.rank(input)) or not along:
        raise Refused("tensorflow.reverse_sequence of samples that do not lie along the first axis")
    size = shapes.require_size(ops, input, along, "tensorflow.reverse_sequence")
    spread = [1] * ops.rank(input)
    steps = np.arange(folding.check_size(size, "tensorflow.reverse_sequence"), dtype="int32").reshape(
        [size if axis == along else 1 for axis in range(len(spread))]
    )
    lengths = ops.reshape(ops.cast(seq_lengths, "int32"), (-1, *spread[1:]))
    mirrored = ops.where(ops.less(steps, lengths), ops.subtract(ops.subtract(lengths, 1), steps), steps)
    places = ops.add(mirrored, ops.cast(ops.zeros_like(input), "int32"))
    return ops.take_along_axis(input, places, axis=along)


@function("tensorflow.signal.frame", "tensorflow.contrib.signal.frame")  # TensorFlow 1.4 on
def frame(
    ops: Ops,
    signal: Operand,
    frame_length: Operand,
    frame_step: Operand,
    pad_end: Operand = False,
    pad_value: Operand = 0,
    axis: Operand = -1,
) -> Operand:
    along = positive(int(axis), ops.rank(signal))
    size = shapes.require_size(ops, signal, along, "tensorflow.signal.frame")
    length, step = int(frame_length), int(frame_step)
    count = -(-size // step) if pad_end else max(0, 1 + (size - length) // step)
    if not count or count * length > folding.MOST:
        raise Refused("tensorflow.signal.frame makes no frame, or too many")
    short = (count - 1) * step + length - size
    if pad_end and short > 0:
        around = [(0, short if place == along else 0) for place in range(ops.rank(signal))]
        signal = ops.pad(signal, around, mode="constant", constant_values=pad_value)
    places = np.arange(count)[:, None] * step + np.arange(length)
    return ops.take(signal, places.astype("int32"), axis=along)


@function("tensorflow.meshgrid")
def meshgrid(ops: Ops, *args: Operand, indexing: Operand = "xy") -> Operand:
    arrays = [np.asarray(one) if isinstance(one, list | tuple) else one for one in args]
    return list(ops.meshgrid(*arrays, indexing=indexing))


refuse("it makes a sparse or ragged tensor", "tensorflow", "SparseTensor RaggedTensor IndexedSlices sparse_to_dense")
