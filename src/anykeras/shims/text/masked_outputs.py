"""Masked of keras-bert."""

from __future__ import annotations

from ...document.build import Builder
from ...document.model import Layer
from ...migrations import Context
from ..base import stands_for
from ..masked import mask_of
from .attending import keeping
from .reading import fits


@stands_for(
    "AK5139",
    "the same numbers with another mask",
    classes=("Masked",),
    package="keras-bert 0.81.0 and 0.86.0",
    what="Masked hands on its first input, masked where that was masked or where its second input is 0; with "
    "`return_masked` it gives that mask too.",
    checked="keras-bert 0.81.0 on Keras 2.3.1, 0.86.0 on tf.keras 2.3",
    difference="1e-07",
    references=("keras_bert/layers/masked.py 0.86.0",),
)
def masked(layer: Layer, context: Context) -> Layer | None:
    """The first input with the mask of both."""
    if not fits(layer, ("return_masked",)) or layer.weights:
        return None
    sub = Builder(layer.name, layer.address)
    x, chosen = sub.input(), sub.input()
    wanted = sub.op("expand_dims", sub.op("cast", sub.op("not_equal", chosen, 0), "float32"), axis=-1)
    mask = sub.op("multiply", mask_of(sub, x), wanted)
    out = keeping(sub, x, mask)
    return sub.finish((out, sub.op("squeeze", mask, axis=-1)) if layer.config["return_masked"] else out)
