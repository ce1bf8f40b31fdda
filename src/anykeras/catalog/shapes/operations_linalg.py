"""Products and decompositions (keras/src/ops/numpy.py, linalg.py, math.py of 3.15.1)."""

from __future__ import annotations

from typing import Any

from .spec import Spec, axes_of, broadcast, floating, product, promote, spec_of, times, windows
from .tables import operation


def dtype_of(*values: Any) -> str | None:
    """The promoted dtype of several arguments."""
    return promote(*(spec_of(v).dtype for v in values))


@operation("matmul")
def matmul(x1: Any, x2: Any) -> Spec:
    left, right = spec_of(x1).known(), spec_of(x2).known()
    rows = left[-2:-1]
    columns = right[-1:] if len(right) > 1 else ()
    dtypes = {spec_of(x1).dtype, spec_of(x2).dtype}
    dtype = "int32" if dtypes == {"int8"} else dtype_of(x1, x2)
    return Spec((*broadcast(left[:-2], right[:-2]), *rows, *columns), dtype)


@operation("dot")
def dot(x1: Any, x2: Any) -> Spec:
    left, right = spec_of(x1).known(), spec_of(x2).known()
    dtype = dtype_of(x1, x2)
    if not left or not right:
        return Spec(left or right, dtype)
    return Spec((*left[:-1], *(right[:-2] + right[-1:] if len(right) > 1 else ())), dtype)


@operation("inner")
def inner(x1: Any, x2: Any) -> Spec:
    left, right = spec_of(x1).known(), spec_of(x2).known()
    return Spec((*left[:-1], *right[:-1]) if left and right else left or right, dtype_of(x1, x2))


@operation("outer")
def outer(x1: Any, x2: Any) -> Spec:
    return Spec((product(spec_of(x1).known()), product(spec_of(x2).known())), dtype_of(x1, x2))


@operation("vdot")
def vdot(x1: Any, x2: Any) -> Spec:
    return Spec((), dtype_of(x1, x2))


@operation("kron")
def kron(x1: Any, x2: Any) -> Spec:
    left, right = spec_of(x1).known(), spec_of(x2).known()
    rank = max(len(left), len(right))
    pairs = zip((1,) * (rank - len(left)) + left, (1,) * (rank - len(right)) + right, strict=True)
    return Spec(tuple(times(a, b) for a, b in pairs), dtype_of(x1, x2))


@operation("tensordot")
def tensordot(x1: Any, x2: Any, axes: Any = 2) -> Spec:
    left, right = spec_of(x1).known(), spec_of(x2).known()
    if isinstance(axes, int):
        gone = tuple(range(len(left) - axes, len(left))), tuple(range(axes))
    else:
        gone = axes_of(axes[0], len(left)), axes_of(axes[1], len(right))
    kept = [d for i, d in enumerate(left) if i not in gone[0]] + [d for i, d in enumerate(right) if i not in gone[1]]
    return Spec(tuple(kept), dtype_of(x1, x2))


@operation("cross")
def cross(x1: Any, x2: Any, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None) -> Spec:
    first, second, third = (axisa, axisb, axisc) if axis is None else (axis, axis, axis)
    left, right = list(spec_of(x1).known()), list(spec_of(x2).known())
    sizes = {left.pop(first), right.pop(second)}
    shape = list(broadcast(tuple(left), tuple(right)))
    if sizes != {2}:
        shape.insert(third % (len(shape) + 1), None if None in sizes else 3)
    return Spec(tuple(shape), dtype_of(x1, x2))


@operation("einsum")
def einsum(subscripts: str, operands: Any = (), **_: Any) -> Spec:
    """Explicit or implicit notation, with ``...`` in any operand."""
    before, arrow, after = subscripts.replace(" ", "").partition("->")
    terms = before.split(",")
    shapes = [spec_of(o).known() for o in operands]
    sizes: dict[str, int | None] = {}
    rest: tuple[int | None, ...] = ()
    for term, shape in zip(terms, shapes, strict=True):
        head, dots, tail = term.partition("...")
        end = len(shape) - len(tail)
        if dots:
            rest = broadcast(rest, shape[len(head) : end])
        for letter, size in [*zip(head, shape, strict=False), *zip(tail, shape[end:], strict=False)]:
            sizes[letter] = size if sizes.get(letter) in (None, 1) else sizes[letter]
    if not arrow:
        letters = before.replace(",", "").replace("...", "")
        after = ("..." if "..." in before else "") + "".join(sorted(c for c in set(letters) if letters.count(c) == 1))
    head, dots, tail = after.partition("...")
    found = [sizes[c] for c in head], [sizes[c] for c in tail]
    return Spec((*found[0], *(rest if dots else ()), *found[1]), _einsum_dtype(operands))


def _einsum_dtype(operands: Any) -> str | None:
    dtypes = {spec_of(o).dtype for o in operands}
    return "int32" if dtypes == {"int8"} else promote(*dtypes)


@operation("det", "logdet")
def det(x: Any) -> Spec:
    found = spec_of(x)
    return found.with_shape(found.known()[:-2])


@operation("slogdet")
def slogdet(x: Any) -> tuple[Spec, Spec]:
    return (found := det(x)), found


@operation("matrix_rank")
def matrix_rank(x: Any, tol: Any = None) -> Spec:
    return Spec(spec_of(x).known()[:-2], "int32")


@operation("solve", "solve_triangular")
def solve(a: Any, b: Any, lower: bool = False) -> Spec:
    return spec_of(a).with_shape(spec_of(b).known())


@operation("lstsq")
def lstsq(a: Any, b: Any, rcond: Any = None) -> Spec:
    left, right = spec_of(a).known(), spec_of(b).known()
    return spec_of(a).with_shape((left[1], *right[1:]))


@operation("eigh", "eig")
def eigh(x: Any) -> tuple[Spec, Spec]:
    found = spec_of(x)
    return found.with_shape(found.known()[:-1]), found


@operation("qr")
def qr(x: Any, mode: str = "reduced") -> tuple[Spec, Spec]:
    found = spec_of(x)
    *batch, rows, columns = found.known()
    if rows is None or columns is None:
        raise ValueError("qr of an unknown shape")
    least = min(rows, columns) if mode == "reduced" else rows
    return found.with_shape((*batch, rows, least)), found.with_shape((*batch, least, columns))


@operation("svd")
def svd(x: Any, full_matrices: bool = True, compute_uv: bool = True) -> Any:
    found = spec_of(x)
    *batch, rows, columns = found.known()
    if rows is None or columns is None:
        raise ValueError("svd of an unknown shape")
    least = min(rows, columns)
    values = found.with_shape((*batch, least))
    if not compute_uv:
        return values
    left = found.with_shape((*batch, rows, rows if full_matrices else least))
    return left, values, found.with_shape((*batch, columns if full_matrices else least, columns))


@operation("pinv")
def pinv(x: Any, rcond: Any = None) -> Spec:
    found = spec_of(x)
    *batch, rows, columns = found.known()
    return found.with_shape((*batch, columns, rows))


@operation("corrcoef")
def corrcoef(x: Any) -> Spec:
    found = spec_of(x)
    return Spec(found.shape, floating(found.dtype))


@operation("cdist")
def cdist(x: Any, y: Any) -> Spec:
    left, right = spec_of(x), spec_of(y)
    shape = (*broadcast(left.known()[:-2], right.known()[:-2]), left.known()[-2], right.known()[-2])
    return Spec(shape, promote(left.dtype, right.dtype, "float"))


@operation("fft", "fft2", "ifft2")
def fft(x: Any) -> tuple[Spec, Spec]:
    return spec_of(x[0]), spec_of(x[1])


@operation("rfft")
def rfft(x: Any, fft_length: int | None = None) -> tuple[Spec, Spec]:
    found = spec_of(x)
    length = fft_length or found.known()[-1]
    last = None if length is None else length // 2 + 1
    half = found.with_shape((*found.known()[:-1], last))
    return half, half


@operation("irfft")
def irfft(x: Any, fft_length: int | None = None) -> Spec:
    found = spec_of(x[0])
    last = found.known()[-1]
    length = fft_length or (None if last is None else 2 * (last - 1))
    return found.with_shape((*found.known()[:-1], length))


@operation("stft")
def stft(
    x: Any, sequence_length: int, sequence_stride: int, fft_length: int, window: Any = "hann", center: bool = True
) -> tuple[Spec, Spec]:
    found = spec_of(x)
    *batch, length = found.known()
    padded = None if length is None else length + (fft_length // 2) * 2 * center
    frames = None if padded is None else 1 + (padded - fft_length) // sequence_stride
    part = found.with_shape((*batch, frames, fft_length // 2 + 1))
    return part, part


@operation("extract_sequences")
def extract_sequences(x: Any, sequence_length: int, sequence_stride: int) -> Spec:
    found = spec_of(x)
    *batch, length = found.known()
    return found.with_shape((*batch, windows(length, sequence_length, sequence_stride, "valid"), sequence_length))


@operation("correlate")
def correlate(x1: Any, x2: Any, mode: str = "valid") -> Spec:
    (left,), (right,) = spec_of(x1).known(), spec_of(x2).known()
    dtype = promote(dtype_of(x1, x2), "float")
    if left is None or right is None:
        return Spec((None,), dtype)
    lengths = {"valid": abs(left - right) + 1, "same": max(left, right), "full": left + right - 1}
    return Spec((lengths[mode],), dtype)


@operation("view")
def view(x: Any, dtype: str | None = None) -> Spec:
    """Bytes seen as another dtype: the last axis grows or shrinks with the size of an element."""
    found = spec_of(x)
    if dtype is None or found.dtype is None:
        return found
    shape = list(found.known())
    old, new = _bits(found.dtype), _bits(dtype)
    if old != new and shape:
        last = shape[-1]
        shape[-1] = None if last is None else last * old // new
    return Spec(tuple(shape), dtype)


def _bits(dtype: str) -> int:
    digits = "".join(c for c in dtype if c.isdigit())
    return 8 if dtype == "bool" else int(digits or 16)
