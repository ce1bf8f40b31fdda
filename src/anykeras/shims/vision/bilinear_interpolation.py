"""BilinearInterpolation of spatial transformer networks."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from ...document.model import Layer
from ...migrations import Context
from ...recovery.functions import Refused
from ...recovery.graph_ops import GraphOps
from ..base import stands_for
from ..deferred import defer, in_operations
from .channels import bare


@stands_for(
    "AK5122",
    "a grid moved by the transformation, and four neighbours taken for each of its points",
    classes=("BilinearInterpolation",),
    package="spatial transformer networks for Keras (STN.keras)",
    what="The image is sampled on a regular grid of `output_size` that six numbers for each image move, turn and stretch. "
    "Beyond the border the published formula weighs pixels as it does, and so does what stands for it.",
    checked="the class as published in STN.keras, retyped, on Keras 2.1.5",
    difference="5e-06",
    references=("oarriaga/STN.keras, src/models/layers.py",),
)
def bilinear_interpolation(layer: Layer, context: Context) -> Layer | None:
    """sum of area * take_along_axis(image, index)."""
    match layer.config.get("output_size"):
        case (int(), int()):
            return defer(layer, _body) if bare(layer, "output_size") else None
    return None


@in_operations
def _body(ops: GraphOps, inputs: Any, layer: Layer) -> Any:
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
