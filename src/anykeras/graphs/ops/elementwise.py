"""Arithmetic, comparisons, activations: element by element, in the dtype of their operands."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np

from ...recovery.functions import Operand
from ...texts import list_words
from .base import NodeCall, Translate, cast, is_constant, op, rows

_SAME: Mapping[str, str] = dict(
    pair.split("=")
    for pair in list_words(
        """
        Abs=abs Neg=negative Exp=exp Expm1=expm1 Log=log Log1p=log1p Sqrt=sqrt Rsqrt=rsqrt Square=square Sign=sign Sin=sin
        Cos=cos Tan=tan Asin=arcsin Acos=arccos Atan=arctan Sinh=sinh Cosh=cosh Tanh=tanh Asinh=arcsinh Acosh=arccosh
        Atanh=arctanh Sigmoid=sigmoid Relu=relu Relu6=relu6 Elu=elu Selu=selu Softplus=softplus Softsign=softsign Erf=erf
        Erfinv=erfinv Floor=floor Ceil=ceil Round=round Rint=round Reciprocal=reciprocal Inv=reciprocal Add=add AddV2=add
        Sub=subtract Mul=multiply RealDiv=divide FloorDiv=floor_divide FloorMod=mod Maximum=maximum Minimum=minimum Pow=power
        Atan2=arctan2 BitwiseAnd=bitwise_and BitwiseOr=bitwise_or BitwiseXor=bitwise_xor Invert=bitwise_not
        LeftShift=left_shift RightShift=right_shift
        """
    )
)
_TRUTH: Mapping[str, str] = dict(
    pair.split("=")
    for pair in list_words(
        """
        Equal=equal NotEqual=not_equal Greater=greater GreaterEqual=greater_equal Less=less LessEqual=less_equal
        LogicalNot=logical_not IsNan=isnan IsInf=isinf IsFinite=isfinite
        """
    )
)
_SMALL: Mapping[str, Callable[[Operand], Operand]] = {
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "relu": lambda x: np.maximum(x, 0),
    "relu6": lambda x: np.minimum(np.maximum(x, 0), 6),
    "rsqrt": lambda x: 1 / np.sqrt(x),
    "softplus": lambda x: np.logaddexp(x, np.zeros((), x.dtype)),
    "elu": lambda x: np.where(x > 0, x, np.expm1(x)),
    "softsign": lambda x: x / (1 + np.abs(x)),
}
"""What numpy lacks by that name, so that constants stay constants."""


def _same(name: str) -> Translate:
    def run(call: NodeCall) -> Operand:
        if name in _SMALL and is_constant(call):
            x = np.asarray(call.given[0])
            with np.errstate(all="ignore"):
                return np.asarray(_SMALL[name](x), x.dtype)
        given = [call.array(place) for place in range(len(call))] if is_constant(call) else call.tensors()
        return call.keep(call.ops.op(name, *given))

    return run


def _truth(name: str) -> Translate:
    return lambda call: call.ops.op(name, *(call.tensors()))


rows({old: _same(new) for old, new in _SAME.items()})
rows({old: _truth(new) for old, new in _TRUTH.items()})


def _pass(call: NodeCall) -> Operand:
    return call.given[0]


rows(
    {
        "Identity ReadVariableOp Snapshot PreventGradient CheckNumerics EnsureShape PlaceholderWithDefault LoopCond "
        "NextIteration RefNextIteration DeepCopy": _pass,
        "IdentityN": lambda call: tuple(call.given),
    }
)


@op("StopGradient")
def stop_gradient(call: NodeCall) -> Operand:
    """As it says, for training on; numbers have no gradient."""
    x = call.tensor(0)
    return call.ops.op("stop_gradient", x) if call.ops.is_tensor(x) else call.given[0]


@op("Div", "TruncateDiv")
def divide(call: NodeCall) -> Operand:
    """``Div``: whole numbers are divided towards zero."""
    if "float" in str(call.at.get("T", "float32")):
        return call.ops.op("divide", *call.tensors())
    return call.keep(call.call("truncatediv", *call.tensors()))


@op("Mod", "TruncateMod")
def remainder(call: NodeCall) -> Operand:
    """The remainder with the sign of the dividend."""
    return call.keep(call.call("truncatemod", *call.tensors()))


@op("SquaredDifference")
def squared_difference(call: NodeCall) -> Operand:
    """The square of a difference."""
    return call.keep(call.ops.op("square", call.ops.op("subtract", *call.tensors())))


@op("DivNoNan", "MulNoNan", "Xdivy", "Xlogy", "Xlog1py")
def zero_where_zero(call: NodeCall) -> Operand:
    """Products and quotients that are zero where one operand is zero, whatever the other is."""
    x, y = call.tensors()
    ops = call.ops
    deciding = y if call.op in ("DivNoNan", "MulNoNan") else x
    safe = ops.op("where", ops.op("equal", deciding, 0), ops.op("ones_like", y), y)
    if call.op in ("DivNoNan", "Xdivy"):
        found = ops.op("divide", x, safe)
    elif call.op == "MulNoNan":
        found = ops.op("multiply", x, y)
    else:
        found = ops.op("multiply", x, ops.op("log" if call.op == "Xlogy" else "log1p", safe))
    return call.keep(ops.op("where", ops.op("equal", deciding, 0), ops.op("zeros_like", found), found))


@op("Erfc")
def erfc(call: NodeCall) -> Operand:
    """The complementary error function."""
    return call.keep(call.ops.op("subtract", 1.0, call.ops.op("erf", call.tensor(0))))


@op("Ndtri")
def normal_quantile(call: NodeCall) -> Operand:
    """The quantile of the normal distribution."""
    inner = call.ops.op("erfinv", call.ops.op("subtract", call.ops.op("multiply", call.tensor(0), 2.0), 1.0))
    return call.keep(call.ops.op("multiply", inner, math.sqrt(2.0)))


@op("LeakyRelu")
def leaky_relu(call: NodeCall) -> Operand:
    """Small below zero."""
    return call.ops.op("leaky_relu", call.tensor(0), negative_slope=float(call.at["alpha"]))


@op("Softmax", "LogSoftmax")
def softmax(call: NodeCall) -> Operand:
    """Along the last axis."""
    name = "softmax" if call.op == "Softmax" else "log_softmax"
    x = call.array(0)
    if not call.ops.is_tensor(x):
        raised = np.exp(x - np.max(x, -1, keepdims=True))
        total = np.asarray(raised / raised.sum(-1, keepdims=True), x.dtype)
        return total if name == "softmax" else np.log(total)
    return call.keep(call.ops.op(name, x, axis=-1))


@op("AddN", "AccumulateNV2")
def add_all(call: NodeCall) -> Operand:
    """The sum of several tensors."""
    total = call.tensor(0)
    for place in range(1, len(call)):
        total = call.ops.op("add", total, call.tensor(place))
    return call.keep(total)


@op("ClipByValue")
def clip(call: NodeCall) -> Operand:
    """Between two bounds."""
    x, low, high = call.tensors()
    return call.keep(call.ops.op("minimum", call.ops.op("maximum", x, low), high))


@op("L2Loss")
def half_squares(call: NodeCall) -> Operand:
    """Half the sum of squares."""
    return call.keep(call.ops.op("multiply", call.ops.op("sum", call.ops.op("square", call.tensor(0))), 0.5))


@op("Cast")
def to_dtype(call: NodeCall) -> Operand:
    """Another dtype; floats are cut towards zero."""
    return cast(call.ops, call.array(0), str(call.at["DstT"]))


@op("ZerosLike", "OnesLike")
def filled_like(call: NodeCall) -> Operand:
    """Zeros or ones in the shape of a tensor."""
    x = call.array(0)
    if not call.ops.is_tensor(x):
        return np.zeros_like(x) if call.op == "ZerosLike" else np.ones_like(x)
    return call.ops.op("zeros_like" if call.op == "ZerosLike" else "ones_like", x)


@op("LogicalAnd", "LogicalOr")
def combine(call: NodeCall) -> Operand:
    """Both, or one of both; a constant that settles it does, so that loops with a greatest number of steps end."""
    given = call.tensors()
    for known, other in (given, given[::-1]):
        if isinstance(known, bool) and call.ops.rank(other) == 0:
            return np.bool_(known) if known is (call.op == "LogicalOr") else other
    return call.ops.op("logical_and" if call.op == "LogicalAnd" else "logical_or", *given)


@op("Select", "SelectV2")
def choose(call: NodeCall) -> Operand:
    """Element by element; a condition of one axis chooses rows in the first version."""
    condition, yes, no = call.tensors()
    ops = call.ops
    if isinstance(condition, bool | np.bool_) and ops.shape(yes) == ops.shape(no):
        return call.given[1 if condition else 2]
    if call.op == "Select" and ops.rank(condition) == 1 and ops.rank(yes) > 1:
        condition = ops.op("reshape", condition, (-1, *[1] * (ops.rank(yes) - 1)))
    if is_constant(call):
        return np.where(condition, call.given[1], call.given[2])
    return call.keep(ops.op("where", condition, yes, no))


@op("Bucketize")
def bucketize(call: NodeCall) -> Operand:
    """How many bounds are not above each number."""
    bounds = np.asarray(call.at["boundaries"], "float32")
    x = call.ops.op("cast", call.tensor(0), "float32")
    above = call.ops.op("greater_equal", call.ops.op("expand_dims", x, -1), bounds)
    return call.ops.op("sum", call.ops.op("cast", above, "int32"), axis=-1)


@op("ApproximateEqual")
def nearly_equal(call: NodeCall) -> Operand:
    """Whether two numbers differ by less than a tolerance."""
    apart = call.ops.op("abs", call.ops.op("subtract", *call.tensors()))
    return call.ops.op("less", apart, float(call.at["tolerance"]))


@op("FakeQuantWithMinMaxArgs", "FakeQuantWithMinMaxVars", "FakeQuantWithMinMaxVarsPerChannel")
def fake_quantize(call: NodeCall) -> Operand:
    """Numbers as a quantized one would have them; the range is moved so that zero is in it (fake_quant_ops_functor.h)."""
    ops, bits = call.ops, int(call.at["num_bits"])
    low, high = np.float32(1.0 if call.at["narrow_range"] else 0.0), np.float32(2**bits - 1)
    given = [call.at["min"], call.at["max"]] if call.op == "FakeQuantWithMinMaxArgs" else [call.array(1), call.array(2)]
    least, most = (end if ops.is_tensor(end) else np.asarray(end, "float32") for end in given)
    scale = ops.op("divide", ops.op("subtract", most, least), high - low)
    start = ops.op("subtract", low, ops.op("divide", least, scale))
    zero = ops.op("minimum", ops.op("maximum", ops.op("floor", ops.op("add", start, 0.5)), low), high)
    least, most = (ops.op("multiply", ops.op("subtract", end, zero), scale) for end in (low, high))
    inside = ops.op("subtract", ops.op("minimum", ops.op("maximum", call.tensor(0), least), most), least)
    steps = ops.op("floor", ops.op("add", ops.op("divide", inside, scale), 0.5))
    return call.keep(ops.op("add", ops.op("multiply", steps, scale), least), "")
