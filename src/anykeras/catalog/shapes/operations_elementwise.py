"""Functions of ``keras.ops`` that work element by element (keras/src/ops/numpy.py, nn.py, math.py of 3.15.1)."""

from __future__ import annotations

from typing import Any

from .spec import Spec, broadcast, floating, promote, spec_of
from .tables import operation

_SAME = """abs absolute bitwise_invert bitwise_not celu clip conj conjugate copy elu erf erfinv flip fliplr flipud
gelu hard_shrink hard_sigmoid hard_silu hard_tanh imag layer_normalization leaky_relu log_sigmoid
log_softmax nan_to_num negative real relu relu6 rms_normalization round rsqrt selu sigmoid sign silu
soft_shrink softmax softplus softsign sort sparse_plus sparse_sigmoid sparsemax squareplus stop_gradient
tanh_shrink threshold tril triu trunc roll cholesky cholesky_inverse inv batch_normalization
image.gaussian_blur image.rgb_to_hsv image.hsv_to_rgb image.elastic_transform slice_update scatter_update"""
_FLOAT = """angle arccos arccosh arcsin arcsinh arctan arctanh cbrt ceil cos cosh deg2rad erfc exp exp2 expm1 fabs
floor i0 log log10 log1p log2 rad2deg sin sinc sinh sqrt tan tanh"""
_BOOL = "isfinite isinf isnan isneginf isposinf isreal logical_not signbit"
_BINARY = """add subtract multiply maximum minimum power floor_divide fmax fmin gcd lcm bitwise_and bitwise_or
bitwise_xor bitwise_left_shift bitwise_right_shift left_shift right_shift"""
_BINARY_FLOAT = "divide divide_no_nan true_divide logaddexp logaddexp2 ldexp hypot heaviside"
_BINARY_BOOL = """equal not_equal greater greater_equal less less_equal isclose logical_and logical_or logical_xor"""


@operation(*_SAME.split())
def same(x: Any = None, **arguments: Any) -> Spec:
    """Shape and dtype of the first argument, whatever its name."""
    return spec_of(next(iter(arguments.values())) if x is None else x)


@operation(*_FLOAT.split())
def unary_float(x: Any, **_: Any) -> Spec:
    found = spec_of(x)
    return Spec(found.shape, floating(found.dtype))


@operation(*_BOOL.split())
def unary_bool(x: Any) -> Spec:
    return Spec(spec_of(x).shape, "bool")


@operation("reciprocal", "normalize")
def always_float32(x: Any, **_: Any) -> Spec:
    return Spec(spec_of(x).shape, "float32")


@operation("square")
def square(x: Any) -> Spec:
    found = spec_of(x)
    return Spec(found.shape, "int32" if found.dtype == "bool" else found.dtype)


def together(*values: Any) -> tuple[Any, list[str | None]]:
    """The broadcast shape of several arguments, and their dtypes."""
    specs = [spec_of(value) for value in values]
    return broadcast(*(s.known() for s in specs)), [s.dtype for s in specs]


@operation(*_BINARY.split())
def binary(**arguments: Any) -> Spec:
    shape, dtypes = together(*arguments.values())
    return Spec(shape, promote(*dtypes))


@operation("mod", "fmod")
def modulo(x1: Any, x2: Any) -> Spec:
    shape, dtypes = together(x1, x2)
    return Spec(shape, promote(*dtypes, "int32") if set(dtypes) == {"bool"} else promote(*dtypes))


@operation(*_BINARY_FLOAT.split())
def binary_float(**arguments: Any) -> Spec:
    shape, dtypes = together(*arguments.values())
    return Spec(shape, promote(*dtypes, "float"))


@operation("arctan2")
def arctan2(x1: Any, x2: Any) -> Spec:
    return _of_arrays(x1, x2, ("int", "float"))


@operation("nextafter")
def nextafter(x1: Any, x2: Any) -> Spec:
    return _of_arrays(x1, x2, ("float",))


def _of_arrays(x1: Any, x2: Any, numbers: tuple[str, ...]) -> Spec:
    """Python numbers of these kinds are float32 here, and do not give way to the other operand's dtype."""
    shape, dtypes = together(x1, x2)
    return Spec(shape, promote(*("float32" if d in numbers else d for d in dtypes), "float"))


@operation(*_BINARY_BOOL.split())
def binary_bool(x1: Any, x2: Any, **_: Any) -> Spec:
    return Spec(together(x1, x2)[0], "bool")


@operation("isin", "in_top_k")
def like_first_bool(**arguments: Any) -> Spec:
    return Spec(spec_of(next(iter(arguments.values()))).shape, "bool")


@operation("allclose")
def one_bool(**_: Any) -> Spec:
    return Spec((), "bool")


@operation("where")
def where(condition: Any, x1: Any, x2: Any) -> Spec:
    shape, (_, *dtypes) = together(condition, x1, x2)
    return Spec(shape, promote(*dtypes))


@operation("select")
def select(condlist: Any, choicelist: Any, default: Any) -> Spec:
    first = spec_of(choicelist[0])
    return Spec(first.shape, first.dtype)


@operation("cast", "saturate_cast")
def cast(x: Any, dtype: str) -> Spec:
    return Spec(spec_of(x).shape, dtype)


@operation("zeros_like", "ones_like", "empty_like", "array", "convert_to_tensor")
def like(x: Any, dtype: str | None = None, **_: Any) -> Spec:
    return Spec(spec_of(x).shape, dtype or spec_of(x).dtype)


@operation("full_like")
def full_like(x: Any, fill_value: Any, dtype: str | None = None) -> Spec:
    return Spec(spec_of(x).shape, dtype or spec_of(x).dtype)


@operation("digitize")
def digitize(x: Any, bins: Any) -> Spec:
    return Spec(spec_of(x).shape, "int32")


@operation("argsort", "argpartition")
def argsort(x: Any, axis: int | None = -1, **_: Any) -> Spec:
    return Spec(spec_of(x).known() if axis is not None else (None,), "int32")


@operation("polar")
def polar(abs_: Any, angle: Any) -> Spec:
    return Spec(together(abs_, angle)[0], "complex64")


@operation("glu")
def glu(x: Any, axis: int = -1) -> Spec:
    found = spec_of(x)
    shape = list(found.known())
    half = shape[axis]
    shape[axis] = None if half is None else half // 2
    return found.with_shape(shape)


@operation("binary_crossentropy")
def binary_crossentropy(target: Any, output: Any, **_: Any) -> Spec:
    return spec_of(output)


@operation("categorical_crossentropy", "sparse_categorical_crossentropy")
def crossentropy(target: Any, output: Any, axis: int = -1, **_: Any) -> Spec:
    found = spec_of(output)
    return found.with_shape(found.known()[:-1])
