"""What ``get_config`` of Keras 0 and 1 forgot to write, and where else it can be read."""

from __future__ import annotations

from ...document.model import Era, Layer
from ...findings import Fidelity, Finding
from ..rulebook import RuleContext, rule
from .keras1_layouts import OLD, channels_first

# Classes whose get_config leaves dim_ordering out, in every release from 0.3.3 to 1.2.2 that has them.
_IMAGES = (
    *(f"{name}{rank}D" for name in ("UpSampling", "ZeroPadding", "Cropping") for rank in (2, 3)),
    *(f"SpatialDropout{rank}D" for rank in (2, 3)),
)


@rule(
    "AK2103",
    to=Era.KERAS2,
    eras=OLD,
    classes=_IMAGES,
    report=False,
)
def _state_image_order(layer: Layer, context: RuleContext) -> Layer | None:
    said = layer.config.get("dim_ordering") in ("th", "tf") and context.writer.era is Era.KERAS1
    if said or "data_format" in layer.config:
        return None  # in Keras 0 what stands there is the default of the constructor, not of the file
    layer = layer.without("dim_ordering")
    ordering = "th" if channels_first(layer, context.writer) else "tf"
    if layer.class_name.startswith("SpatialDropout"):  # drops nothing at prediction
        return layer.with_config(dim_ordering=ordering)
    told = context.writer.data_format is not None
    seen = f"{layer.class_name} does not write whether its images are channels first or last"
    source = "as all other layers of the file say" if told else f"the default of {context.writer}, as no other layer decides it"
    fidelity = Fidelity.EQUIVALENT if told else Fidelity.APPROXIMATE
    done = f"taken for dim_ordering={ordering!r}, {source}"
    context.findings.append(Finding("AK2103", layer.address or layer.name, seen, done, fidelity))
    return layer.with_config(dim_ordering=ordering)


@rule(
    "AK2104",
    to=Era.KERAS2,
    eras=OLD,
    classes=("PReLU", "SReLU", "ParametricSoftplus"),
    report=False,
)
def _state_shared_axes(layer: Layer, context: RuleContext) -> Layer | None:
    vector = next(iter(layer.weights.values()), None)
    if vector is None or layer.config.get("shared_axes") not in (None, (None,)):
        return None
    axes = tuple(axis for axis, length in enumerate(vector.shape, start=1) if length == 1)
    return layer.with_config(shared_axes=axes) if axes else None
