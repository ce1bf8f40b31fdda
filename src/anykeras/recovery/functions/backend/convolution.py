"""``K.conv*``, ``K.pool*`` and their kin, with the kernels of each backend and era."""

from __future__ import annotations

from typing import Any

import numpy as np

from ....document.model import Era
from .. import convolution
from ..base import FunctionContext, Ops, Refused, Value, function
from ..convolution import spatial
from ..shapes import sizes
from .shaping import data_format_of


def _theano(ops: Ops) -> bool:
    return ops.context.backend == "theano"


def _old(context: FunctionContext) -> bool:
    return context.era in (Era.KERAS0, Era.KERAS1)


def _kernel(ops: Ops, kernel: Value, data_format: str) -> Value:
    """(spatial, in, out): Keras 0 and 1 kept (out, in, spatial) with ``dim_ordering="th"``."""
    if not _old(ops.context) or data_format == "channels_last":
        return kernel
    rank = ops.rank(kernel)
    return ops.transpose(kernel, axes=(*range(2, rank), 1, 0))


def _conv(ops: Ops, x: Value, kernel: Value, strides: Value, padding: Value, data_format: Value, dilation: Value) -> Value:
    where = data_format_of(ops, data_format)
    return convolution.convolve(
        ops,
        x,
        _kernel(ops, kernel, where),
        strides=strides,
        padding=padding,
        data_format=where,
        dilation=dilation,
        theano=_theano(ops),
    )


@function("keras.backend.conv1d", test=_old, stack="Keras 1.2 on TensorFlow")
def conv1d_keras1(
    ops: Ops,
    x: Value,
    kernel: Value,
    stride: Value = 1,
    border_mode: Value = "valid",
    image_shape: Value = None,
    filter_shape: Value = None,
) -> Value:
    if _theano(ops):
        raise Refused("K.conv1d on Theano is refused by Keras 1 too")
    return convolution.convolve(ops, x, kernel, strides=stride, padding=border_mode)


@function("keras.backend.conv1d", stack="Keras 2, tf.keras")
def conv1d(
    ops: Ops,
    x: Value,
    kernel: Value,
    strides: Value = 1,
    padding: Value = "valid",
    data_format: Value = None,
    dilation_rate: Value = 1,
) -> Value:
    return _conv(ops, x, kernel, strides, padding, data_format, dilation_rate)


def _keras1(name: str) -> None:
    @function(f"keras.backend.{name}", test=_old, stack="Keras 0.3 to 1.2")
    def run(
        ops: Ops,
        x: Value,
        kernel: Value,
        strides: Value = 1,
        border_mode: Value = "valid",
        dim_ordering: Value = None,
        image_shape: Value = None,
        filter_shape: Value = None,
        filter_dilation: Value = 1,
        volume_shape: Value = None,
    ) -> Value:
        return _conv(ops, x, kernel, strides, border_mode, dim_ordering, filter_dilation)


def _keras2(name: str) -> None:
    @function(f"keras.backend.{name}", stack="Keras 2, tf.keras")
    def run(
        ops: Ops,
        x: Value,
        kernel: Value,
        strides: Value = 1,
        padding: Value = "valid",
        data_format: Value = None,
        dilation_rate: Value = 1,
    ) -> Value:
        return _conv(ops, x, kernel, strides, padding, data_format, dilation_rate)


for _name in ("conv2d", "conv3d"):
    _keras1(_name)
    _keras2(_name)


@function("keras.backend.atrous_conv2d", stack="Keras 1 on TensorFlow")
def atrous_conv2d(
    ops: Ops,
    x: Value,
    kernel: Value,
    rate: Value = 1,
    border_mode: Value = "valid",
    dim_ordering: Value = None,
    image_shape: Value = None,
    filter_shape: Value = None,
) -> Value:
    return _conv(ops, x, kernel, 1, border_mode, dim_ordering, rate)


def _transposed(
    ops: Ops, x: Value, kernel: Value, shape: Value, strides: Value, padding: Value, where: str, dilation: Value
) -> Value:
    return convolution.transposed(
        ops,
        x,
        kernel,
        sizes(ops, shape),
        strides=strides,
        padding=padding,
        data_format=where,
        dilation=dilation,
        theano=_theano(ops),
    )


def _deconvolution(name: str) -> None:
    @function(f"keras.backend.{name}", stack="Keras 2, tf.keras")
    def run(
        ops: Ops,
        x: Value,
        kernel: Value,
        output_shape: Value,
        strides: Value = 1,
        padding: Value = "valid",
        data_format: Value = None,
        dilation_rate: Value = 1,
    ) -> Value:
        where = data_format_of(ops, data_format)
        return _transposed(ops, x, kernel, output_shape, strides, padding, where, dilation_rate)


_deconvolution("conv2d_transpose")
_deconvolution("conv3d_transpose")


@function("keras.backend.deconv2d", stack="Keras 1.0.4 to 1.2: the kernel as in conv2d")
def deconv2d(
    ops: Ops,
    x: Value,
    kernel: Value,
    output_shape: Value,
    strides: Value = (1, 1),
    border_mode: Value = "valid",
    dim_ordering: Value = None,
    image_shape: Value = None,
    filter_shape: Value = None,
) -> Value:
    where = data_format_of(ops, dim_ordering)
    plain = ops.constant_value(kernel)
    if plain is None:
        raise Refused("a transposed convolution has a kernel that is computed")
    order = (0, 1, 3, 2) if where == "channels_last" else (2, 3, 0, 1)
    turned = np.transpose(np.asarray(plain), order)
    return _transposed(ops, x, turned, output_shape, strides, border_mode, where, 1)


def _separable_arguments(name: str, rank: int) -> None:
    @function(f"keras.backend.{name}", stack="Keras 2, tf.keras; separable_conv2d also Keras 1 on TensorFlow")
    def run(
        ops: Ops,
        x: Value,
        depthwise_kernel: Value,
        pointwise_kernel: Value,
        strides: Value = 1,
        padding: Value = "valid",
        data_format: Value = None,
        dilation_rate: Value = 1,
        border_mode: Value = None,
        dim_ordering: Value = None,
    ) -> Value:
        if _old(ops.context) and data_format_of(ops, data_format or dim_ordering) == "channels_first":
            raise Refused("a separable convolution of Keras 1 with channels first")
        where = data_format_of(ops, data_format or dim_ordering)
        y = convolution.depthwise(
            ops,
            x,
            depthwise_kernel,
            strides=strides,
            padding=border_mode or padding,
            data_format=where,
            dilation=spatial(dilation_rate, rank),
        )
        return convolution.convolve(ops, y, pointwise_kernel, data_format=where)


_separable_arguments("separable_conv1d", 1)
_separable_arguments("separable_conv2d", 2)


@function("keras.backend.depthwise_conv2d", stack="Keras 2.0.7 on TensorFlow, tf.keras")
def depthwise_conv2d(
    ops: Ops,
    x: Value,
    depthwise_kernel: Value,
    strides: Value = 1,
    padding: Value = "valid",
    data_format: Value = None,
    dilation_rate: Value = 1,
) -> Value:
    where = data_format_of(ops, data_format)
    return convolution.depthwise(
        ops, x, depthwise_kernel, strides=strides, padding=padding, data_format=where, dilation=dilation_rate
    )


def _pooling(name: str, rank: int) -> None:
    @function(f"keras.backend.{name}", test=_old, stack="Keras 0.3 to 1.2")
    def old(
        ops: Ops,
        x: Value,
        pool_size: Value,
        strides: Value = 1,
        border_mode: Value = "valid",
        dim_ordering: Value = None,
        pool_mode: Value = "max",
    ) -> Value:
        return _pool(ops, x, pool_size, strides, border_mode, dim_ordering, pool_mode)

    @function(f"keras.backend.{name}", stack="Keras 2, tf.keras")
    def new(
        ops: Ops,
        x: Value,
        pool_size: Value,
        strides: Value = 1,
        padding: Value = "valid",
        data_format: Value = None,
        pool_mode: Value = "max",
    ) -> Value:
        return _pool(ops, x, pool_size, strides, padding, data_format, pool_mode)


def _pool(ops: Ops, x: Value, size: Value, strides: Value, padding: Value, data_format: Value, mode: Value) -> Value:
    where = data_format_of(ops, data_format)
    given: dict[str, Any] = {"strides": strides, "padding": padding, "data_format": where, "theano": _theano(ops)}
    return convolution.pool(ops, x, mode, size, **given)


_pooling("pool2d", 2)
_pooling("pool3d", 3)


def _few(places: int) -> None:
    if places > 4096:
        raise Refused(f"a convolution with a kernel for each of {places} places, each of which would be written out")


def _local(ops: Ops, patches: list[Value], kernel: Value) -> Value:
    """Each patch with its own kernel: (places, features, filters) gives (batch, places, filters)."""
    flat = [ops.reshape(patch, (-1, int(ops.shape(kernel)[1]))) for patch in patches]
    return ops.einsum("bpf,pfo->bpo", ops.stack(flat, axis=1), kernel)


@function("keras.backend.local_conv1d", stack="Keras 2.0.5 on, tf.keras")
def local_conv1d(
    ops: Ops, inputs: Value, kernel: Value, kernel_size: Value, strides: Value, data_format: Value = None
) -> Value:
    (size,), (step,) = spatial(kernel_size, 1), spatial(strides, 1)
    _few(int(ops.shape(kernel)[0]))
    starts = range(0, int(ops.shape(kernel)[0]) * step, step)
    every = slice(None)
    return _local(ops, [ops.getitem(inputs, (every, slice(s, s + size), every)) for s in starts], kernel)


@function("keras.backend.local_conv2d", stack="Keras 2.0.5 on, tf.keras")
def local_conv2d(
    ops: Ops,
    inputs: Value,
    kernel: Value,
    kernel_size: Value,
    strides: Value,
    output_shape: Value,
    data_format: Value = None,
) -> Value:
    size, step, (rows, columns) = spatial(kernel_size, 2), spatial(strides, 2), spatial(output_shape, 2)
    last = data_format_of(ops, data_format) == "channels_last"
    _few(rows * columns)
    patches = []
    for row in range(0, rows * step[0], step[0]):
        for column in range(0, columns * step[1], step[1]):
            window = (slice(row, row + size[0]), slice(column, column + size[1]))
            key = (slice(None), *window, slice(None)) if last else (slice(None), slice(None), *window)
            patches.append(ops.getitem(inputs, key))
    y = _local(ops, patches, kernel)
    y = ops.reshape(y, (-1, rows, columns, int(ops.shape(kernel)[2])))
    return y if last else ops.transpose(y, axes=(0, 3, 1, 2))
