"""Cross entropies as TensorFlow and the old backends computed them."""

from __future__ import annotations

from .base import Ops
from .shapes import reshape
from .values import Operand


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
