"""Layers of CapsNet-Keras: dynamic routing between capsules."""

from __future__ import annotations

from typing import Any

from ..document.build import Builder
from ..document.model import Layer
from ..migrations import RuleContext
from ..recovery.functions import Refused
from ..recovery.graph_ops import GraphOps
from .base import SHARED, register_shim
from .blocks import defer, in_operations

KEYS = frozenset(("num_capsule", "dim_capsule", "routings"))
_EPSILON = 1e-7  # K.epsilon(), which the files do not hold


@register_shim("AK5110", classes=("CapsuleLayer",))
def capsule_layer(layer: Layer, context: RuleContext) -> Layer | None:
    """W (num_capsule, capsules below, dim_capsule, dim below)."""
    weight = layer.weights.get("W")
    sizes = [layer.config.get(key) for key in ("num_capsule", "dim_capsule")]
    known = KEYS <= layer.config.keys() <= {"name", "kernel_initializer", *SHARED, *KEYS}
    if not known or weight is None or len(layer.weights) > 1 or len(weight.shape) != 4:
        return None
    return defer(layer, _write_capsule_layer) if [weight.shape[0], weight.shape[2]] == sizes else None


@in_operations
def _write_capsule_layer(ops: GraphOps, x: Any, layer: Layer) -> Any:
    weight = layer.weights["W"]
    above, below, length, _ = weight.shape
    rounds = layer.config["routings"]
    if not isinstance(rounds, int) or not 0 < rounds <= 100:
        raise Refused(f"{rounds!r} rounds of routing")
    config = {"equation": "bik,nidk->bnid", "output_shape": (above, below, length)}
    hat = ops.layer("EinsumDense", config, x, weights={"kernel": weight.read()})
    agreement = ops.zeros_like(ops.sum(hat, axis=-1))
    for number in range(rounds):
        outputs = _squash(ops, ops.einsum("bni,bnid->bnd", ops.softmax(agreement, axis=1), hat))
        if number < rounds - 1:
            agreement = ops.add(agreement, ops.einsum("bnd,bnid->bni", outputs, hat))
    return outputs


def _squash(ops: GraphOps, vectors: Any) -> Any:
    """|v|^2 / (1 + |v|^2) times the unit vector of v."""
    squared = ops.sum(ops.square(vectors), axis=-1, keepdims=True)
    scale = ops.divide(ops.divide(squared, ops.add(squared, 1.0)), ops.sqrt(ops.add(squared, _EPSILON)))
    return ops.multiply(scale, vectors)


def is_among_capsules(layer: Layer, context: RuleContext) -> bool:
    """A layer without arguments and weights, in a model that has a CapsuleLayer."""
    if layer.weights or not layer.config.keys() <= {"name", *SHARED}:
        return False
    return "CapsuleLayer" in context.surroundings.class_names and any(
        x.class_name == "CapsuleLayer" and x.config.keys() >= KEYS for x in context.surroundings.layers
    )


_EPSILON = 1e-7


@register_shim("AK5111", classes=("Length",))
def length(layer: Layer, context: RuleContext) -> Layer | None:
    """sqrt(sum(x^2))."""
    if not is_among_capsules(layer, context):
        return None
    sub = Builder(layer.name, layer.address)
    squared = sub.op("sum", sub.op("square", sub.input()), axis=-1)
    if context.writer.library != "keras":
        squared = sub.op("add", squared, _EPSILON)
    return sub.finish(sub.op("sqrt", squared))


@register_shim("AK5112", classes=("Mask",))
def mask(layer: Layer, context: RuleContext) -> Layer | None:
    """``reshape(x * one_hot[..., None], (-1, capsules * length))``."""
    return defer(layer, _write_mask) if is_among_capsules(layer, context) else None


@in_operations
def _write_mask(ops: GraphOps, inputs: Any, layer: Layer) -> Any:
    vectors, label = inputs if isinstance(inputs, list) else (inputs, None)
    _, count, length = ops.shape(vectors)
    if not (isinstance(count, int) and isinstance(length, int)):
        raise Refused("capsules of which the number is not known are put in a row", "AK3043")
    if label is None:
        lengths = ops.sqrt(ops.sum(ops.square(vectors), axis=-1))
        label = ops.one_hot(ops.argmax(lengths, axis=1), count)
    return ops.reshape(ops.multiply(vectors, ops.expand_dims(label, axis=-1)), (-1, count * length))
