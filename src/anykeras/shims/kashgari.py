"""Layers of kashgari."""

from __future__ import annotations

from ..document.build import Builder
from ..document.model import Layer
from ..migrations import RuleContext
from .base import SHARED, register_shim


@register_shim(
    "AK5084", classes=("KMaxPooling",), package="kashgari 0.2.6", checked="kashgari 0.2.6 on Keras 2.3.1", difference="2e-07"
)
def k_max_pooling(layer: Layer, context: RuleContext) -> Layer | None:
    """(batch, k, channels). Without `sorted` the order is left to TensorFlow, which is not known."""
    config = layer.config
    if config.keys() - SHARED != {"k", "sorted", "data_format"} or layer.weights or config["sorted"] is not True:
        return None
    sub = Builder(layer.name, layer.address)
    x = sub.input()
    if config["data_format"] != "channels_first":
        x = sub.op("transpose", x, (0, 2, 1))
    largest = sub.op("top_k", x, config["k"])
    return sub.finish(sub.op("transpose", largest, (0, 2, 1)))


@register_shim(
    "AK5083",
    classes=("NonMaskingLayer", "NonMasking"),
    package="kashgari 0.2.6, jacoxu's NonMasking",
    checked="kashgari 0.2.6 on Keras 2.3.1",
    difference="2e-07",
)
def non_masking(layer: Layer, context: RuleContext) -> Layer | None:
    """An operation hands no mask on."""
    if layer.config.keys() - SHARED or layer.weights:
        return None
    sub = Builder(layer.name, layer.address)
    return sub.finish(sub.op("copy", sub.input()))
