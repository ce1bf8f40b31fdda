"""Interp of PSPNet."""

from __future__ import annotations

from typing import Any

from ...document.model import Layer
from ...migrations import Context
from ...recovery.functions.resampling import Grid, resize
from ...recovery.graph_ops import GraphOps
from ..base import stands_for
from ..deferred import defer, in_operations
from .channels import bare

_TWO_RULES = (2, 2, 4)


@stands_for(
    "AK5094",
    "products with the two matrices of the interpolation",
    classes=("Interp",),
    package="PSPNet-Keras-tensorflow",
    what="Interp calls `tf.image.resize_images(..., align_corners=True)` of TensorFlow 1. keras-segmentation copied the "
    "class and lets it resize by another rule on TensorFlow from 1.13 on; so files of Keras from 2.2.4 on are not meant.",
    checked="the class as published in PSPNet-Keras-tensorflow, retyped, on Keras 2.1.5 with TensorFlow 1.8",
    difference="4e-07",
    references=("Vladkryvoruchko/PSPNet-Keras-tensorflow, layers_builder.py", "keras_segmentation/models/_pspnet_2.py 0.3.0"),
)
def interp(layer: Layer, context: Context) -> Layer | None:
    """To `new_size`."""
    size, written = layer.config.get("new_size"), context.writer.release
    if not bare(layer, "new_size") or not written or written >= _TWO_RULES:
        return None
    match size:
        case (int(), int()):
            return defer(layer, _body)
    return None


@in_operations
def _body(ops: GraphOps, x: Any, layer: Layer) -> Any:
    return resize(ops, x, layer.config["new_size"], "bilinear", Grid(align_corners=True))
