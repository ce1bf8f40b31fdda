"""``tf.*``, ``tf.math.*`` and ``tf.linalg.*``: on each element, products and reductions."""

from __future__ import annotations

import math

import numpy as np

from ..arguments import apply_along, axis_of, dtype_name, dtype_of, reduce
from ..base import Ops
from ..creation import cast, make_numbers
from ..formulas import clip_between, contract, normalize, swap_last_axes
from ..shapes import arange, number, require_size, sizes
from ..table import Spelled, alike, also, constants, each, function, functions, refuse
from ..values import Dim, Operand, Refused, TopPair

TF = "tensorflow"

alike(
    TF,
    "x|input|a|features",
    "abs sqrt square exp expm1 log log1p sin cos tan asin=arcsin acos=arccos atan=arctan sinh cosh tanh asinh=arcsinh "
    "acosh=arccosh atanh=arctanh sign floor ceil rint=round round rsqrt sigmoid negative neg=negative erf "
    "is_finite=isfinite is_inf=isinf is_nan=isnan logical_not reciprocal inv=reciprocal conj real imag",
)
# tf.math, TensorFlow 1.5 on
alike(TF, "x|input|features", "softplus softsign erfinv log_sigmoid")
alike(TF, "x|a y|b", "add subtract sub=subtract multiply mul=multiply maximum minimum")
alike(TF, "x y", "divide div=divide truediv=divide realdiv=divide")  # on floats
alike(TF, "x y", "floordiv=floor_divide floor_div=floor_divide")
alike(TF, "x y", "mod floormod=mod floor_mod=mod")
alike(TF, "x y", "pow=power atan2=arctan2")
alike(TF, "x y", "greater greater_equal less less_equal equal not_equal")
alike(TF, "x y", "logical_and logical_or logical_xor")
alike(TF, "input|x", "identity=copy")
also("tensorflow.nn", TF, "tanh sigmoid softplus softsign log_sigmoid")
constants("tensorflow.math", {"pi": math.pi})


def div_no_nan(ops: Ops, x: Operand, y: Operand) -> Operand:
    """Zero where y is zero."""
    return ops.divide_no_nan(x, ops.add(ops.zeros_like(x), y)) if not ops.is_tensor(y) else ops.divide_no_nan(x, y)


def _quotient(ops: Ops, x: Operand, y: Operand) -> Operand:
    """Towards zero; whole numbers without a detour over floats, which hold 24 bits."""
    if "float" in dtype_of(ops, x):
        return ops.cast(ops.trunc(ops.divide(x, y)), dtype_of(ops, x))
    below = ops.floor_divide(x, y)
    left = ops.not_equal(ops.multiply(below, y), x)
    return ops.where(ops.logical_and(left, ops.less(below, 0)), ops.add(below, 1), below)


functions(
    TF,
    {
        "truncatediv": _quotient,
        "truncatemod": lambda ops, x, y: ops.subtract(x, ops.multiply(_quotient(ops, x, y), y)),
        "squared_difference": lambda ops, x, y: ops.square(ops.subtract(x, y)),
        "div_no_nan divide_no_nan": div_no_nan,  # TensorFlow 1.11 on
        "erfc": lambda ops, x: ops.subtract(1.0, ops.erf(x)),
        "cast dtypes.cast saturate_cast dtypes.saturate_cast": cast,
        "to_float": lambda ops, x: cast(ops, x, "float32"),
        "to_double": lambda ops, x: cast(ops, x, "float64"),
        "to_int32": lambda ops, x: cast(ops, x, "int32"),
        "to_int64": lambda ops, x: cast(ops, x, "int64"),
        "clip_by_value": Spelled("t|x=x clip_value_min=low clip_value_max=high", clip_between),
    },
)


@function("tensorflow.multiply_no_nan")  # TensorFlow 1.14 on: zero where y is zero
def multiply_no_nan(ops: Ops, x: Operand, y: Operand) -> Operand:
    product = ops.multiply(x, y)
    return ops.where(ops.equal(y, 0), ops.zeros_like(product), product)


@function("tensorflow.xlogy")  # TensorFlow 1.13 on: zero where x is zero
def xlogy(ops: Ops, x: Operand, y: Operand) -> Operand:
    zero = ops.equal(x, 0)
    safe = ops.where(zero, ops.ones_like(y), y)
    return ops.where(zero, ops.zeros_like(y), ops.multiply(x, ops.log(safe)))


@function("tensorflow.add_n", "tensorflow.accumulate_n")
def add_n(ops: Ops, inputs: Operand) -> Operand:
    total = inputs[0]
    for one in list(inputs)[1:]:
        total = ops.add(total, one)
    return total


@function("tensorflow.clip_by_norm")
def clip_by_norm(ops: Ops, t: Operand, clip_norm: Operand, axes: Operand = None) -> Operand:
    norm = ops.sqrt(reduce(ops, "sum", ops.square(t), axes, True))
    return ops.divide(ops.multiply(t, clip_norm), ops.maximum(norm, clip_norm))


@function("tensorflow.constant", "tensorflow.convert_to_tensor")
def constant(
    ops: Ops,
    value: Operand,
    dtype: Operand = None,
    shape: Operand = None,
    verify_shape: Operand = False,
    preferred_dtype: Operand = None,
    dtype_hint: Operand = None,
) -> Operand:
    if ops.is_tensor(value):
        return value if dtype is None else ops.cast(value, dtype_name(ops, dtype))
    value = number(ops, value, "int32")
    if isinstance(value, list | tuple) and any(map(ops.is_tensor, value)):
        return ops.stack([number(ops, one, "float32") for one in value], axis=0)
    if ops.is_tensor(value):
        return value
    return make_numbers(ops, value, dtype_name(ops, dtype) if dtype is not None else dtype_of(ops, value), shape)


# ``tf.matmul``, ``tf.linalg.*``, ``tf.einsum``, ``tf.norm``.


LINALG = "tensorflow.linalg"


def _einsum(ops: Ops, equation: str, inputs: tuple[Operand, ...]) -> Operand:
    """Keras 3 infers no shapes for labels in capitals or between spaces (`Einsum.compute_output_spec`, 3.15.1).

    Raises Refused where the file lacks operands: tf.keras 2.4 to 2.11 stores of ``tf.einsum(equation, a, b)`` the equation.
    """
    before, arrow, after = equation.replace(" ", "").partition("->")
    terms = before.split(",")
    if len(terms) != len(inputs):
        raise Refused(f"the file holds {len(inputs)} of the {len(terms)} tensors that {equation!r} combines", "AK3043")
    letters = [c for c in before if c.isalpha()]
    if not arrow:
        once = "".join(sorted(c for c in set(letters) if letters.count(c) == 1))
        after = ("..." if "..." in before else "") + once
    plain = f"{before}->{after}"
    if any(c.isupper() for c in letters):
        plain = plain.translate({ord(c): ord("a") + i for i, c in enumerate(dict.fromkeys(letters))})
    return ops.einsum(plain, *inputs)


alike(LINALG, "input|tensor", "inv=linalg.inv det=linalg.det")
alike(LINALG, "input|tensor", "cholesky=linalg.cholesky")
alike("tensorflow", "input|tensor", "matrix_inverse=linalg.inv matrix_determinant=linalg.det")
alike("tensorflow", "input|tensor", "cholesky=linalg.cholesky")


@function(
    "tensorflow.matmul",
    "tensorflow.linalg.matmul",
    "tensorflow.batch_matmul",
    arguments="a|x b|y transpose_a transpose_b adjoint_a|adj_x=transpose_a adjoint_b|adj_y=transpose_b -a_is_sparse "
    "-b_is_sparse -output_type",
)
def matmul(ops: Ops, a: Operand, b: Operand, transpose_a: Operand = False, transpose_b: Operand = False) -> Operand:
    left = swap_last_axes(ops, a) if transpose_a else a
    return ops.matmul(left, swap_last_axes(ops, b) if transpose_b else b)


@function("tensorflow.linalg.matvec")  # TensorFlow 1.13 on
def matvec(ops: Ops, a: Operand, b: Operand, transpose_a: Operand = False, adjoint_a: Operand = False) -> Operand:
    left = swap_last_axes(ops, a) if transpose_a or adjoint_a else a
    return ops.squeeze(ops.matmul(left, ops.expand_dims(b, -1)), axis=-1)


@function(
    "tensorflow.norm",
    "tensorflow.linalg.norm",
    arguments="tensor ord axis keepdims -name keep_dims=keepdims",
)  # TensorFlow 1 and 2
def norm(ops: Ops, tensor: Operand, ord: Operand = "euclidean", axis: Operand = None, keepdims: Operand = False) -> Operand:
    keep = bool(keepdims)
    if ord in ("euclidean", 2) or (ord == "fro"):
        if ord == 2 and isinstance(axis_of(axis), tuple):
            raise Refused("the largest singular value as a norm")
        return ops.sqrt(reduce(ops, "sum", ops.square(tensor), axis, keep))
    return vector_norm(ops, tensor, ord, axis, keep)


def vector_norm(ops: Ops, x: Operand, order: Operand, axis: Operand, keepdims: bool) -> Operand:
    """The norm of an order; spelled out, as Keras' own does not survive saving on JAX with an axis."""
    if isinstance(axis_of(axis), tuple):
        raise Refused(f"a matrix norm of order {order!r}")
    size = ops.absolute(x)
    if order == float("inf"):
        return reduce(ops, "max", size, axis, keepdims)
    if order == 1:
        return reduce(ops, "sum", size, axis, keepdims)
    if not isinstance(order, int | float) or order <= 0:
        raise Refused(f"a norm of order {order!r}")
    return ops.power(reduce(ops, "sum", ops.power(size, order), axis, keepdims), 1.0 / order)


functions(
    "tensorflow",
    {
        "tensordot linalg.tensordot": contract,
        "einsum linalg.einsum": lambda ops, equation, *inputs, **_: _einsum(ops, str(equation), inputs),
        "cross linalg.cross": lambda ops, a, b: ops.cross(a, b),
        "trace linalg.trace": lambda ops, x: ops.trace(x, axis1=-2, axis2=-1),
        "diag_part matrix_diag_part linalg.diag_part": lambda ops, input: ops.diagonal(input, axis1=-2, axis2=-1),
    },
)


@function("tensorflow.diag", "tensorflow.linalg.tensor_diag", "tensorflow.linalg.diag", "tensorflow.matrix_diag")
def diagonal_matrix(ops: Ops, diagonal: Operand) -> Operand:
    return ops.multiply(ops.expand_dims(diagonal, -1), ops.eye(require_size(ops, diagonal, -1, "a diagonal matrix")))


@function("tensorflow.matrix_band_part", "tensorflow.linalg.band_part")
def band_part(ops: Ops, input: Operand, num_lower: Operand, num_upper: Operand) -> Operand:
    y = input if num_upper < 0 else ops.tril(input, k=int(num_upper))
    return y if num_lower < 0 else ops.triu(y, k=-int(num_lower))


@function("tensorflow.matrix_solve", "tensorflow.linalg.solve")
def solve(ops: Ops, matrix: Operand, rhs: Operand, adjoint: Operand = False) -> Operand:
    return ops.op("linalg.solve", swap_last_axes(ops, matrix) if adjoint else matrix, rhs)


@function("tensorflow.eye", "tensorflow.linalg.eye")
def eye(
    ops: Ops, num_rows: Operand, num_columns: Operand = None, batch_shape: Operand = None, dtype: Operand = "float32"
) -> Operand:
    columns = num_rows if num_columns is None else num_columns
    if batch_shape is not None:
        one = eye(ops, num_rows, columns, None, dtype)
        return ops.broadcast_to(one, (*sizes(ops, batch_shape), num_rows, columns))
    if isinstance(num_rows, Dim) or isinstance(columns, Dim):
        down, across = (arange(ops, 0, count, 1, "int32") for count in (num_rows, columns))
        return ops.cast(ops.equal(ops.expand_dims(down, -1), across), str(dtype))
    return ops.eye(int(num_rows), int(columns), dtype=str(dtype))


refuse("sign and order of its outcome differ between libraries", LINALG, "svd eigh eig eigvals eigvalsh qr lu sqrtm logm expm")
refuse("sign and order of its outcome differ between libraries", "tensorflow", "svd self_adjoint_eig qr")


# ``tf.reduce_*``, arg, cumulative, segment and sorting functions.


_AXES = "input_tensor=x axis keepdims -name reduction_indices=axis keep_dims=keepdims"

each(
    TF,
    "reduce_sum=sum reduce_mean=mean reduce_max=max reduce_min=min reduce_prod=prod reduce_any=any reduce_all=all "
    "reduce_logsumexp=logsumexp reduce_std=std reduce_variance=var",
    reduce,
    arguments=_AXES,
)


def _position(ops: Ops, name: str, x: Operand, axis: Operand = 0, output_type: Operand = "int64") -> Operand:
    found = apply_along(ops, name, x, axis)
    return found if output_type == "int64" else ops.cast(found, dtype_name(ops, output_type))


# (dimension in 0.x and 1.x)
each(TF, "argmax arg_max=argmax argmin arg_min=argmin", _position, arguments="input=x axis -name dimension=axis output_type")


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


each(TF, "cumsum cumprod", _accumulate)  # TensorFlow 0.10 to 2.x


@function("tensorflow.nn.top_k", "tensorflow.math.top_k")
def top_k(ops: Ops, input: Operand, k: Operand = 1, sorted: Operand = True) -> Operand:
    values, indices = ops.top_k(input, int(k), sorted=True)
    return TopPair((values, indices))


@function("tensorflow.nn.in_top_k", "tensorflow.math.in_top_k")  # TensorFlow 1: predictions first; 2: targets
def in_top_k(ops: Ops, predictions: Operand, targets: Operand, k: Operand) -> Operand:
    if ops.rank(predictions) == 1:
        predictions, targets = targets, predictions
    return ops.in_top_k(targets, predictions, int(k))


@function("tensorflow.sort")  # TensorFlow 1.13 on
def sort(ops: Ops, values: Operand, axis: Operand = -1, direction: Operand = "ASCENDING") -> Operand:
    y = ops.sort(values, axis=int(axis))
    return y if direction == "ASCENDING" else ops.flip(y, axis=int(axis))


@function("tensorflow.argsort")  # TensorFlow 1.13 on
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
)


def _segments(ops: Ops, name: str, data: Operand, segment_ids: Operand, num_segments: Operand = None) -> Operand:
    if num_segments is None:
        raise Refused("segments whose number depends on values", "AK3043")
    places = np.asarray(segment_ids) if isinstance(segment_ids, list | tuple) else segment_ids
    return ops.op(name, data, places, num_segments=int(num_segments))


each(TF, "unsorted_segment_sum=segment_sum unsorted_segment_max=segment_max", _segments)  # TensorFlow 1 and 2


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
    return ops.divide(total, np.maximum(counts, 1).astype(dtype_of(ops, data)).reshape(shape))


# TensorFlow 1 and 2: the numbers of the segments ascend
each(TF, "segment_sum=sum segment_mean=mean segment_max=max", _reduce_known_segments)


@function("tensorflow.boolean_mask")  # TensorFlow 1 and 2, of a mask that is a constant
def boolean_mask(ops: Ops, tensor: Operand, mask: Operand, axis: Operand = None) -> Operand:
    if ops.is_tensor(mask) or np.ndim(mask) != 1:
        raise Refused("tensorflow.boolean_mask: the outcome's size depends on the values", "AK3040")
    return ops.take(tensor, np.flatnonzero(np.asarray(mask)).astype("int32"), axis=int(axis or 0))


refuse(
    "the outcome's size depends on the values",
    "tensorflow",
    "segment_min segment_prod unique unique_with_counts setdiff1d dynamic_partition dynamic_stitch bincount",
)
