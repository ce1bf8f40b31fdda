"""MaskedGlobalMaxPool1D of keras-bert."""

from __future__ import annotations

from ...document.build import Builder
from ...document.model import Layer
from ...migrations import Context
from ..base import stands_for
from ..masked import mask_of
from .reading import fits, masks_about


@stands_for(
    "AK5142",
    "the operation max over steps that are not masked",
    classes=("MaskedGlobalMaxPool1D",),
    package="keras-bert 0.81.0 and 0.86.0",
    what="MaskedGlobalMaxPool1D is the maximum over the steps; masked ones are lowered by 1000000 first.",
    checked="keras-bert 0.81.0 on Keras 2.3.1, 0.86.0 on tf.keras 2.3",
    difference="1e-07",
    references=("keras_bert/layers/pooling.py 0.86.0",),
)
def masked_max(layer: Layer, context: Context) -> Layer | None:
    """max(x - 1000000 (1 - mask), axis=-2)."""
    if not fits(layer, ()) or layer.weights:
        return None
    sub = Builder(layer.name, layer.address)
    x = sub.input()
    if masks_about(context):
        gone = sub.op("subtract", 1.0, mask_of(sub, x))
        return sub.finish(sub.op("max", sub.op("subtract", x, sub.op("multiply", gone, 1e6)), axis=-2))
    return sub.finish(sub.op("max", x, axis=-2))
