"""Shapes of layers (keras/src/layers/ of 3.15.1); those of recurrent and preprocessing layers have files of their own."""

from __future__ import annotations

from collections.abc import Sequence

from ...document.model import Layer
from . import operations_nn as nn
from .operations_linalg import einsum
from .spec import (
    NothingLeft,
    Spec,
    add_sizes,
    assemble,
    broadcast,
    compute_dtype,
    each,
    multiply_sizes,
    product,
    reshape,
    spatial,
    spec_of,
    total,
)
from .tables import Apply, Output, layer, option, wrapper

_UNCHANGED = """Activation ELU LeakyReLU PReLU ReLU Softmax Dropout AlphaDropout GaussianDropout GaussianNoise
SpatialDropout1D SpatialDropout2D SpatialDropout3D ActivityRegularization BatchNormalization
LayerNormalization GroupNormalization RMSNormalization UnitNormalization Masking Normalization Rescaling
AutoContrast Solarization RandomBrightness RandomContrast RandomColorDegeneration RandomColorJitter
RandomErasing RandomFlip RandomGaussianBlur RandomHue RandomInvert RandomPerspective RandomPosterization
RandomRotation RandomSaturation RandomSharpness RandomShear RandomTranslation RandomZoom
RandomElasticTransform AugMix ContrastLimitedAdaptiveHistogramEqualization CutMix MixUp RandAugment"""


def output_spec(layer: Layer, shape: Sequence[object]) -> Spec:
    """An outcome of a layer, in the dtype that it computes in."""
    sizes = [d for d in shape if d is None or isinstance(d, int)]
    if len(sizes) < len(shape):
        raise ValueError(f"{layer.name}: {shape!r} is no shape")
    return Spec(tuple(sizes), compute_dtype(layer))


@layer(*_UNCHANGED.split())
def keep_shape(layer: Layer, inputs: Spec, *_: object, **__: object) -> Output:
    return output_spec(layer, inputs.known())


@layer("Identity")
def identity(layer: Layer, inputs: Output) -> Output:
    return inputs


@layer("RandomGrayscale", "Equalization")
def keep_spec(layer: Layer, inputs: Spec) -> Spec:
    return inputs


@layer("Dense")
def dense(layer: Layer, inputs: Spec) -> Spec:
    return output_spec(layer, (*inputs.known()[:-1], option(layer, "units")))


@layer("EinsumDense")
def einsum_dense(layer: Layer, inputs: Spec) -> Spec:
    """Dimensions that the equation takes over from the input, and those that `output_shape` states for the others."""
    before, after = option(layer, "equation").replace(" ", "").split("->")
    source, kernel = before.split(",")
    head, dots, tail = after.partition("...")
    letters = head + tail
    stated = option(layer, "output_shape")
    stated = (stated,) if isinstance(stated, int) else tuple(stated)
    # `output_shape` has no batch; behind a leading ellipsis it ends with the equation, else it begins behind the batch.
    pairs = zip(letters[1:], stated, strict=False) if head else zip(letters[::-1], stated[::-1], strict=False)
    sizes = dict(pairs)
    shape = Spec(tuple(sizes.get(c) for c in kernel))
    found = einsum(f"{source},{kernel}->{after}", (Spec(inputs.known()), shape)).known()
    rest = found[len(head) : len(found) - len(tail)] if dots else ()
    last = found[len(found) - len(tail) :]
    whole = [*zip(head, found, strict=False), *(("", d) for d in rest), *zip(tail, last, strict=False)]
    return output_spec(layer, [sizes[c] if d is None and c in sizes else d for c, d in whole])


@layer("Embedding")
def embedding(layer: Layer, inputs: Spec) -> Spec:
    return output_spec(layer, (*inputs.known(), option(layer, "output_dim")))


@layer("ReversibleEmbedding")
def reversible_embedding(layer: Layer, inputs: Spec, reverse: bool = False) -> Spec:
    if reverse:
        return output_spec(layer, (*inputs.known()[:-1], option(layer, "input_dim")))
    return embedding(layer, inputs)


@layer("Lambda")
def lambda_(layer: Layer, inputs: Spec, **_: object) -> Spec:
    """Only where the file states the shape; the function itself is not run."""
    stated = option(layer, "output_shape")
    if not isinstance(stated, tuple) or not all(d is None or isinstance(d, int) for d in stated):
        raise ValueError("a Lambda without a stated shape")
    return output_spec(layer, (spec_of(inputs).known()[0], *stated))


@wrapper("SpectralNormalization")
def spectral_normalization(apply: Apply, layer: Layer, inputs: Spec, **_: object) -> Output:
    return output_spec(layer, spec_of(apply(option(layer, "layer"), [inputs], {})).known())


# Shapes of convolutions, pooling, padding and reshaping layers (keras/src/layers/ of 3.15.1).


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
    return convolution(layer, inputs, multiply_sizes(channels, option(layer, "depth_multiplier", 1)))


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
    wide = [add_sizes(d, sign * sum(side)) for d, side in zip(dims, _sides(by, len(dims)), strict=True)]
    if any(d is not None and d <= 0 for d in wide):
        raise NothingLeft(f"takes off all of {tuple(dims)}")
    return output_spec(layer, assemble(batch, wide, channels, data_format(layer)))


@layer(*expand_ranks("UpSampling{}D"))
def up_sampling(layer: Layer, inputs: Spec) -> Spec:
    dims, (batch, channels) = spatial(inputs.known(), data_format(layer))
    sizes = each(option(layer, "size", 2), len(dims))
    larger = [multiply_sizes(d, n) for d, n in zip(dims, sizes, strict=True)]
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


# Shapes of merging and attention layers (keras/src/layers/merging, attention of 3.15.1).


@layer("Add", "Average", "Maximum", "Minimum", "Multiply", "Subtract")
def elementwise(layer: Layer, inputs: tuple[Spec, ...]) -> Spec:
    shapes = [s.known() for s in inputs]
    batches = {s[0] for s in shapes} - {None}
    batch = batches.pop() if len(batches) == 1 else None
    rank = max(map(len, shapes))
    own = [(1,) * (rank - len(s)) + s[1:] for s in shapes]
    broadcast(*own)
    return output_spec(layer, (batch, *(_merge(dims) for dims in zip(*own, strict=True))))


def _merge(dims: tuple[int | None, ...]) -> int | None:
    """An open dimension stays open here, even beside a known one."""
    return None if None in dims else max(d for d in dims if d is not None)


@layer("Concatenate")
def concatenate(layer: Layer, inputs: tuple[Spec, ...]) -> Spec:
    axis = option(layer, "axis", -1)
    shape = list(inputs[0].known())
    shape[axis] = total([s.known()[axis] for s in inputs])
    return output_spec(layer, shape)


@layer("Dot")
def dot(layer: Layer, inputs: tuple[Spec, Spec]) -> Spec:
    left, right = (list(s.known()) for s in inputs)
    axes = option(layer, "axes")
    first, second = (axes, axes) if isinstance(axes, int) else axes
    left.pop(first % len(left))
    right.pop(second % len(right))
    kept = left + right[1:]
    return output_spec(layer, kept if len(kept) > 1 else [*kept, 1])


@layer("Attention", "AdditiveAttention")
def attention(layer: Layer, inputs: tuple[Spec, ...], return_attention_scores: bool = False, **_: object) -> Output:
    query, value = inputs[0].known(), inputs[1].known()
    key = inputs[2].known() if len(inputs) > 2 else value
    found = output_spec(layer, (*query[:-1], value[-1]))
    return (found, output_spec(layer, (*query[:-1], key[-2]))) if return_attention_scores else found


@layer("MultiHeadAttention")
def multi_head_attention(
    layer: Layer, query: Spec, value: Spec, key: Spec | None = None, return_attention_scores: bool = False, **_: object
) -> Output:
    shape = query.known()
    stated = option(layer, "output_shape")
    last = (stated,) if isinstance(stated, int) else tuple(stated) if stated else shape[-1:]
    found = output_spec(layer, (*shape[:-1], *last))
    scores = output_spec(layer, (shape[0], option(layer, "num_heads"), shape[1], shape[1]))
    return (found, scores) if return_attention_scores else found


@layer("GroupQueryAttention", "GroupedQueryAttention")
def group_query_attention(
    layer: Layer, query: Spec, value: Spec, key: Spec | None = None, return_attention_scores: bool = False, **_: object
) -> Output:
    shape = query.known()
    length = (key or value).known()[1]
    scores = output_spec(layer, (shape[0], option(layer, "num_query_heads"), shape[1], length))
    return (output_spec(layer, shape), scores) if return_attention_scores else output_spec(layer, shape)
