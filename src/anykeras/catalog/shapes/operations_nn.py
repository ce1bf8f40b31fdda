"""Functions of ``keras.ops`` for networks and images (keras/src/ops/nn.py, image.py of 3.15.1)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict, Unpack

from ..base import Shape
from .spec import (
    Numbers,
    Spec,
    add_sizes,
    assemble,
    count_some_windows,
    count_windows,
    each,
    multiply_sizes,
    product,
    spatial,
    to_floating,
    whole,
)
from .tables import operation


@operation("one_hot")
def one_hot(x: Spec, num_classes: int, axis: int = -1, dtype: str | None = None, **_: object) -> Spec:
    shape = list(x.known())
    shape.insert(len(shape) if axis == -1 else axis % (len(shape) + 1), num_classes)
    return Spec(tuple(shape), dtype or "float32")


@operation("multi_hot")
def multi_hot(inputs: Spec, num_classes: int, axis: int = -1, dtype: str | None = None, **_: object) -> Spec:
    shape = list(inputs.known())
    shape.insert(len(shape) if axis == -1 else axis, num_classes)
    kept = shape[-1:] if len(shape) == 2 else [shape[0], *shape[2:]]
    return Spec(tuple(kept), dtype or "float32")


def pool_windows(found: Spec, pool_size: Numbers, strides: Numbers | None, padding: str, data_format: str | None) -> Spec:
    """A pooling with windows of `pool_size`, `strides` apart (as far apart as they are large by default)."""
    dims, (batch, channels) = spatial(found.known(), data_format)
    sizes = each(pool_size, len(dims))
    steps = sizes if strides is None else each(strides, len(dims))
    result = [count_some_windows(d, n, s, padding) for d, n, s in zip(dims, sizes, steps, strict=True)]
    return found.with_shape(assemble(batch, result, channels, data_format))


@operation("max_pool", "average_pool")
def pool(
    inputs: Spec, pool_size: Numbers, strides: Numbers | None = None, padding: str = "valid", data_format: str | None = None
) -> Spec:
    return pool_windows(inputs, pool_size, strides, padding.lower(), data_format)


@operation("adaptive_average_pool", "adaptive_max_pool")
def adaptive_pool(inputs: Spec, output_size: Numbers, data_format: str | None = None) -> Spec:
    dims, (batch, channels) = spatial(inputs.known(), data_format)
    return inputs.with_shape(assemble(batch, each(output_size, len(dims)), channels, data_format))


class Convolution(TypedDict, total=False):
    """How a convolution goes over its input, as ``keras.ops`` names it."""

    strides: Numbers
    padding: str
    data_format: str | None
    dilation_rate: Numbers


def convolve(found: Spec, filters: int | None, size: Sequence[int | None], **how: Unpack[Convolution]) -> Spec:
    """A convolution with a kernel of the given spatial size."""
    data_format, padding = how.get("data_format"), how.get("padding", "valid").lower()
    dims, (batch, _) = spatial(found.known(), data_format)
    rank = len(dims)
    steps, rates = each(how.get("strides", 1), rank), each(how.get("dilation_rate", 1), rank)
    axes = zip(dims, whole(size), steps, rates, strict=True)
    lengths = [count_some_windows(length, k, step, padding, rate) for length, k, step, rate in axes]
    return found.with_shape(assemble(batch, lengths, filters, data_format))


@operation("conv")
def conv(inputs: Spec, kernel: Spec, **how: Unpack[Convolution]) -> Spec:
    *size, _, filters = kernel.known()
    return convolve(inputs, filters, size, **how)


@operation("depthwise_conv")
def depthwise_conv(inputs: Spec, kernel: Spec, **how: Unpack[Convolution]) -> Spec:
    *size, channels, multiplier = kernel.known()
    return convolve(inputs, multiply_sizes(channels, multiplier), size, **how)


@operation("separable_conv")
def separable_conv(inputs: Spec, depthwise_kernel: Spec, pointwise_kernel: Spec, **how: Unpack[Convolution]) -> Spec:
    return convolve(inputs, pointwise_kernel.known()[-1], depthwise_kernel.known()[:-2], **how)


def count_grown(
    length: int | None, size: int, stride: int, padding: str, output_padding: int | None, dilation: int
) -> int | None:
    """The length after a transposed convolution (keras/src/backend/common/backend_utils.py, 3.15.1)."""
    if length is None:
        return None
    size = dilation * (size - 1) + 1
    if padding == "same":
        return length * stride if output_padding is None else (length - 1) * stride + size % 2 + output_padding
    extra = max(size, stride) - size if output_padding is None else output_padding
    return (length - 1) * stride + size + extra


def deconvolve(
    found: Spec,
    filters: int | None,
    size: Sequence[int | None],
    output_padding: Numbers | None = None,
    **how: Unpack[Convolution],
) -> Spec:
    """A transposed convolution with a kernel of the given spatial size."""
    data_format, padding = how.get("data_format"), how.get("padding", "valid").lower()
    dims, (batch, _) = spatial(found.known(), data_format)
    rank = len(dims)
    steps, rates = each(how.get("strides", 1), rank), each(how.get("dilation_rate", 1), rank)
    extra = (None,) * rank if output_padding is None else each(output_padding, rank)
    parts = zip(dims, whole(size), steps, extra, rates, strict=True)
    lengths = [count_grown(d, k, s, padding, e, rate) for d, k, s, e, rate in parts]
    return found.with_shape(assemble(batch, lengths, filters, data_format))


@operation("conv_transpose")
def conv_transpose(inputs: Spec, kernel: Spec, output_padding: Numbers | None = None, **how: Unpack[Convolution]) -> Spec:
    *size, filters, _ = kernel.known()
    return deconvolve(inputs, filters, size, output_padding, **how)


@operation("depth_to_space")
def depth_to_space(x: Spec, block_size: int, data_format: str | None = "channels_last") -> Spec:
    dims, (batch, channels) = spatial(x.known(), data_format)
    depth = None if channels is None else channels // block_size**2
    return x.with_shape(assemble(batch, [multiply_sizes(d, block_size) for d in dims], depth, data_format))


@operation("space_to_depth")
def space_to_depth(x: Spec, block_size: int, data_format: str | None = "channels_last") -> Spec:
    dims, (batch, channels) = spatial(x.known(), data_format)
    smaller = [None if d is None else d // block_size for d in dims]
    return x.with_shape(assemble(batch, smaller, multiply_sizes(channels, block_size**2), data_format))


@operation("unfold")
def unfold(x: Spec, kernel_size: Numbers, dilation: Numbers = 1, padding: Numbers = 0, stride: Numbers = 1) -> Spec:
    batch, channels, *dims = x.known()
    sizes, rates, pads, steps = (each(v, 2) for v in (kernel_size, dilation, padding, stride))
    places = [count_windows(add_sizes(dims[i], 2 * pads[i]), sizes[i], steps[i], "valid", rates[i]) for i in range(2)]
    return x.with_shape((batch, multiply_sizes(channels, sizes[0] * sizes[1]), product(tuple(places))))


@operation("fold")
def fold(x: Spec, output_size: Numbers, kernel_size: Numbers, **_: object) -> Spec:
    batch, columns, _length = x.known()
    sizes = each(kernel_size, 2)
    channels = None if columns is None else columns // (sizes[0] * sizes[1])
    return x.with_shape((batch, channels, *each(output_size, 2)))


@operation("dot_product_attention")
def dot_product_attention(query: Spec, key: object, value: object, **_: object) -> Spec:
    return query


@operation("ctc_loss")
def ctc_loss(target: object, output: Spec, **_: object) -> Spec:
    return Spec(output.known()[:1], to_floating(output.dtype))


@operation("ctc_decode")
def ctc_decode(
    inputs: Spec, sequence_lengths: object, strategy: str = "greedy", beam_width: object = 100, top_paths: int = 1, **_: object
) -> tuple[Spec, Spec]:
    batch, steps, _classes = inputs.known()
    paths = 1 if strategy == "greedy" else int(top_paths)
    return Spec((paths, batch, steps), "int32"), Spec((batch, paths), to_floating(inputs.dtype))


def resize_image(
    found: Spec, height: int | None, width: int | None, data_format: str | None, channels: int | None = -1
) -> Spec:
    """An image, or a batch of them, with another height, width and, unless -1, number of channels."""
    batched = found if len(found.known()) == 4 else found.with_shape((None, *found.known()))
    _, (batch, depth) = spatial(batched.known(), data_format)
    shape = assemble(batch, (height, width), depth if channels == -1 else channels, data_format)
    return found.with_shape(shape if len(found.known()) == 4 else shape[1:])


@operation("image.resize")
def resize(images: Spec, size: tuple[int, int], data_format: str | None = None, **_: object) -> Spec:
    return resize_image(images, size[0], size[1], data_format)


def _sides(found: Spec, data_format: str | None) -> tuple[int | None, int | None]:
    height, width = found.known()[-3:-1] if data_format != "channels_first" else found.known()[-2:]
    return height, width


@operation("image.rgb_to_grayscale")
def rgb_to_grayscale(images: Spec, data_format: str | None = None) -> Spec:
    return resize_image(images, *_sides(images, data_format), data_format, 1)


@operation("image.pad_images", "image.crop_images")
def change_edges(
    images: Spec,
    target_height: int | None = None,
    target_width: int | None = None,
    data_format: str | None = None,
    **edges: int | None,
) -> Spec:
    """Padding adds to the sides and cropping takes away; a target size wins."""
    kind, sign = ("padding", 1) if "top_padding" in edges else ("cropping", -1)
    top, left, bottom, right = (edges[f"{side}_{kind}"] or 0 for side in ("top", "left", "bottom", "right"))
    tall, wide = _sides(images, data_format)
    tall = add_sizes(tall, sign * (top + bottom)) if target_height is None else target_height
    wide = add_sizes(wide, sign * (left + right)) if target_width is None else target_width
    return resize_image(images, tall, wide, data_format)


@operation("image.extract_patches")
def extract_patches(
    images: Spec,
    size: Numbers,
    strides: Numbers | None = None,
    dilation_rate: Numbers = 1,
    padding: str = "valid",
    data_format: str | None = None,
) -> Spec:
    rank = len(size) if isinstance(size, tuple) else 2
    sizes = each(size, rank)
    batched = images if len(images.known()) == rank + 2 else images.with_shape((None, *images.known()))
    _, (_, channels) = spatial(batched.known(), data_format)
    depth = multiply_sizes(channels, product(sizes))
    steps = sizes if strides is None else strides
    patches = convolve(
        batched, depth, sizes, strides=steps, padding=padding, data_format=data_format, dilation_rate=dilation_rate
    )
    return patches if batched is images else patches.with_shape(patches.known()[1:])


@operation("image.affine_transform", "image.perspective_transform")
def keep_images(images: Spec, **_: object) -> Spec:
    return images


@operation("image.sobel_edges")
def sobel_edges(images: Spec, data_format: str | None = None) -> Spec:
    return images.with_shape((*images.known(), 2))


@operation("image.map_coordinates")
def map_coordinates(inputs: Spec, coordinates: Spec, **_: object) -> Spec:
    return inputs.with_shape(coordinates.known()[1:])


@operation("image.scale_and_translate")
def scale_and_translate(images: Spec, output_shape: Shape, **_: object) -> Spec:
    return images.with_shape(output_shape)
