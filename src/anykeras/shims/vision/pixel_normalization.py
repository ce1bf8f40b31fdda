"""PixelNormalization of progressively grown networks."""

from __future__ import annotations

from ...document.build import Builder
from ...document.model import Layer
from ...migrations import Context
from ..base import stands_for
from .channels import bare


@stands_for(
    "AK5117",
    "the operations of its formula",
    classes=("PixelNormalization",),
    package="progressive GAN for Keras",
    what="The channels of each place are divided by the root of their mean square, 1e-8 added under the root.",
    checked="the class as published on machinelearningmastery.com, retyped, on Keras 2.1.5",
    difference="8e-07",
    references=("J. Brownlee, How to Implement Progressive Growing GAN Models in Keras, 2019",),
)
def pixel_normalization(layer: Layer, context: Context) -> Layer | None:
    """x / sqrt(mean(x^2) + 1e-8)."""
    if not bare(layer) or layer.weights:
        return None
    sub = Builder(layer.name, layer.address)
    x = sub.input()
    mean = sub.op("mean", sub.op("square", x), axis=-1, keepdims=True)
    return sub.finish(sub.op("divide", x, sub.op("sqrt", sub.op("add", mean, 1e-8))))
