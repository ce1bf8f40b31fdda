"""Blocks of transformers: keras.io/examples and "Deep Learning with Python"."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ...document.build import Builder
from ...document.model import Config, Era, Layer, Ref, Value
from ...migrations import RuleContext
from ...tensors import Tensor
from ..base import calls_of, has_arguments, register_shim
from ..blocks import mask_of, with_mask
from .parts import (
    Weights,
    add_attention,
    add_dense,
    add_dropout,
    add_norm,
    attention_reads_masks,
    fits_attention,
    fits_dense,
    is_trainable,
    parts,
    predicts_tokens,
    weights_of_parts,
)

_BLOCK = parts(att="attention", ffn="dense dense", layernorm1="normalization", layernorm2="normalization")
_HEADS = parts(query_dense="dense", key_dense="dense", value_dense="dense", combine_heads="dense")
_FIRST_PARTS = (
    *parts(**{"att/query_dense": "dense", "att/key_dense": "dense", "att/value_dense": "dense", "att/combine_heads": "dense"}),
    *_BLOCK[1:],
)


@register_shim("AK5160", classes=("TransformerBlock",))
def transformer_block(layer: Layer, context: RuleContext) -> Layer | None:
    """MultiHeadAttention, two Dense layers, two LayerNormalization layers."""
    inside = next((key for key in ("ff_dim", "feed_forward_dim") if key in layer.config), "ff_dim")
    if not has_arguments(layer, ("embed_dim", "num_heads", inside), ("rate", "dropout_rate")) or predicts_tokens(context):
        return None
    size, heads, width = (layer.config[key] for key in ("embed_dim", "num_heads", inside))
    rate = layer.config.get("rate", layer.config.get("dropout_rate", 0.1))
    found = weights_of_parts(layer, _BLOCK)
    sub = Builder(layer.name, layer.address)
    x = sub.input()
    attended: Ref | None = None
    if found is not None and fits_attention(found[0], size, heads):
        seen = x if attention_reads_masks(context) else sub.op("copy", x)
        attended = add_attention(sub, found[0], seen, seen)
    elif (found := weights_of_parts(layer, _FIRST_PARTS)) is not None:
        attended = _attend(sub, x, found[:4], heads) if all(fits_dense(one, size, size) for one in found[:4]) else None
        found = found[3:]
    if found is None or attended is None or not _fits_feed_forward(found[1], found[2], size, width):
        return None
    first = add_norm(sub, found[3], sub.op("add", x, add_dropout(sub, attended, rate)), 1e-6)
    hidden = add_dense(sub, found[2], add_dense(sub, found[1], first, "relu"))
    return sub.finish(add_norm(sub, found[4], sub.op("add", first, add_dropout(sub, hidden, rate)), 1e-6), is_trainable(layer))


def _fits_feed_forward(one: Weights, two: Weights, size: Value, width: Value) -> bool:
    return fits_dense(one, size, width) and fits_dense(two, width, size)


@register_shim("AK5161", classes=("MultiHeadSelfAttention",))
def multi_head_self_attention(layer: Layer, context: RuleContext) -> Layer | None:
    """Four Dense layers, scaled products between."""
    found = weights_of_parts(layer, _HEADS)
    if not has_arguments(layer, ("embed_dim", "num_heads")) or found is None or predicts_tokens(context):
        return None
    if not all(fits_dense(one, layer.config["embed_dim"], layer.config["embed_dim"]) for one in found):
        return None
    sub = Builder(layer.name, layer.address)
    out = _attend(sub, sub.input(), found, layer.config["num_heads"])
    return None if out is None else sub.finish(sub.op("copy", out), is_trainable(layer))


def _attend(sub: Builder, x: Ref, found: list[Weights], heads: Value) -> Ref | None:
    """Attention by heads that are parts of Dense layers (features, features)."""
    size = found[0]["kernel"].shape[0]
    if not isinstance(heads, int) or heads < 1 or size % heads:
        return None
    x = sub.op("copy", x)
    query, key, value = (_split(sub, x, weights, heads, size // heads) for weights in found[:3])
    scores = sub.op("divide", sub.op("einsum", "aqhd,akhd->ahqk", query, key), math.sqrt(size // heads))
    joined = sub.op("einsum", "ahqk,akhd->aqhd", sub.op("softmax", scores, axis=-1), value)
    kernel, bias = found[3]["kernel"], found[3]["bias"]
    config: Config = {"equation": "abcd,cde->abe", "output_shape": (None, size), "bias_axes": "e"}
    return sub.layer(
        "EinsumDense", config, joined, weights={"kernel": kernel.reshape(heads, size // heads, size), "bias": bias}
    )


def _split(sub: Builder, x: Ref, weights: Weights, heads: int, size: int) -> Ref:
    """(batch, time, features) to (batch, time, head, size)."""
    kernel, bias = weights["kernel"], weights["bias"]
    config: Config = {"equation": "abc,cde->abde", "output_shape": (None, heads, size), "bias_axes": "de"}
    held: dict[str, Tensor] = {"kernel": kernel.reshape(kernel.shape[0], heads, size), "bias": bias.reshape(heads, size)}
    return sub.layer("EinsumDense", config, x, weights=held)


_ENCODER = parts(attention="attention", dense_proj="dense dense", layernorm_1="normalization", layernorm_2="normalization")
_DECODER = parts(
    attention_1="attention", attention_2="attention", dense_proj="dense dense",
    layernorm_1="normalization", layernorm_2="normalization", layernorm_3="normalization",
)  # fmt: skip
_NEW_ENCODER = parts(
    self_attention="attention", self_attention_layernorm="normalization", feed_forward_1="dense", feed_forward_2="dense",
    feed_forward_layernorm="normalization",
)  # fmt: skip
_NEW_DECODER = (
    *_NEW_ENCODER[:2],
    *parts(cross_attention="attention", cross_attention_layernorm="normalization"),
    *_NEW_ENCODER[2:],
)
_EPSILON = 1e-3
_NEW_KEYS = ("hidden_dim", "intermediate_dim", "num_heads")


@dataclass(frozen=True)
class Tables:
    """What the tables of words in the same model say: whose example it is, and whether masks come from them."""

    keras_io: bool
    book: bool
    other: bool

    @classmethod
    def of(cls, context: RuleContext) -> Tables:
        """The tables of the model."""
        held = [layer.config.keys() for layer in context.surroundings.layers if layer.class_name == "PositionalEmbedding"]
        keras_io, book = (sum(key in keys for keys in held) for key in ("vocab_size", "input_dim"))
        return cls(keras_io > 0, book > 0, keras_io + book < len(held))


def tables_make_masks(context: RuleContext) -> bool:
    """Whether PositionalEmbedding makes a mask: as published for tf.keras it does.

    Of Keras 3, the mask of the second edition is a comparison in the graph of the file; the third edition makes none.
    """
    if context.writer.era is not Era.KERAS3:
        return True
    layers = context.surroundings.layers
    new = any(
        layer.class_name in ("TransformerEncoder", "TransformerDecoder") and "hidden_dim" in layer.config for layer in layers
    )
    return not new and any(layer.operation and layer.class_name == "not_equal" for layer in layers)


def has_masks(context: RuleContext) -> bool:
    """Whether a mask may reach a layer of the model."""
    tables = "PositionalEmbedding" in context.surroundings.class_names and tables_make_masks(context)
    return tables or context.surroundings.makes_masks


@register_shim("AK5162", classes=("TransformerEncoder",), arguments=[("source", "source_mask")])
def transformer_encoder(layer: Layer, context: RuleContext) -> Layer | None:
    """MultiHeadAttention with the mask of the input, two Dense layers, two LayerNormalization layers."""
    if has_arguments(layer, _NEW_KEYS):
        return _new_encoder(layer, context)
    found, tables = weights_of_parts(layer, _ENCODER), Tables.of(context)
    if not has_arguments(layer, ("embed_dim", "dense_dim", "num_heads")) or found is None or tables.other:
        return None
    size, width, heads = (layer.config[key] for key in ("embed_dim", "dense_dim", "num_heads"))
    if not (fits_attention(found[0], size, heads) and _fits_feed_forward(found[1], found[2], size, width)):
        return None
    masked = has_masks(context)
    sub = Builder(layer.name, layer.address)
    x = sub.input()
    if masked and not attention_reads_masks(context):
        plain = sub.op("copy", x)
        attended = add_attention(sub, found[0], plain, plain, attention_mask=_keys(sub, mask_of(sub, x)))
    else:
        attended = add_attention(sub, found[0], x, x)
    out = _feed(sub, found[1:], sub.op("add", x, attended))
    if masked and not tables.book:
        out = with_mask(sub, out, mask_of(sub, x))
    return sub.finish(out, is_trainable(layer))


def _keys(sub: Builder, mask: Ref) -> Ref:
    """A mask (batch, time, 1) of 0 and 1 as which keys count, for every query: (batch, 1, time)."""
    return sub.op("not_equal", sub.op("transpose", mask, axes=(0, 2, 1)), 0)


def _feed(sub: Builder, found: list[Weights], x: Ref) -> Ref:
    """Normalised, two Dense layers added, normalised again: weights of Dense, Dense and the two around."""
    x = add_norm(sub, found[2], x, _EPSILON)
    hidden = add_dense(sub, found[1], add_dense(sub, found[0], x, "relu"))
    return add_norm(sub, found[3], sub.op("add", x, hidden), _EPSILON)


def _new_encoder(layer: Layer, context: RuleContext) -> Layer | None:
    """That of the third edition: the mask is its second input."""
    found = weights_of_parts(layer, _NEW_ENCODER)
    if found is None or not _is_new(layer, found[0], found[2], found[3]) or _inputs(layer, context) != 2:
        return None
    sub = Builder(layer.name, layer.address)
    x, mask = sub.input(), sub.input(dtype="bool")
    attended = add_attention(sub, found[0], x, x, attention_mask=sub.op("expand_dims", mask, 1))
    return sub.finish(_feed(sub, [found[2], found[3], found[1], found[4]], sub.op("add", attended, x)), is_trainable(layer))


def _is_new(layer: Layer, attention: Weights, one: Weights, two: Weights) -> bool:
    size, width, heads = (layer.config[key] for key in _NEW_KEYS)
    return fits_attention(attention, size, heads) and _fits_feed_forward(one, two, size, width)


def _inputs(layer: Layer, context: RuleContext) -> int:
    """On how many tensors the layer is called."""
    calls = calls_of(layer, context)
    first = calls[0].args[0] if calls and calls[0].args else None
    return len(first) if isinstance(first, tuple) else 1


@register_shim(
    "AK5163", classes=("TransformerDecoder",), arguments=[("inputs", "encoder_outputs"), ("target", "source", "source_mask")]
)
def transformer_decoder(layer: Layer, context: RuleContext) -> Layer | None:
    """Causal MultiHeadAttention, another one to the encoder's outputs, two Dense layers, LayerNormalization behind each."""
    if has_arguments(layer, _NEW_KEYS):
        return _new_decoder(layer, context)
    width = next((key for key in ("latent_dim", "dense_dim") if key in layer.config), "latent_dim")
    found = weights_of_parts(layer, _DECODER)
    if not has_arguments(layer, ("embed_dim", width, "num_heads")) or found is None or _inputs(layer, context) != 2:
        return None
    size, inside, heads = (layer.config[key] for key in ("embed_dim", width, "num_heads"))
    if not all(fits_attention(one, size, heads) for one in found[:2]) or not _fits_feed_forward(
        found[2], found[3], size, inside
    ):
        return None
    masked, reads = has_masks(context), attention_reads_masks(context)
    # keras.io published two decoders that differ by masks alone, the second one since attention reads masks
    if masked and reads and width == "latent_dim":
        return None
    sub = Builder(layer.name, layer.address)
    x, encoded = sub.input(), sub.input()
    padded = masked and context.writer.era is not Era.KERAS3  # with two arguments, Keras 3 gives none of them as `mask`
    mask = mask_of(sub, x) if masked else None
    seen, given = (x, encoded) if reads else (sub.op("copy", x), sub.op("copy", encoded))
    first = sub.op("add", x, add_attention(sub, found[0], seen, seen, use_causal_mask=True))
    first = add_norm(sub, found[4], first, _EPSILON)
    kept = {"attention_mask": _looking_back(sub, mask)} if padded and mask is not None else {}
    second = sub.op("add", first, add_attention(sub, found[1], first, given, **kept))
    out = _feed(sub, [found[2], found[3], found[5], found[6]], second)
    return sub.finish(out if mask is None else with_mask(sub, out, mask), is_trainable(layer))


def _looking_back(sub: Builder, mask: Ref) -> Ref:
    """Which keys count for each query: those of the mask (batch, time, 1) that are not after it."""
    ones = sub.op("ones_like", mask)
    return sub.op("not_equal", sub.op("tril", sub.op("multiply", ones, sub.op("transpose", mask, axes=(0, 2, 1)))), 0)


def _new_decoder(layer: Layer, context: RuleContext) -> Layer | None:
    """That of the third edition: of chapter 15 with the encoder's outputs and their mask, of chapter 16 alone."""
    found, alone = weights_of_parts(layer, _NEW_DECODER), weights_of_parts(layer, _NEW_ENCODER)
    sub = Builder(layer.name, layer.address)
    x = sub.input()
    if alone is not None and _is_new(layer, alone[0], alone[2], alone[3]) and _inputs(layer, context) == 1:
        return _alone(layer, sub, x, alone)
    if found is None or not _is_new(layer, found[0], found[4], found[5]) or _inputs(layer, context) != 3:
        return None
    encoded, mask = sub.input(), sub.input(dtype="bool")
    first = sub.op("add", add_attention(sub, found[0], x, x, use_causal_mask=True), x)
    first = add_norm(sub, found[1], first, _EPSILON)
    second = add_attention(sub, found[2], first, encoded, attention_mask=sub.op("expand_dims", mask, 1))
    out = _feed(sub, [found[4], found[5], found[3], found[6]], sub.op("add", second, first))
    return sub.finish(out, is_trainable(layer))


def _alone(layer: Layer, sub: Builder, x: Ref, found: list[Weights]) -> Layer:
    attended = add_attention(sub, found[0], x, x, 0.1, use_causal_mask=True)
    first = add_norm(sub, found[1], sub.op("add", add_dropout(sub, attended, 0.1), x), _EPSILON)
    hidden = add_dense(sub, found[3], add_dense(sub, found[2], first, "relu"))
    out = add_norm(sub, found[4], sub.op("add", add_dropout(sub, hidden, 0.1), first), _EPSILON)
    return sub.finish(out, is_trainable(layer))
