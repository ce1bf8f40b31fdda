"""``K.*`` on each element, comparisons, reductions."""

from __future__ import annotations

from ....document.model import Era
from ..axes import along, reduce
from ..base import FunctionContext, Ops
from ..dtypes import of
from ..elementary import bound, is_set, normalized, softmax_over
from ..registration import alike, each, function, functions
from ..values import Operand

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
    return bound(ops, x, min_value, max_value)


@function("keras.backend.relu", stack="Keras 0.3 on (threshold from 2.2.3)")
def relu(ops: Ops, x: Operand, alpha: Operand = 0.0, max_value: Operand = None, threshold: Operand = 0.0) -> Operand:
    leaks, shifted = is_set(ops, alpha), is_set(ops, threshold)
    if not shifted and max_value is None:
        return ops.leaky_relu(x, negative_slope=alpha) if leaks and not ops.is_tensor(alpha) else _leaky(ops, x, alpha)
    y = ops.multiply(x, ops.cast(ops.greater(x, threshold), of(ops, x))) if shifted else ops.relu(x)
    if max_value is not None:
        y = bound(ops, y, 0.0, max_value)
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
    return normalized(ops, x, axis, 1e-12)
