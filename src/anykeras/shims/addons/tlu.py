"""TLU of tensorflow-addons: a threshold that is learnt."""

from __future__ import annotations

from ...document.build import Builder
from ...document.model import Layer
from ...migrations import Context
from ..base import stands_for
from ..masked import as_activation
from .package import PACKAGE, RECORDED, of_addons


@stands_for(
    "AK5154",
    "PReLU and operations",
    classes=("TLU",),
    package=PACKAGE,
    what="TLU is `max(x, tau)`, or with `affine` `max(x, tau + alpha * x)`, tau and alpha of the shape of one input. A PReLU "
    "that is given -1 everywhere keeps such a weight and gives minus it.",
    checked=RECORDED,
    difference="0",
    references=("tensorflow_addons/layers/tlu.py 0.15.0",),
)
def tlu(layer: Layer, context: Context) -> Layer | None:
    """max(x, tau + alpha x)."""
    roles = ("tau", "alpha") if layer.config.get("affine") else ("tau",)
    if not of_addons(layer) or layer.weights.keys() != set(roles):
        return None
    sub = Builder(layer.name, layer.address)
    x = sub.input()
    ones = sub.layer("Rescaling", {"scale": 0.0, "offset": -1.0}, x)
    minus = [sub.layer("PReLU", {}, ones, weights={"alpha": layer.weights[role]}) for role in roles]
    least = sub.op("negative", minus[0])
    if len(minus) == 2:
        least = sub.op("subtract", least, sub.op("multiply", minus[1], x))
    return as_activation(layer, sub.finish(sub.op("maximum", x, least)))
