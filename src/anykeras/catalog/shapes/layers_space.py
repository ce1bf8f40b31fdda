"""Shapes of convolutions, pooling, padding and reshaping layers (keras/src/layers/ of 3.15.1)."""

from __future__ import annotations

from ...document.model import Layer
from . import operations_nn as nn
from .layers_core import output_spec
from .spec import Spec, assemble, each, plus, product, reshape, spatial, times
from .tables import layer, option

_RANKS = (1, 2, 3)


def expand_ranks(*patterns: str) -> list[str]:
    """``"Conv{}D"`` -> Conv1D, Conv2D, Conv3D."""
    return [pattern.format(rank) for pattern in patterns for rank in _RANKS]


def data_format(layer: Layer) -> str:
    """The layer's data format; channels_last where it says none."""
    return str(option(layer, "data_format") or "channels_last")


def _padding(layer: Layer) -> str:
    return str(option(layer, "padding", "valid")).lower()


def _how(layer: Layer) -> nn.Convolution:
    return {
        "strides": option(layer, "strides", 1),
        "padding": _padding(layer),
        "data_format": data_format(layer),
        "dilation_rate": option(layer, "dilation_rate", 1),
    }


def convolution(layer: Layer, inputs: Spec, filters: int | None) -> Spec:
    """A convolution of the layer's own kernel size, strides, padding and dilation."""
    size = each(option(layer, "kernel_size"), len(inputs.known()) - 2)
    return output_spec(layer, nn.convolve(inputs, filters, size, **_how(layer)).known())


@layer(*expand_ranks("Conv{}D"), "SeparableConv1D", "SeparableConv2D")
def conv(layer: Layer, inputs: Spec) -> Spec:
    return convolution(layer, inputs, option(layer, "filters"))


@layer("DepthwiseConv1D", "DepthwiseConv2D")
def depthwise(layer: Layer, inputs: Spec) -> Spec:
    _, (_, channels) = spatial(inputs.known(), data_format(layer))
    return convolution(layer, inputs, times(channels, option(layer, "depth_multiplier", 1)))


@layer(*expand_ranks("Conv{}DTranspose"))
def conv_transpose(layer: Layer, inputs: Spec) -> Spec:
    size = each(option(layer, "kernel_size"), len(inputs.known()) - 2)
    found = nn.deconvolve(inputs, option(layer, "filters"), size, option(layer, "output_padding"), **_how(layer))
    return output_spec(layer, found.known())


@layer(*expand_ranks("MaxPooling{}D", "AveragePooling{}D"))
def pooling(layer: Layer, inputs: Spec) -> Spec:
    size, strides = option(layer, "pool_size", 2), option(layer, "strides")
    return output_spec(layer, nn.pool_windows(inputs, size, strides, _padding(layer), data_format(layer)).known())


@layer(*expand_ranks("GlobalMaxPooling{}D", "GlobalAveragePooling{}D"))
def global_pooling(layer: Layer, inputs: Spec, mask: object = None) -> Spec:
    dims, (batch, channels) = spatial(inputs.known(), data_format(layer))
    ones = (1,) * len(dims) if option(layer, "keepdims", False) else ()
    return output_spec(layer, assemble(batch, ones, channels, data_format(layer)))


@layer(*expand_ranks("AdaptiveMaxPooling{}D", "AdaptiveAveragePooling{}D"))
def adaptive_pooling(layer: Layer, inputs: Spec) -> Spec:
    return output_spec(layer, nn.adaptive_pool(inputs, option(layer, "output_size"), data_format(layer)).known())


def _sides(value: object, rank: int) -> list[tuple[int, ...]]:
    """(before, after) for each axis, from a number, one number an axis, or a pair an axis."""
    if rank == 1:
        return [each(value, 2)]
    return [each(side, 2) for side in (value if isinstance(value, tuple) else (value,) * rank)]


@layer(*expand_ranks("ZeroPadding{}D"))
def zero_padding(layer: Layer, inputs: Spec) -> Spec:
    return _widen(layer, inputs, option(layer, "padding", 1), 1)


@layer(*expand_ranks("Cropping{}D"))
def cropping(layer: Layer, inputs: Spec) -> Spec:
    return _widen(layer, inputs, option(layer, "cropping", (1, 1) if layer.class_name == "Cropping1D" else 0), -1)


def _widen(layer: Layer, inputs: Spec, by: object, sign: int) -> Spec:
    dims, (batch, channels) = spatial(inputs.known(), data_format(layer))
    wide = [plus(d, sign * sum(side)) for d, side in zip(dims, _sides(by, len(dims)), strict=True)]
    if any(d is not None and d <= 0 for d in wide):
        raise ValueError("nothing is left")
    return output_spec(layer, assemble(batch, wide, channels, data_format(layer)))


@layer(*expand_ranks("UpSampling{}D"))
def up_sampling(layer: Layer, inputs: Spec) -> Spec:
    dims, (batch, channels) = spatial(inputs.known(), data_format(layer))
    sizes = each(option(layer, "size", 2), len(dims))
    larger = [times(d, n) for d, n in zip(dims, sizes, strict=True)]
    return output_spec(layer, assemble(batch, larger, channels, data_format(layer)))


@layer("Flatten")
def flatten(layer: Layer, inputs: Spec) -> Spec:
    return inputs.with_shape((inputs.known()[0], product(inputs.known()[1:])))


@layer("Reshape")
def reshape_rule(layer: Layer, inputs: Spec) -> Spec:
    return inputs.with_shape((inputs.known()[0], *reshape(inputs.known()[1:], option(layer, "target_shape"))))


@layer("Permute")
def permute(layer: Layer, inputs: Spec) -> Spec:
    shape = inputs.known()
    return inputs.with_shape((shape[0], *(shape[d] for d in option(layer, "dims"))))


@layer("RepeatVector")
def repeat_vector(layer: Layer, inputs: Spec) -> Spec:
    return output_spec(layer, (inputs.known()[0], option(layer, "n"), inputs.known()[1]))


@layer("Resizing", "CenterCrop", "RandomCrop")
def resizing(layer: Layer, inputs: Spec) -> Spec:
    found = nn.resize_image(inputs, option(layer, "height"), option(layer, "width"), data_format(layer))
    return output_spec(layer, found.known())
