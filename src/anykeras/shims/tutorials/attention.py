"""Attention over time that went from hand to hand."""

from __future__ import annotations

from ...catalog.shapes import Spec
from ...document.build import Builder
from ...document.model import Layer
from ...migrations import RuleContext
from ...recovery.code_sites import CodeSite
from ...recovery.functions import Refused
from ...tensors import Tensor
from ..base import has_arguments, has_only, register_shim, tensors_taken
from ..cyberzhg.attention import positions
from ..deferred import defer, in_layers, input_steps
from .parts import add_dense, add_rows, fits_dense, is_trainable, parts, weights_of_parts

_BAHDANAU = parts(W1="dense", W2="dense", V="dense")


@register_shim(
    "AK5174",
    classes=("BahdanauAttention",),
    package="TensorFlow's tutorials of translation and image captioning",
    checked="the classes as published on tensorflow.org, retyped, on tf.keras 2.3 to 2.15, Keras 3.3 and 3.6",
    difference="3e-07",
    arguments=[("query", "values"), ("features", "hidden")],
)
def bahdanau(layer: Layer, context: RuleContext) -> Layer | None:
    """Three Dense layers and a weighted sum."""
    found = weights_of_parts(layer, _BAHDANAU)
    if not has_arguments(layer, ("units",)) or found is None or tensors_taken(layer, context) != 2:
        return None
    units = layer.config["units"]
    fits = all(fits_dense(one, one["kernel"].shape[0], units) for one in found[:2]) and fits_dense(found[2], units, 1)
    return defer(layer, _make_bahdanau) if fits else None


@in_layers
def _make_bahdanau(layer: Layer, site: CodeSite) -> Layer:
    found = weights_of_parts(layer, _BAHDANAU) or []
    given = site.args[0] if isinstance(site.args[0], tuple | list) else site.args
    ranks = [len(x.shape) if isinstance(x, Spec) and x.shape is not None else 0 for x in given]
    if sorted(ranks) != [2, 3]:
        raise Refused("its inputs are not a state and a sequence")
    sub = Builder(layer.name, layer.address)
    inputs = [sub.input(), sub.input()]
    parts_ = [sub.op("expand_dims", x, 1) if rank == 2 else sub.op("copy", x) for x, rank in zip(inputs, ranks, strict=True)]
    values = parts_[ranks.index(3)]
    both = sub.op("add", add_dense(sub, found[0], parts_[0]), add_dense(sub, found[1], parts_[1]))
    weights = sub.op("softmax", add_dense(sub, found[2], sub.op("tanh", both)), axis=1)
    context = sub.op("sum", sub.op("multiply", weights, values), axis=1)
    return sub.finish((context, weights), is_trainable(layer))


def _score_weights(layer: Layer) -> tuple[Tensor, Tensor] | None:
    """A kernel (features, 1) and a bias for each step (steps, 1), under whatever names."""
    found = list(layer.weights.values())
    if len(found) != 2 or any(len(x.shape) != 2 or x.shape[1] != 1 for x in found):
        return None
    return found[0], found[1]


@register_shim(
    "AK5175",
    classes=("attention", "Attention", "AttentionLayer", "BahdanauAttention", "attention_layer"),
    package="public notebooks: softmax(tanh(x W + b)) over the steps, a bias for each step",
    checked="the class of public notebooks, retyped, on tf.keras 2.3 to 2.15, Keras 3.3 and 3.6",
    difference="3e-07",
)
def score_attention(layer: Layer, context: RuleContext) -> Layer | None:
    """A Dense layer, an Embedding for the bias of each step, a weighted sum."""
    known = has_only(layer, "return_sequences") and _score_weights(layer) is not None
    return defer(layer, _make_score_attention) if known else None


@in_layers
def _make_score_attention(layer: Layer, site: CodeSite) -> Layer:
    found = _score_weights(layer)
    assert found is not None
    kernel, bias = found
    spec = site.args[0]
    if (
        input_steps(site) != bias.shape[0]
        or not isinstance(spec, Spec)
        or spec.shape is None
        or spec.shape[-1] != kernel.shape[0]
    ):
        raise Refused(f"weights of shapes {kernel.shape} and {bias.shape} on an input that they do not fit")
    sub = Builder(layer.name, layer.address)
    x = sub.op("copy", sub.input())
    scores = sub.layer("Dense", {"units": 1, "use_bias": False}, x, weights={"kernel": kernel})
    scores = sub.op("tanh", sub.op("add", scores, add_rows(sub, {"embeddings": bias}, positions(sub, x))))
    weighted = sub.op("multiply", x, sub.op("softmax", scores, axis=1))
    out = weighted if layer.config.get("return_sequences") is True else sub.op("sum", weighted, axis=1)
    return sub.finish(out, is_trainable(layer))
