"""``keras.activations``, ``keras.losses`` and ``keras.metrics`` called inside a function."""

from __future__ import annotations

from ...document.model import Era
from . import formulas
from .backend.elementwise import relu as backend_relu
from .backend.training import binary_crossentropy
from .base import Entry, FunctionContext, Ops
from .formulas import normalize
from .registration import alike, also, function, functions
from .values import Operand, Refused

ACT, LOSS = "keras.activations", "keras.losses"

alike(ACT, "x", "sigmoid tanh softplus softsign selu exponential=exp swish=silu silu linear=copy log_softmax")
alike(ACT, "x", "relu6 hard_silu hard_swish log_sigmoid celu squareplus sparse_plus sparsemax", stack="Keras 3")
alike(ACT, "x", "hard_tanh tanh_shrink soft_shrink hard_shrink glu", stack="Keras 3")


def _new(context: FunctionContext) -> bool:
    return context.era is Era.KERAS3


functions(ACT, {"hard_sigmoid": lambda ops, x: ops.hard_sigmoid(x)}, test=_new, stack="Keras 3: relu6(x + 3) / 6")
also(ACT, "keras.backend", "hard_sigmoid elu softmax", stack="Keras 0.3 to tf.keras 2.15: 0.2 x + 0.5")
function(f"{ACT}.relu", arguments="x alpha|negative_slope max_value threshold", stack="Keras 0.3 on")(backend_relu)
functions(
    ACT,
    {
        "gelu": lambda ops, x, approximate=False: ops.gelu(x, approximate=bool(approximate)),
        "mish": lambda ops, x: ops.multiply(x, ops.tanh(ops.softplus(x))),
        "leaky_relu": lambda ops, x, negative_slope=0.2: ops.leaky_relu(x, negative_slope=negative_slope),
    },
    stack="tf.keras 2.4 on, Keras 3",
)


@function(f"{ACT}.get", f"{ACT}.deserialize", stack="Keras 0.3 on")
def get(ops: Ops, identifier: Operand, **_: Operand) -> Operand:
    from .lookup import resolve

    if identifier is None or not isinstance(identifier, str):
        return identifier if identifier is not None else _bind(ops, "linear")
    if resolve(f"{ACT}.{identifier}", ops.context) is None:
        raise Refused(f"the activation {identifier!r} is unknown")
    return _bind(ops, identifier)


def _bind(ops: Ops, name: str) -> Operand:
    from .lookup import resolve

    entry: Entry | None = resolve(f"{ACT}.{name}", ops.context)
    assert entry is not None
    return lambda *args, **kwargs: entry(ops, *args, **kwargs)


def _mean(ops: Ops, x: Operand) -> Operand:
    return ops.mean(x, axis=-1)


def _difference(ops: Ops, y_true: Operand, y_pred: Operand) -> Operand:
    return ops.subtract(y_pred, y_true)


functions(
    LOSS,
    {
        "mean_squared_error mse MSE": lambda ops, y_true, y_pred: _mean(ops, ops.square(_difference(ops, y_true, y_pred))),
        "mean_absolute_error mae MAE": lambda ops, y_true, y_pred: _mean(ops, ops.absolute(_difference(ops, y_true, y_pred))),
        "hinge": lambda ops, y_true, y_pred: _mean(ops, ops.maximum(ops.subtract(1.0, ops.multiply(y_true, y_pred)), 0.0)),
        "binary_crossentropy": lambda ops, y_true, y_pred, from_logits=False: _mean(
            ops, binary_crossentropy(ops, y_true, y_pred, from_logits)
        ),
    },
    stack="Keras 0.3 on",
)


@function(f"{LOSS}.categorical_crossentropy", stack="Keras 0.3 on")
def categorical_crossentropy(ops: Ops, y_true: Operand, y_pred: Operand, from_logits: Operand = False) -> Operand:
    if from_logits:
        return formulas.with_logits(ops, y_true, y_pred)
    return formulas.categorical(ops, y_true, y_pred, -1, ops.context.epsilon)


@function(f"{LOSS}.cosine_similarity", stack="Keras 2.3, tf.keras, Keras 3: minus the cosine")
def cosine_similarity(ops: Ops, y_true: Operand, y_pred: Operand, axis: Operand = -1) -> Operand:
    one, two = normalize(ops, y_true, axis, 1e-12), normalize(ops, y_pred, axis, 1e-12)
    return ops.negative(ops.sum(ops.multiply(one, two), axis=int(axis)))


also("keras.metrics", LOSS, "mean_squared_error mse mean_absolute_error mae binary_crossentropy")
