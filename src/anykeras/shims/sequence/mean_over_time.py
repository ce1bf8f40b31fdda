"""MeanOverTime of keras-utilities."""

from __future__ import annotations

from ...document.build import Builder
from ...document.model import Layer
from ...migrations import Context
from ..base import stands_for
from ..masked import mask_of
from ..stored import SHARED


@stands_for(
    "AK5079",
    "the sum of the steps over their number",
    classes=("MeanOverTime",),
    package="keras-utilities 0.5.0",
    what="MeanOverTime divides the sum of all steps, masked ones too, by the number of those that are not masked.",
    checked="keras-utilities 0.5.0 on Keras 2.3.1",
    difference="2e-07",
    references=("kutilities/layers.py, keras-utilities 0.5.0",),
)
def mean_over_time(layer: Layer, context: Context) -> Layer | None:
    """No arguments, no weights."""
    if layer.config.keys() - SHARED or layer.weights:
        return None
    sub = Builder(layer.name, layer.address)
    x = sub.input()
    count = sub.op("squeeze", sub.op("sum", mask_of(sub, x), axis=1, keepdims=True), 1)
    return sub.finish(sub.op("divide", sub.op("sum", x, axis=1), count))
