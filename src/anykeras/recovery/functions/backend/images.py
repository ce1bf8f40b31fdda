"""``K.*`` that rearrange, resize, pad, convolve and pool."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ....document.model import Era
from .. import convolution, shapes
from ..arguments import dtype_name, dtype_of
from ..base import FunctionContext, Ops
from ..convolution import spatial
from ..creation import cast, concatenate_any, stack_any
from ..indexing import cut
from ..resampling import Grid, resize
from ..shapes import require_size, sizes
from ..table import Spelled, function, functions
from ..values import Operand, Refused, Shape, Sizes

K = "keras.backend"


# Keras 0.3 on, tf.keras (size 2.3; pack to 1.2.0)
functions(
    K,
    {
        "shape": lambda ops, x: Sizes(ops.shape(x)),  # a tensor of sizes
        "int_shape get_variable_shape": lambda ops, x: shapes.static(ops, x),
        "ndim": lambda ops, x: 1 if isinstance(x, Sizes | Shape) else ops.rank(x),
        "dtype": dtype_of,
        "count_params size": lambda ops, x: shapes.product(ops.shape(x)),
        "reshape": lambda ops, x, shape: shapes.reshape(ops, x, shape),
        "flatten": lambda ops, x: ops.reshape(x, (-1,)),  # the batch too
        "batch_flatten": lambda ops, x: shapes.reshape(ops, x, (-1, shapes.product(ops.shape(x)[1:]))),
        "permute_dimensions": lambda ops, x, pattern: ops.transpose(x, axes=tuple(int(axis) for axis in pattern)),
        "squeeze": lambda ops, x, axis: ops.squeeze(x, axis=int(axis)),
        "concatenate": lambda ops, tensors, axis=-1: concatenate_any(ops, list(tensors), int(axis)),
        "stack pack": lambda ops, x, axis=0: stack_any(ops, list(x), int(axis)),
        "repeat_elements": lambda ops, x, rep, axis: ops.repeat(x, int(rep), axis=int(axis)),  # each element, as np.repeat
        "tile": lambda ops, x, n: shapes.tile(ops, x, n),
        "slice": lambda ops, x, start, size: cut(ops, x, start, size),
        "cast": cast,
        "cast_to_floatx": lambda ops, x: ops.cast(x, ops.context.floatx),
        "normalize_data_format": lambda ops, value: data_format_of(ops, value),
        "pattern_broadcast": lambda ops, x, broadcastable=None, broatcastable=None: x,  # only Theano's type information
    },
)


@function("keras.backend.expand_dims")  # Keras 2, tf.keras
@function("keras.backend.expand_dims", eras=(Era.KERAS0, Era.KERAS1), arguments="x dim=axis")  # Keras 0.3 to 1.2
def expand_dims(ops: Ops, x: Operand, axis: Operand = -1) -> Operand:
    return ops.expand_dims(x, axis)


@function("keras.backend.repeat")  # Keras 0.3 on: (batch, dim) to (batch, n, dim)
def repeat(ops: Ops, x: Operand, n: Operand) -> Operand:
    if ops.rank(x) != 2:
        raise Refused("K.repeat of a tensor that has not two axes is refused by the old library too")
    return shapes.tile(ops, ops.expand_dims(x, 1), (1, n, 1))


@function("keras.backend.reverse")  # Keras 1.2 on
def reverse(ops: Ops, x: Operand, axes: Operand) -> Operand:
    for axis in (axes,) if isinstance(axes, int) else tuple(axes):
        x = ops.flip(x, axis=int(axis))
    return x


@function("keras.backend.one_hot", arguments="indices num_classes|nb_classes")  # Keras 1.1 on (nb_classes in Keras 1)
def one_hot(ops: Ops, indices: Operand, num_classes: Operand) -> Operand:
    return ops.one_hot(ops.cast(indices, "int32"), num_classes)


@function("keras.backend.arange")  # Keras 1.2 on: int32 by default
def arange(ops: Ops, start: Operand, stop: Operand = None, step: Operand = 1, dtype: Operand = "int32") -> Operand:
    if stop is None and isinstance(start, int) and start < 0:
        start = 0
    return shapes.arange(ops, start, stop, step, dtype_name(ops, dtype))


def pad_spatial_axes(ops: Ops, x: Operand, spatial: list[tuple[int, int]], data_format: str, value: Operand = 0) -> Operand:
    """Zeros around the spatial axes."""
    around = [(int(before), int(after)) for before, after in spatial]
    channels_last = data_format == "channels_last"
    pattern = ((0, 0), *around, (0, 0)) if channels_last else ((0, 0), (0, 0), *around)
    return ops.pad(x, pattern, mode="constant", constant_values=value)


def _both(amount: Operand) -> tuple[int, int]:
    return (int(amount), int(amount)) if isinstance(amount, int) else (int(amount[0]), int(amount[1]))


def _spatial(rank: int) -> Callable[..., Operand]:
    def run(ops: Ops, x: Operand, padding: Operand = ((1, 1),) * rank, data_format: Operand = None) -> Operand:
        spatial = [_both(amount) for amount in ((padding,) * rank if isinstance(padding, int) else padding)]
        return pad_spatial_axes(ops, x, spatial, data_format_of(ops, data_format))

    return Spelled("x padding data_format dim_ordering=data_format", run)


def _asymmetric(
    ops: Ops, x: Operand, top: Operand = 1, bottom: Operand = 1, left: Operand = 1, right: Operand = 1, where: Operand = None
) -> Operand:
    return pad_spatial_axes(ops, x, [(top, bottom), (left, right)], data_format_of(ops, where))


# Keras 0.3 on: one number an axis in Keras 1, pairs after
functions(
    K,
    {
        "temporal_padding": lambda ops, x, padding=1: pad_spatial_axes(ops, x, [_both(padding)], "channels_last"),
        "asymmetric_temporal_padding": lambda ops, x, left_pad=1, right_pad=1: pad_spatial_axes(
            ops, x, [(left_pad, right_pad)], "channels_last"
        ),
        "spatial_2d_padding": _spatial(2),
        "spatial_3d_padding": _spatial(3),
        "asymmetric_spatial_2d_padding": Spelled(
            "x top_pad=top bottom_pad=bottom left_pad=left right_pad=right dim_ordering=where", _asymmetric
        ),
    },
)


def data_format_of(ops: Ops, name: Operand) -> str:
    """``channels_first`` or ``channels_last`` from any era's word; nothing means the writer's setting."""
    if name in (None, "default"):
        return ops.context.data_format
    known = {"th": "channels_first", "tf": "channels_last"}
    return known.get(name, str(name))


@function("keras.backend.bias_add")  # Keras 2.0 on
def bias_add(ops: Ops, x: Operand, bias: Operand, data_format: Operand = None) -> Operand:
    rank = ops.rank(x)
    if data_format_of(ops, data_format) == "channels_first" and rank > 2:
        sizes = ops.shape(bias)
        own = (sizes[-1], *sizes[:-1]) if len(sizes) > 1 else (sizes[0], *([1] * (rank - 2)))
        turned = ops.transpose(bias, axes=(len(sizes) - 1, *range(len(sizes) - 1))) if len(sizes) > 1 else bias
        return ops.add(x, ops.reshape(turned, (1, *own)))
    return ops.add(x, bias)


# ``K.resize_images`` and ``K.resize_volumes``.


@function(
    "keras.backend.resize_images",
    arguments="x|X height_factor width_factor data_format|dim_ordering interpolation",
)  # Keras 0.3 on (interpolation from 2.2.3), tf.keras
def resize_images(
    ops: Ops,
    x: Operand,
    height_factor: Operand = 1,
    width_factor: Operand = 1,
    data_format: Operand = None,
    interpolation: Operand = "nearest",
) -> Operand:
    axes = (2, 3) if data_format_of(ops, data_format) == "channels_first" else (1, 2)
    factors = (height_factor, width_factor)
    if interpolation == "nearest":
        for axis, factor in zip(axes, factors, strict=True):
            x = ops.repeat(x, int(factor), axis=axis) if factor != 1 else x
        return x
    if ops.context.backend == "theano" and factors != (2, 2):
        raise Refused("bilinear upsampling on Theano by other factors than two is refused by Keras too")
    # tf.keras resizes by resize_images_v2; Keras by resize_bilinear of TensorFlow 1, whose grid starts at the corner,
    # which for a factor of two is Theano's bilinear_upsampling too
    grid = Grid(half_pixel_centers=ops.context.tf_keras)
    size = tuple(ops.shape(x)[axis] * int(factor) for axis, factor in zip(axes, factors, strict=True))
    return resize(ops, x, size, interpolation, grid, axes=axes)


@function("keras.backend.resize_volumes", arguments="x|X depth_factor height_factor width_factor data_format|dim_ordering")
def resize_volumes(
    ops: Ops,
    x: Operand,
    depth_factor: Operand = 1,
    height_factor: Operand = 1,
    width_factor: Operand = 1,
    data_format: Operand = None,
) -> Operand:
    first = 2 if data_format_of(ops, data_format) == "channels_first" else 1
    for axis, factor in enumerate((depth_factor, height_factor, width_factor), start=first):
        x = ops.repeat(x, int(factor), axis=axis) if factor != 1 else x
    return x


# ``K.conv*``, ``K.pool*`` and their kin, with the kernels of each backend and era.


_WINDOW = "strides? padding? data_format? dilation_rate?=dilation"
# the arguments of Keras 1, with those that were for Theano's compiler
_BORDER = "border_mode?=padding dim_ordering?=data_format"
_OLD = f"{_BORDER} -image_shape -filter_shape"


def _window(ops: Ops, how: dict[str, Operand]) -> dict[str, Operand]:
    """How a convolution goes over its input, with what the writer's setting says."""
    return {**how, "data_format": data_format_of(ops, how.get("data_format")), "theano": ops.context.backend == "theano"}


def _old(context: FunctionContext) -> bool:
    return context.era in (Era.KERAS0, Era.KERAS1)


def _kernel(ops: Ops, kernel: Operand, data_format: str) -> Operand:
    """(spatial, in, out): Keras 0 and 1 kept (out, in, spatial) with ``dim_ordering="th"``."""
    if not _old(ops.context) or data_format == "channels_last":
        return kernel
    rank = ops.rank(kernel)
    return ops.transpose(kernel, axes=(*range(2, rank), 1, 0))


@function(f"{K}.conv1d", test=_old, arguments="x kernel stride?=strides border_mode?=padding -image_shape -filter_shape")
def conv1d_keras1(ops: Ops, x: Operand, kernel: Operand, **how: Operand) -> Operand:
    if ops.context.backend == "theano":
        raise Refused("K.conv1d on Theano is refused by Keras 1 too")
    return convolution.convolve(ops, x, kernel, **how)


@function(f"{K}.conv1d", f"{K}.conv2d", f"{K}.conv3d", arguments=f"x kernel {_WINDOW}")
@function(f"{K}.atrous_conv2d", arguments=f"x kernel rate?=dilation {_OLD}")  # Keras 1 on TensorFlow
@function(
    f"{K}.conv2d",
    f"{K}.conv3d",
    test=_old,
    arguments=f"x kernel strides? {_OLD} filter_dilation?=dilation -volume_shape",
)  # Keras 0.3 to 1.2
def conv(ops: Ops, x: Operand, kernel: Operand, **how: Operand) -> Operand:
    window = _window(ops, how)
    return convolution.convolve(ops, x, _kernel(ops, kernel, window["data_format"]), **window)


@function(f"{K}.conv2d_transpose", f"{K}.conv3d_transpose", arguments=f"x kernel output_shape {_WINDOW}")
def conv_transpose(ops: Ops, x: Operand, kernel: Operand, output_shape: Operand, **how: Operand) -> Operand:
    return convolution.transpose_convolve(ops, x, kernel, sizes(ops, output_shape), **_window(ops, how))


@function(
    f"{K}.deconv2d",
    arguments=f"x kernel output_shape strides? {_OLD}",
)  # Keras 1.0.4 to 1.2: the kernel as in conv2d
def deconv2d(ops: Ops, x: Operand, kernel: Operand, output_shape: Operand, **how: Operand) -> Operand:
    plain = ops.constant_value(kernel)
    if plain is None:
        raise Refused("a transposed convolution has a kernel that is computed")
    order = (0, 1, 3, 2) if _window(ops, how)["data_format"] == "channels_last" else (2, 3, 0, 1)
    return conv_transpose(ops, x, np.transpose(np.asarray(plain), order), output_shape, **how)


@function(
    f"{K}.separable_conv1d",
    f"{K}.separable_conv2d",
    arguments=f"x depthwise_kernel pointwise_kernel {_WINDOW} {_BORDER}",
)  # Keras 2, tf.keras; separable_conv2d also Keras 1 on TensorFlow
def separable_conv(ops: Ops, x: Operand, depthwise_kernel: Operand, pointwise_kernel: Operand, **how: Operand) -> Operand:
    where = _window(ops, how)["data_format"]
    if _old(ops.context) and where == "channels_first":
        raise Refused("a separable convolution of Keras 1 with channels first")
    return convolution.convolve(ops, depthwise_conv2d(ops, x, depthwise_kernel, **how), pointwise_kernel, data_format=where)


@function(f"{K}.depthwise_conv2d", arguments=f"x depthwise_kernel {_WINDOW}")  # Keras 2.0.7 on TensorFlow, tf.keras
def depthwise_conv2d(ops: Ops, x: Operand, depthwise_kernel: Operand, **how: Operand) -> Operand:
    return convolution.depthwise_convolve(ops, x, depthwise_kernel, **_window(ops, how))


@function(f"{K}.pool2d", f"{K}.pool3d", arguments="x pool_size strides? padding? data_format? pool_mode")
@function(
    f"{K}.pool2d",
    f"{K}.pool3d",
    test=_old,
    arguments=f"x pool_size strides? {_BORDER} pool_mode",
)  # Keras 0.3 to 1.2
def pool(ops: Ops, x: Operand, pool_size: Operand, pool_mode: Operand = "max", **how: Operand) -> Operand:
    return convolution.pool(ops, x, pool_mode, pool_size, **{"strides": 1, **_window(ops, how)})


def _check_count(places: int) -> None:
    if places > 4096:
        raise Refused(f"a convolution with a kernel for each of {places} places, each of which would be written out")


def _local(ops: Ops, patches: list[Operand], kernel: Operand) -> Operand:
    """Each patch with its own kernel: (places, features, filters) gives (batch, places, filters)."""
    flat = [
        ops.reshape(patch, (-1, require_size(ops, kernel, 1, "a convolution with a kernel for each place")))
        for patch in patches
    ]
    return ops.einsum("bpf,pfo->bpo", ops.stack(flat, axis=1), kernel)


@function(f"{K}.local_conv1d")  # Keras 2.0.5 on, tf.keras
def local_conv1d(
    ops: Ops, inputs: Operand, kernel: Operand, kernel_size: Operand, strides: Operand, data_format: Operand = None
) -> Operand:
    (size,), (step,) = spatial(kernel_size, 1), spatial(strides, 1)
    _check_count(require_size(ops, kernel, 0, "a convolution with a kernel for each place"))
    starts = range(0, require_size(ops, kernel, 0, "a convolution with a kernel for each place") * step, step)
    every = slice(None)
    return _local(ops, [ops.getitem(inputs, (every, slice(s, s + size), every)) for s in starts], kernel)


@function(f"{K}.local_conv2d")  # Keras 2.0.5 on, tf.keras
def local_conv2d(
    ops: Ops,
    inputs: Operand,
    kernel: Operand,
    kernel_size: Operand,
    strides: Operand,
    output_shape: Operand,
    data_format: Operand = None,
) -> Operand:
    size, step, (rows, columns) = spatial(kernel_size, 2), spatial(strides, 2), spatial(output_shape, 2)
    last = data_format_of(ops, data_format) == "channels_last"
    _check_count(rows * columns)
    patches = []
    for row in range(0, rows * step[0], step[0]):
        for column in range(0, columns * step[1], step[1]):
            window = (slice(row, row + size[0]), slice(column, column + size[1]))
            key = (slice(None), *window, slice(None)) if last else (slice(None), slice(None), *window)
            patches.append(ops.getitem(inputs, key))
    y = _local(ops, patches, kernel)
    y = ops.reshape(y, (-1, rows, columns, require_size(ops, kernel, 2, "a convolution with a kernel for each place")))
    return y if last else ops.transpose(y, axes=(0, 3, 1, 2))
