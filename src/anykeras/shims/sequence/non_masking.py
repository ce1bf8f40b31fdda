"""NonMaskingLayer, which models over BERT put before convolutions."""

from __future__ import annotations

from ...document.build import Builder
from ...document.model import Layer
from ...migrations import Context
from ..base import stands_for
from ..stored import SHARED


@stands_for(
    "AK5083",
    "the operation copy",
    classes=("NonMaskingLayer", "NonMasking"),
    package="kashgari 0.2.6, jacoxu's NonMasking",
    what="The layer gives its input without the mask.",
    checked="kashgari 0.2.6 on Keras 2.3.1",
    difference="2e-07",
    references=("kashgari/layers.py 0.2.6",),
)
def non_masking(layer: Layer, context: Context) -> Layer | None:
    """An operation hands no mask on."""
    if layer.config.keys() - SHARED or layer.weights:
        return None
    sub = Builder(layer.name, layer.address)
    return sub.finish(sub.op("copy", sub.input()))
