"""Calls of ``keras.ops`` functions that a model can hold, written as expressions over a few named inputs.

``x y`` are float (batch, 4); ``seq`` float (batch, 5, 4); ``img`` float (batch, 8, 6, 2); ``rgb`` with 3 channels;
``q`` float (batch, 5, 2, 4); ``i`` int32 (batch, 4) with values 0 to 3; ``b`` bool (batch, 4); ``sq`` float
(batch, 4, 4), positive definite; ``v`` float (batch,). All floats are in (0, 1). The batch is 3. ``K D P W F S TS KT``
are constants.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from anykeras.catalog.operations import bind, find
from anykeras.document.model import Config, Slice, Value, refs


def _names(text: str) -> list[str]:
    return text.split()


UNARY = _names("""
abs arccos arccosh arcsin arcsinh arctan arctanh cbrt ceil conj cos cosh deg2rad exp exp2 expm1 fabs floor i0
isfinite isinf isnan isneginf isposinf isreal log log10 log1p log2 logical_not negative rad2deg ravel
reciprocal sign signbit sin sinc sinh size sqrt square tan tanh trunc relu relu6 sigmoid softplus softsign
silu hard_silu hard_sigmoid hard_tanh hard_shrink soft_shrink tanh_shrink squareplus sparse_plus log_sigmoid
leaky_relu elu selu gelu celu glu swish sparse_sigmoid softmax log_softmax sparsemax erf erfinv erfc rsqrt
stop_gradient copy ndim nan_to_num round real conjugate hard_swish all any argmax argmin argsort sort max min
mean median prod std var sum amax amin cumsum cumprod count_nonzero average logsumexp flip squeeze ones_like
zeros_like transpose angle imag absolute nanmax nanmin nansum nanmean nanprod nanstd nanvar nanmedian
nanargmax nanargmin nancumsum nancumprod ptp
""")

BINARY = _names("""
add subtract multiply divide true_divide divide_no_nan maximum minimum power mod floor_divide arctan2 hypot
logaddexp logaddexp2 equal not_equal greater greater_equal less less_equal logical_and logical_or logical_xor
isclose nextafter fmax fmin fmod heaviside outer
""")

REDUCE = _names("""
sum mean max min prod std var any all amax amin logsumexp nansum nanmean nanmax nanmin nanprod nanstd nanvar
median
""")

OTHERS = [
    "o.bitwise_and(i, i)", "o.bitwise_or(i, i)", "o.bitwise_xor(i, i)", "o.bitwise_not(i)", "o.bitwise_invert(i)",
    "o.left_shift(i, 1)", "o.right_shift(i, 1)", "o.bitwise_left_shift(i, 1)", "o.gcd(i, 2)", "o.lcm(i, 2)",
    "o.add(x, 2)", "o.multiply(2.5, x)", "o.add(i, 1)", "o.add(i, 0.5)", "o.add(i, x)", "o.subtract(1, x)",
    "o.power(x, 2)", "o.power(2.0, x)", "o.divide(i, 2)", "o.true_divide(i, i)", "o.floor_divide(i, 2)",
    "o.mod(i, 2)", "o.maximum(x, 0.5)", "o.minimum(i, 2)", "o.greater(x, 0.5)", "o.logical_and(b, b)",
    "o.add(b, b)", "o.multiply(b, x)", "o.add(seq, o.expand_dims(x, 1))", "o.add(v, o.transpose(x))",
    "o.argmax(x, axis=1)", "o.argmin(x, axis=-1, keepdims=True)", "o.argsort(x, axis=0)", "o.sort(x, axis=0)",
    "o.cumsum(x, axis=1)", "o.cumprod(x, axis=1, dtype='float32')", "o.cumsum(i)", "o.average(x, axis=1)",
    "o.average(x, axis=1, weights=y)", "o.median(x, axis=1, keepdims=True)", "o.nanquantile(x, 0.5, axis=1)",
    "o.percentile(x, 50, axis=1)", "o.ptp(x, axis=1)", "o.diff(x)", "o.diff(x, n=2, axis=1)",
    "o.reshape(x, (-1, 2, 2))", "o.reshape(seq, (3, -1))", "o.reshape(seq, (-1,))", "o.reshape(seq, -1)",
    "o.transpose(seq)", "o.transpose(seq, (0, 2, 1))", "o.transpose(seq, axes=[1, 0, 2])", "o.expand_dims(x, 1)",
    "o.expand_dims(x, -1)", "o.expand_dims(x, (1, 3))", "o.squeeze(o.expand_dims(x, 1), axis=1)",
    "o.moveaxis(seq, 1, 2)", "o.moveaxis(seq, (0, 1), (1, 0))", "o.swapaxes(seq, 1, 2)", "o.flip(seq, axis=1)",
    "o.flip(seq, axis=(1, 2))", "o.fliplr(x)", "o.flipud(x)", "o.rot90(x)", "o.rot90(seq, axes=(1, 2))", "o.roll(x, 2)",
    "o.roll(seq, 1, axis=1)", "o.roll(seq, (1, 2), axis=(1, 2))", "o.repeat(x, 2)", "o.repeat(x, 2, axis=1)",
    "o.tile(x, 2)", "o.tile(x, (1, 3))", "o.tile(x, (2, 1, 1))", "o.broadcast_to(x, (2, 3, 4))",
    "o.concatenate([x, y])", "o.concatenate([x, y], axis=-1)", "o.concatenate([seq, seq, seq], axis=1)",
    "o.concatenate([x, i], axis=1)", "o.stack([x, y])", "o.stack([x, y, x], axis=1)", "o.stack([x, y], axis=-1)",
    "o.hstack([x, y])", "o.vstack([x, y])", "o.dstack([x, y])", "o.append(x, y, axis=1)", "o.append(x, y)",
    "o.split(x, 2, axis=1)", "o.split(seq, [1, 3], axis=1)", "o.array_split(x, 3, axis=1)", "o.hsplit(x, 2)",
    "o.dsplit(seq, 2)", "o.unstack(x, axis=1)", "o.unstack(x, num=4, axis=-1)", "o.take(x, [0, 2], axis=1)",
    "o.take(x, 1, axis=1)", "o.take(x, [1, 0])", "o.take(x, [[0, 1], [2, 3]], axis=1)",
    "o.take_along_axis(x, i, axis=1)", "o.take_along_axis(x, i, axis=-1)", "o.get_item(x, (slice(None), 1))",
    "o.get_item(seq, (slice(None), slice(1, 3)))", "o.get_item(seq, (Ellipsis, 0))",
    "o.get_item(x, (slice(None), None, slice(None, None, 2)))", "o.get_item(seq, (slice(1, None), -1))",
    "o.pad(x, 1)", "o.pad(x, ((0, 0), (1, 2)))", "o.pad(x, ((0, 0), (1, 1)), mode='reflect')",
    "o.pad(x, ((0, 0), (1, 1)), constant_values=2.0)", "o.clip(x, 0.2, 0.8)", "o.clip(i, 1, 2)", "o.where(b, x, y)",
    "o.where(b, x, 0.0)", "o.where(b, 1, 0)", "o.select([b, b], [x, y], 0.0)", "o.full_like(x, 2.0)",
    "o.full_like(x, 2, dtype='int32')", "o.ones_like(x, dtype='int32')", "o.zeros_like(i)", "o.tril(sq)",
    "o.triu(sq, k=1)", "o.diag(v)", "o.diag(x)", "o.diagonal(sq, axis1=1, axis2=2)", "o.diagflat(v)",
    "o.trace(sq, axis1=1, axis2=2)", "o.matmul(x, o.transpose(y))", "o.matmul(seq, sq)", "o.matmul(x, W)",
    "o.dot(x, o.transpose(y))", "o.tensordot(seq, W, axes=1)", "o.tensordot(x, y, axes=[[0, 1], [0, 1]])",
    "o.inner(x, y)", "o.vdot(v, v)", "o.kron(x, y)", "o.einsum('bij,bjk->bik', seq, sq)",
    "o.einsum('bi,bi->b', x, y)", "o.einsum('...i->...', seq)", "o.einsum('ij->ji', x)",
    "o.cross(o.get_item(x, (slice(None), slice(0, 3))), o.get_item(y, (slice(None), slice(0, 3))))",
    "o.cast(x, 'int32')", "o.cast(i, 'float32')", "o.cast(x, 'float16')", "o.saturate_cast(x, 'uint8')",
    "o.view(x, dtype='int32')", "o.meshgrid(v, v)", "o.linspace(x, y, num=3)", "o.logspace(x, y, num=3)",
    "o.geomspace(x, y, num=3)", "o.digitize(x, o.multiply(v, 1.0))", "o.searchsorted(o.sort(v), v)",
    "o.bincount(i, minlength=5)", "o.isin(i, [1, 2])", "o.vander(v, 3)", "o.top_k(x, 2)",
    "o.in_top_k(o.get_item(i, (slice(None), 0)), x, 2)", "o.corrcoef(x)", "o.nan_to_num(x, nan=1.0)",
    "o.round(x, 1)", "o.allclose(x, y)", "o.unravel_index(i, (2, 2))", "o.relu(i)",
    "o.leaky_relu(x, negative_slope=0.3)", "o.elu(x, alpha=0.5)", "o.gelu(x, approximate=False)",
    "o.softmax(seq, axis=1)", "o.log_softmax(x, axis=0)", "o.threshold(x, 0.5, 0.1)", "o.one_hot(i, 5)",
    "o.one_hot(i, 5, axis=1)", "o.one_hot(i, 5, dtype='int32')", "o.multi_hot(i, 5)", "o.normalize(x, axis=1)",
    "o.normalize(x, axis=-1, order=1)", "o.max_pool(img, 2, strides=2)",
    "o.average_pool(img, 2, strides=1, padding='SAME')", "o.conv(img, K, strides=2, padding='same')",
    "o.conv(img, K, data_format='channels_last')", "o.depthwise_conv(img, D)", "o.separable_conv(img, D, P)",
    "o.moments(x, axes=[0])", "o.moments(seq, axes=[1], keepdims=True)", "o.batch_normalization(x, F, F, axis=-1)",
    "o.layer_normalization(x, epsilon=1e-3)", "o.rms_normalization(x)", "o.binary_crossentropy(x, y)",
    "o.categorical_crossentropy(x, y)", "o.dot_product_attention(q, q, q)",
    "o.depth_to_space(o.concatenate([img, img], axis=-1), 2)", "o.space_to_depth(img, 2)",
    "o.unfold(o.transpose(img, (0, 3, 1, 2)), 2)", "o.segment_sum(v, S, num_segments=2)",
    "o.segment_max(v, S, num_segments=2)", "o.logsumexp(seq, axis=(1, 2))", "o.extract_sequences(x, 2, 1)",
    "o.fft((x, y))", "o.rfft(x)", "o.stft(x, 4, 2, 4)", "o.cdist(seq, seq)", "o.cholesky(sq)", "o.det(sq)",
    "o.inv(sq)", "o.solve(sq, sq)", "o.norm(x)", "o.qr(sq)", "o.svd(sq)", "o.eigh(sq)", "o.pinv(sq)",
    "o.solve_triangular(sq, sq, lower=True)", "o.logdet(sq)", "o.slogdet(sq)", "o.erf(x)",
    "o.view_as_real(o.view_as_complex(o.stack([x, y], axis=-1)))", "o.scatter_update(x, [[0, 1]], [9.0])",
    "o.slice(x, (0, 1), (3, 2))", "o.slice_update(x, (0, 1), o.ones_like(o.slice(x, (0, 1), (3, 2))))",
    "o.rearrange(seq, 'b t c -> b c t')", "o.psnr(x, y, 1.0)", "o.array(x)", "o.convert_to_tensor(x)",
    "o.nonzero(x)", "o.argpartition(x, 2)", "o.image.resize(img, (4, 4))",
    "o.image.resize(img, (4, 4), interpolation='nearest')", "o.image.rgb_to_grayscale(rgb)",
    "o.image.rgb_to_hsv(rgb)", "o.image.hsv_to_rgb(rgb)",
    "o.image.pad_images(img, 1, 1, target_height=10, target_width=8)",
    "o.image.crop_images(img, 1, 1, target_height=4, target_width=4)", "o.image.extract_patches(img, 2)",
    "o.image.extract_patches(img, (2, 3), padding='same')",
    "o.image.gaussian_blur(img, data_format='channels_last')", "o.image.affine_transform(img, TS)",
    "o.count_nonzero(seq, axis=1)", "o.threshold(x, 0.5, 0.1)", "o.bitwise_right_shift(i, 1)",
    "o.full((2, 3), o.max(x))", "o.ldexp(x, i)", "o.nanpercentile(x, 50, axis=1)", "o.trapezoid(x)",
    "o.vsplit(o.transpose(x), 2)", "o.sparse_categorical_crossentropy(o.get_item(i, (slice(None), 0)), x)",
    "o.segment_min(v, S, num_segments=2)", "o.polar(x, y)", "o.matrix_rank(sq)", "o.image.sobel_edges(img)",
    "o.correlate(v, v)", "o.segment_prod(v, S, num_segments=2)", "o.conv_transpose(img, KT, strides=2)",
    "o.lstsq(x, y)", "o.empty_like(x)", "o.norm(seq, axis=-1)", "o.norm(seq, ord=1, axis=1, keepdims=True)",
    "o.quantile(x, 0.5, axis=1)", "o.max_pool(img, (2, 2), strides=(2, 2), data_format='channels_last')",
]  # fmt: skip

CASES = [
    *(f"o.{name}(x)" for name in UNARY),
    *(f"o.{name}(x, y)" for name in BINARY),
    *(f"o.{name}(seq, axis={axis}, keepdims={keep})" for name in REDUCE for axis, keep in (("1", False), ("-1", True))),
    *(f"o.{name}(seq, axis=(1, 2))" for name in ("sum", "mean", "max", "min", "prod", "std", "var", "any", "all")),
    *OTHERS,
]


# Calls of ``keras.ops`` that a model can hold but a saved model cannot, and what says the same and survives.


ALL: Final = ("jax", "tensorflow", "torch")
Condition = Callable[[Mapping[str, Value]], bool]


@dataclass(frozen=True)
class Limit:
    """What breaks after saving: on which backends, and what to write instead."""

    functions: tuple[str, ...]
    when: Condition
    backends: tuple[str, ...]
    instead: str


def limits(function: str, args: Sequence[Value], kwargs: Config) -> list[Limit]:
    """The reasons why this call does not survive saving; empty for nearly every call."""
    operation = find(function)
    if operation is None:
        return []
    given = bind(operation, args, kwargs)
    return [limit for limit in _LIMITS if operation.function in limit.functions and limit.when(given)]


def _always(given: Mapping[str, Value]) -> bool:
    return True


def _sequence(*names: str) -> Condition:
    return lambda given: any(isinstance(given.get(name), tuple) for name in names)


def _is_stated(name: str) -> Condition:
    return lambda given: given.get(name) is not None


def _tensor(*names: str) -> Condition:
    return lambda given: any(refs(given.get(name)) for name in names)


def _backwards(given: Mapping[str, Value]) -> bool:
    key = given.get("key")
    parts = key if isinstance(key, tuple) else (key,)
    return any(isinstance(p, Slice) and isinstance(p.step, int) and p.step < 0 for p in parts)


_NAN: Final = ("nanmax", "nanmin", "nansum", "nanmean", "nanmedian", "nanprod", "nanstd", "nanvar")
_FUNCTIONAL: Final = (
    "associative_scan", "cond", "fori_loop", "jvp", "map", "scan", "switch", "vectorized_map", "while_loop",
)  # fmt: skip

_LIMITS: Final = (
    Limit(("norm",), _is_stated("axis"), ("jax",), "sqrt(sum(square(x), axis, keepdims))"),
    Limit(("quantile",), _is_stated("axis"), ("jax",), "sort and take, or median"),
    Limit(("rot90",), _is_stated("axes"), ("jax",), "flip of transpose"),
    Limit(_NAN, _sequence("axis"), ("jax",), "where(isnan(x), ...) and the plain function"),
    Limit(("max_pool", "average_pool"), _sequence("pool_size", "strides"), ("jax",), "a pooling layer"),
    Limit(("adaptive_average_pool", "adaptive_max_pool"), _always, ALL, "an adaptive pooling layer"),
    Limit(("softmax",), _sequence("axis"), ("tensorflow", "torch"), "reshape, softmax, reshape; or a Softmax layer"),
    Limit(("conv_transpose",), _always, ALL, "a ConvTranspose layer with the kernel as its weight"),
    Limit(("clip",), _tensor("x_min", "x_max"), ALL, "minimum(maximum(x, x_min), x_max)"),
    Limit(("repeat",), _sequence("repeats"), ("jax", "torch"), "take with the repeated indices"),
    Limit(("get_item",), _backwards, ("torch",), "flip, then a slice that goes forwards"),
    Limit(("get_item",), lambda given: not isinstance(given.get("key"), tuple), ALL, "the same key as a tuple"),
    Limit(_FUNCTIONAL, _always, ALL, "the loop unrolled, where, cumsum or a recurrent layer"),
)
