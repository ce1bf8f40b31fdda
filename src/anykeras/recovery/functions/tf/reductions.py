"""``tf.reduce_*``, arg, cumulative, segment and sorting functions."""

from __future__ import annotations

import numpy as np

from ..axes import axis_of, reduce
from ..base import Ops, Refused, Value, function, refuse
from ..dtypes import dtype_name, of
from ..elementary import normalized
from ..shapes import Pair


def _reduction(old: str, new: str) -> None:
    @function(f"tensorflow.reduce_{old}", stack="TensorFlow 0.x to 2.x")
    def run(
        ops: Ops,
        input_tensor: Value,
        axis: Value = None,
        keepdims: Value = None,
        name: Value = None,
        reduction_indices: Value = None,
        keep_dims: Value = None,
    ) -> Value:
        where = reduction_indices if axis is None else axis
        return reduce(ops, new, input_tensor, where, bool(keepdims or keep_dims))


for _old, _new in {
    "sum": "sum",
    "mean": "mean",
    "max": "max",
    "min": "min",
    "prod": "prod",
    "any": "any",
    "all": "all",
    "logsumexp": "logsumexp",
    "std": "std",
    "variance": "var",
}.items():
    _reduction(_old, _new)


@function("tensorflow.reduce_euclidean_norm", stack="TensorFlow 1.14 on")
def reduce_euclidean_norm(ops: Ops, input_tensor: Value, axis: Value = None, keepdims: Value = False) -> Value:
    return ops.sqrt(reduce(ops, "sum", ops.square(input_tensor), axis, keepdims))


def _arg(old: str, new: str) -> None:
    @function(f"tensorflow.{old}", stack="TensorFlow 0.x to 2.x (dimension in 0.x and 1.x)")
    def run(
        ops: Ops,
        input: Value,
        axis: Value = None,
        name: Value = None,
        dimension: Value = None,
        output_type: Value = "int64",
    ) -> Value:
        where = dimension if axis is None else axis
        found = ops.op(new, input, axis=0 if where is None else axis_of(where))
        return found if output_type == "int64" else ops.cast(found, dtype_name(ops, output_type))


for _name in ("argmax", "argmin"):
    _arg(_name, _name)
    _arg(f"arg_{_name[3:]}", _name)


def _running(name: str) -> None:
    @function(f"tensorflow.{name}", stack="TensorFlow 0.10 to 2.x")
    def run(ops: Ops, x: Value, axis: Value = 0, exclusive: Value = False, reverse: Value = False) -> Value:
        where = int(axis)
        x = ops.flip(x, axis=where) if reverse else x
        y = ops.op(name, x, axis=where)
        if exclusive:
            if name == "cumprod":
                raise Refused("an exclusive running product")
            y = ops.subtract(y, x)
        return ops.flip(y, axis=where) if reverse else y


_running("cumsum")
_running("cumprod")


@function("tensorflow.nn.top_k", "tensorflow.math.top_k", stack="TensorFlow 0.x to 2.x")
def top_k(ops: Ops, input: Value, k: Value = 1, sorted: Value = True) -> Value:
    values, indices = ops.top_k(input, int(k), sorted=True)
    return Pair((values, indices))


@function("tensorflow.nn.in_top_k", "tensorflow.math.in_top_k", stack="TensorFlow 1: predictions first; 2: targets")
def in_top_k(ops: Ops, predictions: Value, targets: Value, k: Value) -> Value:
    if ops.rank(predictions) == 1:
        predictions, targets = targets, predictions
    return ops.in_top_k(targets, predictions, int(k))


@function("tensorflow.sort", stack="TensorFlow 1.13 on")
def sort(ops: Ops, values: Value, axis: Value = -1, direction: Value = "ASCENDING") -> Value:
    y = ops.sort(values, axis=int(axis))
    return y if direction == "ASCENDING" else ops.flip(y, axis=int(axis))


@function("tensorflow.argsort", stack="TensorFlow 1.13 on")
def argsort(ops: Ops, values: Value, axis: Value = -1, direction: Value = "ASCENDING", stable: Value = False) -> Value:
    return ops.argsort(values if direction == "ASCENDING" else ops.negative(values), axis=int(axis))


@function("tensorflow.count_nonzero", stack="TensorFlow 0.x to 2.x")
def count_nonzero(
    ops: Ops,
    input_tensor: Value = None,
    axis: Value = None,
    keepdims: Value = None,
    dtype: Value = "int64",
    name: Value = None,
    reduction_indices: Value = None,
    keep_dims: Value = None,
    input: Value = None,
) -> Value:
    x = input if input_tensor is None else input_tensor
    where = reduction_indices if axis is None else axis
    return reduce(ops, "sum", ops.cast(ops.not_equal(x, 0), "int32"), where, bool(keepdims or keep_dims))


@function("tensorflow.nn.moments", stack="TensorFlow 0.x to 2.x")
def moments(
    ops: Ops,
    x: Value,
    axes: Value,
    shift: Value = None,
    name: Value = None,
    keep_dims: Value = None,
    keepdims: Value = None,
) -> Value:
    keep = bool(keepdims or keep_dims)
    return reduce(ops, "mean", x, axes, keep), reduce(ops, "var", x, axes, keep)


@function("tensorflow.nn.zero_fraction", stack="TensorFlow 0.x to 2.x")
def zero_fraction(ops: Ops, value: Value) -> Value:
    return ops.mean(ops.cast(ops.equal(value, 0), "float32"))


def _segments(old: str, new: str) -> None:
    @function(f"tensorflow.{old}", stack="TensorFlow 1 and 2")
    def run(ops: Ops, data: Value, segment_ids: Value, num_segments: Value = None) -> Value:
        if num_segments is None:
            raise Refused("segments whose number depends on values", "AK3043")
        places = np.asarray(segment_ids) if isinstance(segment_ids, list | tuple) else segment_ids
        return ops.op(new, data, places, num_segments=int(num_segments))


def _known_segments(old: str, new: str) -> None:
    @function(f"tensorflow.{old}", stack="TensorFlow 1 and 2: the numbers of the segments ascend")
    def run(ops: Ops, data: Value, segment_ids: Value) -> Value:
        if ops.is_tensor(segment_ids):
            raise Refused(f"tensorflow.{old}: the outcome's size depends on the values", "AK3040")
        places = np.asarray(segment_ids, "int32")
        counts = np.bincount(places, minlength=1) if places.size and 0 <= places.min() <= places.max() < 1 << 16 else None
        if counts is None or (new == "segment_max" and not counts.all()):
            raise Refused(f"tensorflow.{old} of segments that are empty or too many")
        total = ops.op(new, data, places, num_segments=len(counts))
        if not old.endswith("mean"):
            return total
        shape = (-1, *([1] * (ops.rank(data) - 1)))
        return ops.divide(total, np.maximum(counts, 1).astype(of(ops, data)).reshape(shape))


_known_segments("segment_sum", "segment_sum")
_known_segments("segment_mean", "segment_sum")
_known_segments("segment_max", "segment_max")


@function("tensorflow.boolean_mask", stack="TensorFlow 1 and 2, of a mask that is a constant")
def boolean_mask(ops: Ops, tensor: Value, mask: Value, axis: Value = None) -> Value:
    if ops.is_tensor(mask) or np.ndim(mask) != 1:
        raise Refused("tensorflow.boolean_mask: the outcome's size depends on the values", "AK3040")
    return ops.take(tensor, np.flatnonzero(np.asarray(mask)).astype("int32"), axis=int(axis or 0))


_segments("unsorted_segment_sum", "segment_sum")
_segments("unsorted_segment_max", "segment_max")
refuse(
    "the outcome's size depends on the values",
    "tensorflow",
    "segment_min segment_prod unique unique_with_counts setdiff1d dynamic_partition dynamic_stitch bincount",
)


@function("tensorflow.math.l2_normalize", "tensorflow.nn.l2_normalize", "tensorflow.linalg.l2_normalize")
def l2_normalize(
    ops: Ops, x: Value, axis: Value = None, epsilon: Value = 1e-12, name: Value = None, dim: Value = None
) -> Value:
    return normalized(ops, x, dim if axis is None else axis, epsilon)


@function("tensorflow.nn.l2_loss", stack="TensorFlow 0.x to 2.x: half the sum of squares")
def l2_loss(ops: Ops, t: Value) -> Value:
    return ops.divide(ops.sum(ops.square(t)), 2.0)
