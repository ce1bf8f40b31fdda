"""Functions of ``keras.ops`` that reduce or accumulate along axes (keras/src/ops/numpy.py, math.py of 3.15.1)."""

from __future__ import annotations

from .spec import WIDENED, Axes, Spec, axes_of, plus, product, promote, to_floating
from .tables import operation


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
    shape[axis] = plus(shape[axis], -n)
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
