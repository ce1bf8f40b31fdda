"""Convolutions, pooling and image layers that a release lacks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...catalog.releases import Since, exists_in_keras3
from ...catalog.signatures import find_signature
from ...document.build import Builder
from ...document.model import Config, Layer, Ref, Value
from ...tensors import Array, Tensor, constant
from ..forms import model_of, pass_through, reshape
from ..rulebook import LEGACY, Place, back_rule


@back_rule(
    "AK2420",
    since=LEGACY,
    classes=("Conv1D", "Conv2D", "Conv3D"),
)
def join_groups(layer: Layer, place: Place) -> Layer | None:
    """One kernel with zeros between the groups, which runs on every device."""
    groups = layer.config.get("groups", 1)
    if not isinstance(groups, int) or groups == 1 or not layer.weights:
        return None
    kernel = layer.weights["kernel"]
    shape = (*kernel.shape[:-2], kernel.shape[-2] * groups, kernel.shape[-1])
    full = kernel.rearrange("groups", shape, lambda a: block_diagonal(a, groups))
    return layer.without("groups").with_weights(kernel=full)


def block_diagonal(kernel: Array, groups: int) -> Array:
    rows, columns = kernel.shape[-2], kernel.shape[-1] // groups
    full = np.zeros((*kernel.shape[:-2], rows * groups, kernel.shape[-1]), kernel.dtype)
    for group in range(groups):
        across, down = slice(group * columns, (group + 1) * columns), slice(group * rows, (group + 1) * rows)
        full[..., down, across] = kernel[..., across]
    return full


@back_rule("AK2420", since=Since(tf="2.8"), classes=("DepthwiseConv1D",))
def depthwise_as_full(layer: Layer, place: Place) -> Layer | None:
    """A Conv1D whose kernel is zero between channels."""
    kernel = layer.weights.get("kernel")
    if kernel is None:
        raise place.refuse(layer, "a depthwise convolution without weights")
    size, channels, each = kernel.shape
    full = kernel.rearrange("depthwise", (size, channels, channels * each), _spread)
    kept = ("strides", "padding", "dilation_rate", "activation", "use_bias", "kernel_size", "trainable", "dtype", "data_format")
    config: Config = {key: value for key, value in layer.config.items() if key in kept}
    return replace(
        layer, class_name="Conv1D", config={**config, "filters": channels * each}, weights={**layer.weights, "kernel": full}
    )


def _spread(kernel: Array) -> Array:
    size, channels, each = kernel.shape
    return block_diagonal(kernel.transpose(0, 1, 2).reshape(size, 1, channels * each), channels)


@back_rule("AK2421", since=Since(tf="2.3"), classes=("Conv1DTranspose",))
def transpose_in_two_dimensions(layer: Layer, place: Place) -> Layer | None:
    """A Conv2DTranspose with an axis of size one."""
    kernel = layer.weights.get("kernel")
    if place.shape is None or place.width is None or kernel is None or place.output.shape is None:
        raise place.refuse(layer, "the shape of what it is called on is not known")

    def two(key: str, fill: int) -> Value:
        value = layer.config.get(key)
        return (*(value if isinstance(value, tuple) else (value,)), fill) if value is not None else None

    config: dict[str, Value] = {
        **{key: value for key, value in layer.config.items() if key not in ("output_padding", "data_format")},
        **{key: two(key, 1) for key in ("kernel_size", "strides", "dilation_rate")},
        "data_format": "channels_last",
    }
    if layer.config.get("output_padding") is not None:
        config["output_padding"] = two("output_padding", 0)
    if layer.config.get("data_format") == "channels_first":
        raise place.refuse(layer, "channels_first", "data_format")
    weights: dict[str, Tensor] = {**layer.weights, "kernel": kernel.reshape(kernel.shape[0], 1, *kernel.shape[1:])}
    length, width, out = place.shape[1], place.width, kernel.shape[1]

    def steps(builder: Builder, x: Ref) -> Ref:
        wide = reshape(builder, x, (-1 if length is None else length, 1, width))
        y = builder.layer("Conv2DTranspose", config, wide, weights=weights)
        assert place.output.shape is not None
        size = place.output.shape[1]
        return reshape(builder, y, (-1 if size is None else size, out))

    return model_of(layer, place, steps)


@back_rule("AK2421", since=exists_in_keras3("3.11"), classes=("Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose"))
def cut_output(layer: Layer, place: Place) -> Layer | None:
    """Keras 3 before 3.11 takes no 0 in `output_padding`: the whole outcome without its borders."""
    padding, kernel = layer.config.get("output_padding"), layer.config.get("kernel_size")
    added = padding if isinstance(padding, tuple) else (padding,)
    if 0 not in added or not isinstance(kernel, tuple):
        return None
    strides, dilation = (_row(layer.config.get(key), len(kernel)) for key in ("strides", "dilation_rate"))
    sizes = [(size - 1) * rate + 1 for size, rate in zip(_row(kernel, len(kernel)), dilation, strict=True)]
    if any(size < step for size, step in zip(sizes, strides, strict=True)):
        raise place.refuse(layer, "output_padding 0 with strides larger than the kernel", "output_padding")
    plain = layer.without("output_padding")
    if layer.config.get("padding", "valid") == "valid":
        if any(added):
            raise place.refuse(layer, "output_padding of 0 and another number", "output_padding")
        return plain
    inside = [2 * (size // 2) - extra for size, extra in zip(sizes, _row(padding, len(kernel)), strict=True)]
    borders = tuple((extra // 2, extra - extra // 2) for extra in inside)
    last = layer.config.get("data_format") in (None, "channels_last")
    if len(kernel) == 1 and not last:
        raise place.refuse(layer, "output_padding 0 with channels_first", "output_padding")
    whole = replace(plain.with_config(padding="valid"), name=f"{layer.name}_whole")
    cropping: dict[str, Value] = {"cropping": borders if len(kernel) > 1 else borders[0]}
    if len(kernel) > 1:
        cropping["data_format"] = "channels_last" if last else "channels_first"
    return model_of(layer, place, lambda b, x: b.layer(f"Cropping{len(kernel)}D", cropping, b.add(whole, x)))


def _row(value: Value, rank: int) -> tuple[int, ...]:
    """One number for each axis; 1 where nothing is said."""
    found = value if isinstance(value, tuple) else (value if isinstance(value, int) else 1,) * rank
    return tuple(size if isinstance(size, int) else 1 for size in found)


@back_rule(
    "AK2422",
    since=Since(tf="2.6"),
    classes=("Global*",),
)
def keep_dimensions(layer: Layer, place: Place) -> Layer | None:
    """The pooling, and a Reshape that puts the axes back."""
    if not layer.config.get("keepdims"):
        return None
    shape = place.output.shape
    if shape is None or any(size is None for size in shape[1:]):
        raise place.refuse(layer, "keepdims over sizes that are open", "keepdims")
    sizes = [size for size in shape[1:] if size is not None]
    plain = replace(layer.without("keepdims"), name=f"{layer.name}_pooled")
    return model_of(layer, place, lambda builder, x: reshape(builder, builder.add(plain, x), sizes))


@back_rule("AK2423", since=Since(tf="2.3"), classes=("CenterCrop",))
def crop_sizes(layer: Layer, place: Place) -> Layer | None:
    """The borders that the sizes of the image give (keras 3.15.1, center_crop.py)."""
    shape, height, width = place.shape, layer.config.get("height"), layer.config.get("width")
    if shape is None or len(shape) != 4 or not isinstance(height, int) or not isinstance(width, int):
        raise place.refuse(layer, "the size of the image is not known")
    first = 2 if layer.config.get("data_format") == "channels_first" else 1
    sizes = shape[first : first + 2]
    if any(size is None for size in sizes):
        raise place.refuse(layer, "the size of the image is not known")
    over = [size - wanted for size, wanted in zip(sizes, (height, width), strict=True) if size is not None]
    if min(over) < 0:
        raise place.refuse(layer, "the image is smaller than the crop, so it is resized")
    borders = tuple((extra // 2, extra - extra // 2) for extra in over)
    config: Config = {"cropping": borders, "data_format": layer.config.get("data_format") or "channels_last"}
    return Layer("Cropping2D", layer.name, config, address=layer.address)


@back_rule(
    "AK2424",
    since=Since("3.8"),
    classes=("Random*",),
)
def leave_out_augmentation(layer: Layer, place: Place) -> Layer | None:
    """Augmentation acts in training alone: a layer that does nothing keeps its place.

    Before Keras 3.8, RandomCrop cuts and resizes images also where it does not train.
    """
    known = find_signature(layer.class_name, place.release.signatures) is not None and Since("3.0", tf="2.6").holds(
        place.release
    )
    if known and layer.class_name != "RandomCrop":
        return None
    return pass_through(layer)


@back_rule("AK2425", since=Since(tf="2.0"), classes=("UpSampling2D",))
def resize_by_matrices(layer: Layer, place: Place) -> Layer | None:
    """TensorFlow 1 and TensorFlow.js sample other points."""
    kind = layer.config.get("interpolation", "nearest")
    return None if kind == "nearest" else _resize(layer, place, kind)


@back_rule("AK2425", since=Since(tf="2.2"), classes=("Resizing",))
def replace_resizing(layer: Layer, place: Place) -> Layer | None:
    """A layer that TensorFlow 2.1 has and does not find in a file, and that those before do not have."""
    return _resize(layer, place, layer.config.get("interpolation", "bilinear"))


def _resize(layer: Layer, place: Place, kind: Value) -> Layer:
    """Each axis as a product with the shares of its pixels."""
    flags = ("antialias", "crop_to_aspect_ratio", "pad_to_aspect_ratio")
    given, out = place.shape, place.output.shape
    if kind not in ("nearest", "bilinear") or any(layer.config.get(key) for key in flags):
        raise place.refuse(layer, f"it resizes by {kind!r}, or keeps the aspect", "interpolation")
    if layer.config.get("data_format") == "channels_first" or given is None or out is None or len(given) != 4:
        raise place.refuse(layer, "channels_first, or a shape that is not known", "data_format")
    shares = []
    for size, wanted in zip(given[1:3], out[1:3], strict=True):
        if size is None or wanted is None:
            raise place.refuse(layer, "the size of the image is not known")
        shares.append(_shares(size, wanted, kind == "nearest"))

    def steps(builder: Builder, x: Ref) -> Ref:
        tall = _along(builder, builder.layer("Permute", {"dims": (2, 3, 1)}, x), shares[0])
        wide = _along(builder, builder.layer("Permute", {"dims": (3, 2, 1)}, tall), shares[1])
        return builder.layer("Permute", {"dims": (1, 3, 2)}, wide)

    return model_of(layer, place, steps)


def _along(builder: Builder, x: Ref, shares: Array) -> Ref:
    config: Config = {"units": shares.shape[1], "use_bias": False, "activation": "linear", "trainable": False}
    return builder.layer("Dense", config, x, weights={"kernel": constant(shares)})


def _shares(size: int, wanted: int, nearest: bool) -> Array:
    """How much each pixel has in each of the wanted ones, whose centres are sampled (``tf.image.resize`` of TensorFlow 2)."""
    at = (np.arange(wanted) + 0.5) * size / wanted
    first = np.floor(at if nearest else at - 0.5).astype(int)
    share = np.zeros(wanted) if nearest else at - 0.5 - first
    found = np.zeros((size, wanted), "float32")
    for pixel, weight in ((first, 1 - share), (first + 1, share)):
        np.add.at(found, (np.clip(pixel, 0, size - 1), np.arange(wanted)), weight)
    return found
