"""Images sampled between their pixels: DeepLab v3+, PSPNet, spatial transformers."""

from __future__ import annotations

import itertools
from typing import Any

from ...document.model import Layer, Value
from ...lazily import np
from ...migrations import RuleContext
from ...recovery.functions import Refused
from ...recovery.functions.resampling import Grid, resize
from ...recovery.graph_ops import GraphOps
from ..base import has_only, register_shim
from ..deferred import defer, in_operations

_KEYS = ("upsampling", "output_size", "data_format")


@register_shim(
    "AK5093",
    classes=("BilinearUpsampling",),
    package="keras-deeplab-v3-plus",
    checked="the class as published in keras-deeplab-v3-plus, retyped, on Keras 2.1.5 with TensorFlow 1.8",
    difference="3e-07",
)
def bilinear_upsampling(layer: Layer, context: RuleContext) -> Layer | None:
    """To `output_size`, or to `upsampling` times the size."""
    known = set(_KEYS) <= layer.config.keys() and has_only(layer, *_KEYS)
    if not known or layer.config["data_format"] not in (None, "channels_last"):
        return None
    return defer(layer, _write_bilinear_upsampling)


@in_operations
def _write_bilinear_upsampling(ops: GraphOps, x: Any, layer: Layer) -> Any:
    size = _pair(layer.config["output_size"])
    if size is None:
        factors = _pair(layer.config["upsampling"])
        height, width = ops.shape(x)[1:3]
        if factors is None or not (isinstance(height, int) and isinstance(width, int)):
            raise Refused("an image of unknown size is enlarged", "AK3043")
        size = (height * factors[0], width * factors[1])
    return resize(ops, x, size, "bilinear", Grid(align_corners=True))


def _pair(value: Value) -> tuple[int, int] | None:
    match value:
        case (int(height), int(width)):
            return height, width
    return None


_TWO_RULES = (2, 2, 4)


@register_shim(
    "AK5094",
    classes=("Interp",),
    package="PSPNet-Keras-tensorflow",
    checked="the class as published in PSPNet-Keras-tensorflow, retyped, on Keras 2.1.5 with TensorFlow 1.8",
    difference="4e-07",
)
def interp(layer: Layer, context: RuleContext) -> Layer | None:
    """To `new_size`."""
    size, written = layer.config.get("new_size"), context.writer.release
    if not has_only(layer, "new_size") or not written or written >= _TWO_RULES:
        return None
    match size:
        case (int(), int()):
            return defer(layer, _write_interp)
    return None


@in_operations
def _write_interp(ops: GraphOps, x: Any, layer: Layer) -> Any:
    return resize(ops, x, layer.config["new_size"], "bilinear", Grid(align_corners=True))


@register_shim(
    "AK5122",
    classes=("BilinearInterpolation",),
    package="spatial transformer networks for Keras (STN.keras)",
    checked="the class as published in STN.keras, retyped, on Keras 2.1.5",
    difference="5e-06",
)
def bilinear_interpolation(layer: Layer, context: RuleContext) -> Layer | None:
    """sum of area * take_along_axis(image, index)."""
    match layer.config.get("output_size"):
        case (int(), int()):
            return defer(layer, _write_bilinear_interpolation) if has_only(layer, "output_size") else None
    return None


@in_operations
def _write_bilinear_interpolation(ops: GraphOps, inputs: Any, layer: Layer) -> Any:
    image, moved = inputs
    match layer.config["output_size"], ops.shape(image):
        case (int(rows), int(columns)), (_, int(height), int(width), int(channels)):
            pass
        case _:
            raise Refused("an image of unknown size is sampled", "AK3043")
    across, down = np.meshgrid(np.linspace(-1, 1, columns), np.linspace(-1, 1, rows))
    grid = np.stack([across.ravel(), down.ravel(), np.ones(rows * columns)]).astype("float32")
    places = ops.matmul(ops.reshape(moved, (-1, 2, 3)), grid)
    x, x_low, x_high = _neighbours(ops, ops.getitem(places, (slice(None), 0)), width)
    y, y_low, y_high = _neighbours(ops, ops.getitem(places, (slice(None), 1)), height)
    flat = ops.reshape(image, (-1, height * width, channels))
    beside = (x_low, _gap(ops, x_high, x)), (x_high, _gap(ops, x, x_low))
    above = (y_low, _gap(ops, y_high, y)), (y_high, _gap(ops, y, y_low))
    total: Any = 0.0
    for (column, width_left), (row, height_left) in itertools.product(beside, above):
        index = ops.tile(ops.expand_dims(ops.add(ops.multiply(row, width), column), -1), (1, 1, channels))
        area = ops.expand_dims(ops.multiply(height_left, width_left), -1)
        total = ops.add(ops.multiply(ops.take_along_axis(flat, index, axis=1), area), total)
    return ops.reshape(total, (-1, rows, columns, channels))


def _neighbours(ops: GraphOps, place: Any, size: int) -> tuple[Any, Any, Any]:
    """The place in pixels, and the pixels before and after it, held inside the image."""
    pixel = ops.multiply(ops.multiply(ops.add(place, 1.0), 0.5), float(size))
    low = ops.cast(pixel, "int32")
    return pixel, ops.clip(low, 0, size - 1), ops.clip(ops.add(low, 1), 0, size - 1)


def _gap(ops: GraphOps, high: Any, low: Any) -> Any:
    """The distance of two places, either of them whole."""
    return ops.subtract(ops.cast(high, "float32"), ops.cast(low, "float32"))
