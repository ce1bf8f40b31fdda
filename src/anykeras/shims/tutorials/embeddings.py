"""Tables of words and of positions, and attention over time."""

from __future__ import annotations

import math

from ...catalog.shapes import Spec
from ...document.build import Builder
from ...document.model import Layer, Ref
from ...lazily import np
from ...migrations import RuleContext
from ...recovery.code_sites import CodeSite
from ...recovery.functions import Refused
from ...tensors import Array, Tensor, constant
from ..base import calls_of, has_arguments, has_only, register_shim, tensors_taken
from ..blocks import defer, in_layers, input_steps, with_mask
from ..cyberzhg.attention import positions
from .parts import add_dense, add_rows, fits_dense, is_trainable, parts, weights_of_parts
from .transformers import tables_make_masks


@register_shim("AK5164", classes=("TokenAndPositionEmbedding",))
def token_and_position_embedding(layer: Layer, context: RuleContext) -> Layer | None:
    """An Embedding of the words and one of their places, added."""
    found = weights_of_parts(layer, parts(token_emb="table", pos_emb="table"))
    if not has_arguments(layer, ("maxlen", "vocab_size", "embed_dim")) or found is None:
        return None
    rows = [(layer.config["vocab_size"], layer.config["embed_dim"]), (layer.config["maxlen"], layer.config["embed_dim"])]
    if [one["embeddings"].shape for one in found] != rows:
        return None
    sub = Builder(layer.name, layer.address)
    x = sub.input()
    return sub.finish(sub.op("add", add_rows(sub, found[0], x), add_rows(sub, found[1], _places(sub, x))), is_trainable(layer))


def _places(sub: Builder, x: Ref) -> Ref:
    """0, 1, 2 ... along the last axis of `x` (batch, time), as integers."""
    ones = sub.op("cast", sub.op("ones_like", x), "int32")
    return sub.op("subtract", sub.op("cumsum", ones, axis=-1), 1)


@register_shim("AK5165", classes=("PositionalEmbedding",))
def positional_embedding(layer: Layer, context: RuleContext) -> Layer | None:
    """Two Embedding layers, added; words that are 0 are masked."""
    if has_arguments(layer, ("vocab_size", "d_model")):
        return _text_embedding(layer)
    keys = ("vocab_size", "embed_dim") if "vocab_size" in layer.config else ("input_dim", "output_dim")
    found = weights_of_parts(layer, parts(token_embeddings="table", position_embeddings="table"))
    if not has_arguments(layer, ("sequence_length", *keys)) or found is None or _is_reversed(layer, context):
        return None
    words, size = (layer.config[key] for key in keys)
    if [one["embeddings"].shape for one in found] != [(words, size), (layer.config["sequence_length"], size)]:
        return None
    sub = Builder(layer.name, layer.address)
    x = sub.input()
    out = sub.op("add", add_rows(sub, found[0], x), add_rows(sub, found[1], _places(sub, x)))
    if tables_make_masks(context):
        out = _mask_by_words(sub, out, x)
    return sub.finish(out, is_trainable(layer))


def _mask_by_words(sub: Builder, y: Ref, words: Ref) -> Ref:
    """`y`, masked where the words are 0."""
    return with_mask(sub, y, sub.op("expand_dims", sub.op("not_equal", words, 0), -1))


def _is_reversed(layer: Layer, context: RuleContext) -> bool:
    """Whether a call asks for words from vectors."""
    return any(call.kwargs.get("reverse") not in (None, False) for call in calls_of(layer, context))


_LONGEST = 2048  # `length` in the tutorial


def _text_embedding(layer: Layer) -> Layer | None:
    found = weights_of_parts(layer, parts(embedding="table"))
    size = layer.config["d_model"]
    wanted = (layer.config["vocab_size"], size)
    if found is None or found[0]["embeddings"].shape != wanted or not isinstance(size, int) or size % 2:
        return None
    return defer(layer, _make_text_embedding)


@in_layers
def _make_text_embedding(layer: Layer, site: CodeSite) -> Layer:
    weights = (weights_of_parts(layer, parts(embedding="table")) or [])[0]
    size = weights["embeddings"].shape[1]
    sub = Builder(layer.name, layer.address)
    x = sub.input()
    table = constant(sines_and_cosines(input_steps(site) or _LONGEST, size), "float32")
    scaled = sub.op("multiply", add_rows(sub, weights, x), math.sqrt(size))
    out = sub.op("add", scaled, add_rows(sub, {"embeddings": table}, _places(sub, x), trainable=False))
    return sub.finish(_mask_by_words(sub, out, x), is_trainable(layer))


def sines_and_cosines(length: int, size: int) -> Array:
    """Sines in the first half of the features, cosines in the second: (length, size)."""
    angles = np.arange(length)[:, None] / 10000.0 ** (np.arange(0, size, 2)[None] / size)
    return np.concatenate([np.sin(angles), np.cos(angles)[:, : size // 2]], axis=-1).astype("float32")


@register_shim("AK5166", classes=("PositionalEncoding",))
def positional_encoding(layer: Layer, context: RuleContext) -> Layer | None:
    """A table of sines and cosines, added."""
    size = layer.config.get("d_model")
    known = has_arguments(layer, ("position", "d_model")) and not layer.weights
    return (
        defer(layer, _make_encoding) if known and isinstance(size, int) and isinstance(layer.config["position"], int) else None
    )


@in_layers
def _make_encoding(layer: Layer, site: CodeSite) -> Layer:
    rows, size = input_steps(site) or int(str(layer.config["position"])), int(str(layer.config["d_model"]))
    sub = Builder(layer.name, layer.address)
    x = sub.input()
    table = constant(sines_and_cosines(rows, size), "float32")
    out = sub.op("add", x, add_rows(sub, {"embeddings": table}, positions(sub, x), trainable=False))
    return sub.finish(out, is_trainable(layer))


_PATCH_KEYS = ("input_shape", "patch_size", "projection_dim", "num_heads", "transformer_units", "transformer_layers",
               "mlp_head_units", "image_size")  # fmt: skip


@register_shim("AK5167", classes=("PatchEncoder",))
def patch_encoder(layer: Layer, context: RuleContext) -> Layer | None:
    """A Dense layer and an Embedding of the places, added."""
    found = weights_of_parts(layer, parts(projection="dense", position_embedding="table"))
    if not has_arguments(layer, ("num_patches",), _PATCH_KEYS) or found is None:
        return None
    kernel, rows = found[0]["kernel"].shape, found[1]["embeddings"].shape
    size = layer.config.get("projection_dim", kernel[-1])
    if rows != (layer.config["num_patches"], size) or not fits_dense(found[0], kernel[0], size):
        return None
    sub = Builder(layer.name, layer.address)
    x = sub.input()
    out = sub.op("add", add_dense(sub, found[0], x), add_rows(sub, found[1], positions(sub, x)))
    return sub.finish(out, is_trainable(layer))


# Attention over time that went from hand to hand.


_BAHDANAU = parts(W1="dense", W2="dense", V="dense")


@register_shim("AK5174", classes=("BahdanauAttention",), arguments=[("query", "values"), ("features", "hidden")])
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


@register_shim("AK5175", classes=("attention", "Attention", "AttentionLayer", "BahdanauAttention", "attention_layer"))
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
