"""``keras.ops`` and ``keras.random`` of Keras 3: the operations themselves, with detours where one does not survive."""

from __future__ import annotations

from collections.abc import Callable

from ...texts import list_words
from . import control, convolution, creation, shapes
from .arguments import axis_of, dtype_name, reduce, reduce_to
from .base import Entry, EntryKind, Ops
from .creation import cast, count, fill
from .formulas import clip_between, select, softmax_over
from .indexing import cut
from .table import Spelled, each, function, functions, refuse, register
from .tf.math import vector_norm
from .tf.shaping import repeat_places
from .values import Operand, Refused

OPS = "keras.ops"
_SAME = list_words(
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


def _through(name: str) -> Callable[..., Operand]:
    def run(ops: Ops, *args: Operand, **kwargs: Operand) -> Operand:
        numbers = [shapes.number(ops, one, "int32") for one in args]
        return ops.op(name, *numbers, **{key: value for key, value in kwargs.items() if value is not None})

    return run


for _name in _SAME:
    register(Entry(f"{OPS}.{_name}", _through(_name)))


def _reduce(
    ops: Ops,
    name: str,
    x: Operand,
    axis: Operand = None,
    keepdims: Operand = False,
    initial: Operand = None,
    dtype: Operand = None,
    where: Operand = None,
) -> Operand:
    if initial is not None or where is not None:
        raise Refused(f"{OPS}.{name} with a starting value or a mask")
    return reduce_to(ops, name, x, axis, dtype, keepdims)


each(OPS, "sum mean max min prod std var any all logsumexp amax=max amin=min", _reduce)
each(OPS, "zeros ones", fill)
functions(
    OPS,
    {
        "shape": lambda ops, x: tuple(ops.shape(x)),
        "ndim": lambda ops, x: ops.rank(x),
        "size": lambda ops, x: shapes.product(ops.shape(x)),
        "dtype": lambda ops, x: ops.dtype(x),
        "is_tensor": lambda ops, x: ops.is_tensor(x),
        "reshape": lambda ops, x, newshape: shapes.reshape(ops, x, newshape),
        "tile": lambda ops, x, repeats: shapes.tile(ops, x, repeats),
        "full": lambda ops, shape, fill_value, dtype=None: ops.full(
            shapes.sizes(ops, shape), fill_value, dtype=dtype_name(ops, dtype)
        ),
        "full_like": lambda ops, x, fill_value, dtype=None: ops.full_like(
            x, fill_value, dtype=None if dtype is None else dtype_name(ops, dtype)
        ),
        "cast": cast,
        "arange": Spelled("start stop step? dtype", count),
        "where": Spelled("condition x1=x x2=y", select),
        "concatenate": lambda ops, xs, axis=0: ops.concatenate(list(xs), axis=int(axis)),
        "stack": lambda ops, x, axis=0: ops.stack([shapes.number(ops, one, "int32") for one in x], axis=int(axis)),
        "unstack": lambda ops, x, num=None, axis=0: control.split_steps(ops, x, int(axis) % ops.rank(x)),
        "broadcast_to": lambda ops, x, shape: ops.broadcast_to(x, shapes.sizes(ops, shape)),
        "clip": lambda ops, x, x_min, x_max: clip_between(ops, x, x_min, x_max),
        "softmax": softmax_over,
        "cond": lambda ops, pred, true_fn, false_fn: control.choose(ops, pred, true_fn, false_fn),
        "map vectorized_map": lambda ops, f, xs: control.map_over(ops, f, xs),
        "slice": lambda ops, inputs, start_indices, shape: cut(ops, inputs, start_indices, shape),
    },
)


@function(f"{OPS}.repeat")
def repeat(ops: Ops, x: Operand, repeats: Operand, axis: Operand = None) -> Operand:
    if isinstance(repeats, int):
        return ops.repeat(x, repeats, axis=axis)
    return ops.take(x, repeat_places(repeats), axis=axis)


@function(f"{OPS}.norm", f"{OPS}.linalg.norm")
def norm(ops: Ops, x: Operand, ord: Operand = None, axis: Operand = None, keepdims: Operand = False) -> Operand:
    if ord in (None, "fro") or (ord == 2 and isinstance(axis_of(axis), int)):
        return ops.sqrt(reduce(ops, "sum", ops.square(x), axis, keepdims))
    return vector_norm(ops, x, ord, axis, bool(keepdims))


@function(f"{OPS}.switch")
def switch(ops: Ops, index: Operand, branches: Operand, *operands: Operand) -> Operand:
    if ops.is_tensor(index):
        raise Refused("a branch is chosen by the value of a tensor")
    return branches[min(max(int(index), 0), len(branches) - 1)](*operands)


@function(f"{OPS}.fori_loop")
def fori_loop(ops: Ops, lower: Operand, upper: Operand, body_fun: Operand, init_val: Operand) -> Operand:
    if not isinstance(lower, int) or not isinstance(upper, int) or upper - lower > 512:
        raise Refused("a loop over an unknown number of steps, or over more than 512", "AK3043")
    for step in range(lower, upper):
        init_val = body_fun(step, init_val)
    return init_val


def _window(ops: Ops, how: dict[str, Operand]) -> dict[str, Operand]:
    return {"data_format": ops.context.data_format, **how}


def _pool(ops: Ops, mode: str, inputs: Operand, pool_size: Operand, **how: Operand) -> Operand:
    return convolution.pool(ops, inputs, mode, pool_size, **_window(ops, how))


each(
    OPS,
    "max_pool=max average_pool=avg nn.max_pool=max nn.average_pool=avg",
    _pool,
    arguments="inputs pool_size strides? padding? data_format?",
)


@function(f"{OPS}.conv", arguments="inputs kernel strides? padding? data_format? dilation_rate?=dilation")
def conv(ops: Ops, inputs: Operand, kernel: Operand, **how: Operand) -> Operand:
    return convolution.convolve(ops, inputs, kernel, **_window(ops, how))


refuse(
    "it runs as long, or gives as much, as the values of a tensor say",
    OPS,
    "while_loop scan associative_scan nonzero unique histogram",
)
refuse("it asks for the value of a tensor", OPS, "convert_to_numpy")
refuse("it asks for gradients, or wraps a Python function", OPS, "custom_gradient jvp vectorize")
refuse("it writes to places that may meet", OPS, "scatter scatter_update slice_update")
refuse(
    "sign and order of its outcome differ between libraries",
    OPS,
    "svd eig eigh qr lu_factor lstsq pinv linalg.svd linalg.eig linalg.eigh linalg.qr linalg.lu_factor",
)
refuse("it is a transform in complex numbers", OPS, "fft fft2 ifft2 rfft irfft stft istft")


functions(
    "keras.random",
    {
        "normal": creation.normal,
        "uniform": creation.uniform,
        "truncated_normal": creation.truncated_normal,
        "randint": lambda ops, shape, minval=0.0, maxval=1.0, dtype=None, seed=None: creation.uniform(
            ops, shape, minval, maxval, dtype or "int32", seed
        ),
        "dropout": Spelled("inputs=x rate noise_shape seed", creation.dropout),
        "SeedGenerator": lambda ops, seed=None, **_: seed,
    },
    kind=EntryKind.RANDOM,
)
refuse("it draws from a distribution that Keras keeps no layer for", "keras.random", "categorical shuffle gamma beta binomial")
