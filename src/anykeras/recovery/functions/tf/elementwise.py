"""``tf.*`` and ``tf.math.*`` on each element; ``tf.nn.*`` and ``tf.keras`` activations are in ``activations``."""

from __future__ import annotations

import math

from ..arguments import dtype_name, of, reduce
from ..base import Ops
from ..creation import cast, numbers
from ..formulas import clip_between
from ..registration import Spelled, alike, also, constants, function, functions
from ..shapes import number
from ..values import Operand

TF = "tensorflow"
_BOTH = "TensorFlow 0.x to 2.x"

alike(
    TF,
    "x|input|a|features",
    "abs sqrt square exp expm1 log log1p sin cos tan asin=arcsin acos=arccos atan=arctan sinh cosh tanh asinh=arcsinh "
    "acosh=arccosh atanh=arctanh sign floor ceil rint=round round rsqrt sigmoid negative neg=negative erf "
    "is_finite=isfinite is_inf=isinf is_nan=isnan logical_not reciprocal inv=reciprocal conj real imag",
    stack=_BOTH,
)
alike(
    TF,
    "x|input|features",
    "softplus softsign erfinv log_sigmoid",
    stack="tf.math, TensorFlow 1.5 on",
)
alike(TF, "x|a y|b", "add subtract sub=subtract multiply mul=multiply maximum minimum", stack=_BOTH)
alike(TF, "x y", "divide div=divide truediv=divide realdiv=divide", stack=_BOTH + " on floats")
alike(TF, "x y", "floordiv=floor_divide floor_div=floor_divide", stack=_BOTH)
alike(TF, "x y", "mod floormod=mod floor_mod=mod", stack=_BOTH)
alike(TF, "x y", "pow=power atan2=arctan2", stack=_BOTH)
alike(TF, "x y", "greater greater_equal less less_equal equal not_equal", stack=_BOTH)
alike(TF, "x y", "logical_and logical_or logical_xor", stack=_BOTH)
alike(TF, "input|x", "identity=copy", stack=_BOTH)
also("tensorflow.nn", TF, "tanh sigmoid softplus softsign log_sigmoid", stack=_BOTH)
constants("tensorflow.math", {"pi": math.pi})


def div_no_nan(ops: Ops, x: Operand, y: Operand) -> Operand:
    """Zero where y is zero."""
    return ops.divide_no_nan(x, ops.add(ops.zeros_like(x), y)) if not ops.is_tensor(y) else ops.divide_no_nan(x, y)


def _quotient(ops: Ops, x: Operand, y: Operand) -> Operand:
    """Towards zero."""
    return ops.cast(ops.trunc(ops.divide(x, y)), of(ops, x))


functions(
    TF,
    {
        "truncatediv": _quotient,
        "truncatemod": lambda ops, x, y: ops.subtract(x, ops.multiply(_quotient(ops, x, y), y)),
        "squared_difference": lambda ops, x, y: ops.square(ops.subtract(x, y)),
        "div_no_nan divide_no_nan": div_no_nan,  # TensorFlow 1.11 on
        "erfc": lambda ops, x: ops.subtract(1.0, ops.erf(x)),
        "cast dtypes.cast saturate_cast dtypes.saturate_cast": cast,
        "to_float": lambda ops, x: cast(ops, x, "float32"),
        "to_double": lambda ops, x: cast(ops, x, "float64"),
        "to_int32": lambda ops, x: cast(ops, x, "int32"),
        "to_int64": lambda ops, x: cast(ops, x, "int64"),
        "clip_by_value": Spelled("t|x=x clip_value_min=low clip_value_max=high", clip_between),
    },
    stack=_BOTH,
)


@function("tensorflow.multiply_no_nan", stack="TensorFlow 1.14 on: zero where y is zero")
def multiply_no_nan(ops: Ops, x: Operand, y: Operand) -> Operand:
    product = ops.multiply(x, y)
    return ops.where(ops.equal(y, 0), ops.zeros_like(product), product)


@function("tensorflow.xlogy", stack="TensorFlow 1.13 on: zero where x is zero")
def xlogy(ops: Ops, x: Operand, y: Operand) -> Operand:
    zero = ops.equal(x, 0)
    safe = ops.where(zero, ops.ones_like(y), y)
    return ops.where(zero, ops.zeros_like(y), ops.multiply(x, ops.log(safe)))


@function("tensorflow.add_n", "tensorflow.accumulate_n", stack=_BOTH)
def add_n(ops: Ops, inputs: Operand) -> Operand:
    total = inputs[0]
    for one in list(inputs)[1:]:
        total = ops.add(total, one)
    return total


@function("tensorflow.clip_by_norm", stack=_BOTH)
def clip_by_norm(ops: Ops, t: Operand, clip_norm: Operand, axes: Operand = None) -> Operand:
    norm = ops.sqrt(reduce(ops, "sum", ops.square(t), axes, True))
    return ops.divide(ops.multiply(t, clip_norm), ops.maximum(norm, clip_norm))


@function("tensorflow.constant", "tensorflow.convert_to_tensor", stack=_BOTH)
def constant(
    ops: Ops,
    value: Operand,
    dtype: Operand = None,
    shape: Operand = None,
    verify_shape: Operand = False,
    preferred_dtype: Operand = None,
    dtype_hint: Operand = None,
) -> Operand:
    if ops.is_tensor(value):
        return value if dtype is None else ops.cast(value, dtype_name(ops, dtype))
    value = number(ops, value, "int32")
    if isinstance(value, list | tuple) and any(map(ops.is_tensor, value)):
        return ops.stack([number(ops, one, "float32") for one in value], axis=0)
    if ops.is_tensor(value):
        return value
    return numbers(ops, value, dtype_name(ops, dtype) if dtype is not None else of(ops, value), shape)
