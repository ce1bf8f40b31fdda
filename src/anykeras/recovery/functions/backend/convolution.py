"""``K.conv*``, ``K.pool*`` and their kin, with the kernels of each backend and era."""

from __future__ import annotations

import numpy as np

from ....document.model import Era
from .. import convolution
from ..base import FunctionContext, Ops
from ..convolution import spatial
from ..registration import function
from ..shapes import require_size, sizes
from ..values import Operand, Refused
from .shaping import data_format_of

K = "keras.backend"
_KERAS2 = "Keras 2, tf.keras"
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


@function(f"{K}.conv1d", f"{K}.conv2d", f"{K}.conv3d", arguments=f"x kernel {_WINDOW}", stack=_KERAS2)
@function(f"{K}.atrous_conv2d", arguments=f"x kernel rate?=dilation {_OLD}", stack="Keras 1 on TensorFlow")
@function(
    f"{K}.conv2d",
    f"{K}.conv3d",
    test=_old,
    arguments=f"x kernel strides? {_OLD} filter_dilation?=dilation -volume_shape",
    stack="Keras 0.3 to 1.2",
)
def conv(ops: Ops, x: Operand, kernel: Operand, **how: Operand) -> Operand:
    window = _window(ops, how)
    return convolution.convolve(ops, x, _kernel(ops, kernel, window["data_format"]), **window)


@function(f"{K}.conv2d_transpose", f"{K}.conv3d_transpose", arguments=f"x kernel output_shape {_WINDOW}", stack=_KERAS2)
def conv_transpose(ops: Ops, x: Operand, kernel: Operand, output_shape: Operand, **how: Operand) -> Operand:
    return convolution.transpose_convolve(ops, x, kernel, sizes(ops, output_shape), **_window(ops, how))


@function(
    f"{K}.deconv2d",
    arguments=f"x kernel output_shape strides? {_OLD}",
    stack="Keras 1.0.4 to 1.2: the kernel as in conv2d",
)
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
    stack="Keras 2, tf.keras; separable_conv2d also Keras 1 on TensorFlow",
)
def separable_conv(ops: Ops, x: Operand, depthwise_kernel: Operand, pointwise_kernel: Operand, **how: Operand) -> Operand:
    where = _window(ops, how)["data_format"]
    if _old(ops.context) and where == "channels_first":
        raise Refused("a separable convolution of Keras 1 with channels first")
    return convolution.convolve(ops, depthwise_conv2d(ops, x, depthwise_kernel, **how), pointwise_kernel, data_format=where)


@function(f"{K}.depthwise_conv2d", arguments=f"x depthwise_kernel {_WINDOW}", stack="Keras 2.0.7 on TensorFlow, tf.keras")
def depthwise_conv2d(ops: Ops, x: Operand, depthwise_kernel: Operand, **how: Operand) -> Operand:
    return convolution.depthwise_convolve(ops, x, depthwise_kernel, **_window(ops, how))


@function(f"{K}.pool2d", f"{K}.pool3d", arguments="x pool_size strides? padding? data_format? pool_mode", stack=_KERAS2)
@function(
    f"{K}.pool2d",
    f"{K}.pool3d",
    test=_old,
    arguments=f"x pool_size strides? {_BORDER} pool_mode",
    stack="Keras 0.3 to 1.2",
)
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


@function(f"{K}.local_conv1d", stack="Keras 2.0.5 on, tf.keras")
def local_conv1d(
    ops: Ops, inputs: Operand, kernel: Operand, kernel_size: Operand, strides: Operand, data_format: Operand = None
) -> Operand:
    (size,), (step,) = spatial(kernel_size, 1), spatial(strides, 1)
    _check_count(require_size(ops, kernel, 0, "a convolution with a kernel for each place"))
    starts = range(0, require_size(ops, kernel, 0, "a convolution with a kernel for each place") * step, step)
    every = slice(None)
    return _local(ops, [ops.getitem(inputs, (every, slice(s, s + size), every)) for s in starts], kernel)


@function(f"{K}.local_conv2d", stack="Keras 2.0.5 on, tf.keras")
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
