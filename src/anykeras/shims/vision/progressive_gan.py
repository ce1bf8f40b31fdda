"""Layers of progressively grown networks."""

from __future__ import annotations

from functools import partial

from ...document.build import Builder
from ...document.model import Layer
from ...migrations import RuleContext
from ..base import has_only, register_shim

_register = partial(
    register_shim,
    package="progressive GAN for Keras",
    checked="the class as published on machinelearningmastery.com, retyped, on Keras 2.1.5",
    difference="8e-07",
)


@_register("AK5118", classes=("MinibatchStdev",))
def minibatch_deviation(layer: Layer, context: RuleContext) -> Layer | None:
    """concatenate(x, mean(sqrt(variance over the batch + 1e-8)))."""
    if not has_only(layer) or layer.weights:
        return None
    sub = Builder(layer.name, layer.address)
    x = sub.input()
    apart = sub.op("square", sub.op("subtract", x, sub.op("mean", x, axis=0, keepdims=True)))
    deviation = sub.op("sqrt", sub.op("add", sub.op("mean", apart, axis=0, keepdims=True), 1e-8))
    number = sub.op("mean", deviation, keepdims=True)
    like = sub.op("zeros_like", sub.op("mean", x, axis=-1, keepdims=True))
    return sub.finish(sub.op("concatenate", (x, sub.op("add", like, number)), axis=-1))


@_register("AK5117", classes=("PixelNormalization",))
def pixel_normalization(layer: Layer, context: RuleContext) -> Layer | None:
    """x / sqrt(mean(x^2) + 1e-8)."""
    if not has_only(layer) or layer.weights:
        return None
    sub = Builder(layer.name, layer.address)
    x = sub.input()
    mean = sub.op("mean", sub.op("square", x), axis=-1, keepdims=True)
    return sub.finish(sub.op("divide", x, sub.op("sqrt", sub.op("add", mean, 1e-8))))
