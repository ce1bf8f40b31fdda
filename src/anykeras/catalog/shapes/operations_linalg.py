"""Products and decompositions (keras/src/ops/numpy.py, linalg.py, math.py of 3.15.1)."""

from __future__ import annotations

from collections.abc import Sequence

from .spec import Axes, Spec, axes_of, broadcast, count_windows, multiply_sizes, product, promote, to_floating
from .tables import Output, operation


def dtype_of(*specs: Spec) -> str | None:
    """The promoted dtype of several arguments."""
    return promote(*(s.dtype for s in specs))


@operation("matmul")
def matmul(x1: Spec, x2: Spec) -> Spec:
    left, right = x1.known(), x2.known()
    rows = left[-2:-1]
    columns = right[-1:] if len(right) > 1 else ()
    dtypes = {x1.dtype, x2.dtype}
    dtype = "int32" if dtypes == {"int8"} else dtype_of(x1, x2)
    return Spec((*broadcast(left[:-2], right[:-2]), *rows, *columns), dtype)


@operation("dot")
def dot(x1: Spec, x2: Spec) -> Spec:
    left, right = x1.known(), x2.known()
    dtype = dtype_of(x1, x2)
    if not left or not right:
        return Spec(left or right, dtype)
    return Spec((*left[:-1], *(right[:-2] + right[-1:] if len(right) > 1 else ())), dtype)


@operation("inner")
def inner(x1: Spec, x2: Spec) -> Spec:
    left, right = x1.known(), x2.known()
    return Spec((*left[:-1], *right[:-1]) if left and right else left or right, dtype_of(x1, x2))


@operation("outer")
def outer(x1: Spec, x2: Spec) -> Spec:
    return Spec((product(x1.known()), product(x2.known())), dtype_of(x1, x2))


@operation("vdot")
def vdot(x1: Spec, x2: Spec) -> Spec:
    return Spec((), dtype_of(x1, x2))


@operation("kron")
def kron(x1: Spec, x2: Spec) -> Spec:
    left, right = x1.known(), x2.known()
    rank = max(len(left), len(right))
    pairs = zip((1,) * (rank - len(left)) + left, (1,) * (rank - len(right)) + right, strict=True)
    return Spec(tuple(multiply_sizes(a, b) for a, b in pairs), dtype_of(x1, x2))


@operation("tensordot")
def tensordot(x1: Spec, x2: Spec, axes: int | tuple[Axes, Axes] = 2) -> Spec:
    left, right = x1.known(), x2.known()
    if isinstance(axes, int):
        gone = tuple(range(len(left) - axes, len(left))), tuple(range(axes))
    else:
        gone = axes_of(axes[0], len(left)), axes_of(axes[1], len(right))
    kept = [d for i, d in enumerate(left) if i not in gone[0]] + [d for i, d in enumerate(right) if i not in gone[1]]
    return Spec(tuple(kept), dtype_of(x1, x2))


@operation("cross")
def cross(x1: Spec, x2: Spec, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None) -> Spec:
    first, second, third = (axisa, axisb, axisc) if axis is None else (axis, axis, axis)
    left, right = list(x1.known()), list(x2.known())
    sizes = {left.pop(first), right.pop(second)}
    shape = list(broadcast(tuple(left), tuple(right)))
    if sizes != {2}:
        shape.insert(third % (len(shape) + 1), None if None in sizes else 3)
    return Spec(tuple(shape), dtype_of(x1, x2))


@operation("einsum")
def einsum(subscripts: str, operands: Sequence[Spec] = (), **_: object) -> Spec:
    """Explicit or implicit notation, with ``...`` in any operand."""
    before, arrow, after = subscripts.replace(" ", "").partition("->")
    terms = before.split(",")
    shapes = [operand.known() for operand in operands]
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


def _einsum_dtype(operands: Sequence[Spec]) -> str | None:
    dtypes = {operand.dtype for operand in operands}
    return "int32" if dtypes == {"int8"} else promote(*dtypes)


@operation("det", "logdet")
def det(x: Spec) -> Spec:
    return x.with_shape(x.known()[:-2])


@operation("slogdet")
def slogdet(x: Spec) -> tuple[Spec, Spec]:
    return (found := det(x)), found


@operation("matrix_rank")
def matrix_rank(x: Spec, tol: object = None) -> Spec:
    return Spec(x.known()[:-2], "int32")


@operation("solve", "solve_triangular")
def solve(a: Spec, b: Spec, lower: bool = False) -> Spec:
    return a.with_shape(b.known())


@operation("lstsq")
def lstsq(a: Spec, b: Spec, rcond: object = None) -> Spec:
    left, right = a.known(), b.known()
    return a.with_shape((left[1], *right[1:]))


@operation("eigh", "eig")
def eigh(x: Spec) -> tuple[Spec, Spec]:
    return x.with_shape(x.known()[:-1]), x


@operation("qr")
def qr(x: Spec, mode: str = "reduced") -> tuple[Spec, Spec]:
    *batch, rows, columns = x.known()
    if rows is None or columns is None:
        raise ValueError("qr of an unknown shape")
    least = min(rows, columns) if mode == "reduced" else rows
    return x.with_shape((*batch, rows, least)), x.with_shape((*batch, least, columns))


@operation("svd")
def svd(x: Spec, full_matrices: bool = True, compute_uv: bool = True) -> Output:
    *batch, rows, columns = x.known()
    if rows is None or columns is None:
        raise ValueError("svd of an unknown shape")
    least = min(rows, columns)
    values = x.with_shape((*batch, least))
    if not compute_uv:
        return values
    left = x.with_shape((*batch, rows, rows if full_matrices else least))
    return left, values, x.with_shape((*batch, columns if full_matrices else least, columns))


@operation("pinv")
def pinv(x: Spec, rcond: object = None) -> Spec:
    *batch, rows, columns = x.known()
    return x.with_shape((*batch, columns, rows))


@operation("corrcoef")
def corrcoef(x: Spec) -> Spec:
    return Spec(x.shape, to_floating(x.dtype))


@operation("cdist")
def cdist(x: Spec, y: Spec) -> Spec:
    left, right = x, y
    shape = (*broadcast(left.known()[:-2], right.known()[:-2]), left.known()[-2], right.known()[-2])
    return Spec(shape, promote(left.dtype, right.dtype, "float"))


@operation("fft", "fft2", "ifft2")
def fft(x: Sequence[Spec]) -> tuple[Spec, Spec]:
    return x[0], x[1]


@operation("rfft")
def rfft(x: Spec, fft_length: int | None = None) -> tuple[Spec, Spec]:
    length = fft_length or x.known()[-1]
    last = None if length is None else length // 2 + 1
    half = x.with_shape((*x.known()[:-1], last))
    return half, half


@operation("irfft")
def irfft(x: Sequence[Spec], fft_length: int | None = None) -> Spec:
    found = x[0]
    last = found.known()[-1]
    length = fft_length or (None if last is None else 2 * (last - 1))
    return found.with_shape((*found.known()[:-1], length))


@operation("stft")
def stft(
    x: Spec, sequence_length: int, sequence_stride: int, fft_length: int, window: object = "hann", center: bool = True
) -> tuple[Spec, Spec]:
    *batch, length = x.known()
    padded = None if length is None else length + (fft_length // 2) * 2 * center
    frames = None if padded is None else 1 + (padded - fft_length) // sequence_stride
    part = x.with_shape((*batch, frames, fft_length // 2 + 1))
    return part, part


@operation("extract_sequences")
def extract_sequences(x: Spec, sequence_length: int, sequence_stride: int) -> Spec:
    *batch, length = x.known()
    return x.with_shape((*batch, count_windows(length, sequence_length, sequence_stride, "valid"), sequence_length))


@operation("correlate")
def correlate(x1: Spec, x2: Spec, mode: str = "valid") -> Spec:
    (left,), (right,) = x1.known(), x2.known()
    dtype = promote(dtype_of(x1, x2), "float")
    if left is None or right is None:
        return Spec((None,), dtype)
    lengths = {"valid": abs(left - right) + 1, "same": max(left, right), "full": left + right - 1}
    return Spec((lengths[mode],), dtype)


@operation("view")
def view(x: Spec, dtype: str | None = None) -> Spec:
    """Bytes seen as another dtype: the last axis grows or shrinks with the size of an element."""
    if dtype is None or x.dtype is None:
        return x
    shape = list(x.known())
    old, new = _bits(x.dtype), _bits(dtype)
    if old != new and shape:
        last = shape[-1]
        shape[-1] = None if last is None else last * old // new
    return Spec(tuple(shape), dtype)


def _bits(dtype: str) -> int:
    digits = "".join(c for c in dtype if c.isdigit())
    return 8 if dtype == "bool" else int(digits or 16)
