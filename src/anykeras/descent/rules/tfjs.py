"""What the layers of TensorFlow.js lack that every Keras has (layers/*.js of tfjs-layers 4.22.0)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from ...catalog.releases import Since
from ...document.build import Builder
from ...document.model import Config, Layer, Ref, Value
from ...tensors import Array, Tensor, constant
from ..forms import make_activation, model_of, pass_through, reshape, width_of
from ..rulebook import Place, back_rule
from .images import block_diagonal

KERASES: Final = Since(tf="1.13", keras2="2.0")
"""Every Keras has it, TensorFlow.js has not."""
_IMAGES: Final = (
    "Conv1D", "Conv2D", "Conv3D", "Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose", "SeparableConv1D", "SeparableConv2D",
    "DepthwiseConv1D", "DepthwiseConv2D", "MaxPooling*", "AveragePooling*", "Global*", "UpSampling2D", "UpSampling3D",
    "ZeroPadding*", "Cropping*",
)  # fmt: skip


@back_rule(
    "AK2470",
    since=KERASES,
    classes=_IMAGES,
)
def move_channels(layer: Layer, place: Place) -> Layer | None:
    """Channels moved behind, the layer, and channels moved back: some classes of TensorFlow.js do not move them back."""
    if layer.config.get("data_format") != "channels_first":
        return None
    rank = len(place.shape or ())
    if rank < 3:
        raise place.refuse(layer, "the shape of what it is called on is not known")
    last = replace(layer.with_config(data_format="channels_last"), name=f"{layer.name}_last")
    behind = (*range(2, rank), 1)

    def steps(builder: Builder, x: Ref) -> Ref:
        y = builder.add(last, builder.layer("Permute", {"dims": behind}, x))
        if layer.class_name.startswith("Global") and not layer.config.get("keepdims"):
            return y
        return builder.layer("Permute", {"dims": (rank - 1, *range(1, rank - 1))}, y)

    return model_of(layer, place, steps)


@back_rule("AK2470", since=KERASES, classes=("BatchNormalization",))
def normalize_behind(layer: Layer, place: Place) -> Layer | None:
    """The same for a normalization of another axis than the last, whose statistics are read along the wrong one."""
    axis, rank = layer.config.get("axis", -1), len(place.shape or ())
    axis = axis[0] if isinstance(axis, tuple) and len(axis) == 1 else axis
    if axis == -1 or not rank or axis == rank - 1:
        return None
    if not isinstance(axis, int) or axis % rank == 0:
        raise place.refuse(layer, "a normalization over several axes", "axis")
    dims = [*range(1, rank)]
    dims[axis % rank - 1], dims[-1] = dims[-1], dims[axis % rank - 1]
    turn: Config = {"dims": tuple(dims)}
    last = replace(layer.with_config(axis=-1), name=f"{layer.name}_last")

    def steps(builder: Builder, x: Ref) -> Ref:
        return builder.layer("Permute", turn, builder.add(last, builder.layer("Permute", turn, x)))

    return model_of(layer, place, steps)


def _sizes(layer: Layer, place: Place, shape: Sequence[int | None] | None) -> list[int]:
    """The sizes without that of the batch. Raises Unsupported where one is open."""
    if shape is None or any(size is None for size in shape[1:]):
        raise place.refuse(layer, "a size of what it is called on is open")
    return [size for size in shape[1:] if size is not None]


def _pair(value: Value, fill: int) -> tuple[Value, int]:
    """A size of one dimension as one of two."""
    return (value[0] if isinstance(value, tuple) else value or 1, fill)


@back_rule("AK2471", since=KERASES, classes=("Conv1D", "SeparableConv1D"))
def rows_as_images(layer: Layer, place: Place) -> Layer | None:
    """Rows are images of one column, which have zeros in front where the padding is causal."""
    causal = layer.config.get("padding") == "causal"
    if layer.class_name == "Conv1D" and not causal:
        return None
    width = width_of(layer, place)
    size, dilation = (_pair(layer.config.get(key), 1)[0] for key in ("kernel_size", "dilation_rate"))
    assert isinstance(size, int) and isinstance(dilation, int)
    config: Config = {
        **{key: value for key, value in layer.config.items() if key not in ("groups", "data_format")},
        "kernel_size": (size, 1),
        "strides": (_pair(layer.config.get("strides"), 1)[0],) * 2,
        "dilation_rate": (dilation, dilation),
        "padding": "valid" if causal else layer.config.get("padding", "valid"),
        "data_format": "channels_last",
    }
    weights = {role: _as_image(tensor) for role, tensor in layer.weights.items()}

    def steps(builder: Builder, x: Ref) -> Ref:
        wide = reshape(builder, x, (_length(place), 1, width))
        if causal:
            before: Config = {"padding": (((size - 1) * dilation, 0), (0, 0)), "data_format": "channels_last"}
            wide = builder.layer("ZeroPadding2D", before, wide)
        y = builder.layer(f"{layer.class_name[:-2]}2D", config, wide, weights=weights)
        return reshape(builder, y, (_length(place, out=True), _filters(layer)))

    return model_of(layer, place, steps)


def _as_image(tensor: Tensor) -> Tensor:
    return tensor if len(tensor.shape) < 3 else tensor.reshape(tensor.shape[0], 1, *tensor.shape[1:])


def _length(place: Place, out: bool = False) -> int:
    shape = place.output.shape if out else place.shape
    return -1 if shape is None or shape[1] is None else shape[1]


def _filters(layer: Layer) -> int:
    filters = layer.config.get("filters")
    assert isinstance(filters, int)
    return filters


_ROWS: Final = {"UpSampling1D": "size", "ZeroPadding1D": "padding", "Cropping1D": "cropping"}


@back_rule("AK2471", since=KERASES, classes=tuple(_ROWS))
def sizes_of_rows(layer: Layer, place: Place) -> Layer | None:
    """The same for the layers that repeat, pad and crop rows."""
    width, key = width_of(layer, place), _ROWS[layer.class_name]
    value = layer.config.get(key)
    side: Value = (value, value) if isinstance(value, int) else value
    config: Config = {key: (side, (0, 0)) if key != "size" else _pair(value, 1), "data_format": "channels_last"}

    def steps(builder: Builder, x: Ref) -> Ref:
        y = builder.layer(f"{layer.class_name[:-2]}2D", config, reshape(builder, x, (_length(place), 1, width)))
        return reshape(builder, y, (_length(place, out=True), width))

    return model_of(layer, place, steps)


_VOLUMES: Final = {"UpSampling3D": "size", "ZeroPadding3D": "padding", "Cropping3D": "cropping"}


@back_rule("AK2471", since=KERASES, classes=tuple(_VOLUMES))
def sizes_of_volumes(layer: Layer, place: Place) -> Layer | None:
    """For volumes: the first two axes with the third among the features, then the third by itself."""
    depth, height, width, channels = _sizes(layer, place, place.shape)
    deep, high, _, _ = _sizes(layer, place, place.output.shape)
    key, kind = _VOLUMES[layer.class_name], f"{layer.class_name[:-2]}2D"
    value = layer.config.get(key)
    each = value if isinstance(value, tuple) else (value,) * 3
    sides = [(one, one) if key != "size" and isinstance(one, int) else one for one in each]
    nothing: Value = 1 if key == "size" else (0, 0)

    def steps(builder: Builder, x: Ref) -> Ref:
        flat = reshape(builder, x, (depth, height, width * channels))
        y = builder.layer(kind, {key: (sides[0], sides[1]), "data_format": "channels_last"}, flat)
        row = reshape(builder, y, (deep * high, width, channels))
        z = builder.layer(kind, {key: (nothing, sides[2]), "data_format": "channels_last"}, row)
        return reshape(builder, z, _sizes(layer, place, place.output.shape))

    return model_of(layer, place, steps)


@back_rule("AK2471", since=KERASES, classes=("GlobalAveragePooling3D", "GlobalMaxPooling3D"))
def pool_volumes(layer: Layer, place: Place) -> Layer | None:
    """A volume as one row."""
    *sizes, channels = _sizes(layer, place, place.shape)
    kind = f"{layer.class_name[:-2]}1D"
    return model_of(layer, place, lambda b, x: b.layer(kind, {}, reshape(b, x, (math.prod(sizes), channels))))


@back_rule("AK2472", since=KERASES, classes=("DepthwiseConv2D",))
def dilate_depthwise(layer: Layer, place: Place) -> Layer | None:
    """The class ignores `dilation_rate`: a Conv2D with zeros between channels does not."""
    rate, kernel = layer.config.get("dilation_rate", 1), layer.weights.get("kernel")
    if rate in (1, (1, 1)):
        return None
    if kernel is None:
        raise place.refuse(layer, "a depthwise convolution without weights")
    height, width, channels, each = kernel.shape
    full = kernel.rearrange("depthwise", (height, width, channels, channels * each), _spread)
    kept = ("strides", "padding", "dilation_rate", "activation", "use_bias", "kernel_size", "trainable", "data_format")
    config: Config = {key: value for key, value in layer.config.items() if key in kept}
    return replace(
        layer, class_name="Conv2D", config={**config, "filters": channels * each}, weights={**layer.weights, "kernel": full}
    )


def _spread(kernel: Array) -> Array:
    height, width, channels, each = kernel.shape
    return block_diagonal(kernel.reshape(height, width, 1, channels * each), channels)


@back_rule("AK2472", since=KERASES, classes=("Conv2DTranspose", "Conv3DTranspose"), report=False)
def check_transposed(layer: Layer, place: Place) -> Layer | None:
    """The classes ignore `dilation_rate` and have no `output_padding`."""
    rate = layer.config.get("dilation_rate", 1)
    if rate not in (1, (1, 1), (1, 1, 1)):
        raise place.refuse(layer, "a transposed convolution with a dilation", "dilation_rate")
    return None


@back_rule("AK2473", since=KERASES, classes=("BatchNormalization", "LayerNormalization"))
def normalize_flat(layer: Layer, place: Place) -> Layer | None:
    """Tensors of more than four axes are normalized as rows."""
    shape = place.shape or ()
    if len(shape) <= 4:
        return None
    if layer.config.get("axis", -1) not in (-1, len(shape) - 1, (-1,), (len(shape) - 1,)):
        raise place.refuse(layer, "it normalizes other axes than the last of a tensor of five", "axis")
    sizes = _sizes(layer, place, shape)
    plain = replace(layer.with_config(axis=-1), name=f"{layer.name}_flat")
    rows = (math.prod(sizes[:-1]), sizes[-1])
    return model_of(layer, place, lambda b, x: reshape(b, b.add(plain, reshape(b, x, rows)), sizes))


@back_rule("AK2474", since=KERASES, classes=("Softmax",))
def softmax_along(layer: Layer, place: Place) -> Layer | None:
    """The function, with its axis moved behind: the class takes the last axis alone, by its positive number."""
    axis, rank = layer.config.get("axis", -1), len(place.shape or ())
    axis = axis[0] if isinstance(axis, tuple) and len(axis) == 1 else axis
    if axis == -1 or (rank and axis == rank - 1):
        return Layer("Activation", layer.name, {"activation": "softmax"}, address=layer.address)
    if not isinstance(axis, int) or rank < 3 or axis % rank == 0:
        raise place.refuse(layer, "along several axes, or the batch", "axis")
    dims = [*range(1, rank)]
    dims[axis % rank - 1], dims[-1] = dims[-1], dims[axis % rank - 1]
    turn: Config = {"dims": tuple(dims)}

    def steps(builder: Builder, x: Ref) -> Ref:
        return builder.layer("Permute", turn, make_activation(builder, builder.layer("Permute", turn, x), "softmax"))

    return model_of(layer, place, steps)


@back_rule("AK2475", since=KERASES, classes=("Subtract",))
def add_the_negative(layer: Layer, place: Place) -> Layer | None:
    """The first and the second times -1."""

    def steps(builder: Builder, one: Ref, other: Ref) -> Ref:
        negative = builder.layer("Rescaling", {"scale": -1.0, "offset": 0.0}, other)
        return builder.layer("Add", {}, (one, negative))

    return model_of(layer, place, steps, inputs=2)


@back_rule("AK2476", since=KERASES, classes=("ReLU",))
def slope_and_threshold(layer: Layer, place: Place) -> Layer | None:
    """The class takes `max_value` alone: what is above the threshold, and the slope times what is below."""
    slope, threshold = (layer.config.get(key) or 0.0 for key in ("negative_slope", "threshold"))
    largest = layer.config.get("max_value")
    if not slope and not threshold:
        return None
    if slope and not threshold and largest is None:
        return Layer("LeakyReLU", layer.name, {"negative_slope": slope}, address=layer.address)
    assert isinstance(slope, int | float)

    def steps(builder: Builder, x: Ref) -> Ref:
        above = builder.layer("ThresholdedReLU", {"theta": threshold}, x) if threshold else make_activation(builder, x, "relu")
        if largest is not None:
            above = builder.layer("ReLU", {"max_value": largest}, above)
        if not slope:
            return above
        below = builder.layer("Rescaling", {"scale": -1.0, "offset": threshold}, x)
        part = builder.layer("Rescaling", {"scale": -slope, "offset": 0.0}, make_activation(builder, below, "relu"))
        return builder.layer("Add", {}, (above, part))

    return model_of(layer, place, steps)


@back_rule("AK2476", since=KERASES, classes=("ReLU",), report=False)
def plain_relu(layer: Layer, place: Place) -> Layer | None:
    """A slope and a threshold of zero need not be said."""
    said = [key for key in ("negative_slope", "threshold") if layer.config.get(key, 1) in (0, 0.0, None)]
    return layer.without(*said) if said else None


@back_rule("AK2476", since=KERASES, classes=("ELU",))
def scale_below_zero(layer: Layer, place: Place) -> Layer | None:
    """The class has no `alpha`: what is above zero, and alpha times the function of what is below."""
    alpha = layer.config.get("alpha", 1.0)
    if alpha == 1:
        return None

    def steps(builder: Builder, x: Ref) -> Ref:
        below = make_activation(builder, builder.layer("Rescaling", {"scale": -1.0, "offset": 0.0}, x), "relu")
        curve = make_activation(builder, builder.layer("Rescaling", {"scale": -1.0, "offset": 0.0}, below), "elu")
        part = builder.layer("Rescaling", {"scale": alpha, "offset": 0.0}, curve)
        return builder.layer("Add", {}, (make_activation(builder, x, "relu"), part))

    return model_of(layer, place, steps)


@back_rule("AK2424", since=KERASES, classes=("SpatialDropout2D", "SpatialDropout3D", "ActivityRegularization"))
def leave_out_training(layer: Layer, place: Place) -> Layer | None:
    """Layers that act in training alone."""
    return pass_through(layer)


@back_rule("AK2477", since=KERASES, classes=("Identity",), report=False)
def do_nothing(layer: Layer, place: Place) -> Layer | None:
    """A function that does nothing."""
    return pass_through(layer)


@back_rule("AK2477", since=KERASES, classes=("Flatten",))
def flatten_by_shape(layer: Layer, place: Place) -> Layer | None:
    """The class takes neither vectors nor sizes that are open; a Reshape does."""
    shape = place.shape
    if shape is None or layer.config.get("data_format") == "channels_first":
        return None
    if len(shape) > 2 and all(size is not None for size in shape[1:]):
        return None
    return Layer("Reshape", layer.name, {"target_shape": (1,) if len(shape) == 1 else (-1,)}, address=layer.address)


@back_rule("AK2478", since=KERASES, classes=("Dot",), report=False)
def count_axes(layer: Layer, place: Place) -> Layer | None:
    """Axes by their positive numbers, of tensors of at most three axes."""
    ranks = [len(spec.shape or ()) for spec in place.inputs]
    axes = layer.config.get("axes")
    both = axes if isinstance(axes, tuple) else (axes, axes)
    if len(ranks) != 2 or 0 in ranks or max(ranks) > 3 or not all(isinstance(axis, int) for axis in both):
        raise place.refuse(layer, "a product of tensors of more than three axes, or over several axes", "axes")
    counted = tuple(axis % rank for axis, rank in zip(both, ranks, strict=True) if isinstance(axis, int))
    if 0 in counted:
        raise place.refuse(layer, "a product over the axis of the batch", "axes")
    return None if counted == axes else layer.with_config(axes=counted)


@back_rule("AK2478", since=KERASES, classes=("Cropping2D",), report=False)
def check_crop(layer: Layer, place: Place) -> Layer | None:
    """The class computes a negative size where one is open."""
    _sizes(layer, place, place.shape)
    return None


@back_rule("AK2479", since=KERASES, classes=("CategoryEncoding",))
def encode_by_table(layer: Layer, place: Place) -> Layer | None:
    """A table of ones: the class takes tensors of two axes alone."""
    count, shape, mode = layer.config.get("num_tokens"), place.shape, layer.config.get("output_mode", "multi_hot")
    if not isinstance(count, int) or count > 4096 or shape is None or mode == "count":
        raise place.refuse(layer, "more than 4096 categories, or counts", "num_tokens")
    table = {"embeddings": constant(np.eye(count))}
    config: Config = {"input_dim": count, "output_dim": count, "trainable": False}
    out = place.output.shape

    def steps(builder: Builder, x: Ref) -> Ref:
        if len(shape) == 1:
            x = reshape(builder, x, (1,))
        rows = builder.layer("Embedding", config, x, weights=table)
        if mode == "multi_hot":
            return builder.layer("GlobalMaxPooling1D", {}, rows)
        return reshape(builder, rows, _sizes(layer, place, out))

    if mode == "multi_hot" and len(shape) > 2:
        raise place.refuse(layer, "multi_hot of a tensor of more than two axes", "output_mode")
    return model_of(layer, place, steps)
