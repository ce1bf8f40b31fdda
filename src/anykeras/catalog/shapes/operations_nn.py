"""Functions of ``keras.ops`` for networks and images (keras/src/ops/nn.py, image.py of 3.15.1)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .spec import Spec, assembled, each, floating, plus, product, spatial, spec_of, times, windows
from .tables import operation


@operation("one_hot")
def one_hot(x: Any, num_classes: int, axis: int = -1, dtype: str | None = None, **_: Any) -> Spec:
    shape = list(spec_of(x).known())
    shape.insert(len(shape) if axis == -1 else axis % (len(shape) + 1), num_classes)
    return Spec(tuple(shape), dtype or "float32")


@operation("multi_hot")
def multi_hot(inputs: Any, num_classes: int, axis: int = -1, dtype: str | None = None, **_: Any) -> Spec:
    shape = list(spec_of(inputs).known())
    shape.insert(len(shape) if axis == -1 else axis, num_classes)
    kept = shape[-1:] if len(shape) == 2 else [shape[0], *shape[2:]]
    return Spec(tuple(kept), dtype or "float32")


def pooled(found: Spec, pool_size: Any, strides: Any, padding: str, data_format: Any) -> Spec:
    """A pooling with windows of `pool_size`, `strides` apart (as far apart as they are large by default)."""
    dims, (batch, channels) = spatial(found.known(), data_format)
    sizes = each(pool_size, len(dims))
    steps = sizes if strides is None else each(strides, len(dims))
    made = [windows(d, n, s, padding) for d, n, s in zip(dims, sizes, steps, strict=True)]
    return found.with_shape(assembled(batch, made, channels, data_format))


@operation("max_pool", "average_pool")
def pool(inputs: Any, pool_size: Any, strides: Any = None, padding: str = "valid", data_format: Any = None) -> Spec:
    return pooled(spec_of(inputs), pool_size, strides, padding.lower(), data_format)


@operation("adaptive_average_pool", "adaptive_max_pool")
def adaptive_pool(inputs: Any, output_size: Any, data_format: Any = None) -> Spec:
    found = spec_of(inputs)
    dims, (batch, channels) = spatial(found.known(), data_format)
    return found.with_shape(assembled(batch, each(output_size, len(dims)), channels, data_format))


def convolved(
    found: Spec, filters: int | None, kernel: Any, strides: Any, padding: str, data_format: Any, dilation: Any
) -> Spec:
    """A convolution with a kernel of the given spatial size."""
    dims, (batch, _) = spatial(found.known(), data_format)
    rank = len(dims)
    parts = zip(dims, each(kernel, rank), each(strides, rank), each(dilation, rank), strict=True)
    made = [windows(d, k, s, padding, rate) for d, k, s, rate in parts]
    return found.with_shape(assembled(batch, made, filters, data_format))


@operation("conv")
def conv(
    inputs: Any, kernel: Any, strides: Any = 1, padding: str = "valid", data_format: Any = None, dilation_rate: Any = 1
) -> Spec:
    *size, _, filters = spec_of(kernel).known()
    return convolved(spec_of(inputs), filters, tuple(size), strides, padding.lower(), data_format, dilation_rate)


@operation("depthwise_conv")
def depthwise_conv(
    inputs: Any, kernel: Any, strides: Any = 1, padding: str = "valid", data_format: Any = None, dilation_rate: Any = 1
) -> Spec:
    *size, channels, multiplier = spec_of(kernel).known()
    filters = times(channels, multiplier)
    return convolved(spec_of(inputs), filters, tuple(size), strides, padding.lower(), data_format, dilation_rate)


@operation("separable_conv")
def separable_conv(
    inputs: Any,
    depthwise_kernel: Any,
    pointwise_kernel: Any,
    strides: Any = 1,
    padding: str = "valid",
    data_format: Any = None,
    dilation_rate: Any = 1,
) -> Spec:
    size = spec_of(depthwise_kernel).known()[:-2]
    filters = spec_of(pointwise_kernel).known()[-1]
    return convolved(spec_of(inputs), filters, tuple(size), strides, padding.lower(), data_format, dilation_rate)


def grown(length: int | None, size: int, stride: int, padding: str, output_padding: int | None, dilation: int) -> int | None:
    """The length after a transposed convolution (keras/src/backend/common/backend_utils.py, 3.15.1)."""
    if length is None:
        return None
    size = dilation * (size - 1) + 1
    if padding == "same":
        return length * stride if output_padding is None else (length - 1) * stride + size % 2 + output_padding
    extra = max(size, stride) - size if output_padding is None else output_padding
    return (length - 1) * stride + size + extra


def unconvolved(
    found: Spec,
    filters: int | None,
    kernel: Any,
    strides: Any,
    padding: str,
    output_padding: Any,
    data_format: Any,
    dilation: Any,
) -> Spec:
    """A transposed convolution with a kernel of the given spatial size."""
    dims, (batch, _) = spatial(found.known(), data_format)
    rank = len(dims)
    extra = (None,) * rank if output_padding is None else each(output_padding, rank)
    parts = zip(dims, each(kernel, rank), each(strides, rank), extra, each(dilation, rank), strict=True)
    made = [grown(d, k, s, padding, e, rate) for d, k, s, e, rate in parts]
    return found.with_shape(assembled(batch, made, filters, data_format))


@operation("conv_transpose")
def conv_transpose(
    inputs: Any,
    kernel: Any,
    strides: Any = 1,
    padding: str = "valid",
    output_padding: Any = None,
    data_format: Any = None,
    dilation_rate: Any = 1,
) -> Spec:
    *size, filters, _ = spec_of(kernel).known()
    return unconvolved(
        spec_of(inputs), filters, tuple(size), strides, padding.lower(), output_padding, data_format, dilation_rate
    )


@operation("depth_to_space")
def depth_to_space(x: Any, block_size: int, data_format: Any = "channels_last") -> Spec:
    found = spec_of(x)
    dims, (batch, channels) = spatial(found.known(), data_format)
    depth = None if channels is None else channels // block_size**2
    return found.with_shape(assembled(batch, [times(d, block_size) for d in dims], depth, data_format))


@operation("space_to_depth")
def space_to_depth(x: Any, block_size: int, data_format: Any = "channels_last") -> Spec:
    found = spec_of(x)
    dims, (batch, channels) = spatial(found.known(), data_format)
    smaller = [None if d is None else d // block_size for d in dims]
    return found.with_shape(assembled(batch, smaller, times(channels, block_size**2), data_format))


@operation("unfold")
def unfold(x: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1) -> Spec:
    found = spec_of(x)
    batch, channels, *dims = found.known()
    sizes, rates, pads, steps = (each(v, 2) for v in (kernel_size, dilation, padding, stride))
    places = [windows(plus(dims[i], 2 * pads[i]), sizes[i], steps[i], "valid", rates[i]) for i in range(2)]
    return found.with_shape((batch, times(channels, sizes[0] * sizes[1]), product(tuple(places))))


@operation("fold")
def fold(x: Any, output_size: Any, kernel_size: Any, **_: Any) -> Spec:
    found = spec_of(x)
    batch, columns, _length = found.known()
    sizes = each(kernel_size, 2)
    channels = None if columns is None else columns // (sizes[0] * sizes[1])
    return found.with_shape((batch, channels, *each(output_size, 2)))


@operation("dot_product_attention")
def dot_product_attention(query: Any, key: Any, value: Any, **_: Any) -> Spec:
    return spec_of(query)


@operation("ctc_loss")
def ctc_loss(target: Any, output: Any, **_: Any) -> Spec:
    found = spec_of(output)
    return Spec(found.known()[:1], floating(found.dtype))


@operation("ctc_decode")
def ctc_decode(
    inputs: Any, sequence_lengths: Any, strategy: Any = "greedy", beam_width: Any = 100, top_paths: Any = 1, **_: Any
) -> tuple[Spec, Spec]:
    found = spec_of(inputs)
    batch, steps, _classes = found.known()
    paths = 1 if strategy == "greedy" else int(top_paths)
    return Spec((paths, batch, steps), "int32"), Spec((batch, paths), floating(found.dtype))


def image_sized(found: Spec, height: int | None, width: int | None, data_format: Any, channels: int | None = -1) -> Spec:
    """An image, or a batch of them, with another height, width and, unless -1, number of channels."""
    batched = found if len(found.known()) == 4 else found.with_shape((None, *found.known()))
    _, (batch, depth) = spatial(batched.known(), data_format)
    shape = assembled(batch, (height, width), depth if channels == -1 else channels, data_format)
    return found.with_shape(shape if len(found.known()) == 4 else shape[1:])


@operation("image.resize")
def resize(images: Any, size: Any, data_format: Any = None, **_: Any) -> Spec:
    return image_sized(spec_of(images), size[0], size[1], data_format)


def _sides(found: Spec, data_format: Any) -> tuple[int | None, int | None]:
    height, width = found.known()[-3:-1] if data_format != "channels_first" else found.known()[-2:]
    return height, width


@operation("image.rgb_to_grayscale")
def rgb_to_grayscale(images: Any, data_format: Any = None) -> Spec:
    found = spec_of(images)
    return image_sized(found, *_sides(found, data_format), data_format, 1)


def _edged(images: Any, sides: Sequence[Any], sign: int, height: Any, width: Any, data_format: Any) -> Spec:
    """Padding adds to the sides (top, left, bottom, right) and cropping takes away; a target size wins."""
    found = spec_of(images)
    tall, wide = _sides(found, data_format)
    top, left, bottom, right = (side or 0 for side in sides)
    tall = plus(tall, sign * (top + bottom)) if height is None else height
    wide = plus(wide, sign * (left + right)) if width is None else width
    return image_sized(found, tall, wide, data_format)


@operation("image.pad_images")
def pad_images(
    images: Any,
    top_padding: Any = None,
    left_padding: Any = None,
    bottom_padding: Any = None,
    right_padding: Any = None,
    target_height: Any = None,
    target_width: Any = None,
    data_format: Any = None,
) -> Spec:
    sides = (top_padding, left_padding, bottom_padding, right_padding)
    return _edged(images, sides, 1, target_height, target_width, data_format)


@operation("image.crop_images")
def crop_images(
    images: Any,
    top_cropping: Any = None,
    left_cropping: Any = None,
    bottom_cropping: Any = None,
    right_cropping: Any = None,
    target_height: Any = None,
    target_width: Any = None,
    data_format: Any = None,
) -> Spec:
    sides = (top_cropping, left_cropping, bottom_cropping, right_cropping)
    return _edged(images, sides, -1, target_height, target_width, data_format)


@operation("image.extract_patches")
def extract_patches(
    images: Any, size: Any, strides: Any = None, dilation_rate: Any = 1, padding: str = "valid", data_format: Any = None
) -> Spec:
    found = spec_of(images)
    rank = len(size) if isinstance(size, tuple) else 2
    sizes = each(size, rank)
    batched = found if len(found.known()) == rank + 2 else found.with_shape((None, *found.known()))
    _, (_, channels) = spatial(batched.known(), data_format)
    depth = times(channels, product(sizes))
    made = convolved(batched, depth, sizes, sizes if strides is None else strides, padding, data_format, dilation_rate)
    return made if batched is found else made.with_shape(made.known()[1:])


@operation("image.affine_transform", "image.perspective_transform")
def transformed(images: Any, **_: Any) -> Spec:
    return spec_of(images)


@operation("image.sobel_edges")
def sobel_edges(images: Any, data_format: Any = None) -> Spec:
    found = spec_of(images)
    return found.with_shape((*found.known(), 2))


@operation("image.map_coordinates")
def map_coordinates(inputs: Any, coordinates: Any, **_: Any) -> Spec:
    return spec_of(inputs).with_shape(spec_of(coordinates).known()[1:])


@operation("image.scale_and_translate")
def scale_and_translate(images: Any, output_shape: Any, **_: Any) -> Spec:
    return spec_of(images).with_shape(output_shape)
