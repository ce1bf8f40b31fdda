"""``K.*`` on each element, comparisons, reductions and products."""

from __future__ import annotations

from ....document.model import Era
from .. import formulas
from ..arguments import along, axis_of, of, reduce
from ..base import FunctionContext, Ops
from ..formulas import clip_between, is_set, normalize, softmax_over
from ..registration import alike, each, function, functions
from ..values import Operand, Refused

K = "keras.backend"

alike(K, "x", "square abs exp log sign sin cos tanh sigmoid softsign round", stack="Keras 0.3 on; rounds half to even")
alike(K, "x", "softplus", stack="Keras 0.3 on")
alike(K, "x a", "pow=power", stack="Keras 0.3 on")
alike(K, "x y", "maximum minimum", stack="Keras 0.3 on")
alike(K, "x y", "equal not_equal", stack="Keras 0.3 on (equal), 1.0 on")
alike(K, "x y", "greater greater_equal less less_equal", stack="Keras 1.0 on; less, less_equal 2.0 on")
alike(K, "x y", "lesser=less lesser_equal=less_equal", stack="Keras 1")
alike(K, "x", "identity=copy", stack="Keras 2.0 on")


functions(
    K,
    {
        "sqrt": lambda ops, x: ops.sqrt(ops.maximum(x, 0.0)),  # negative numbers count as zero
        "inv": lambda ops, x: ops.divide(1.0, x),
        # also of tf.keras and keras.legacy.backend; Keras 3 has another one
        "hard_sigmoid": lambda ops, x: ops.clip(ops.add(ops.multiply(x, 0.2), 0.5), 0.0, 1.0),
        "softmax": softmax_over,
        "argmax": lambda ops, x, axis=-1: along(ops, "argmax", x, axis),
        "argmin": lambda ops, x, axis=-1: along(ops, "argmin", x, axis),
        "cumsum": lambda ops, x, axis=0: along(ops, "cumsum", x, axis),
        "cumprod": lambda ops, x, axis=0: along(ops, "cumprod", x, axis),
    },
    stack="Keras 0.3 on (softmax's axis from 2.1.6, cumsum and cumprod from 2.0)",
)
each(K, "sum prod mean max min std var logsumexp any all", reduce, stack="Keras 0.3 on (var, all 1.0.6, logsumexp 2.0.5)")


@function("keras.backend.clip", stack="Keras 0.3 on: a maximum below the minimum is the minimum")
def clip(ops: Ops, x: Operand, min_value: Operand, max_value: Operand) -> Operand:
    numbers = isinstance(min_value, int | float) and isinstance(max_value, int | float)
    if numbers and max_value < min_value:
        max_value = min_value
    return clip_between(ops, x, min_value, max_value)


@function("keras.backend.relu", stack="Keras 0.3 on (threshold from 2.2.3)")
def relu(ops: Ops, x: Operand, alpha: Operand = 0.0, max_value: Operand = None, threshold: Operand = 0.0) -> Operand:
    leaks, shifted = is_set(ops, alpha), is_set(ops, threshold)
    if not shifted and max_value is None:
        return ops.leaky_relu(x, negative_slope=alpha) if leaks and not ops.is_tensor(alpha) else _leaky(ops, x, alpha)
    y = ops.multiply(x, ops.cast(ops.greater(x, threshold), of(ops, x))) if shifted else ops.relu(x)
    if max_value is not None:
        y = clip_between(ops, y, 0.0, max_value)
    if leaks:
        y = ops.subtract(y, ops.multiply(alpha, ops.relu(ops.subtract(threshold, x))))
    return y


def _leaky(ops: Ops, x: Operand, alpha: Operand) -> Operand:
    y = ops.relu(x)
    return ops.subtract(y, ops.multiply(alpha, ops.relu(ops.negative(x)))) if ops.is_tensor(alpha) else y


@function("keras.backend.elu", stack="Keras 1.2 on")
def elu(ops: Ops, x: Operand, alpha: Operand = 1.0) -> Operand:
    if not ops.is_tensor(alpha):
        return ops.elu(x, alpha=alpha)
    y = ops.elu(x)
    return ops.where(ops.greater(x, 0), y, ops.multiply(alpha, y))


@function("keras.backend.l2_normalize", backends=("theano",), stack="Keras on Theano")
def l2_normalize_theano(ops: Ops, x: Operand, axis: Operand = None) -> Operand:
    total = reduce(ops, "sum", ops.square(x), axis, True)
    floor = _theano_floor(ops.context)
    return ops.divide(x, ops.sqrt(ops.maximum(total, floor) if floor else total))


def _theano_floor(context: FunctionContext) -> float:
    """theano_backend.py: no floor in 1.2.2 and 2.0.0, 1e-12 in 2.0.6, ``epsilon()`` from 2.0.7."""
    if context.era in (Era.KERAS0, Era.KERAS1) or context.before(2, 0, 1):
        return 0.0
    return 1e-12 if context.before(2, 0, 7) else context.epsilon


@function("keras.backend.l2_normalize", stack="Keras 0.3 on, TensorFlow: tf.nn.l2_normalize with a floor of 1e-12")
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
    stack="Keras 0.3 on",
)


def _by_matmul(context: FunctionContext) -> bool:
    if context.backend == "theano":
        return False
    if context.tf_keras:
        return not context.eager_tensorflow
    return context.era in (Era.KERAS0, Era.KERAS1) or context.before(2, 2, 5)


@function("keras.backend.batch_dot", test=_by_matmul, stack="Keras on TensorFlow up to 2.2.4, tf.keras 1.x")
def batch_dot_by_matmul(ops: Ops, x: Operand, y: Operand, axes: Operand = None) -> Operand:
    rank = max(ops.rank(x), ops.rank(y))
    if axes is None and (rank == 2 or not ops.context.before(2, 2)):
        if rank == 2 and ops.context.before(2, 2):
            raise Refused("batch_dot of two matrices without axes is refused by the old library too")
        axes = (ops.rank(x) - 1, ops.rank(y) - 2)
    return formulas.batch_dot_by_matmul(ops, x, y, axes)


@function("keras.backend.batch_dot", stack="Keras on Theano; Keras 2.2.5 on and tf.keras 2 on TensorFlow")
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
