"""WeightNormalization of tensorflow-addons."""

from __future__ import annotations

from ...document.model import Layer
from ...findings import Fidelity
from ...migrations import Context
from ..base import stands_for
from ..inner import unwrapped
from ..stored import joined
from .package import PACKAGE, RECORDED, of_addons


@stands_for(
    "AK5052",
    "the layer inside with the normalised kernel",
    classes=("WeightNormalization",),
    package=PACKAGE,
    what="WeightNormalization splits a kernel into a direction v and a length g for each output: `g * v / |v|`. The "
    "file holds both, and the wrapped layer is given their product.",
    fidelity=Fidelity.LOSSY,
    checked=RECORDED,
    difference="5e-07",
    references=("tensorflow_addons/layers/wrappers.py 0.15.0",),
)
def weight_normalization(layer: Layer, context: Context) -> Layer | None:
    """The wrapped layer; further training changes its kernel as a whole."""
    length, direction, started = (layer.weights.get(role) for role in ("g", "kernel", "initialized"))
    if not of_addons(layer) or length is None or direction is None or started is None or not started.read().all():
        return None
    return unwrapped(layer, kernel=joined(direction, length))
