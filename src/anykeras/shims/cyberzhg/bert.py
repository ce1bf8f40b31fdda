"""Layers of keras-bert, -embed-sim, -pos-embd, -position-wise-feed-forward and -layer-normalization."""

from __future__ import annotations

from ...document.build import Builder
from ...document.model import Config, Layer, Ref, Slice
from ...lazily import np
from ...migrations import RuleContext
from ...tensors import Tensor, constant
from ..base import has_arguments, list_training_arguments, register_shim, weights_by_end
from ..blocks import as_activation, mask_of, with_mask
from .attention import finish, needs_masks, positions, table, whole_table

_EMBEDDING = ("embeddings_initializer", "embeddings_regularizer", "activity_regularizer", "embeddings_constraint", "mask_zero",
             "input_length")  # fmt: skip


@register_shim("AK5137", classes=("TokenEmbedding", "EmbeddingRet"))
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


@register_shim("AK5138", classes=("EmbeddingSimilarity", "EmbeddingSim"))
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


@register_shim("AK5141", classes=("TaskEmbedding",))
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


@register_shim("AK5139", classes=("Masked",))
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


@register_shim("AK5140", classes=("Extract",))
def extract(layer: Layer, context: RuleContext) -> Layer | None:
    """``take(x, index, axis=1)``."""
    index = layer.config.get("index")
    if not has_arguments(layer, ("index",)) or not isinstance(index, int):
        return None
    sub = Builder(layer.name, layer.address)
    return sub.finish(sub.op("take", sub.input(), index, axis=1))


@register_shim("AK5142", classes=("MaskedGlobalMaxPool1D",))
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


@register_shim("AK5143", classes=("MaskedConv1D",))
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


# Layers of keras-pos-embd.


_OPTIONAL_POSITIONS = (
    "embeddings_initializer",
    "embeddings_regularizer",
    "activity_regularizer",
    "embeddings_constraint",
    "mask_zero",
)


@register_shim("AK5135", classes=("PositionEmbedding",))
def position_embedding(layer: Layer, context: RuleContext) -> Layer | None:
    """Embedding(positions), added, joined or alone."""
    weights, mode = layer.weights.get("embeddings"), layer.config.get("mode")
    if not has_arguments(layer, ("input_dim", "output_dim", "mode"), _OPTIONAL_POSITIONS) or weights is None:
        return None
    sub = Builder(layer.name, layer.address)
    x = sub.input()
    if mode == "expand":
        return sub.finish(_look_up(sub, x, layer, weights), layer.config.get("trainable") is not False)
    rows = sub.add(table(layer, weights, mask_zero=False), positions(sub, x))
    if mode == "add":
        return as_activation(layer, sub.finish(sub.op("add", x, rows)))
    joined = sub.op("concatenate", (x, rows), axis=-1)
    return finish(layer, sub, joined, x if needs_masks(context) else None) if mode == "concat" else None


def _look_up(sub: Builder, x: Ref, layer: Layer, weights: Tensor) -> Ref:
    limit, masked = layer.config["input_dim"], layer.config.get("mask_zero")
    number = sub.op("clip", sub.op("cast", x, "int32"), -limit if isinstance(limit, int) else 0, limit)
    found = sub.add(table(layer, weights, mask_zero=False), sub.op("add", number, limit))
    if masked in (None, False) or not isinstance(masked, int):
        return found
    keep = sub.op("expand_dims", sub.op("cast", sub.op("not_equal", x, int(masked)), "float32"), axis=-1)
    return with_mask(sub, found, keep)


@register_shim("AK5136", classes=("TrigPosEmbedding",))
def trig_pos_embedding(layer: Layer, context: RuleContext) -> Layer | None:
    """sin and cos of position / 10000 ** (2 i / size), one after the other."""
    mode, size = layer.config.get("mode"), layer.config.get("output_dim")
    if not has_arguments(layer, ("mode", "output_dim")) or layer.weights:
        return None
    sub = Builder(layer.name, layer.address)
    x = sub.input()
    if mode == "add":
        return as_activation(layer, sub.finish(sub.op("add", x, _waves_like(sub, x))))
    if not isinstance(size, int) or mode not in ("expand", "concat"):
        return None
    steps = x if mode == "expand" else positions(sub, x)
    waves = _waves_of_size(sub, sub.op("expand_dims", sub.op("cast", steps, "float32"), axis=-1), size)
    out = waves if mode == "expand" else sub.op("concatenate", (x, waves), axis=-1)
    # in the mode `expand` the mask of (batch, time) integers would pass; no layer of Keras makes such a mask
    return sub.finish(with_mask(sub, out, mask_of(sub, x)) if mode == "concat" and needs_masks(context) else out)


def _waves_like(sub: Builder, x: Ref) -> Ref:
    """The waves for a size that is met when the model runs: (batch, time, size) like `x`."""
    ones = sub.op("ones_like", x)
    number = sub.op("subtract", sub.op("cumsum", ones, axis=-1), 1.0)
    odd = sub.op("mod", number, 2.0)
    part = sub.op("divide", sub.op("subtract", number, odd), sub.op("sum", ones, axis=-1, keepdims=True))
    rates = sub.op("divide", 1.0, sub.op("power", 10000.0, part))
    steps = sub.op("subtract", sub.op("cumsum", ones, axis=1), 1.0)
    angles = sub.op("multiply", steps, rates)
    return sub.op("where", sub.op("equal", odd, 1.0), sub.op("cos", angles), sub.op("sin", angles))


def _waves_of_size(sub: Builder, steps: Ref, size: int) -> Ref:
    """(batch, time, 1) to (batch, time, size) for a size that is known."""
    number = np.arange(0, size, 2).astype("float32")
    rates = 1.0 / np.power(np.float32(10000.0), number / np.float32(size))
    angles = sub.op("multiply", steps, constant(rates))
    both = sub.op("concatenate", (sub.op("sin", angles), sub.op("cos", angles)), axis=-1)
    return sub.op("take", both, tuple(place // 2 + place % 2 * (size // 2) for place in range(size)), axis=-1)


# FeedForward of keras-position-wise-feed-forward, LayerNormalization of keras-layer-normalization.


_OPTIONAL = ("use_bias", "kernel_initializer", "bias_initializer", "kernel_regularizer", "bias_regularizer",
             "kernel_constraint", "bias_constraint", "dropout_rate")  # fmt: skip


@register_shim("AK5062", classes=("FeedForward",))
def feed_forward(layer: Layer, context: RuleContext) -> Layer | None:
    """Dense(units, activation), Dropout, Dense(size of the input)."""
    bias = layer.config.get("use_bias", True) is not False
    found = weights_by_end(layer, *(("_W1", "_b1", "_W2", "_b2") if bias else ("_W1", "_W2")))
    if not has_arguments(layer, ("units", "activation"), _OPTIONAL) or found is None:
        return None
    half = len(found) // 2
    first, second = (dict(zip(("kernel", "bias"), part, strict=False)) for part in (found[:half], found[half:]))
    sub = Builder(layer.name, layer.address)
    inner: Config = {"units": first["kernel"].shape[1], **list_training_arguments(layer, bias, layer.config["activation"])}
    outer: Config = {"units": second["kernel"].shape[1], **list_training_arguments(layer, bias)}
    hidden = sub.layer("Dense", inner, sub.input(), weights=first, name=f"{layer.name}_1")
    rate = layer.config.get("dropout_rate", 0.0)
    if isinstance(rate, int | float) and 0.0 < rate < 1.0:
        hidden = sub.layer("Dropout", {"rate": float(rate)}, hidden)
    out = sub.layer("Dense", outer, hidden, weights=second, name=f"{layer.name}_2")
    return sub.finish(out, layer.config.get("trainable") is not False)


_KEPT = ("center", "scale", "epsilon", "gamma_regularizer", "beta_regularizer", "gamma_constraint", "beta_constraint",
         "trainable", "dtype")  # fmt: skip


@register_shim("AK5145", classes=("LayerNormalization",))
def layer_normalization(layer: Layer, context: RuleContext) -> Layer | None:
    """LayerNormalization(axis=-1)."""
    if not has_arguments(layer, ("center", "scale", "epsilon"), (*_KEPT, "gamma_initializer", "beta_initializer")):
        return None
    wanted = {role for role, key in (("gamma", "scale"), ("beta", "center")) if layer.config[key] is not False}
    if layer.weights.keys() != wanted:
        return None
    kept = {key: layer.config[key] for key in _KEPT if key in layer.config}
    return Layer("LayerNormalization", layer.name, {**kept, "axis": -1}, layer.weights)
