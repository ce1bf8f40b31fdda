"""BilinearUpsampling of DeepLab v3+."""

from __future__ import annotations

from typing import Any

from ...document.model import Layer, Value
from ...migrations import Context
from ...recovery.functions import Refused
from ...recovery.functions.resampling import Grid, resize
from ...recovery.graph_ops import GraphOps
from ..base import stands_for
from ..deferred import defer, in_operations
from .channels import bare

_KEYS = ("upsampling", "output_size", "data_format")


@stands_for(
    "AK5093",
    "products with the two matrices of the interpolation",
    classes=("BilinearUpsampling",),
    package="keras-deeplab-v3-plus",
    what="BilinearUpsampling calls `tf.image.resize_bilinear(..., align_corners=True)` of TensorFlow 1: the corners of "
    "both images fall together. Keras 3 resizes images by no such rule.",
    checked="the class as published in keras-deeplab-v3-plus, retyped, on Keras 2.1.5 with TensorFlow 1.8",
    difference="3e-07",
    references=("bonlime/keras-deeplab-v3-plus, model.py, 2018",),
)
def bilinear_upsampling(layer: Layer, context: Context) -> Layer | None:
    """To `output_size`, or to `upsampling` times the size."""
    known = set(_KEYS) <= layer.config.keys() and bare(layer, *_KEYS)
    if not known or layer.config["data_format"] not in (None, "channels_last"):
        return None
    return defer(layer, _body)


@in_operations
def _body(ops: GraphOps, x: Any, layer: Layer) -> Any:
    size = _pair(layer.config["output_size"])
    if size is None:
        factors = _pair(layer.config["upsampling"])
        height, width = ops.shape(x)[1:3]
        if factors is None or not (isinstance(height, int) and isinstance(width, int)):
            raise Refused("an image of unknown size is made larger", "AK3043")
        size = (height * factors[0], width * factors[1])
    return resize(ops, x, size, "bilinear", Grid(align_corners=True))


def _pair(value: Value) -> tuple[int, int] | None:
    match value:
        case (int(height), int(width)):
            return height, width
    return None
