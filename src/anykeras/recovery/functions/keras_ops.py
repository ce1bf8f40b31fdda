"""``keras.ops`` and ``keras.random`` of Keras 3: the operations themselves, with detours where one does not survive."""

from __future__ import annotations

from collections.abc import Callable

from . import control, convolution, sampling, shapes
from .axes import axis_of, reduce
from .base import Entry, Kind, Ops, Refused, Value, function, refuse, register, words
from .dtypes import dtype_name
from .elementary import bounded, softmax_over
from .indexing import cut
from .tf.linalg import vector_norm
from .tf.shaping import repeated

OPS = "keras.ops"
_STACK = "Keras 3"
_SAME = words(
    "abs absolute add allclose angle append arccos arccosh arcsin arcsinh arctan arctan2 arctanh argmax argmin "
    "argpartition argsort array array_split average bartlett batch_normalization binary_crossentropy bincount "
    "bitwise_and bitwise_invert bitwise_left_shift bitwise_not bitwise_or bitwise_right_shift bitwise_xor blackman "
    "categorical_crossentropy cbrt cdist ceil celu cholesky conj conjugate convert_to_tensor copy corrcoef "
    "correlate cos cosh count_nonzero cross ctc_decode ctc_loss cumprod cumsum deg2rad depth_to_space det diag "
    "diagflat diagonal diff digitize divide divide_no_nan dot dot_product_attention dsplit dstack einsum elu "
    "empty_like equal erf erfc erfinv exp exp2 expand_dims expm1 extract_sequences eye fabs flip fliplr flipud "
    "floor floor_divide fmax fmin fmod fold gcd gelu glu greater greater_equal hamming hanning hard_shrink "
    "hard_sigmoid hard_silu hard_swish hard_tanh heaviside hsplit hstack hypot i0 identity imag in_top_k inner inv "
    "isclose isfinite isin isinf isnan isneginf isposinf isreal kaiser kron layer_normalization lcm ldexp leaky_relu "
    "left_shift less less_equal linspace log log10 log1p log2 log_sigmoid log_softmax logaddexp logaddexp2 logdet "
    "logical_and logical_not logical_or logical_xor logspace matmul maximum median meshgrid minimum mod moments "
    "moveaxis multi_hot multiply nan_to_num nanargmax nanargmin nancumprod nancumsum negative nextafter normalize "
    "not_equal one_hot ones_like outer pad power psnr rad2deg ravel real rearrange reciprocal relu relu6 right_shift "
    "rms_normalization roll round rsqrt saturate_cast searchsorted segment_max segment_min segment_prod segment_sum "
    "select selu sigmoid sign signbit silu sin sinc sinh soft_shrink softplus softsign solve solve_triangular sort "
    "space_to_depth sparse_categorical_crossentropy sparse_plus sparse_sigmoid sparsemax split sqrt square squareplus "
    "squeeze stop_gradient subtract swapaxes swish take take_along_axis tan tanh tanh_shrink tensordot threshold "
    "top_k trace transpose trapezoid tri tril triu true_divide trunc unfold unravel_index vander vdot vstack "
    "zeros_like separable_conv depthwise_conv image.resize image.rgb_to_grayscale image.extract_patches "
    "image.pad_images image.crop_images image.affine_transform image.map_coordinates image.gaussian_blur "
    "image.hsv_to_rgb image.rgb_to_hsv image.sobel_edges linalg.inv linalg.det linalg.cholesky linalg.solve"
)


def _through(name: str) -> Callable[..., Value]:
    def run(ops: Ops, *args: Value, **kwargs: Value) -> Value:
        given = [shapes.number(ops, one, "int32") for one in args]
        return ops.op(name, *given, **{key: value for key, value in kwargs.items() if value is not None})

    return run


for _name in _SAME:
    register(Entry(f"{OPS}.{_name}", _through(_name), _STACK))


def _reduction(old: str, new: str) -> None:
    @function(f"{OPS}.{old}", stack=_STACK)
    def run(
        ops: Ops,
        x: Value,
        axis: Value = None,
        keepdims: Value = False,
        initial: Value = None,
        dtype: Value = None,
        where: Value = None,
    ) -> Value:
        if initial is not None or where is not None:
            raise Refused(f"{OPS}.{old} with a starting value or a mask")
        y = reduce(ops, new, x, axis, keepdims)
        return y if dtype is None else ops.cast(y, dtype_name(ops, dtype))


for _name in ("sum", "mean", "max", "min", "prod", "std", "var", "any", "all", "logsumexp"):
    _reduction(_name, _name)
_reduction("amax", "max")
_reduction("amin", "min")


@function(f"{OPS}.shape", stack=_STACK)
def shape(ops: Ops, x: Value) -> Value:
    return tuple(ops.shape(x))


@function(f"{OPS}.ndim", stack=_STACK)
def ndim(ops: Ops, x: Value) -> Value:
    return ops.rank(x)


@function(f"{OPS}.size", stack=_STACK)
def size(ops: Ops, x: Value) -> Value:
    return shapes.product(ops.shape(x))


@function(f"{OPS}.dtype", stack=_STACK)
def dtype(ops: Ops, x: Value) -> Value:
    return ops.dtype(x)


@function(f"{OPS}.is_tensor", stack=_STACK)
def is_tensor(ops: Ops, x: Value) -> Value:
    return ops.is_tensor(x)


@function(f"{OPS}.reshape", stack=_STACK)
def reshape(ops: Ops, x: Value, newshape: Value) -> Value:
    return shapes.reshape(ops, x, newshape)


@function(f"{OPS}.tile", stack=_STACK)
def tile(ops: Ops, x: Value, repeats: Value) -> Value:
    return shapes.tile(ops, x, repeats)


@function(f"{OPS}.repeat", stack=_STACK)
def repeat(ops: Ops, x: Value, repeats: Value, axis: Value = None) -> Value:
    if isinstance(repeats, int):
        return ops.repeat(x, repeats, axis=axis)
    return ops.take(x, repeated(repeats), axis=axis)


@function(f"{OPS}.arange", stack=_STACK)
def arange(ops: Ops, start: Value, stop: Value = None, step: Value = 1, dtype: Value = None) -> Value:
    kind = "float32" if any(isinstance(one, float) for one in (start, stop, step)) else "int32"
    return shapes.arange(ops, start, stop, 1 if step is None else step, dtype_name(ops, dtype, kind))


@function(f"{OPS}.cast", stack=_STACK)
def cast(ops: Ops, x: Value, dtype: Value) -> Value:
    name = dtype_name(ops, dtype)
    return ops.cast(shapes.number(ops, x, name), name)


@function(f"{OPS}.concatenate", stack=_STACK)
def concatenate(ops: Ops, xs: Value, axis: Value = 0) -> Value:
    return ops.concatenate(list(xs), axis=int(axis))


@function(f"{OPS}.stack", stack=_STACK)
def stack(ops: Ops, x: Value, axis: Value = 0) -> Value:
    return ops.stack([shapes.number(ops, one, "int32") for one in x], axis=int(axis))


@function(f"{OPS}.unstack", stack=_STACK)
def unstack(ops: Ops, x: Value, num: Value = None, axis: Value = 0) -> Value:
    return control.steps(ops, x, int(axis) % ops.rank(x))


@function(f"{OPS}.broadcast_to", stack=_STACK)
def broadcast_to(ops: Ops, x: Value, shape: Value) -> Value:
    return ops.broadcast_to(x, shapes.sizes(ops, shape))


def _filled(name: str) -> None:
    @function(f"{OPS}.{name}", stack=_STACK)
    def run(ops: Ops, shape: Value, dtype: Value = None) -> Value:
        return ops.op(name, shapes.sizes(ops, shape), dtype=dtype_name(ops, dtype))


_filled("zeros")
_filled("ones")


@function(f"{OPS}.full", stack=_STACK)
def full(ops: Ops, shape: Value, fill_value: Value, dtype: Value = None) -> Value:
    return ops.full(shapes.sizes(ops, shape), fill_value, dtype=dtype_name(ops, dtype))


@function(f"{OPS}.full_like", stack=_STACK)
def full_like(ops: Ops, x: Value, fill_value: Value, dtype: Value = None) -> Value:
    return ops.full_like(x, fill_value, dtype=None if dtype is None else dtype_name(ops, dtype))


@function(f"{OPS}.clip", stack=_STACK)
def clip(ops: Ops, x: Value, x_min: Value, x_max: Value) -> Value:
    return bounded(ops, x, x_min, x_max)


@function(f"{OPS}.softmax", stack=_STACK)
def softmax(ops: Ops, x: Value, axis: Value = -1) -> Value:
    return softmax_over(ops, x, axis)


@function(f"{OPS}.norm", f"{OPS}.linalg.norm", stack=_STACK)
def norm(ops: Ops, x: Value, ord: Value = None, axis: Value = None, keepdims: Value = False) -> Value:
    if ord in (None, "fro") or (ord == 2 and isinstance(axis_of(axis), int)):
        return ops.sqrt(reduce(ops, "sum", ops.square(x), axis, keepdims))
    return vector_norm(ops, x, ord, axis, bool(keepdims))


@function(f"{OPS}.where", stack=_STACK)
def where(ops: Ops, condition: Value, x1: Value = None, x2: Value = None) -> Value:
    if x1 is None:
        raise Refused("where with a condition alone: how many places it names depends on values", "AK3043")
    return ops.where(condition, x1, x2)


@function(f"{OPS}.cond", stack=_STACK)
def cond(ops: Ops, pred: Value, true_fn: Value, false_fn: Value) -> Value:
    return control.choose(ops, pred, true_fn, false_fn)


@function(f"{OPS}.switch", stack=_STACK)
def switch(ops: Ops, index: Value, branches: Value, *operands: Value) -> Value:
    if ops.is_tensor(index):
        raise Refused("a branch is chosen by the value of a tensor")
    return branches[min(max(int(index), 0), len(branches) - 1)](*operands)


@function(f"{OPS}.map", f"{OPS}.vectorized_map", stack=_STACK)
def map_(ops: Ops, f: Value, xs: Value) -> Value:
    return control.mapped(ops, f, xs)


@function(f"{OPS}.fori_loop", stack=_STACK)
def fori_loop(ops: Ops, lower: Value, upper: Value, body_fun: Value, init_val: Value) -> Value:
    if not isinstance(lower, int) or not isinstance(upper, int) or upper - lower > 512:
        raise Refused("a loop over an unknown number of steps, or over more than 512", "AK3043")
    for step in range(lower, upper):
        init_val = body_fun(step, init_val)
    return init_val


@function(f"{OPS}.slice", stack=_STACK)
def slice_(ops: Ops, inputs: Value, start_indices: Value, shape: Value) -> Value:
    return cut(ops, inputs, start_indices, shape)


def _pool(name: str, mode: str) -> None:
    @function(f"{OPS}.{name}", f"{OPS}.nn.{name}", stack=_STACK)
    def run(
        ops: Ops,
        inputs: Value,
        pool_size: Value,
        strides: Value = None,
        padding: Value = "valid",
        data_format: Value = None,
    ) -> Value:
        where = data_format or ops.context.data_format
        return convolution.pool(ops, inputs, mode, pool_size, strides=strides, padding=padding, data_format=where)


_pool("max_pool", "max")
_pool("average_pool", "avg")


@function(f"{OPS}.conv", stack=_STACK)
def conv(
    ops: Ops,
    inputs: Value,
    kernel: Value,
    strides: Value = 1,
    padding: Value = "valid",
    data_format: Value = None,
    dilation_rate: Value = 1,
) -> Value:
    where = data_format or ops.context.data_format
    return convolution.convolve(
        ops, inputs, kernel, strides=strides, padding=padding, data_format=where, dilation=dilation_rate
    )


refuse(
    "it runs as long, or gives as much, as the values of a tensor say",
    OPS,
    "while_loop scan associative_scan nonzero unique histogram",
    stack=_STACK,
)
refuse("it asks for the value of a tensor", OPS, "convert_to_numpy", stack=_STACK)
refuse("it asks for gradients, or wraps a Python function", OPS, "custom_gradient jvp vectorize", stack=_STACK)
refuse("it writes to places that may meet", OPS, "scatter scatter_update slice_update", stack=_STACK)
refuse(
    "sign and order of its outcome differ between libraries",
    OPS,
    "svd eig eigh qr lu_factor lstsq pinv linalg.svd linalg.eig linalg.eigh linalg.qr linalg.lu_factor",
    stack=_STACK,
)
refuse("it is a transform in complex numbers", OPS, "fft fft2 ifft2 rfft irfft stft istft", stack=_STACK)


def _drawn(name: str, draw: Callable[..., Value]) -> None:
    @function(f"keras.random.{name}", kind=Kind.RANDOM, stack=_STACK)
    def run(
        ops: Ops,
        shape: Value,
        first: Value = None,
        second: Value = None,
        dtype: Value = None,
        seed: Value = None,
        **named: Value,
    ) -> Value:
        low = named.pop("mean", named.pop("minval", 0.0 if first is None else first))
        high = named.pop("stddev", named.pop("maxval", 1.0 if second is None else second))
        if named:
            raise Refused(f"keras.random.{name} with {sorted(named)}")
        return draw(ops, shape, low, high, "int32" if name == "randint" and dtype is None else dtype, seed)


_drawn("normal", sampling.normal)
_drawn("uniform", sampling.uniform)
_drawn("truncated_normal", sampling.truncated)
_drawn("randint", sampling.uniform)


@function("keras.random.dropout", kind=Kind.RANDOM, stack=_STACK)
def dropout(ops: Ops, inputs: Value, rate: Value, noise_shape: Value = None, seed: Value = None) -> Value:
    return sampling.dropout(ops, inputs, rate, noise_shape, seed)


@function("keras.random.SeedGenerator", kind=Kind.RANDOM, stack=_STACK)
def seed_generator(ops: Ops, seed: Value = None, **_: Value) -> Value:
    return seed


refuse(
    "it draws from a distribution that Keras keeps no layer for",
    "keras.random",
    "categorical shuffle gamma beta binomial",
    stack=_STACK,
)
