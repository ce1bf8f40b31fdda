"""UpsampleLike of keras-retinanet."""

from __future__ import annotations

import re
from typing import Any

from ...document.model import Layer
from ...migrations import Context
from ...recovery.graph_ops import GraphOps
from ..base import stands_for
from ..deferred import defer, in_operations
from .channels import bare

_PYRAMID = re.compile(r"P\d+_upsampled")


@stands_for(
    "AK5095",
    "rows and columns taken by the nearest place",
    classes=("UpsampleLike",),
    package="keras-retinanet 0.3.1 to 1.0.0",
    what="UpsampleLike repeats the places of one feature map until it is as large as another. keras-ocr has a class of "
    "the same name and configuration that interpolates; keras-retinanet names its layers `P5_upsampled`, `P4_upsampled`, "
    "and only those are meant. The sizes may be open.",
    checked="keras-retinanet 0.5.1 on Keras 2.3.1",
    difference="2e-07",
    references=("keras_retinanet/layers/_misc.py 0.5.1 and 1.0.0", "keras_ocr/detection.py 0.9.3"),
)
def upsample_like(layer: Layer, context: Context) -> Layer | None:
    """``take(take(source, rows, 1), columns, 2)``."""
    return defer(layer, _body) if bare(layer) and _PYRAMID.fullmatch(layer.name) else None


@in_operations
def _body(ops: GraphOps, inputs: Any, layer: Layer) -> Any:
    source, target = inputs
    axes = (2, 3) if ops.context.data_format == "channels_first" else (1, 2)
    for axis in axes:
        source = ops.take(source, _nearest(ops, source, target, axis), axis=axis)
    return source


def _nearest(ops: GraphOps, source: Any, target: Any, axis: int) -> Any:
    """For each place of the target floor(place * before / after), in float32 as TensorFlow's kernel counts."""
    before, after = _row(ops, source, axis), _row(ops, target, axis)
    scale = ops.divide(ops.sum(before), ops.sum(after))
    places = ops.subtract(ops.cumsum(after), 1.0)
    last = ops.subtract(ops.sum(before), 1.0)
    return ops.cast(ops.minimum(ops.floor(ops.multiply(places, scale)), last), "int32")


def _row(ops: GraphOps, x: Any, axis: int) -> Any:
    """Ones along one axis."""
    key = tuple(slice(None) if i == axis else 0 for i in range(ops.rank(x)))
    return ops.cast(ops.ones_like(ops.getitem(x, key)), "float32")
