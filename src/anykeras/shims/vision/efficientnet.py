"""The dropouts of EfficientNet for Keras."""

from __future__ import annotations

from ...document.model import Layer
from ...migrations import RuleContext
from ..base import has_only, register_shim


@register_shim(
    "AK5116",
    classes=("DropConnect",),
    package="efficientnet for Keras (titu1994, Tony607)",
    checked="the class as published, retyped, on Keras 2.1.5",
    difference="3e-07",
)
def drop_connect(layer: Layer, context: RuleContext) -> Layer | None:
    """Dropout(rate, noise_shape=(None, 1, 1, 1))."""
    rate = layer.config.get("drop_connect_rate")
    if not has_only(layer, "drop_connect_rate") or isinstance(rate, bool) or not isinstance(rate, int | float):
        return None
    return Layer("Dropout", layer.name, {"rate": float(rate), "noise_shape": (None, 1, 1, 1)})


@register_shim(
    "AK5061",
    classes=("FixedDropout",),
    package="efficientnet 1.1.1, segmentation-models",
    checked="efficientnet 1.1.1 on Keras 2.3.1",
    difference="2e-07",
)
def fixed_dropout(layer: Layer, context: RuleContext) -> Layer | None:
    """Dropout(rate, noise_shape, seed)."""
    if not {"rate", "noise_shape"} <= layer.config.keys():
        return None
    keys = ("rate", "noise_shape", "seed", "trainable", "dtype")
    return Layer("Dropout", layer.name, {key: layer.config[key] for key in keys if key in layer.config})
