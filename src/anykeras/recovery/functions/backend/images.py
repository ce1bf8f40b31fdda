"""``K.resize_images`` and ``K.resize_volumes``."""

from __future__ import annotations

from ..base import Ops
from ..registration import function
from ..resampling import Grid, resize
from ..values import Operand, Refused
from .shaping import data_format_of


@function(
    "keras.backend.resize_images",
    arguments="x|X height_factor width_factor data_format|dim_ordering interpolation",
    stack="Keras 0.3 on (interpolation from 2.2.3), tf.keras",
)
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


@function(
    "keras.backend.resize_volumes",
    arguments="x|X depth_factor height_factor width_factor data_format|dim_ordering",
    stack="Keras 0.3 on, tf.keras",
)
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
