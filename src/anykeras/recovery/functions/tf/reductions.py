"""``tf.reduce_*``, arg, cumulative, segment and sorting functions."""

from __future__ import annotations

import numpy as np

from ..arguments import along, dtype_name, of, reduce
from ..base import Ops
from ..formulas import normalize
from ..registration import Spelled, each, function, functions, refuse
from ..values import Operand, Pair, Refused

TF = "tensorflow"
_ALL = "TensorFlow 0.x to 2.x"
_AXES = "input_tensor=x axis keepdims -name reduction_indices=axis keep_dims=keepdims"

each(
    TF,
    "reduce_sum=sum reduce_mean=mean reduce_max=max reduce_min=min reduce_prod=prod reduce_any=any reduce_all=all "
    "reduce_logsumexp=logsumexp reduce_std=std reduce_variance=var",
    reduce,
    arguments=_AXES,
    stack=_ALL,
)


def _position(ops: Ops, name: str, x: Operand, axis: Operand = 0, output_type: Operand = "int64") -> Operand:
    found = along(ops, name, x, axis)
    return found if output_type == "int64" else ops.cast(found, dtype_name(ops, output_type))


each(
    TF,
    "argmax arg_max=argmax argmin arg_min=argmin",
    _position,
    arguments="input=x axis -name dimension=axis output_type",
    stack=_ALL + " (dimension in 0.x and 1.x)",
)


def _accumulate(
    ops: Ops, name: str, x: Operand, axis: Operand = 0, exclusive: Operand = False, reverse: Operand = False
) -> Operand:
    where = int(axis)
    x = ops.flip(x, axis=where) if reverse else x
    y = ops.op(name, x, axis=where)
    if exclusive:
        if name == "cumprod":
            raise Refused("an exclusive running product")
        y = ops.subtract(y, x)
    return ops.flip(y, axis=where) if reverse else y


each(TF, "cumsum cumprod", _accumulate, stack="TensorFlow 0.10 to 2.x")


@function("tensorflow.nn.top_k", "tensorflow.math.top_k", stack="TensorFlow 0.x to 2.x")
def top_k(ops: Ops, input: Operand, k: Operand = 1, sorted: Operand = True) -> Operand:
    values, indices = ops.top_k(input, int(k), sorted=True)
    return Pair((values, indices))


@function("tensorflow.nn.in_top_k", "tensorflow.math.in_top_k", stack="TensorFlow 1: predictions first; 2: targets")
def in_top_k(ops: Ops, predictions: Operand, targets: Operand, k: Operand) -> Operand:
    if ops.rank(predictions) == 1:
        predictions, targets = targets, predictions
    return ops.in_top_k(targets, predictions, int(k))


@function("tensorflow.sort", stack="TensorFlow 1.13 on")
def sort(ops: Ops, values: Operand, axis: Operand = -1, direction: Operand = "ASCENDING") -> Operand:
    y = ops.sort(values, axis=int(axis))
    return y if direction == "ASCENDING" else ops.flip(y, axis=int(axis))


@function("tensorflow.argsort", stack="TensorFlow 1.13 on")
def argsort(
    ops: Ops, values: Operand, axis: Operand = -1, direction: Operand = "ASCENDING", stable: Operand = False
) -> Operand:
    return ops.argsort(values if direction == "ASCENDING" else ops.negative(values), axis=int(axis))


def _count_nonzero(ops: Ops, x: Operand, axis: Operand = None, keepdims: Operand = False, dtype: Operand = None) -> Operand:
    return reduce(ops, "sum", ops.cast(ops.not_equal(x, 0), "int32"), axis, bool(keepdims))


def _moments(ops: Ops, x: Operand, axes: Operand, shift: Operand = None, keepdims: Operand = False) -> Operand:
    return reduce(ops, "mean", x, axes, bool(keepdims)), reduce(ops, "var", x, axes, bool(keepdims))


functions(
    TF,
    {
        "reduce_euclidean_norm": lambda ops, input_tensor, axis=None, keepdims=False: ops.sqrt(
            reduce(ops, "sum", ops.square(input_tensor), axis, keepdims)
        ),
        "count_nonzero": Spelled(
            "input_tensor|input=x axis keepdims dtype -name reduction_indices=axis keep_dims=keepdims", _count_nonzero
        ),
        "nn.moments": Spelled("x axes shift -name keep_dims=keepdims keepdims", _moments),
        "nn.zero_fraction": lambda ops, value: ops.mean(ops.cast(ops.equal(value, 0), "float32")),
        "nn.l2_loss": lambda ops, t: ops.divide(ops.sum(ops.square(t)), 2.0),
        "math.l2_normalize nn.l2_normalize linalg.l2_normalize": Spelled("x axis epsilon=floor -name dim=axis", normalize),
    },
    stack=_ALL,
)


def _segments(ops: Ops, name: str, data: Operand, segment_ids: Operand, num_segments: Operand = None) -> Operand:
    if num_segments is None:
        raise Refused("segments whose number depends on values", "AK3043")
    places = np.asarray(segment_ids) if isinstance(segment_ids, list | tuple) else segment_ids
    return ops.op(name, data, places, num_segments=int(num_segments))


each(TF, "unsorted_segment_sum=segment_sum unsorted_segment_max=segment_max", _segments, stack="TensorFlow 1 and 2")


def _reduce_known_segments(ops: Ops, kind: str, data: Operand, segment_ids: Operand) -> Operand:
    if ops.is_tensor(segment_ids):
        raise Refused(f"tensorflow.segment_{kind}: the outcome's size depends on the values", "AK3040")
    places = np.asarray(segment_ids, "int32")
    counts = np.bincount(places, minlength=1) if places.size and 0 <= places.min() <= places.max() < 1 << 16 else None
    if counts is None or (kind == "max" and not counts.all()):
        raise Refused(f"tensorflow.segment_{kind} of segments that are empty or too many")
    total = ops.op("segment_max" if kind == "max" else "segment_sum", data, places, num_segments=len(counts))
    if kind != "mean":
        return total
    shape = (-1, *([1] * (ops.rank(data) - 1)))
    return ops.divide(total, np.maximum(counts, 1).astype(of(ops, data)).reshape(shape))


each(
    TF,
    "segment_sum=sum segment_mean=mean segment_max=max",
    _reduce_known_segments,
    stack="TensorFlow 1 and 2: the numbers of the segments ascend",
)


@function("tensorflow.boolean_mask", stack="TensorFlow 1 and 2, of a mask that is a constant")
def boolean_mask(ops: Ops, tensor: Operand, mask: Operand, axis: Operand = None) -> Operand:
    if ops.is_tensor(mask) or np.ndim(mask) != 1:
        raise Refused("tensorflow.boolean_mask: the outcome's size depends on the values", "AK3040")
    return ops.take(tensor, np.flatnonzero(np.asarray(mask)).astype("int32"), axis=int(axis or 0))


refuse(
    "the outcome's size depends on the values",
    "tensorflow",
    "segment_min segment_prod unique unique_with_counts setdiff1d dynamic_partition dynamic_stitch bincount",
)
