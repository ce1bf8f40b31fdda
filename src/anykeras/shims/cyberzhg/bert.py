"""Layers of keras-bert and keras-embed-sim."""

from __future__ import annotations

from functools import partial

from ...document.build import Builder
from ...document.model import Layer, Ref, Slice
from ...migrations import RuleContext
from ..base import has_arguments, register_shim
from ..blocks import mask_of, with_mask
from .attention import finish, needs_masks, table, whole_table

_register = partial(
    register_shim, package="keras-bert 0.81.0 and 0.86.0", checked="keras-bert 0.81.0 on Keras 2.3.1, 0.86.0 on tf.keras 2.3"
)

_EMBEDDING = ("embeddings_initializer", "embeddings_regularizer", "activity_regularizer", "embeddings_constraint", "mask_zero",
             "input_length")  # fmt: skip


@register_shim(
    "AK5137",
    classes=("TokenEmbedding", "EmbeddingRet"),
    package="keras-bert 0.81.0 and 0.86.0, keras-embed-sim 0.8.0",
    checked="keras-bert 0.81.0 and keras-embed-sim 0.7.0 on Keras 2.3.1, 0.86.0 and 0.8.0 on tf.keras 2.3",
    difference="1e-07",
)
def returned_embedding(layer: Layer, context: RuleContext) -> Layer | None:
    """One Embedding, called on the tokens and on all numbers."""
    weights = layer.weights.get("embeddings")
    if not has_arguments(layer, ("input_dim", "output_dim"), _EMBEDDING) or weights is None or len(layer.weights) != 1:
        return None
    sub = Builder(layer.name, layer.address)
    tokens = sub.input()
    rows = table(layer, weights)
    vectors = sub.add(rows, tokens)
    return sub.finish((vectors, whole_table(sub, rows, tokens, weights.shape[0])), layer.config.get("trainable") is not False)


@register_shim(
    "AK5138",
    classes=("EmbeddingSimilarity", "EmbeddingSim"),
    package="keras-bert 0.81.0 and 0.86.0, keras-embed-sim 0.8.0",
    checked="keras-bert 0.81.0 and keras-embed-sim 0.7.0 on Keras 2.3.1, 0.86.0 and 0.8.0 on tf.keras 2.3",
    difference="1e-07",
)
def embedding_similarity(layer: Layer, context: RuleContext) -> Layer | None:
    """softmax(x E + b)."""
    optional = ("use_bias", "stop_gradient") if layer.bare_class_name == "EmbeddingSim" else ()
    if not has_arguments(layer, ("initializer", "regularizer", "constraint"), optional):
        return None
    bias = layer.weights.get("bias")
    if (bias is not None) is not (layer.config.get("use_bias", True) is not False):
        return None
    sub = Builder(layer.name, layer.address)
    x, rows = sub.input(), sub.input()
    fixed = sub.op("stop_gradient", rows) if layer.config.get("stop_gradient") else rows
    scores = sub.op("matmul", x, sub.op("transpose", fixed, axes=(1, 0)))
    if bias is not None:
        single = table(layer, bias.reshape(1, bias.shape[0]))
        scores = sub.op("add", scores, whole_table(sub, single, x, 1))
    out = sub.op("softmax", scores, axis=-1)
    return finish(layer, sub, out, x if needs_masks(context) else None)


_TASK = ("embeddings_initializer", "embeddings_regularizer", "embeddings_constraint", "mask_zero")


@_register("AK5141", classes=("TaskEmbedding",), difference="1e-07")
def task_embedding(layer: Layer, context: RuleContext) -> Layer | None:
    """x + Embedding(task)."""
    weights = layer.weights.get("embeddings")
    if not has_arguments(layer, ("input_dim", "output_dim"), _TASK) or weights is None:
        return None
    sub = Builder(layer.name, layer.address)
    x, task = sub.input(), sub.input()
    number = sub.op("cast", task, "int32")
    vector = sub.add(table(layer, weights, mask_zero=False), number)
    if layer.config.get("mask_zero"):
        some = sub.op("expand_dims", sub.op("cast", sub.op("not_equal", number, 0), "float32"), axis=-1)
        vector = sub.op("multiply", vector, some)
    out = sub.op("add", x, vector)
    return finish(layer, sub, out, x if needs_masks(context) else None)


@_register("AK5139", classes=("Masked",), difference="1e-07")
def replace_masked(layer: Layer, context: RuleContext) -> Layer | None:
    """The first input with the mask of both."""
    if not has_arguments(layer, ("return_masked",)) or layer.weights:
        return None
    sub = Builder(layer.name, layer.address)
    x, chosen = sub.input(), sub.input()
    wanted = sub.op("expand_dims", sub.op("cast", sub.op("not_equal", chosen, 0), "float32"), axis=-1)
    mask = sub.op("multiply", mask_of(sub, x), wanted)
    out = with_mask(sub, x, mask)
    return sub.finish((out, sub.op("squeeze", mask, axis=-1)) if layer.config["return_masked"] else out)


@_register("AK5140", classes=("Extract",), difference="1e-07")
def extract(layer: Layer, context: RuleContext) -> Layer | None:
    """``take(x, index, axis=1)``."""
    index = layer.config.get("index")
    if not has_arguments(layer, ("index",)) or not isinstance(index, int):
        return None
    sub = Builder(layer.name, layer.address)
    return sub.finish(sub.op("take", sub.input(), index, axis=1))


@_register("AK5142", classes=("MaskedGlobalMaxPool1D",), difference="1e-07")
def replace_masked_max(layer: Layer, context: RuleContext) -> Layer | None:
    """max(x - 1000000 (1 - mask), axis=-2)."""
    if not has_arguments(layer, ()) or layer.weights:
        return None
    sub = Builder(layer.name, layer.address)
    x = sub.input()
    if needs_masks(context):
        gone = sub.op("subtract", 1.0, mask_of(sub, x))
        return sub.finish(sub.op("max", sub.op("subtract", x, sub.op("multiply", gone, 1e6)), axis=-2))
    return sub.finish(sub.op("max", x, axis=-2))


_REQUIRED = ("filters", "kernel_size")
_CONVOLUTION = ("strides", "padding", "data_format", "dilation_rate", "groups", "activation", "use_bias", "kernel_initializer",
             "bias_initializer", "kernel_regularizer", "bias_regularizer", "activity_regularizer", "kernel_constraint",
             "bias_constraint")  # fmt: skip


@_register("AK5143", classes=("MaskedConv1D",), difference="1e-07")
def replace_masked_convolution(layer: Layer, context: RuleContext) -> Layer | None:
    """Conv1D(x * mask)."""
    if not has_arguments(layer, _REQUIRED, _CONVOLUTION):
        return None
    sub = Builder(layer.name, layer.address)
    x = sub.input()
    config = {key: value for key, value in layer.config.items() if key in (*_REQUIRED, *_CONVOLUTION)}
    inner = Layer("Conv1D", f"{layer.name}_conv", config, layer.weights, address=layer.address)
    if not needs_masks(context):
        return sub.finish(sub.add(inner, x), layer.config.get("trainable") is not False)
    mask = mask_of(sub, x)
    out = sub.add(inner, sub.op("multiply", x, mask))
    return sub.finish(with_mask(sub, out, _shorten_mask(sub, layer, mask)), layer.config.get("trainable") is not False)


def _shorten_mask(sub: Builder, layer: Layer, mask: Ref) -> Ref:
    size, rate = (_first_number(layer.config.get(key)) for key in ("kernel_size", "dilation_rate"))
    gone = size // 2 * rate * 2
    if layer.config.get("padding", "valid") != "valid" or not gone:
        return mask
    return sub.op("get_item", mask, (Slice(), Slice(gone)))


def _first_number(value: object) -> int:
    item = value[0] if isinstance(value, tuple) and value else value
    return item if isinstance(item, int) else 1
