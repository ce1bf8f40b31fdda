"""Length of CapsNet-Keras."""

from __future__ import annotations

from ...document.build import Builder
from ...document.model import Layer
from ...findings import Fidelity
from ...migrations import Context
from ..base import stands_for
from .network import among_capsules

_EPSILON = 1e-7


@stands_for(
    "AK5111",
    "the length of each vector",
    classes=("Length",),
    package="CapsNet-Keras",
    what="Length is the probability of each class: the length of its capsule. On tf.keras the class adds 1e-7 under the root, "
    "and some copies for Keras 2 do; that makes 0.0003 of an empty capsule, and 5e-08 of one of length 1.",
    fidelity=Fidelity.APPROXIMATE,
    checked="the class as published in CapsNet-Keras, retyped, on Keras 2.1.5 and tf.keras 2.3",
    difference="2e-07",
    references=("XifengGuo/CapsNet-Keras, capsulelayers.py, branches master and tf2.2",),
)
def length(layer: Layer, context: Context) -> Layer | None:
    """sqrt(sum(x^2))."""
    if not among_capsules(layer, context):
        return None
    sub = Builder(layer.name, layer.address)
    squared = sub.op("sum", sub.op("square", sub.input()), axis=-1)
    if context.writer.library != "keras":
        squared = sub.op("add", squared, _EPSILON)
    return sub.finish(sub.op("sqrt", squared))
