"""Extract of keras-bert."""

from __future__ import annotations

from ...document.build import Builder
from ...document.model import Layer
from ...findings import Fidelity
from ...migrations import Context
from ..base import stands_for
from .reading import fits


@stands_for(
    "AK5140",
    "the operation take",
    classes=("Extract",),
    package="keras-bert 0.81.0 and 0.86.0",
    what="Extract gives the vector of one step, `x[:, index]`.",
    fidelity=Fidelity.EXACT,
    checked="keras-bert 0.81.0 on Keras 2.3.1, 0.86.0 on tf.keras 2.3",
    difference="1e-07",
    references=("keras_bert/layers/extract.py 0.86.0",),
)
def extract(layer: Layer, context: Context) -> Layer | None:
    """``take(x, index, axis=1)``."""
    index = layer.config.get("index")
    if not fits(layer, ("index",)) or not isinstance(index, int):
        return None
    sub = Builder(layer.name, layer.address)
    return sub.finish(sub.op("take", sub.input(), index, axis=1))
