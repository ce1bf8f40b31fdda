"""Small formulas that several old libraries share: sums, products, cross entropies."""

from __future__ import annotations

from collections.abc import Sequence

from .arguments import axis_of, dtype_of, positive, reduce
from .base import Ops
from .shapes import reshape
from .values import Operand, Refused

# Small formulas that several old libraries share.


def clip_between(ops: Ops, x: Operand, low: Operand = None, high: Operand = None) -> Operand:
    """Clip to bounds that may be tensors or absent; two plain numbers make one operation."""
    if isinstance(low, int | float) and isinstance(high, int | float):
        return ops.clip(x, low, high)
    if high is not None:
        x = ops.minimum(x, high)
    return x if low is None else ops.maximum(x, low)


def is_set(ops: Ops, x: Operand) -> bool:
    """Whether an optional coefficient is given: any tensor is, a number when it is not zero."""
    return ops.is_tensor(x) or bool(x)


def normalize(ops: Ops, x: Operand, axis: Operand = None, floor: Operand = 1e-12) -> Operand:
    """``x * rsqrt(max(sum(x ** 2), floor))``."""
    total = reduce(ops, "sum", ops.square(x), axis, True)
    return ops.multiply(x, ops.rsqrt(ops.maximum(total, floor)))


def batch_normalize(
    ops: Ops, x: Operand, mean: Operand, var: Operand, beta: Operand, gamma: Operand, epsilon: Operand
) -> Operand:
    """``tf.nn.batch_normalization``: scale and shift may be absent."""
    factor = ops.rsqrt(ops.add(var, epsilon))
    factor = factor if gamma is None else ops.multiply(factor, gamma)
    shift = ops.negative(ops.multiply(mean, factor))
    return ops.add(ops.multiply(x, factor), shift if beta is None else ops.add(shift, beta))


def softmax_over(ops: Ops, x: Operand, axis: Operand = -1) -> Operand:
    """Softmax over one axis or several."""
    where = axis_of(axis)
    if isinstance(where, int):
        return ops.softmax(x, axis=where)
    shifted = ops.exp(ops.subtract(x, ops.max(x, axis=where, keepdims=True)))
    return ops.divide(shifted, ops.sum(shifted, axis=where, keepdims=True))


def bits(ops: Ops, name: str, a: Operand, b: Operand) -> Operand:
    """``and``, ``or`` and ``xor``: of truth values, or of the bits of whole numbers."""
    kind = "logical" if "bool" in (dtype_of(ops, a), dtype_of(ops, b)) else "bitwise"
    return ops.op(f"{kind}_{name}", a, b)


def invert_bits(ops: Ops, a: Operand) -> Operand:
    """``not`` of a truth value, or of the bits of a whole number."""
    return ops.logical_not(a) if dtype_of(ops, a) == "bool" else ops.bitwise_not(a)


def permute(ops: Ops, x: Operand, axes: Operand = None) -> Operand:
    """Axes in another order; reversed where none is given."""
    return ops.transpose(x) if axes is None else ops.transpose(x, axes=tuple(int(one) for one in axes))


def contract(ops: Ops, a: Operand, b: Operand, axes: Operand) -> Operand:
    """``tensordot`` over a number of axes, or over one or several of each."""
    if isinstance(axes, int):
        return ops.tensordot(a, b, axes=axes)
    return ops.tensordot(a, b, axes=tuple((one,) if isinstance(one, int) else tuple(one) for one in axes))


def select(ops: Ops, condition: Operand, x: Operand = None, y: Operand = None) -> Operand:
    """``where`` with two values to choose from; raises Refused for a condition alone."""
    if x is None:
        raise Refused("where with a condition alone: how many places it names depends on values", "AK3043")
    return ops.where(condition, x, y)


# Sums that Keras on TensorFlow computes as they stand.
#
# ``add`` of keras/src/backend/tensorflow/numpy.py (3.15.1) takes its second operand for a bias wherever only one of its
# sizes is not 1 and equals the size of axis 1 or of the last axis of the first: ``x (2, 4, 4) + y (1, 4, 1)`` is then added
# along the last axis. Sizes are those at run time, so a batch as long as an axis, or of one, is enough.


def never_a_bias(first: Sequence[Operand], second: Sequence[Operand]) -> bool:
    """Whether the second of two shapes cannot be taken for a bias, or is one of the last axis."""
    known = [axis for axis, size in enumerate(second) if isinstance(size, int) and size != 1]
    if len(first) < 2 or len(known) > 1 or all(size == 1 for size in second):
        return True
    return bool(known) and known[0] == len(second) - 1 and second[-1] == first[-1]


def order_sum(ops: Ops, a: Operand, b: Operand) -> tuple[str, Operand, Operand]:
    """The operation and its operands for ``a + b``."""
    one, other = ops.shape(a), ops.shape(b)
    if never_a_bias(one, other):
        return "add", a, b
    if never_a_bias(other, one):
        return "add", b, a
    if not all("float" in ops.dtype(value) for value in (a, b)):
        return "add", a, b
    return "subtract", a, ops.negative(b)


# Products of tensors: what the old backends meant by ``dot`` and ``batch_dot``.


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


# Cross entropies as TensorFlow and the old backends computed them.


def with_logits(ops: Ops, labels: Operand, logits: Operand, axis: int = -1) -> Operand:
    """``softmax_cross_entropy_with_logits``."""
    return ops.negative(ops.sum(ops.multiply(labels, ops.log_softmax(logits, axis=axis)), axis=axis))


def sparse_with_logits(ops: Ops, labels: Operand, logits: Operand) -> Operand:
    """``sparse_softmax_cross_entropy_with_logits``: labels of one rank less than logits."""
    classes = ops.shape(logits)[-1]
    return with_logits(ops, ops.one_hot(ops.cast(labels, "int32"), classes), logits)


def sigmoid_with_logits(ops: Ops, labels: Operand, logits: Operand) -> Operand:
    """``sigmoid_cross_entropy_with_logits``: max(x, 0) - x z + log(1 + exp(-|x|))."""
    tail = ops.log1p(ops.exp(ops.negative(ops.absolute(logits))))
    return ops.add(ops.subtract(ops.relu(logits), ops.multiply(logits, labels)), tail)


def categorical(ops: Ops, target: Operand, output: Operand, axis: int, epsilon: float) -> Operand:
    """From probabilities, scaled to sum to one and clipped."""
    output = ops.divide(output, ops.sum(output, axis=axis, keepdims=True))
    output = ops.clip(output, epsilon, 1.0 - epsilon)
    return ops.negative(ops.sum(ops.multiply(target, ops.log(output)), axis=axis))


def sparse(ops: Ops, target: Operand, output: Operand, from_logits: bool, axis: int, epsilon: float) -> Operand:
    """``K.sparse_categorical_crossentropy`` on TensorFlow: clipped logarithms taken for logits."""
    rank = ops.rank(output)
    if axis % rank != rank - 1:
        output = ops.moveaxis(output, axis, -1)
    logits = output if from_logits else ops.log(ops.clip(output, epsilon, 1 - epsilon))
    if ops.rank(target) == rank:
        target = ops.squeeze(target, axis=-1)
    return sparse_with_logits(ops, target, logits)


def binary_by_logits(ops: Ops, target: Operand, output: Operand, epsilon: float) -> Operand:
    """From probabilities through their logits, as the TensorFlow backend of Keras to 2.2."""
    output = ops.clip(output, epsilon, 1 - epsilon)
    return sigmoid_with_logits(ops, target, ops.log(ops.divide(output, ops.subtract(1, output))))


def binary(ops: Ops, target: Operand, output: Operand, epsilon: float, added: float) -> Operand:
    """From clipped probabilities, with `added` inside the logarithms (tf.keras adds epsilon once more)."""
    output = ops.clip(output, epsilon, 1 - epsilon)
    ones = ops.multiply(target, ops.log(ops.add(output, added)))
    rest = ops.add(ops.subtract(1, output), added)
    return ops.negative(ops.add(ones, ops.multiply(ops.subtract(1, target), ops.log(rest))))


def flat(ops: Ops, x: Operand) -> Operand:
    """One axis."""
    return reshape(ops, x, (-1,))
