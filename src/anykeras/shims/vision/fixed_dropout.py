"""FixedDropout of efficientnet."""

from __future__ import annotations

from ...document.model import Layer
from ...findings import Fidelity
from ...migrations import Context
from ..base import stands_for


@stands_for(
    "AK5061",
    "Dropout with the same noise shape",
    classes=("FixedDropout",),
    package="efficientnet 1.1.1, segmentation-models",
    what="FixedDropout is Dropout whose noise_shape may leave sizes open; Keras 3 takes such shapes itself.",
    fidelity=Fidelity.EXACT,
    checked="efficientnet 1.1.1 on Keras 2.3.1",
    difference="2e-07",
    references=("efficientnet/model.py, `get_dropout`, 1.1.1",),
)
def fixed_dropout(layer: Layer, context: Context) -> Layer | None:
    """Dropout(rate, noise_shape, seed)."""
    if not {"rate", "noise_shape"} <= layer.config.keys():
        return None
    keys = ("rate", "noise_shape", "seed", "trainable", "dtype")
    return Layer("Dropout", layer.name, {key: layer.config[key] for key in keys if key in layer.config})
