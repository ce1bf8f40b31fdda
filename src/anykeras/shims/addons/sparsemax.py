"""Sparsemax of tensorflow-addons, the layer and the activation."""

from __future__ import annotations

from ...document.build import Builder
from ...document.model import Layer, Ref
from ...migrations import Context
from ..base import stands_for
from ..masked import as_activation
from .package import PACKAGE, RECORDED, of_addons


def sparse(sub: Builder, x: Ref, axis: int = -1) -> Ref:
    """The nearest point to `x` whose numbers are not negative and sum to 1 (Martins and Astudillo 2016)."""
    falling = sub.op("negative", sub.op("sort", sub.op("negative", x), axis=axis))
    number = sub.op("cumsum", sub.op("ones_like", x), axis=axis)
    reached = sub.op("cumsum", falling, axis=axis)
    above = sub.op("greater", sub.op("add", sub.op("multiply", number, falling), 1.0), reached)
    kept = sub.op("where", above, sub.op("ones_like", x), sub.op("zeros_like", x))
    count = sub.op("sum", kept, axis=axis, keepdims=True)
    total = sub.op("sum", sub.op("multiply", kept, falling), axis=axis, keepdims=True)
    threshold = sub.op("divide", sub.op("subtract", total, 1.0), count)
    return sub.op("relu", sub.op("subtract", x, threshold))


@stands_for(
    "AK5155",
    "operations",
    classes=("Sparsemax",),
    package=PACKAGE,
    what="Sparsemax is the nearest point whose numbers are not negative and sum to 1. The function of that name in Keras "
    "3.15.1 gives other numbers, by up to 0.03.",
    checked=RECORDED,
    difference="6e-08",
    references=("tensorflow_addons/activations/sparsemax.py 0.15.0",),
)
def sparsemax(layer: Layer, context: Context) -> Layer | None:
    """relu(x - threshold)."""
    axis = layer.config.get("axis", -1)
    if not of_addons(layer) or not isinstance(axis, int):
        return None
    sub = Builder(layer.name, layer.address)
    return as_activation(layer, sub.finish(sparse(sub, sub.input(), axis)))
