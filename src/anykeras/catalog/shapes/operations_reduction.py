"""Functions of ``keras.ops`` that reduce or accumulate along axes (keras/src/ops/numpy.py, math.py of 3.15.1)."""

from __future__ import annotations

from typing import Any

from .spec import WIDENED, Spec, axes_of, floating, plus, product, promote, spec_of
from .tables import operation


def reduced(x: Any, axis: Any, keepdims: bool, dtype: str | None) -> Spec:
    """The shape without the reduced axes, or with ones in their place."""
    shape = spec_of(x).known()
    gone = axes_of(axis, len(shape))
    kept = [1 if i in gone else d for i, d in enumerate(shape) if keepdims or i not in gone]
    return Spec(tuple(kept), dtype)


def summed(dtype: str | None) -> str | None:
    """The dtype of a sum: small integers are widened."""
    return promote(WIDENED.get(dtype or "", dtype))


@operation("mean", "std", "var", "average", "nanmean", "nanstd", "nanvar", "norm")
def mean(x: Any, axis: Any = None, keepdims: bool = False, **_: Any) -> Spec:
    return reduced(x, axis, keepdims, floating(spec_of(x).dtype))


@operation("median", "nanmedian")
def median(x: Any, axis: Any = None, keepdims: bool = False) -> Spec:
    return reduced(x, axis, keepdims, floating(spec_of(x).dtype))


@operation("quantile", "nanquantile", "percentile", "nanpercentile")
def quantile(x: Any, q: Any, axis: Any = None, method: str = "linear", keepdims: bool = False) -> Spec:
    found = reduced(x, axis, keepdims, floating(spec_of(x).dtype))
    return found.with_shape((*spec_of(q).known(), *found.known()))


@operation("max", "min", "amax", "amin", "ptp")
def extreme(x: Any, axis: Any = None, keepdims: bool = False, **_: Any) -> Spec:
    return reduced(x, axis, keepdims, spec_of(x).dtype)


@operation("nanmax", "nanmin")
def nan_extreme(x: Any, axis: Any = None, keepdims: bool = False, **_: Any) -> Spec:
    return reduced(x, axis, keepdims, promote(spec_of(x).dtype))


@operation("sum", "nansum")
def summation(x: Any, axis: Any = None, keepdims: bool = False, **_: Any) -> Spec:
    return reduced(x, axis, keepdims, summed(spec_of(x).dtype))


@operation("prod", "nanprod")
def prod(x: Any, axis: Any = None, keepdims: bool = False, dtype: str | None = None) -> Spec:
    found = spec_of(x).dtype
    return reduced(x, axis, keepdims, dtype or WIDENED.get(found or "", found))


@operation("all", "any")
def truth(x: Any, axis: Any = None, keepdims: bool = False) -> Spec:
    return reduced(x, axis, keepdims, "bool")


@operation("count_nonzero")
def count_nonzero(x: Any, axis: Any = None) -> Spec:
    return reduced(x, axis, False, "int32")


@operation("argmax", "argmin", "nanargmax", "nanargmin")
def argmax(x: Any, axis: Any = None, keepdims: bool = False) -> Spec:
    return reduced(x, axis, keepdims, "int32")


@operation("logsumexp")
def logsumexp(x: Any, axis: Any = None, keepdims: bool = False) -> Spec:
    return reduced(x, axis, keepdims, "float32")


@operation("moments")
def moments(x: Any, axes: Any, keepdims: bool = False, **_: Any) -> tuple[Spec, Spec]:
    found = reduced(x, axes, keepdims, spec_of(x).dtype)
    return found, found


@operation("cumsum", "cumprod", "nancumsum", "nancumprod")
def cumulated(x: Any, axis: int | None = None, dtype: str | None = None) -> Spec:
    found = spec_of(x)
    shape = found.known() if axis is not None else (product(found.known()),)
    return Spec(shape, dtype or ("int32" if found.dtype == "bool" else found.dtype))


@operation("trace")
def trace(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Spec:
    found = spec_of(x).dtype
    dtype = found if found == "int64" else WIDENED.get(found or "", found)
    return reduced(x, (axis1, axis2), False, dtype)


@operation("trapezoid")
def trapezoid(y: Any, x: Any = None, dx: Any = 1.0, axis: int = -1) -> Spec:
    return reduced(y, axis, False, floating(spec_of(y).dtype))


@operation("size")
def size(x: Any) -> Spec:
    return Spec((), "int32")


@operation("ndim")
def ndim(x: Any) -> Spec:
    return Spec((), "int32")


@operation("diff")
def diff(a: Any, n: int = 1, axis: int = -1) -> Spec:
    found = spec_of(a)
    shape = list(found.known())
    shape[axis] = plus(shape[axis], -n)
    return found.with_shape(shape)


@operation("segment_sum", "segment_max", "segment_min", "segment_prod")
def segment(data: Any, segment_ids: Any, num_segments: int | None = None, sorted: bool = False) -> Spec:
    found = spec_of(data)
    return found.with_shape((num_segments, *found.known()[1:]))


@operation("bincount")
def bincount(x: Any, weights: Any = None, minlength: int = 0, **_: Any) -> Spec:
    dtype = "int32" if weights is None else spec_of(weights).dtype
    return Spec((*spec_of(x).known()[:-1], None), dtype)


@operation("histogram")
def histogram(x: Any, bins: int = 10, range: Any = None) -> tuple[Spec, Spec]:
    found = spec_of(x)
    return found.with_shape((bins,)), found.with_shape((bins + 1,))


@operation("psnr")
def psnr(x1: Any, x2: Any, max_val: Any) -> Spec:
    return Spec((), spec_of(x1).dtype)


@operation("top_k")
def top_k(x: Any, k: int, sorted: bool = True) -> tuple[Spec, Spec]:
    found = spec_of(x)
    shape = (*found.known()[:-1], k)
    return found.with_shape(shape), Spec(shape, "int32")
