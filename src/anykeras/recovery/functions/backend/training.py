"""``K.*`` of losses, batch normalisation and CTC."""

from __future__ import annotations

from ....document.model import Era
from .. import formulas
from ..arguments import axis_of
from ..base import FunctionContext, Ops
from ..formulas import batch_normalize
from ..registration import function, functions, refuse
from ..shapes import require_size, static
from ..values import Operand, Refused

_OLD, _NEW = "Keras 0.3 to 2.0.6: (output, target)", "Keras 2.0.7 on, tf.keras"
_REVERSED = "output target from_logits"


def _reverse(context: FunctionContext) -> bool:
    """Keras named the prediction first up to 2.0.6."""
    return context.era in (Era.KERAS0, Era.KERAS1) or (context.before(2, 0, 7) and not context.tf_keras)


def _categorical(ops: Ops, target: Operand, output: Operand, from_logits: Operand, axis: int) -> Operand:
    theano = ops.context.backend == "theano"
    if from_logits and not theano:
        return formulas.with_logits(ops, target, output, axis)
    if from_logits:
        output = ops.softmax(output, axis=axis)
        output = ops.clip(output, ops.context.epsilon, 1 - ops.context.epsilon)
        return ops.negative(ops.sum(ops.multiply(target, ops.log(output)), axis=axis))
    return formulas.categorical(ops, target, output, axis, ops.context.epsilon)


def _sparse(ops: Ops, target: Operand, output: Operand, from_logits: Operand, axis: int) -> Operand:
    if ops.context.backend == "theano":
        classes = ops.shape(output)[axis]
        where = axis % ops.rank(output)
        if ops.rank(target) == ops.rank(output):
            target = ops.squeeze(target, axis=where)
        hot = ops.one_hot(ops.cast(target, "int32"), classes, axis=where)
        return _categorical(ops, hot, output, from_logits, axis)
    return formulas.sparse(ops, target, output, bool(from_logits), axis, ops.context.epsilon)


@function("keras.backend.binary_crossentropy", stack=_NEW)
@function("keras.backend.binary_crossentropy", test=_reverse, arguments=_REVERSED, stack=_OLD)
def binary_crossentropy(ops: Ops, target: Operand, output: Operand, from_logits: Operand = False) -> Operand:
    """``K.binary_crossentropy`` of the writer's backend and version."""
    context = ops.context
    if context.backend == "theano":
        output = ops.sigmoid(output) if from_logits else output
        return formulas.binary(ops, target, output, context.epsilon, 0.0)
    if from_logits:
        return formulas.sigmoid_with_logits(ops, target, output)
    later = bool(context.version) and context.version >= (2, 3)
    if context.tf_keras or later or context.era is Era.KERAS3:
        return formulas.binary(ops, target, output, context.epsilon, context.epsilon)
    return formulas.binary_by_logits(ops, target, output, context.epsilon)


@function("keras.backend.categorical_crossentropy", stack=_NEW)
@function("keras.backend.categorical_crossentropy", test=_reverse, arguments=_REVERSED, stack=_OLD)
def categorical(ops: Ops, target: Operand, output: Operand, from_logits: Operand = False, axis: Operand = -1) -> Operand:
    return _categorical(ops, target, output, from_logits, int(axis))


@function("keras.backend.sparse_categorical_crossentropy", stack=_NEW)
@function("keras.backend.sparse_categorical_crossentropy", test=_reverse, arguments=_REVERSED, stack=_OLD)
def sparse(
    ops: Ops, target: Operand, output: Operand, from_logits: Operand = False, axis: Operand = -1, ignore_class: Operand = None
) -> Operand:
    if ignore_class is not None:
        raise Refused("sparse_categorical_crossentropy leaves out a class: the outcome's size depends on values")
    return _sparse(ops, target, output, from_logits, int(axis))


@function("keras.backend.categorical_focal_crossentropy", stack="tf.keras 2.12 on")
def categorical_focal(
    ops: Ops,
    target: Operand,
    output: Operand,
    alpha: Operand = 0.25,
    gamma: Operand = 2.0,
    from_logits: Operand = False,
    axis: Operand = -1,
) -> Operand:
    output = ops.softmax(output, axis=axis) if from_logits else output
    output = ops.divide(output, ops.sum(output, axis=axis, keepdims=True))
    output = ops.clip(output, ops.context.epsilon, 1 - ops.context.epsilon)
    entropy = ops.negative(ops.multiply(target, ops.log(output)))
    weight = ops.multiply(ops.power(ops.subtract(1.0, output), gamma), alpha)
    return ops.sum(ops.multiply(weight, entropy), axis=axis)


@function("keras.backend.binary_focal_crossentropy", stack="tf.keras 2.9 on")
def binary_focal(
    ops: Ops,
    target: Operand,
    output: Operand,
    apply_class_balancing: Operand = False,
    alpha: Operand = 0.25,
    gamma: Operand = 2.0,
    from_logits: Operand = False,
) -> Operand:
    chance = ops.sigmoid(output) if from_logits else output
    other = ops.subtract(1, target)
    right = ops.add(ops.multiply(target, chance), ops.multiply(other, ops.subtract(1, chance)))
    loss = ops.multiply(ops.power(ops.subtract(1.0, right), gamma), binary_crossentropy(ops, target, output, from_logits))
    if apply_class_balancing:
        loss = ops.multiply(ops.add(ops.multiply(target, alpha), ops.multiply(other, 1 - alpha)), loss)
    return loss


functions(
    "keras.backend",
    {"in_top_k": lambda ops, predictions, targets, k: ops.in_top_k(targets, predictions, int(k))},
    stack="Keras 1.0.6 on, tf.keras",
)


@function("keras.backend.batch_normalization", stack="Keras 1.0.2 on (axis from 2.1.5); mean and var given")
def batch_normalization(
    ops: Ops,
    x: Operand,
    mean: Operand,
    var: Operand,
    beta: Operand,
    gamma: Operand,
    axis: Operand = -1,
    epsilon: Operand = 1e-3,
) -> Operand:
    where = int(axis) % ops.rank(x)
    shape: list[int] = [1] * ops.rank(x)
    shape[where] = -1

    def fit(part: Operand) -> Operand:
        flat = part is None or ops.rank(part) != 1 or where == ops.rank(x) - 1
        return part if flat else ops.reshape(part, tuple(shape))

    return batch_normalize(ops, x, fit(mean), fit(var), fit(beta), fit(gamma), epsilon)


@function("keras.backend.normalize_batch_in_training", stack="Keras 1.0.2 on: (normed, mean, var)")
def normalize_batch_in_training(
    ops: Ops, x: Operand, gamma: Operand, beta: Operand, reduction_axes: Operand, epsilon: Operand = 1e-3
) -> Operand:
    axes = axis_of(reduction_axes)
    mean, var = ops.mean(x, axis=axes), ops.var(x, axis=axes)
    wide = [ops.mean(x, axis=axes, keepdims=True), ops.var(x, axis=axes, keepdims=True)]
    target = tuple(1 if size == 1 else -1 for size in static(ops, wide[0]))
    shaped = [None if part is None else ops.reshape(part, target) for part in (beta, gamma)]
    if ops.context.backend == "theano":  # it gives back what it divided by: 1 / stdinv ** 2
        var = ops.add(var, epsilon)
    return batch_normalize(ops, x, wide[0], wide[1], shaped[0], shaped[1], epsilon), mean, var


def _has_ctc(context: FunctionContext) -> bool:
    return context.backend != "theano"


@function("keras.backend.ctc_batch_cost", test=_has_ctc, stack="Keras 1.1 on TensorFlow, tf.keras")
def ctc_batch_cost(ops: Ops, y_true: Operand, y_pred: Operand, input_length: Operand, label_length: Operand) -> Operand:
    blank = require_size(ops, y_pred, -1, "CTC") - 1
    logits = ops.log(ops.add(y_pred, ops.context.epsilon))
    lengths = [ops.cast(ops.squeeze(one, axis=-1), "int32") for one in (label_length, input_length)]
    loss = ops.ctc_loss(ops.cast(y_true, "int32"), logits, *lengths, mask_index=blank)
    return ops.expand_dims(loss, 1)


@function("keras.backend.ctc_decode", test=_has_ctc, stack="Keras 1.1 on TensorFlow, tf.keras")
def ctc_decode(
    ops: Ops,
    y_pred: Operand,
    input_length: Operand,
    greedy: Operand = True,
    beam_width: Operand = 100,
    top_paths: Operand = 1,
) -> Operand:
    blank = require_size(ops, y_pred, -1, "CTC") - 1
    logits = ops.log(ops.add(y_pred, ops.context.epsilon))
    if not greedy:
        raise Refused("ctc_decode searches by beams, whose order among equal paths differs between libraries")
    decoded, scores = ops.ctc_decode(
        logits, ops.cast(input_length, "int32"), strategy="greedy", merge_repeated=True, mask_index=blank
    )
    ops.note("ctc_decode: paths are filled with -1 up to all time steps, as TensorFlow 2 does")
    return [ops.getitem(decoded, (0, Ellipsis))], scores


refuse(
    "Theano's backend smooths the path probabilities by a formula of its own, or lacks it",
    "keras.backend",
    "ctc_batch_cost ctc_decode",
    stack="Keras 1.0.3 on Theano",
)
