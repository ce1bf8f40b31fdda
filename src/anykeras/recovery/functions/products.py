"""Products of tensors: what the old backends meant by ``dot`` and ``batch_dot``."""

from __future__ import annotations

from .axes import positive
from .base import Ops
from .shapes import reshape
from .values import Operand, Refused

_LETTERS = "abcdefghijklmnopqrstuvw"


def dot(ops: Ops, x: Operand, y: Operand) -> Operand:
    """Last axis of `x` with the second last of `y` (the only one of a vector), as Theano's and numpy's dot."""
    y_rank = ops.rank(y)
    if y_rank == 2 and ops.rank(x) >= 2:
        return ops.matmul(x, y)
    if ops.rank(x) == 0 or y_rank == 0:
        return ops.multiply(x, y)
    return ops.tensordot(x, y, axes=((ops.rank(x) - 1,), (max(y_rank - 2, 0),)))


def batch_dot(ops: Ops, x: Operand, y: Operand, a: int, b: int) -> Operand:
    """Axis `a` of `x` with axis `b` of `y` for each sample; (batch,) becomes (batch, 1)."""
    x_rank, y_rank = ops.rank(x), ops.rank(y)
    a, b = positive(a, x_rank), positive(b, y_rank)
    if not a or not b:
        raise Refused("batch_dot over the batch axis is refused by the old library too")
    left = _LETTERS[:x_rank]
    right = left[0] + _LETTERS[x_rank : x_rank + y_rank - 1]
    right = right[:b] + left[a] + right[b + 1 :]
    out = left.replace(left[a], "") + right[1:].replace(left[a], "")
    result = ops.einsum(f"{left},{right}->{out}", x, y)
    return ops.expand_dims(result, 1) if len(out) == 1 else result


def batch_dot_by_matmul(ops: Ops, x: Operand, y: Operand, axes: Operand) -> Operand:
    """``K.batch_dot`` on TensorFlow up to Keras 2.2.4 and tf.keras 1.x.

    Ranks of 2 multiply element by element; others are one matmul in which an axis that is not literally the last
    one means "transposed", so that ``axes=-1`` transposes both (tensorflow_backend.py of 1.2.2, 2.0.0 and 2.1.5).
    """
    if isinstance(axes, int):
        axes = (axes, axes)
    x_rank, y_rank = ops.rank(x), ops.rank(y)
    extra = abs(x_rank - y_rank)
    if extra and x_rank > y_rank:
        y = reshape(ops, y, (*ops.shape(y), *([1] * extra)))
    elif extra:
        x = reshape(ops, x, (*ops.shape(x), *([1] * extra)))
    rank = max(x_rank, y_rank)
    if rank == 2:
        left = x if axes[0] == axes[1] else ops.transpose(x, axes=(1, 0))
        result = ops.sum(ops.multiply(left, y), axis=axes[0] if axes[0] == axes[1] else axes[1])
    else:
        result = ops.matmul(
            x if axes is None or axes[0] == rank - 1 else swap_last_axes(ops, x),
            swap_last_axes(ops, y) if axes is not None and axes[1] == rank - 1 else y,
        )
    for _ in range(extra):
        result = ops.squeeze(result, axis=x_rank + y_rank - 3 if x_rank > y_rank else x_rank - 1)
    return ops.expand_dims(result, 1) if ops.rank(result) == 1 else result


def swap_last_axes(ops: Ops, x: Operand) -> Operand:
    """The last two axes exchanged."""
    rank = ops.rank(x)
    return ops.transpose(x, axes=(*range(rank - 2), rank - 1, rank - 2))
