"""``tf.matmul``, ``tf.linalg.*``, ``tf.einsum``, ``tf.norm``."""

from __future__ import annotations

from typing import Any

from ..axes import axis_of, reduce
from ..base import Ops, Refused, Value, alike, function, refuse
from ..products import swapped

LINALG = "tensorflow.linalg"
_BOTH = "TensorFlow 0.x to 2.x"

alike(LINALG, "input|tensor", "inv=linalg.inv det=linalg.det", stack=_BOTH)
alike(LINALG, "input|tensor", "cholesky=linalg.cholesky", stack=_BOTH)
alike("tensorflow", "input|tensor", "matrix_inverse=linalg.inv matrix_determinant=linalg.det", stack=_BOTH)
alike("tensorflow", "input|tensor", "cholesky=linalg.cholesky", stack=_BOTH)


@function("tensorflow.matmul", "tensorflow.linalg.matmul", "tensorflow.batch_matmul", stack=_BOTH)
def matmul(
    ops: Ops,
    a: Value = None,
    b: Value = None,
    transpose_a: Value = False,
    transpose_b: Value = False,
    adjoint_a: Value = False,
    adjoint_b: Value = False,
    x: Value = None,
    y: Value = None,
    adj_x: Value = False,
    adj_y: Value = False,
    **_: Value,
) -> Value:
    left, right = (x if a is None else a), (y if b is None else b)
    left = swapped(ops, left) if transpose_a or adjoint_a or adj_x else left
    return ops.matmul(left, swapped(ops, right) if transpose_b or adjoint_b or adj_y else right)


@function("tensorflow.linalg.matvec", stack="TensorFlow 1.13 on")
def matvec(ops: Ops, a: Value, b: Value, transpose_a: Value = False, adjoint_a: Value = False) -> Value:
    left = swapped(ops, a) if transpose_a or adjoint_a else a
    return ops.squeeze(ops.matmul(left, ops.expand_dims(b, -1)), axis=-1)


@function("tensorflow.tensordot", "tensorflow.linalg.tensordot", stack=_BOTH)
def tensordot(ops: Ops, a: Value, b: Value, axes: Value) -> Value:
    if isinstance(axes, int):
        return ops.tensordot(a, b, axes=axes)
    pair: list[Any] = [(one,) if isinstance(one, int) else tuple(one) for one in axes]
    return ops.tensordot(a, b, axes=tuple(pair))


@function("tensorflow.einsum", "tensorflow.linalg.einsum", stack=_BOTH)
def einsum(ops: Ops, equation: Value, *inputs: Value, **_: Value) -> Value:
    return ops.einsum(equation, *inputs)


@function("tensorflow.norm", "tensorflow.linalg.norm", stack="TensorFlow 1 and 2")
def norm(
    ops: Ops,
    tensor: Value,
    ord: Value = "euclidean",
    axis: Value = None,
    keepdims: Value = None,
    name: Value = None,
    keep_dims: Value = None,
) -> Value:
    keep = bool(keepdims or keep_dims)
    if ord in ("euclidean", 2) or (ord == "fro"):
        if ord == 2 and isinstance(axis_of(axis), tuple):
            raise Refused("the largest singular value as a norm")
        return ops.sqrt(reduce(ops, "sum", ops.square(tensor), axis, keep))
    return vector_norm(ops, tensor, ord, axis, keep)


def vector_norm(ops: Ops, x: Value, order: Value, axis: Value, keepdims: bool) -> Value:
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


@function("tensorflow.cross", "tensorflow.linalg.cross", stack=_BOTH)
def cross(ops: Ops, a: Value, b: Value) -> Value:
    return ops.cross(a, b)


@function("tensorflow.trace", "tensorflow.linalg.trace", stack=_BOTH)
def trace(ops: Ops, x: Value) -> Value:
    return ops.trace(x, axis1=-2, axis2=-1)


@function("tensorflow.diag", "tensorflow.linalg.tensor_diag", "tensorflow.linalg.diag", "tensorflow.matrix_diag")
def diagonal_matrix(ops: Ops, diagonal: Value) -> Value:
    return ops.multiply(ops.expand_dims(diagonal, -1), ops.eye(int(ops.shape(diagonal)[-1])))


@function("tensorflow.diag_part", "tensorflow.matrix_diag_part", "tensorflow.linalg.diag_part")
def diagonal_of(ops: Ops, input: Value) -> Value:
    return ops.diagonal(input, axis1=-2, axis2=-1)


@function("tensorflow.matrix_band_part", "tensorflow.linalg.band_part", stack=_BOTH)
def band_part(ops: Ops, input: Value, num_lower: Value, num_upper: Value) -> Value:
    y = input if num_upper < 0 else ops.tril(input, k=int(num_upper))
    return y if num_lower < 0 else ops.triu(y, k=-int(num_lower))


@function("tensorflow.matrix_solve", "tensorflow.linalg.solve", stack=_BOTH)
def solve(ops: Ops, matrix: Value, rhs: Value, adjoint: Value = False) -> Value:
    return ops.op("linalg.solve", swapped(ops, matrix) if adjoint else matrix, rhs)


@function("tensorflow.eye", "tensorflow.linalg.eye", stack=_BOTH)
def eye(ops: Ops, num_rows: Value, num_columns: Value = None, batch_shape: Value = None, dtype: Value = "float32") -> Value:
    if batch_shape is not None:
        raise Refused("a batch of unit matrices")
    columns = num_rows if num_columns is None else num_columns
    return ops.eye(int(num_rows), int(columns), dtype=str(dtype))


refuse(
    "sign and order of its outcome differ between libraries",
    LINALG,
    "svd eigh eig eigvals eigvalsh qr lu sqrtm logm expm",
)
refuse("sign and order of its outcome differ between libraries", "tensorflow", "svd self_adjoint_eig qr")
