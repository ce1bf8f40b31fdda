"""Scale of the Caffe networks (DenseNet, ResNet) that were brought to Keras."""

from __future__ import annotations

from typing import Any

from ...document.model import Layer
from ...migrations import RuleContext
from ...recovery.graph_ops import GraphOps
from ..base import has_only, register_shim, weights_ending
from ..blocks import scale_axis
from ..deferred import defer, in_operations


@register_shim(
    "AK5090",
    classes=("Scale",),
    package="custom_layers.py of DenseNet-Keras and cnn_finetune",
    checked="the class as published in DenseNet-Keras, retyped, on Keras 1.2.2 and 2.1.5",
    difference="4e-07",
)
def scale(layer: Layer, context: RuleContext) -> Layer | None:
    """EinsumDense("abcd,d->abcd", bias_axes="d")."""
    if not {"axis", "momentum"} <= layer.config.keys() or not has_only(layer, "axis", "momentum"):
        return None
    if weights_ending(layer, "gamma", "beta") is None or not isinstance(layer.config["axis"], int):
        return None
    return defer(layer, _write_scale)


@in_operations
def _write_scale(ops: GraphOps, x: Any, layer: Layer) -> Any:
    held = weights_ending(layer, "gamma", "beta") or {}
    axis = layer.config["axis"]
    assert isinstance(axis, int)
    return scale_axis(ops, x, axis, held["gamma"].read(), held["beta"].read())
