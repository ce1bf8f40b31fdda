"""SpatialPyramidPooling2D of tensorflow-addons."""

from __future__ import annotations

from typing import Any

from ...document.model import Layer, Value
from ...migrations import Context
from ...recovery.functions import Refused
from ...recovery.graph_ops import GraphOps
from ..base import stands_for
from ..deferred import defer, in_operations
from ..stored import SHARED
from .package import PACKAGE, RECORDED, of_addons


@stands_for(
    "AK5106",
    "the mean of each region, joined",
    classes=("SpatialPyramidPooling2D",),
    package=PACKAGE,
    what="For each pair (rows, columns) of `bins` the image is cut into so many regions, and each gives its mean for each "
    "channel; rows and columns at the end that do not fill a region are left out.",
    checked=RECORDED,
    difference="2e-07",
    references=("tensorflow_addons/layers/spatial_pyramid_pooling.py 0.15.0",),
)
def pyramid_means(layer: Layer, context: Context) -> Layer | None:
    """``concatenate([reshape(mean(regions), (-1, rows * columns, channels)) ...], axis=1)``."""
    known = of_addons(layer) and layer.config.keys() <= {"name", "bins", "data_format", *SHARED}
    return defer(layer, _body) if known and _bins(layer.config.get("bins")) else None


def _bins(value: Value) -> list[tuple[int, int]]:
    """Pairs (rows, columns); empty where it is something else."""
    found: list[tuple[int, int]] = []
    for item in value if isinstance(value, tuple) else ():
        match item:
            case (int(rows), int(columns)):
                found.append((rows, columns))
            case _:
                return []
    return found


@in_operations
def _body(ops: GraphOps, x: Any, layer: Layer) -> Any:
    first = layer.config["data_format"] == "channels_first"
    if first:
        x = ops.transpose(x, (0, 2, 3, 1))
    match ops.shape(x):
        case (_, int(height), int(width), int(channels)):
            pass
        case _:
            raise Refused("regions of an image of unknown size", "AK3043")
    found = []
    for rows, columns in _bins(layer.config["bins"]):
        tall, wide = height // rows, width // columns
        cut = ops.getitem(x, (slice(None), slice(0, rows * tall), slice(0, columns * wide)))
        regions = ops.reshape(cut, (-1, rows, tall, columns, wide, channels))
        found.append(ops.reshape(ops.mean(regions, axis=(2, 4)), (-1, rows * columns, channels)))
    joined = ops.concatenate(found, axis=1) if len(found) > 1 else found[0]
    return ops.transpose(joined, (0, 2, 1)) if first else joined
