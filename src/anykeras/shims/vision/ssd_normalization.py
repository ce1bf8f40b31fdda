"""L2Normalization and Normalize of the SSD networks."""

from __future__ import annotations

from typing import Any

from ...document.model import Layer
from ...migrations import Context
from ...recovery.graph_ops import GraphOps
from ..base import stands_for
from ..deferred import defer, in_operations
from ..old_functions import old
from .channels import bare, ending, scaled


@stands_for(
    "AK5091",
    "the unit vector of the channels, and an EinsumDense that scales each",
    classes=("L2Normalization", "Normalize"),
    package="ssd_keras 0.9 (L2Normalization), rykov8's ssd_keras (Normalize)",
    what="The channels of each place are divided by their length and multiplied by a trainable gamma. With channels first "
    "the published class multiplies along another axis, and is not meant.",
    checked="the classes as published, retyped, on Keras 2.1.5",
    difference="4e-06 of 20",
    references=("pierluigiferrari/ssd_keras, keras_layers/keras_layer_L2Normalization.py", "rykov8/ssd_keras, ssd_layers.py"),
)
def l2_normalization(layer: Layer, context: Context) -> Layer | None:
    """``K.l2_normalize(x, axis) * gamma``."""
    first = context.writer.data_format == "channels_first"
    if first or not bare(layer, "gamma_init", "scale") or ending(layer, "gamma") is None:
        return None
    return defer(layer, _body)


@in_operations
def _body(ops: GraphOps, x: Any, layer: Layer) -> Any:
    gamma = (ending(layer, "gamma") or {})["gamma"].read()
    return scaled(ops, old(ops.context, "keras.backend.l2_normalize")(ops, x, 3), 3, gamma)
