"""StochasticDepth of tensorflow-addons."""

from __future__ import annotations

from ...document.build import Builder
from ...document.model import Layer
from ...findings import Fidelity
from ...migrations import Context
from ..base import stands_for
from .package import PACKAGE, RECORDED, of_addons


@stands_for(
    "AK5053",
    "the sum with the scaled branch",
    classes=("StochasticDepth",),
    package=PACKAGE,
    what="StochasticDepth gives `shortcut + p * residual` outside of training; in training it drops the residual branch "
    "of the whole batch with probability 1 - p.",
    fidelity=Fidelity.LOSSY,
    checked=RECORDED,
    difference="0",
    references=("tensorflow_addons/layers/stochastic_depth.py 0.15.0",),
)
def stochastic_depth(layer: Layer, context: Context) -> Layer | None:
    """Add(shortcut, Rescaling(p)(residual)); further training drops nothing."""
    scale = layer.config.get("survival_probability", 0.5)
    if not of_addons(layer) or not isinstance(scale, int | float):
        return None
    sub = Builder(layer.name, layer.address)
    shortcut, residual = sub.input(), sub.input()
    scaled = sub.layer("Rescaling", {"scale": float(scale), "offset": 0.0}, residual)
    return sub.finish(sub.layer("Add", {}, (shortcut, scaled)))
