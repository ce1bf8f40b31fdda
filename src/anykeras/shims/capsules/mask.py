"""Mask of CapsNet-Keras."""

from __future__ import annotations

from typing import Any

from ...document.model import Layer
from ...migrations import Context
from ...recovery.functions import Refused
from ...recovery.graph_ops import GraphOps
from ..base import stands_for
from ..deferred import defer, in_operations
from .network import among_capsules


@stands_for(
    "AK5112",
    "a product with the one-hot label, or with that of the longest capsule",
    classes=("Mask",),
    package="CapsNet-Keras",
    what="Mask leaves one capsule and makes the others zero, all in one row: that of the label in training, the longest one "
    "where it is called without a label.",
    checked="the class as published in CapsNet-Keras, retyped, on Keras 2.1.5 and tf.keras 2.3",
    difference="2e-07",
    references=("XifengGuo/CapsNet-Keras, capsulelayers.py",),
)
def mask(layer: Layer, context: Context) -> Layer | None:
    """``reshape(x * one_hot[..., None], (-1, capsules * length))``."""
    return defer(layer, _body) if among_capsules(layer, context) else None


@in_operations
def _body(ops: GraphOps, inputs: Any, layer: Layer) -> Any:
    vectors, label = inputs if isinstance(inputs, list) else (inputs, None)
    _, count, length = ops.shape(vectors)
    if not (isinstance(count, int) and isinstance(length, int)):
        raise Refused("capsules of which the number is not known are put in a row", "AK3043")
    if label is None:
        lengths = ops.sqrt(ops.sum(ops.square(vectors), axis=-1))
        label = ops.one_hot(ops.argmax(lengths, axis=1), count)
    return ops.reshape(ops.multiply(vectors, ops.expand_dims(label, axis=-1)), (-1, count * length))
