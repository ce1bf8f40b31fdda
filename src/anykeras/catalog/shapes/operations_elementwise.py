"""Functions of ``keras.ops`` element by element, or along axes (keras/src/ops/numpy.py, nn.py, math.py of 3.15.1)."""

from __future__ import annotations

from collections.abc import Sequence

from ..base import Shape
from .spec import WIDENED, Argument, Axes, Spec, add_sizes, axes_of, broadcast, product, promote, spec_of, to_floating
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
def same(x: Spec | None = None, **arguments: Argument) -> Spec:
    """Shape and dtype of the first argument, whatever its name."""
    return spec_of(next(iter(arguments.values())) if x is None else x)


@operation(*_FLOAT.split())
def unary_float(x: Spec, **_: object) -> Spec:
    return Spec(x.shape, to_floating(x.dtype))


@operation(*_BOOL.split())
def unary_bool(x: Spec) -> Spec:
    return Spec(x.shape, "bool")


@operation("reciprocal", "normalize")
def always_float32(x: Spec, **_: object) -> Spec:
    return Spec(x.shape, "float32")


@operation("square")
def square(x: Spec) -> Spec:
    return Spec(x.shape, "int32" if x.dtype == "bool" else x.dtype)


def broadcast_all(*specs: Spec) -> tuple[Shape, list[str | None]]:
    """The broadcast shape of several arguments, and their dtypes."""
    return broadcast(*(s.known() for s in specs)), [s.dtype for s in specs]


@operation(*_BINARY.split())
def binary(**arguments: Spec) -> Spec:
    shape, dtypes = broadcast_all(*arguments.values())
    return Spec(shape, promote(*dtypes))


@operation("mod", "fmod")
def modulo(x1: Spec, x2: Spec) -> Spec:
    shape, dtypes = broadcast_all(x1, x2)
    return Spec(shape, promote(*dtypes, "int32") if set(dtypes) == {"bool"} else promote(*dtypes))


@operation(*_BINARY_FLOAT.split())
def binary_float(**arguments: Spec) -> Spec:
    shape, dtypes = broadcast_all(*arguments.values())
    return Spec(shape, promote(*dtypes, "float"))


@operation("arctan2")
def arctan2(x1: Spec, x2: Spec) -> Spec:
    return _of_arrays(x1, x2, ("int", "float"))


@operation("nextafter")
def nextafter(x1: Spec, x2: Spec) -> Spec:
    return _of_arrays(x1, x2, ("float",))


def _of_arrays(x1: Spec, x2: Spec, numbers: tuple[str, ...]) -> Spec:
    """Python numbers of these kinds are float32 here, and do not give way to the other operand's dtype."""
    shape, dtypes = broadcast_all(x1, x2)
    return Spec(shape, promote(*("float32" if d in numbers else d for d in dtypes), "float"))


@operation(*_BINARY_BOOL.split())
def binary_bool(x1: Spec, x2: Spec, **_: object) -> Spec:
    return Spec(broadcast_all(x1, x2)[0], "bool")


@operation("isin", "in_top_k")
def like_first_bool(**arguments: Argument) -> Spec:
    return Spec(spec_of(next(iter(arguments.values()))).shape, "bool")


@operation("allclose")
def one_bool(**_: object) -> Spec:
    return Spec((), "bool")


@operation("where")
def where(condition: Spec, x1: Spec, x2: Spec) -> Spec:
    shape, (_, *dtypes) = broadcast_all(condition, x1, x2)
    return Spec(shape, promote(*dtypes))


@operation("select")
def select(condlist: object, choicelist: Sequence[Spec], default: object) -> Spec:
    return choicelist[0]


@operation("cast", "saturate_cast")
def cast(x: Spec, dtype: str) -> Spec:
    return Spec(x.shape, dtype)


@operation("zeros_like", "ones_like", "empty_like", "array", "convert_to_tensor")
def like(x: Spec, dtype: str | None = None, **_: object) -> Spec:
    return Spec(x.shape, dtype or x.dtype)


@operation("full_like")
def full_like(x: Spec, fill_value: Spec, dtype: str | None = None) -> Spec:
    return Spec(x.shape, dtype or x.dtype)


@operation("digitize")
def digitize(x: Spec, bins: object) -> Spec:
    return Spec(x.shape, "int32")


@operation("argsort", "argpartition")
def argsort(x: Spec, axis: int | None = -1, **_: object) -> Spec:
    return Spec(x.known() if axis is not None else (None,), "int32")


@operation("polar")
def polar(abs_: Spec, angle: Spec) -> Spec:
    return Spec(broadcast_all(abs_, angle)[0], "complex64")


@operation("glu")
def glu(x: Spec, axis: int = -1) -> Spec:
    shape = list(x.known())
    half = shape[axis]
    shape[axis] = None if half is None else half // 2
    return x.with_shape(shape)


@operation("binary_crossentropy")
def binary_crossentropy(target: object, output: Spec, **_: object) -> Spec:
    return output


@operation("categorical_crossentropy", "sparse_categorical_crossentropy")
def crossentropy(target: object, output: Spec, axis: int = -1, **_: object) -> Spec:
    return output.with_shape(output.known()[:-1])


# Functions of ``keras.ops`` that reduce or accumulate along axes (keras/src/ops/numpy.py, math.py of 3.15.1).


def reduce_shape(x: Spec, axis: Axes, keepdims: bool, dtype: str | None) -> Spec:
    """The shape without the reduced axes, or with ones in their place."""
    shape = x.known()
    gone = axes_of(axis, len(shape))
    kept = [1 if i in gone else d for i, d in enumerate(shape) if keepdims or i not in gone]
    return Spec(tuple(kept), dtype)


def sum_dtype(dtype: str | None) -> str | None:
    """The dtype of a sum: small integers are widened."""
    return promote(WIDENED.get(dtype or "", dtype))


@operation("mean", "std", "var", "average", "nanmean", "nanstd", "nanvar", "norm")
def mean(x: Spec, axis: Axes = None, keepdims: bool = False, **_: object) -> Spec:
    return reduce_shape(x, axis, keepdims, to_floating(x.dtype))


@operation("median", "nanmedian")
def median(x: Spec, axis: Axes = None, keepdims: bool = False) -> Spec:
    return reduce_shape(x, axis, keepdims, to_floating(x.dtype))


@operation("quantile", "nanquantile", "percentile", "nanpercentile")
def quantile(x: Spec, q: Spec, axis: Axes = None, method: str = "linear", keepdims: bool = False) -> Spec:
    found = reduce_shape(x, axis, keepdims, to_floating(x.dtype))
    return found.with_shape((*q.known(), *found.known()))


@operation("max", "min", "amax", "amin", "ptp")
def extreme(x: Spec, axis: Axes = None, keepdims: bool = False, **_: object) -> Spec:
    return reduce_shape(x, axis, keepdims, x.dtype)


@operation("nanmax", "nanmin")
def nan_extreme(x: Spec, axis: Axes = None, keepdims: bool = False, **_: object) -> Spec:
    return reduce_shape(x, axis, keepdims, promote(x.dtype))


@operation("sum", "nansum")
def summation(x: Spec, axis: Axes = None, keepdims: bool = False, **_: object) -> Spec:
    return reduce_shape(x, axis, keepdims, sum_dtype(x.dtype))


@operation("prod", "nanprod")
def prod(x: Spec, axis: Axes = None, keepdims: bool = False, dtype: str | None = None) -> Spec:
    found = x.dtype
    return reduce_shape(x, axis, keepdims, dtype or WIDENED.get(found or "", found))


@operation("all", "any")
def truth(x: Spec, axis: Axes = None, keepdims: bool = False) -> Spec:
    return reduce_shape(x, axis, keepdims, "bool")


@operation("count_nonzero")
def count_nonzero(x: Spec, axis: Axes = None) -> Spec:
    return reduce_shape(x, axis, False, "int32")


@operation("argmax", "argmin", "nanargmax", "nanargmin")
def argmax(x: Spec, axis: Axes = None, keepdims: bool = False) -> Spec:
    return reduce_shape(x, axis, keepdims, "int32")


@operation("logsumexp")
def logsumexp(x: Spec, axis: Axes = None, keepdims: bool = False) -> Spec:
    return reduce_shape(x, axis, keepdims, "float32")


@operation("moments")
def moments(x: Spec, axes: Axes, keepdims: bool = False, **_: object) -> tuple[Spec, Spec]:
    found = reduce_shape(x, axes, keepdims, x.dtype)
    return found, found


@operation("cumsum", "cumprod", "nancumsum", "nancumprod")
def cumulate(x: Spec, axis: int | None = None, dtype: str | None = None) -> Spec:
    shape = x.known() if axis is not None else (product(x.known()),)
    return Spec(shape, dtype or ("int32" if x.dtype == "bool" else x.dtype))


@operation("trace")
def trace(x: Spec, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Spec:
    found = x.dtype
    dtype = found if found == "int64" else WIDENED.get(found or "", found)
    return reduce_shape(x, (axis1, axis2), False, dtype)


@operation("trapezoid")
def trapezoid(y: Spec, x: object = None, dx: object = 1.0, axis: int = -1) -> Spec:
    return reduce_shape(y, axis, False, to_floating(y.dtype))


@operation("size")
def size(x: object) -> Spec:
    return Spec((), "int32")


@operation("ndim")
def ndim(x: object) -> Spec:
    return Spec((), "int32")


@operation("diff")
def diff(a: Spec, n: int = 1, axis: int = -1) -> Spec:
    shape = list(a.known())
    shape[axis] = add_sizes(shape[axis], -n)
    return a.with_shape(shape)


@operation("segment_sum", "segment_max", "segment_min", "segment_prod")
def segment(data: Spec, segment_ids: object, num_segments: int | None = None, sorted: bool = False) -> Spec:
    return data.with_shape((num_segments, *data.known()[1:]))


@operation("bincount")
def bincount(x: Spec, weights: Spec | None = None, minlength: int = 0, **_: object) -> Spec:
    dtype = "int32" if weights is None else weights.dtype
    return Spec((*x.known()[:-1], None), dtype)


@operation("histogram")
def histogram(x: Spec, bins: int = 10, range: object = None) -> tuple[Spec, Spec]:
    return x.with_shape((bins,)), x.with_shape((bins + 1,))


@operation("psnr")
def psnr(x1: Spec, x2: object, max_val: object) -> Spec:
    return Spec((), x1.dtype)


@operation("top_k")
def top_k(x: Spec, k: int, sorted: bool = True) -> tuple[Spec, Spec]:
    shape = (*x.known()[:-1], k)
    return x.with_shape(shape), Spec(shape, "int32")
