"""``tf.matmul``, ``tf.linalg.*``, ``tf.einsum``, ``tf.norm``."""

from __future__ import annotations

from ..arguments import axis_of, reduce
from ..base import Ops
from ..formulas import contract, swap_last_axes
from ..registration import alike, function, functions, refuse
from ..shapes import arange, require_size
from ..values import Dim, Operand, Refused

LINALG = "tensorflow.linalg"
_BOTH = "TensorFlow 0.x to 2.x"


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


alike(LINALG, "input|tensor", "inv=linalg.inv det=linalg.det", stack=_BOTH)
alike(LINALG, "input|tensor", "cholesky=linalg.cholesky", stack=_BOTH)
alike("tensorflow", "input|tensor", "matrix_inverse=linalg.inv matrix_determinant=linalg.det", stack=_BOTH)
alike("tensorflow", "input|tensor", "cholesky=linalg.cholesky", stack=_BOTH)


@function(
    "tensorflow.matmul",
    "tensorflow.linalg.matmul",
    "tensorflow.batch_matmul",
    arguments="a|x b|y transpose_a transpose_b adjoint_a|adj_x=transpose_a adjoint_b|adj_y=transpose_b -a_is_sparse "
    "-b_is_sparse -output_type",
    stack=_BOTH,
)
def matmul(ops: Ops, a: Operand, b: Operand, transpose_a: Operand = False, transpose_b: Operand = False) -> Operand:
    left = swap_last_axes(ops, a) if transpose_a else a
    return ops.matmul(left, swap_last_axes(ops, b) if transpose_b else b)


@function("tensorflow.linalg.matvec", stack="TensorFlow 1.13 on")
def matvec(ops: Ops, a: Operand, b: Operand, transpose_a: Operand = False, adjoint_a: Operand = False) -> Operand:
    left = swap_last_axes(ops, a) if transpose_a or adjoint_a else a
    return ops.squeeze(ops.matmul(left, ops.expand_dims(b, -1)), axis=-1)


@function(
    "tensorflow.norm",
    "tensorflow.linalg.norm",
    arguments="tensor ord axis keepdims -name keep_dims=keepdims",
    stack="TensorFlow 1 and 2",
)
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
    stack=_BOTH,
)


@function("tensorflow.diag", "tensorflow.linalg.tensor_diag", "tensorflow.linalg.diag", "tensorflow.matrix_diag")
def diagonal_matrix(ops: Ops, diagonal: Operand) -> Operand:
    return ops.multiply(ops.expand_dims(diagonal, -1), ops.eye(require_size(ops, diagonal, -1, "a diagonal matrix")))


@function("tensorflow.matrix_band_part", "tensorflow.linalg.band_part", stack=_BOTH)
def band_part(ops: Ops, input: Operand, num_lower: Operand, num_upper: Operand) -> Operand:
    y = input if num_upper < 0 else ops.tril(input, k=int(num_upper))
    return y if num_lower < 0 else ops.triu(y, k=-int(num_lower))


@function("tensorflow.matrix_solve", "tensorflow.linalg.solve", stack=_BOTH)
def solve(ops: Ops, matrix: Operand, rhs: Operand, adjoint: Operand = False) -> Operand:
    return ops.op("linalg.solve", swap_last_axes(ops, matrix) if adjoint else matrix, rhs)


@function("tensorflow.eye", "tensorflow.linalg.eye", stack=_BOTH)
def eye(
    ops: Ops, num_rows: Operand, num_columns: Operand = None, batch_shape: Operand = None, dtype: Operand = "float32"
) -> Operand:
    if batch_shape is not None:
        raise Refused("a batch of unit matrices")
    columns = num_rows if num_columns is None else num_columns
    if isinstance(num_rows, Dim) or isinstance(columns, Dim):
        down, across = (arange(ops, 0, count, 1, "int32") for count in (num_rows, columns))
        return ops.cast(ops.equal(ops.expand_dims(down, -1), across), str(dtype))
    return ops.eye(int(num_rows), int(columns), dtype=str(dtype))


refuse(
    "sign and order of its outcome differ between libraries",
    LINALG,
    "svd eigh eig eigvals eigvalsh qr lu sqrtm logm expm",
)
refuse("sign and order of its outcome differ between libraries", "tensorflow", "svd self_adjoint_eig qr")
