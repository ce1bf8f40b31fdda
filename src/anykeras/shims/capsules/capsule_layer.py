"""CapsuleLayer of CapsNet-Keras: dynamic routing between capsules."""

from __future__ import annotations

from typing import Any

from ...document.model import Layer
from ...migrations import Context
from ...recovery.functions import Refused
from ...recovery.graph_ops import GraphOps
from ..base import stands_for
from ..deferred import defer, in_operations
from ..stored import SHARED

KEYS = frozenset(("num_capsule", "dim_capsule", "routings"))
_EPSILON = 1e-7  # K.epsilon(), which the files do not hold


@stands_for(
    "AK5110",
    "an EinsumDense for the predictions, and the rounds of routing as operations",
    classes=("CapsuleLayer",),
    package="CapsNet-Keras",
    what="Each capsule below predicts each capsule above by a matrix of its own; `routings` rounds weigh the predictions by "
    "how well they agree. The matrices go on training.",
    checked="the class as published in CapsNet-Keras, retyped, on Keras 2.1.5",
    difference="2e-07",
    references=("XifengGuo/CapsNet-Keras, capsulelayers.py",),
)
def capsule_layer(layer: Layer, context: Context) -> Layer | None:
    """W (num_capsule, capsules below, dim_capsule, dim below)."""
    weight = layer.weights.get("W")
    sizes = [layer.config.get(key) for key in ("num_capsule", "dim_capsule")]
    known = KEYS <= layer.config.keys() <= {"name", "kernel_initializer", *SHARED, *KEYS}
    if not known or weight is None or len(layer.weights) > 1 or len(weight.shape) != 4:
        return None
    return defer(layer, _body) if [weight.shape[0], weight.shape[2]] == sizes else None


@in_operations
def _body(ops: GraphOps, x: Any, layer: Layer) -> Any:
    weight = layer.weights["W"]
    above, below, length, _ = weight.shape
    rounds = layer.config["routings"]
    if not isinstance(rounds, int) or not 0 < rounds <= 100:
        raise Refused(f"{rounds!r} rounds of routing")
    config = {"equation": "bik,nidk->bnid", "output_shape": (above, below, length)}
    hat = ops.layer("EinsumDense", config, x, weights={"kernel": weight.read()})
    agreement = ops.zeros_like(ops.sum(hat, axis=-1))
    for number in range(rounds):
        outputs = _squashed(ops, ops.einsum("bni,bnid->bnd", ops.softmax(agreement, axis=1), hat))
        if number < rounds - 1:
            agreement = ops.add(agreement, ops.einsum("bnd,bnid->bni", outputs, hat))
    return outputs


def _squashed(ops: GraphOps, vectors: Any) -> Any:
    """|v|^2 / (1 + |v|^2) times the unit vector of v."""
    squared = ops.sum(ops.square(vectors), axis=-1, keepdims=True)
    scale = ops.divide(ops.divide(squared, ops.add(squared, 1.0)), ops.sqrt(ops.add(squared, _EPSILON)))
    return ops.multiply(scale, vectors)
