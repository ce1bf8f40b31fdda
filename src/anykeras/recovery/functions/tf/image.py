"""``tf.image.*``."""

from __future__ import annotations

from ..arguments import dtype_of, is_float
from ..base import EntryKind, FunctionContext, Ops
from ..resampling import Grid, resize
from ..shapes import sizes
from ..table import constants, each, function, functions, refuse
from ..values import Operand, Refused

IMAGE = "tensorflow.image"
_NUMBERED = {0: "bilinear", 1: "nearest", 2: "bicubic", 3: "area"}

_METHODS = ("bilinear", "bicubic", "area", "lanczos3", "lanczos5", "gaussian", "mitchellcubic")
constants(f"{IMAGE}.ResizeMethod", {name.upper(): name for name in _METHODS} | {"NEAREST_NEIGHBOR": "nearest"})


def _parse_method(method: Operand) -> str:
    name = _NUMBERED.get(method, method) if isinstance(method, int) else method
    return str(name).lower()


def _resize(ops: Ops, images: Operand, size: Operand, method: str, grid: Grid, antialias: bool) -> Operand:
    single = ops.rank(images) == 3
    x = ops.expand_dims(images, 0) if single else images
    if method != "nearest" and not is_float(ops, x):
        x = ops.cast(x, "float32")
    y = resize(ops, x, sizes(ops, size), method, grid, antialias=antialias)
    return ops.squeeze(y, axis=0) if single else y


def _check_stretch(preserve_aspect_ratio: Operand) -> None:
    if preserve_aspect_ratio:
        raise Refused("an image is resized with its own proportions")


def _first(context: FunctionContext) -> bool:
    return not context.eager_tensorflow


@function("tensorflow.compat.v1.image.resize", "tensorflow.compat.v1.image.resize_images")  # TensorFlow 1
@function(f"{IMAGE}.resize", f"{IMAGE}.resize_images", test=_first)  # TensorFlow 1: the grid starts at the corner
def resize_images(
    ops: Ops,
    images: Operand,
    size: Operand,
    method: Operand = "bilinear",
    align_corners: Operand = False,
    preserve_aspect_ratio: Operand = False,
) -> Operand:
    _check_stretch(preserve_aspect_ratio)
    return _resize(ops, images, size, _parse_method(method), Grid(align_corners=bool(align_corners)), False)


@function(f"{IMAGE}.resize", f"{IMAGE}.resize_images")  # TensorFlow 2: half-pixel centers
def resize_v2(
    ops: Ops,
    images: Operand,
    size: Operand,
    method: Operand = "bilinear",
    preserve_aspect_ratio: Operand = False,
    antialias: Operand = False,
) -> Operand:
    _check_stretch(preserve_aspect_ratio)
    name = _parse_method(method)
    # resize_area has no flag for the centers
    grid = Grid(half_pixel_centers=name != "area")
    return _resize(ops, images, size, name, grid, bool(antialias) and name not in ("nearest", "area"))


def _by_method(
    ops: Ops, method: str, images: Operand, size: Operand, align_corners: Operand = False, half_pixel_centers: Operand = False
) -> Operand:
    grid = Grid(align_corners=bool(align_corners), half_pixel_centers=bool(half_pixel_centers))
    return _resize(ops, images, size, method, grid, False)


# TensorFlow 0.x and 1.x, tf.compat.v1
each(IMAGE, "resize_bilinear=bilinear resize_nearest_neighbor=nearest resize_bicubic=bicubic resize_area=area", _by_method)


def _adjust_contrast(ops: Ops, images: Operand, contrast_factor: Operand) -> Operand:
    mean = ops.mean(images, axis=(-3, -2), keepdims=True)
    return ops.add(ops.multiply(ops.subtract(images, mean), contrast_factor), mean)


def _to_grey(ops: Ops, images: Operand) -> Operand:
    return ops.matmul(images, ops.constant([[0.2989], [0.5870], [0.1140]], dtype_of(ops, images)))


functions(
    IMAGE,
    {
        "flip_left_right": lambda ops, image: ops.flip(image, axis=-2),
        "flip_up_down": lambda ops, image: ops.flip(image, axis=-3),
        "transpose transpose_image": lambda ops, image: ops.swapaxes(image, -3, -2),
        "rgb_to_grayscale": _to_grey,
        "grayscale_to_rgb": lambda ops, images: ops.repeat(images, 3, axis=-1),
        "adjust_brightness": lambda ops, image, delta: ops.add(image, delta),  # of floats
        "adjust_contrast": _adjust_contrast,  # of floats
        "adjust_gamma": lambda ops, image, gamma=1, gain=1: ops.multiply(ops.power(image, gamma), gain),
    },
)


@function(f"{IMAGE}.rot90")
def rot90(ops: Ops, image: Operand, k: Operand = 1) -> Operand:
    turns = int(k) % 4
    y = ops.swapaxes(image, -3, -2) if turns % 2 else image
    if turns in (1, 2):
        y = ops.flip(y, axis=-3)
    return ops.flip(y, axis=-2) if turns in (2, 3) else y


@function(f"{IMAGE}.crop_to_bounding_box")
def crop_to_bounding_box(
    ops: Ops, image: Operand, offset_height: Operand, offset_width: Operand, target_height: Operand, target_width: Operand
) -> Operand:
    rows = slice(int(offset_height), int(offset_height) + int(target_height))
    columns = slice(int(offset_width), int(offset_width) + int(target_width))
    return ops.getitem(image, (Ellipsis, rows, columns, slice(None)))


@function(f"{IMAGE}.pad_to_bounding_box")
def pad_to_bounding_box(
    ops: Ops, image: Operand, offset_height: Operand, offset_width: Operand, target_height: Operand, target_width: Operand
) -> Operand:
    height, width = ops.shape(image)[-3:-1]
    rows = (int(offset_height), target_height - offset_height - height)
    columns = (int(offset_width), target_width - offset_width - width)
    front = ((0, 0),) * (ops.rank(image) - 3)
    return ops.pad(image, (*front, rows, columns, (0, 0)), mode="constant")


@function(f"{IMAGE}.central_crop")
def central_crop(ops: Ops, image: Operand, central_fraction: Operand) -> Operand:
    cut = [int((size - size * central_fraction) / 2) for size in ops.shape(image)[-3:-1]]
    keep = [slice(start, size - start) for start, size in zip(cut, ops.shape(image)[-3:-1], strict=True)]
    return ops.getitem(image, (Ellipsis, *keep, slice(None)))


@function(f"{IMAGE}.resize_image_with_crop_or_pad", f"{IMAGE}.resize_with_crop_or_pad")
def resize_with_crop_or_pad(ops: Ops, image: Operand, target_height: Operand, target_width: Operand) -> Operand:
    for axis, wanted in ((-3, int(target_height)), (-2, int(target_width))):
        size = ops.shape(image)[axis]
        if size > wanted:
            start = (size - wanted) // 2
            key = [slice(None)] * ops.rank(image)
            key[axis] = slice(start, start + wanted)
            image = ops.getitem(image, tuple(key))
        elif size < wanted:
            around = [(0, 0)] * ops.rank(image)
            around[axis] = ((wanted - size) // 2, wanted - size - (wanted - size) // 2)
            image = ops.pad(image, tuple(around), mode="constant")
    return image


@function(f"{IMAGE}.per_image_standardization", f"{IMAGE}.per_image_whitening")
def per_image_standardization(ops: Ops, image: Operand) -> Operand:
    image = image if is_float(ops, image) else ops.cast(image, "float32")
    axes = (-1, -2, -3)
    pixels = 1
    for size in ops.shape(image)[-3:]:
        pixels *= size
    mean = ops.mean(image, axis=axes, keepdims=True)
    deviation = ops.maximum(ops.std(image, axis=axes, keepdims=True), float(pixels) ** -0.5)
    return ops.divide(ops.subtract(image, mean), deviation)


@function(f"{IMAGE}.convert_image_dtype")
def convert_image_dtype(ops: Ops, image: Operand, dtype: Operand, saturate: Operand = False) -> Operand:
    source = dtype_of(ops, image)
    if source == dtype:
        return image
    if is_float(ops, image) and "float" in str(dtype):
        return ops.cast(image, str(dtype))
    most = {"uint8": 255, "int8": 127, "uint16": 65535, "int16": 32767}
    if source in most and "float" in str(dtype):
        return ops.multiply(ops.cast(image, str(dtype)), 1.0 / most[source])
    if is_float(ops, image) and str(dtype) in most:
        scale = most[str(dtype)] + 0.5
        return ops.cast(ops.clip(ops.multiply(image, scale), 0, most[str(dtype)]), str(dtype))
    raise Refused(f"an image of {source} becomes {dtype}")


@function(
    f"{IMAGE}.extract_image_patches",
    f"{IMAGE}.extract_patches",
    "tensorflow.extract_image_patches",
    arguments="images sizes strides rates padding -name ksizes=sizes",
)
def extract_patches(
    ops: Ops, images: Operand, sizes: Operand, strides: Operand, rates: Operand, padding: Operand = "VALID"
) -> Operand:
    window, steps, holes = tuple(sizes)[1:3], tuple(strides)[1:3], tuple(rates)[1:3]
    if holes != (1, 1) and steps != (1, 1):
        raise Refused("patches with both strides and holes")
    return ops.op(
        "image.extract_patches",
        images,
        window,
        strides=steps,
        dilation_rate=holes if holes != (1, 1) else 1,
        padding=padding.lower(),
        data_format="channels_last",
    )


refuse(
    "what it changes is drawn anew for each image in training only",
    IMAGE,
    "random_flip_left_right random_flip_up_down random_brightness random_contrast random_hue random_saturation "
    "random_crop sample_distorted_bounding_box random_jpeg_quality",
    kind=EntryKind.REFUSED,
)
refuse(
    "it reads or writes image files",
    IMAGE,
    "decode_png decode_jpeg decode_image decode_gif decode_bmp encode_png encode_jpeg decode_and_crop_jpeg",
)
refuse(
    "how many boxes remain depends on the values",
    IMAGE,
    "non_max_suppression combined_non_max_suppression non_max_suppression_padded non_max_suppression_with_scores "
    "draw_bounding_boxes",
)
refuse("boxes are cut by TensorFlow's own rule of sampling", IMAGE, "crop_and_resize extract_glimpse")
refuse(
    "it has no counterpart among Keras' operations that keeps its numbers",
    IMAGE,
    "rgb_to_hsv hsv_to_rgb adjust_hue adjust_saturation rgb_to_yuv yuv_to_rgb rgb_to_yiq yiq_to_rgb ssim "
    "ssim_multiscale psnr total_variation image_gradients sobel_edges",
)
