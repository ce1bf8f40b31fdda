"""``K.*`` on each element, comparisons, reductions, products, losses, batch normalisation and CTC."""

from __future__ import annotations

from ....document.model import Era
from .. import formulas
from ..arguments import apply_along, axis_of, dtype_of, reduce
from ..base import FunctionContext, Ops
from ..formulas import batch_normalize, clip_between, is_set, normalize, softmax_over
from ..shapes import require_size, static
from ..table import alike, each, function, functions, refuse
from ..values import Operand, Refused

K = "keras.backend"

alike(K, "x", "square abs exp log sign sin cos tanh sigmoid softsign round")  # Keras 0.3 on; rounds half to even
alike(K, "x", "softplus")
alike(K, "x a", "pow=power")
alike(K, "x y", "maximum minimum")
alike(K, "x y", "equal not_equal")  # Keras 0.3 on (equal), 1.0 on
alike(K, "x y", "greater greater_equal less less_equal")  # Keras 1.0 on; less, less_equal 2.0 on
alike(K, "x y", "lesser=less lesser_equal=less_equal")  # Keras 1
alike(K, "x", "identity=copy")  # Keras 2.0 on


# Keras 0.3 on (softmax's axis from 2.1.6, cumsum and cumprod from 2.0)
functions(
    K,
    {
        "sqrt": lambda ops, x: ops.sqrt(ops.maximum(x, 0.0)),  # negative numbers count as zero
        "inv": lambda ops, x: ops.divide(1.0, x),
        # also of tf.keras and keras.legacy.backend; Keras 3 has another one
        "hard_sigmoid": lambda ops, x: ops.clip(ops.add(ops.multiply(x, 0.2), 0.5), 0.0, 1.0),
        "softmax": softmax_over,
        "argmax": lambda ops, x, axis=-1: apply_along(ops, "argmax", x, axis),
        "argmin": lambda ops, x, axis=-1: apply_along(ops, "argmin", x, axis),
        "cumsum": lambda ops, x, axis=0: apply_along(ops, "cumsum", x, axis),
        "cumprod": lambda ops, x, axis=0: apply_along(ops, "cumprod", x, axis),
    },
)
each(K, "sum prod mean max min std var logsumexp any all", reduce)  # Keras 0.3 on (var, all 1.0.6, logsumexp 2.0.5)


@function("keras.backend.clip")  # Keras 0.3 on: a maximum below the minimum is the minimum
def clip(ops: Ops, x: Operand, min_value: Operand, max_value: Operand) -> Operand:
    numbers = isinstance(min_value, int | float) and isinstance(max_value, int | float)
    if numbers and max_value < min_value:
        max_value = min_value
    return clip_between(ops, x, min_value, max_value)


@function("keras.backend.relu")  # Keras 0.3 on (threshold from 2.2.3)
def relu(ops: Ops, x: Operand, alpha: Operand = 0.0, max_value: Operand = None, threshold: Operand = 0.0) -> Operand:
    leaks, shifted = is_set(ops, alpha), is_set(ops, threshold)
    if not shifted and max_value is None:
        return ops.leaky_relu(x, negative_slope=alpha) if leaks and not ops.is_tensor(alpha) else _leaky(ops, x, alpha)
    y = ops.multiply(x, ops.cast(ops.greater(x, threshold), dtype_of(ops, x))) if shifted else ops.relu(x)
    if max_value is not None:
        y = clip_between(ops, y, 0.0, max_value)
    if leaks:
        y = ops.subtract(y, ops.multiply(alpha, ops.relu(ops.subtract(threshold, x))))
    return y


def _leaky(ops: Ops, x: Operand, alpha: Operand) -> Operand:
    y = ops.relu(x)
    return ops.subtract(y, ops.multiply(alpha, ops.relu(ops.negative(x)))) if ops.is_tensor(alpha) else y


@function("keras.backend.elu")  # Keras 1.2 on
def elu(ops: Ops, x: Operand, alpha: Operand = 1.0) -> Operand:
    if not ops.is_tensor(alpha):
        return ops.elu(x, alpha=alpha)
    y = ops.elu(x)
    return ops.where(ops.greater(x, 0), y, ops.multiply(alpha, y))


def _surely_theano(context: FunctionContext) -> bool:
    """Without knowing it, a floor is the better guess: the two differ for vectors of zeros alone, which Theano made NaN."""
    return context.backend == "theano" and context.backend_known


@function("keras.backend.l2_normalize", test=_surely_theano)  # Keras on Theano
def l2_normalize_theano(ops: Ops, x: Operand, axis: Operand = None) -> Operand:
    total = reduce(ops, "sum", ops.square(x), axis, True)
    floor = _theano_floor(ops.context)
    return ops.divide(x, ops.sqrt(ops.maximum(total, floor) if floor else total))


def _theano_floor(context: FunctionContext) -> float:
    """theano_backend.py: no floor in 1.2.2 and 2.0.0, 1e-12 in 2.0.6, ``epsilon()`` from 2.0.7."""
    if context.era in (Era.KERAS0, Era.KERAS1) or context.before(2, 0, 1):
        return 0.0
    return 1e-12 if context.before(2, 0, 7) else context.epsilon


@function("keras.backend.l2_normalize")  # Keras 0.3 on, TensorFlow: tf.nn.l2_normalize with a floor of 1e-12
def l2_normalize(ops: Ops, x: Operand, axis: Operand = None) -> Operand:
    return normalize(ops, x, axis, 1e-12)


# ``K.dot``, ``K.batch_dot``, ``K.transpose``, ``K.gather``.


functions(
    "keras.backend",
    {
        "dot": lambda ops, x, y: formulas.dot(ops, x, y),  # the TensorFlow backend reproduces Theano's dot from 1.0
        "transpose": lambda ops, x: ops.transpose(x),
        "gather": lambda ops, reference, indices: ops.take(reference, indices, axis=0),
    },
)


def by_matmul(context: FunctionContext) -> bool:
    """Whether ``K.batch_dot`` was one ``matmul``, also of more than three axes."""
    if context.backend == "theano" or not context.backend_known:  # where both agree, or refused
        return False
    if context.tf_keras:
        return not context.eager_tensorflow
    return context.era in (Era.KERAS0, Era.KERAS1) or context.before(2, 2, 5)


@function("keras.backend.batch_dot", test=by_matmul)  # Keras on TensorFlow up to 2.2.4, tf.keras 1.x
def batch_dot_by_matmul(ops: Ops, x: Operand, y: Operand, axes: Operand = None) -> Operand:
    rank = max(ops.rank(x), ops.rank(y))
    if axes is None and (rank == 2 or not ops.context.before(2, 2)):
        if rank == 2 and ops.context.before(2, 2):
            raise Refused("batch_dot of two matrices without axes is refused by the old library too")
        axes = (ops.rank(x) - 1, ops.rank(y) - 2)
    return formulas.batch_dot_by_matmul(ops, x, y, axes)


@function("keras.backend.batch_dot")  # Keras on Theano; Keras 2.2.5 on and tf.keras 2 on TensorFlow
def batch_dot(ops: Ops, x: Operand, y: Operand, axes: Operand = None) -> Operand:
    where = axis_of(axes)
    if isinstance(where, int):
        where = (where, where)
    unsure = ops.context.either_tensorflow or not ops.context.backend_known
    if unsure and not _is_agreed(ops.rank(x), ops.rank(y), where):
        raise Refused("batch_dot of these ranks depends on the backend and its version, which the file does not tell")
    if where is None:
        old = ops.context.backend == "theano" and ops.context.before(2, 2, 5)
        vector = ops.rank(y) == 2 and not old
        where = (ops.rank(x) - 1, ops.rank(y) - (1 if vector else 2))
    return formulas.batch_dot(ops, x, y, where[0], where[1])


def _is_agreed(x_rank: int, y_rank: int, where: Operand) -> bool:
    """Whether both ways of multiplying are the same."""
    if (x_rank, y_rank) == (2, 2):
        return bool(where == (1, 1))
    if (x_rank, y_rank) != (3, 3) and (where is None or max(x_rank, y_rank) > 3):
        return False
    return where is None or min(where) > 0


# ``K.*`` of losses, batch normalisation and CTC.


# Keras 0.3 to 2.0.6 took (output, target), Keras 2.0.7 on and tf.keras (target, output).
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


@function("keras.backend.binary_crossentropy")
@function("keras.backend.binary_crossentropy", test=_reverse, arguments=_REVERSED)
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


@function("keras.backend.categorical_crossentropy")
@function("keras.backend.categorical_crossentropy", test=_reverse, arguments=_REVERSED)
def categorical(ops: Ops, target: Operand, output: Operand, from_logits: Operand = False, axis: Operand = -1) -> Operand:
    return _categorical(ops, target, output, from_logits, int(axis))


@function("keras.backend.sparse_categorical_crossentropy")
@function("keras.backend.sparse_categorical_crossentropy", test=_reverse, arguments=_REVERSED)
def sparse(
    ops: Ops, target: Operand, output: Operand, from_logits: Operand = False, axis: Operand = -1, ignore_class: Operand = None
) -> Operand:
    if ignore_class is not None:
        raise Refused("sparse_categorical_crossentropy leaves out a class: the outcome's size depends on values")
    return _sparse(ops, target, output, from_logits, int(axis))


@function("keras.backend.categorical_focal_crossentropy")  # tf.keras 2.12 on
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


@function("keras.backend.binary_focal_crossentropy")  # tf.keras 2.9 on
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


# Keras 1.0.6 on, tf.keras
functions("keras.backend", {"in_top_k": lambda ops, predictions, targets, k: ops.in_top_k(targets, predictions, int(k))})


@function("keras.backend.batch_normalization")  # Keras 1.0.2 on (axis from 2.1.5); mean and var given
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


@function("keras.backend.normalize_batch_in_training")  # Keras 1.0.2 on: (normed, mean, var)
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


@function("keras.backend.ctc_batch_cost", test=_has_ctc)  # Keras 1.1 on TensorFlow, tf.keras
def ctc_batch_cost(ops: Ops, y_true: Operand, y_pred: Operand, input_length: Operand, label_length: Operand) -> Operand:
    blank = require_size(ops, y_pred, -1, "CTC") - 1
    logits = ops.log(ops.add(y_pred, ops.context.epsilon))
    lengths = [ops.cast(ops.squeeze(one, axis=-1), "int32") for one in (label_length, input_length)]
    loss = ops.ctc_loss(ops.cast(y_true, "int32"), logits, *lengths, mask_index=blank)
    return ops.expand_dims(loss, 1)


@function("keras.backend.ctc_decode", test=_has_ctc)  # Keras 1.1 on TensorFlow, tf.keras
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


# Keras 1.0.3 on Theano
refuse(
    "Theano's backend smooths the path probabilities by a formula of its own, or lacks it",
    "keras.backend",
    "ctc_batch_cost ctc_decode",
)
