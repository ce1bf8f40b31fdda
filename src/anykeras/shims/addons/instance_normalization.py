"""InstanceNormalization of tensorflow-addons."""

from __future__ import annotations

from ...document.model import Layer
from ...migrations import Context
from ..base import stands_for
from .package import EVERY, PACKAGE, RECORDED, of_addons


@stands_for(
    "AK5051",
    "GroupNormalization with a group for each channel",
    classes=("InstanceNormalization",),
    package=PACKAGE,
    what="InstanceNormalization of tensorflow-addons is its GroupNormalization with as many groups as channels: "
    "`(x - mean) / sqrt(variance + epsilon)`. Keras 3 spells that `groups=-1`. The class of keras-contrib, which adds "
    "epsilon to the deviation, is saved under the bare name and is not meant.",
    checked=RECORDED,
    difference="5e-07",
    references=("tensorflow_addons/layers/normalizations.py 0.15.0",),
)
def instance_normalization(layer: Layer, context: Context) -> Layer | None:
    """GroupNormalization(groups=-1)."""
    if not of_addons(layer):
        return None
    kept = {key: layer.config[key] for key in ("axis", "epsilon", "center", "scale", *EVERY) if key in layer.config}
    return Layer("GroupNormalization", layer.name, {"groups": -1, **kept}, layer.weights)
