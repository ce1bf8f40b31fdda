"""The dropouts of EfficientNet for Keras."""

from __future__ import annotations

from ...document.model import Layer
from ...findings import Fidelity
from ...migrations import RuleContext
from ..base import register_shim
from ..stored import has_only


@register_shim(
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
def drop_connect(layer: Layer, context: RuleContext) -> Layer | None:
    """Dropout(rate, noise_shape=(None, 1, 1, 1))."""
    rate = layer.config.get("drop_connect_rate")
    if not has_only(layer, "drop_connect_rate") or isinstance(rate, bool) or not isinstance(rate, int | float):
        return None
    return Layer("Dropout", layer.name, {"rate": float(rate), "noise_shape": (None, 1, 1, 1)})


@register_shim(
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
def fixed_dropout(layer: Layer, context: RuleContext) -> Layer | None:
    """Dropout(rate, noise_shape, seed)."""
    if not {"rate", "noise_shape"} <= layer.config.keys():
        return None
    keys = ("rate", "noise_shape", "seed", "trainable", "dtype")
    return Layer("Dropout", layer.name, {key: layer.config[key] for key in keys if key in layer.config})
