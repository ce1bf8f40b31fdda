"""GELU of tensorflow-addons."""

from __future__ import annotations

from ...document.build import Builder
from ...document.model import Layer
from ...migrations import Context
from ..base import stands_for
from .package import PACKAGE, RECORDED, of_addons


@stands_for(
    "AK5054",
    "the operation gelu",
    classes=("GELU",),
    package=PACKAGE,
    what="The layer GELU of tensorflow-addons uses the tanh approximation unless told otherwise.",
    checked=RECORDED,
    difference="5e-08",
    references=("tensorflow_addons/layers/gelu.py 0.15.0",),
)
def gelu(layer: Layer, context: Context) -> Layer | None:
    """``ops.gelu(x, approximate)``."""
    if not of_addons(layer):
        return None
    sub = Builder(layer.name, layer.address)
    return sub.finish(sub.op("gelu", sub.input(), approximate=bool(layer.config.get("approximate", True))))
