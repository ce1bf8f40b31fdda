"""Maxout of tensorflow-addons."""

from __future__ import annotations

from typing import Any

from ...document.model import Layer
from ...findings import Fidelity
from ...migrations import Context
from ...recovery.functions import Refused
from ...recovery.graph_ops import GraphOps
from ..base import stands_for
from ..deferred import defer, in_operations
from .package import PACKAGE, RECORDED, of_addons


@stands_for(
    "AK5153",
    "the operation max over groups of channels",
    classes=("Maxout",),
    package=PACKAGE,
    what="Maxout puts `num_units` channels in the place of all: each the largest of those `num_units` apart.",
    fidelity=Fidelity.EXACT,
    checked=RECORDED,
    difference="0",
    references=("tensorflow_addons/layers/maxout.py 0.15.0",),
)
def maxout(layer: Layer, context: Context) -> Layer | None:
    """The largest of the parts into which the axis is cut."""
    return defer(layer, _body) if of_addons(layer) and not layer.weights else None


@in_operations
def _body(ops: GraphOps, x: Any, layer: Layer) -> Any:
    units, axis = layer.config.get("num_units"), layer.config.get("axis", -1)
    if not isinstance(units, int) or not isinstance(axis, int):
        raise Refused("num_units and axis are no numbers")
    size = ops.shape(x)[axis]
    if not isinstance(size, int) or size % units:
        raise Refused(f"the axis has {size} channels, not a multiple of {units}")
    parts = ops.op("split", x, size // units, axis=axis)
    made = parts[0]
    for part in parts[1:]:
        made = ops.op("maximum", made, part)
    return made
