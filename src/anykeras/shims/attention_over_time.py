"""Attention layers that went from hand to hand from 2016 to 2018: a weighted sum over time."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from ..document.build import Builder
from ..document.model import Config, Layer, Ref
from ..migrations import RuleContext
from ..tensors import Tensor
from .base import SHARED, list_role_arguments, register_shim, weights_by_letter
from .blocks import add_trained_vector, mask_of

EPSILON: Final = 1e-7
"""``K.epsilon()`` where nobody changed it."""
ARGUMENTS: Final = list_role_arguments(*"Wub") | {"bias", "return_attention", "step_dim", "init", "attention_dim"}
"""What copies of these classes write in their configuration, where they write anything."""


def _sum_weighted(sub: Builder, x: Ref, scores: Ref, *, shifted: bool = False) -> tuple[Ref, Ref]:
    """The sum of `x` (batch, time, features) weighted by ``exp(scores) * mask / (sum + epsilon)``, and the weights.

    `scores` (batch, time, 1). `shifted` where the largest score, masked ones too, is taken off first.
    """
    if shifted:
        scores = sub.op("subtract", scores, sub.op("max", scores, axis=1, keepdims=True))
    kept = sub.op("multiply", sub.op("exp", scores), mask_of(sub, x))
    total = sub.op("add", sub.op("sum", kept, axis=1, keepdims=True), EPSILON)
    weights = sub.op("divide", kept, total)
    return sub.op("sum", sub.op("multiply", x, weights), axis=1), weights


def _finish(layer: Layer, sub: Builder, out: Ref, weights: Ref) -> Layer:
    """The model, with the weights as a second output where the layer returns them."""
    outputs = (out, weights) if layer.config.get("return_attention") is True else out
    return sub.finish(outputs, layer.config.get("trainable") is not False)


def _is_known(layer: Layer, more: Collection[str] = ()) -> bool:
    """Whether the layer has no argument that these classes do not have."""
    return layer.config.keys() - SHARED <= ARGUMENTS | set(more) and ">" not in (layer.registered_name or "")


def _dense(sub: Builder, x: Ref, kernel: Tensor, bias: Tensor | None, name: str, activation: str = "linear") -> Ref:
    """A Dense layer on `x` with these weights."""
    weights = {"kernel": kernel} if bias is None else {"kernel": kernel, "bias": bias}
    config: Config = {"units": kernel.shape[1], "use_bias": bias is not None, "activation": activation}
    return sub.layer("Dense", config, x, weights=weights, name=name)


@register_shim("AK5077", classes=("AttLayer",))
def att_layer(layer: Layer, context: RuleContext) -> Layer | None:
    """Weights W, b, u."""
    found = weights_by_letter(layer) or {}
    if found.keys() != set("Wbu") or not _is_known(layer):
        return None
    kernel, bias, target = (found[letter] for letter in "Wbu")
    size = bias.size
    if kernel.shape[1:] != (size,) or bias.shape != (size,) or target.shape != (size, 1):
        return None
    sub = Builder(layer.name, layer.address)
    x = sub.input()
    hidden = _dense(sub, x, kernel, bias, f"{layer.name}_hidden", "tanh")
    scores = _dense(sub, hidden, target, None, f"{layer.name}_context")
    return _finish(layer, sub, *_sum_weighted(sub, x, scores))


_KEYS = list_role_arguments("kernel", "bias", "context")


@register_shim("AK5078", classes=("AttentionLayer",))
def attention_layer(layer: Layer, context: RuleContext) -> Layer | None:
    """Weights kernel, bias, context_kernel."""
    held = dict(layer.weights)
    kernel, bias, target = (held.pop(role, None) for role in ("kernel", "bias", "context_kernel"))
    if layer.config.keys() - SHARED != _KEYS or held or kernel is None or len(kernel.shape) != 2:
        return None
    sub = Builder(layer.name, layer.address)
    x = sub.input()
    scores = _dense(sub, x, kernel, bias, f"{layer.name}_hidden", "tanh")
    if target is None:
        scores = sub.op("sum", scores, axis=-1, keepdims=True)
    else:
        scores = _dense(sub, scores, target.reshape(target.size, 1), None, f"{layer.name}_context")
    weights = sub.op("multiply", sub.op("softmax", scores, axis=1), mask_of(sub, x))
    out = sub.op("sum", sub.op("multiply", x, weights), axis=-2)
    return sub.finish(out, layer.config.get("trainable") is not False)


@register_shim("AK5075", classes=("Attention",))
def attention_over_time(layer: Layer, context: RuleContext) -> Layer | None:
    """Weights W (features), b (time)."""
    found = weights_by_letter(layer) or {}
    kernel, bias = found.get("W"), found.get("b")
    if kernel is None or found.keys() - set("Wb") or not _is_known(layer) or len(kernel.shape) != 1:
        return None
    if bias is not None and len(bias.shape) != 1:
        return None
    sub = Builder(layer.name, layer.address)
    x = sub.input()
    scores = _dense(sub, x, kernel.reshape(kernel.size, 1), None, f"{layer.name}_scores")
    if bias is not None:
        steps = add_trained_vector(sub, x, 3, bias, f"{layer.name}_bias")
        scores = sub.op("add", scores, sub.op("expand_dims", steps, -1))
    out, weights = _sum_weighted(sub, x, sub.op("tanh", scores))
    return _finish(layer, sub, out, sub.op("squeeze", weights, -1))


@register_shim("AK5076", classes=("AttentionWeightedAverage", "AttentionWeightedAverageLayer", "AttWgtAvgLayer"))
def attention_weighted_average(layer: Layer, context: RuleContext) -> Layer | None:
    """One weight, W (features, 1)."""
    found = weights_by_letter(layer) or {}
    kernel = found.get("W") or found.get("w")
    if kernel is None or len(found) != 1 or kernel.shape[1:] != (1,) or not _is_known(layer):
        return None
    sub = Builder(layer.name, layer.address)
    x = sub.input()
    scores = _dense(sub, x, kernel, None, f"{layer.name}_scores")
    out, weights = _sum_weighted(sub, x, scores, shifted=True)
    return _finish(layer, sub, out, sub.op("squeeze", weights, -1))


@register_shim("AK5074", classes=("AttentionWithContext",))
def attention_with_context(layer: Layer, context: RuleContext) -> Layer | None:
    """Weights W (features, features), b (features), u (features)."""
    found = weights_by_letter(layer) or {}
    kernel, bias, target = (found.get(letter) for letter in "Wbu")
    if kernel is None or target is None or found.keys() - set("Wbu") or not _is_known(layer):
        return None
    size = target.size
    if kernel.shape != (size, size) or target.shape != (size,) or (bias is not None and bias.shape != (size,)):
        return None
    backend = context.writer.backend or "tensorflow"
    if backend not in ("tensorflow", "theano"):
        return None
    sub = Builder(layer.name, layer.address)
    x = sub.input()
    turned = kernel.transpose(1, 0) if backend == "tensorflow" else kernel
    hidden = _dense(sub, x, turned, bias, f"{layer.name}_hidden", "tanh")
    scores = _dense(sub, hidden, target.reshape(size, 1), None, f"{layer.name}_context")
    return _finish(layer, sub, *_sum_weighted(sub, x, scores))


@register_shim("AK5079", classes=("MeanOverTime",))
def mean_over_time(layer: Layer, context: RuleContext) -> Layer | None:
    """No arguments, no weights."""
    if layer.config.keys() - SHARED or layer.weights:
        return None
    sub = Builder(layer.name, layer.address)
    x = sub.input()
    count = sub.op("squeeze", sub.op("sum", mask_of(sub, x), axis=1, keepdims=True), 1)
    return sub.finish(sub.op("divide", sub.op("sum", x, axis=1), count))
