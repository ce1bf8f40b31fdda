"""DropConnect of the first EfficientNet for Keras."""

from __future__ import annotations

from ...document.model import Layer
from ...migrations import Context
from ..base import stands_for
from .channels import bare


@stands_for(
    "AK5116",
    "Dropout of whole images",
    classes=("DropConnect",),
    package="efficientnet for Keras (titu1994, Tony607)",
    what="DropConnect drops the branch of an image as a whole in training, and divides by the rate that is kept: Dropout "
    "with the noise shape (None, 1, 1, 1).",
    checked="the class as published, retyped, on Keras 2.1.5",
    difference="3e-07",
    references=("Tony607/efficientnet_keras_transfer_learning, efficientnet/layers.py",),
)
def drop_connect(layer: Layer, context: Context) -> Layer | None:
    """Dropout(rate, noise_shape=(None, 1, 1, 1))."""
    rate = layer.config.get("drop_connect_rate")
    if not bare(layer, "drop_connect_rate") or isinstance(rate, bool) or not isinstance(rate, int | float):
        return None
    return Layer("Dropout", layer.name, {"rate": float(rate), "noise_shape": (None, 1, 1, 1)})
