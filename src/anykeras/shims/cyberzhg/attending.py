"""Layers of keras-multi-head and keras-self-attention."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from ...catalog import find
from ...document.build import Builder
from ...document.model import Config, Era, Layer, Ref
from ...findings import Affects, Fidelity, Finding
from ...migrations import RuleContext
from ...tensors import Tensor
from ..base import has_arguments, list_training_arguments, register_shim, tensors_taken, weights_by_end
from ..blocks import as_activation, mask_of, with_mask
from .attention import attend, band, before_june_2020, finish, keep_both, needs_masks

MULTI_HEAD_CODE = "AK5134"
_RECURRENT = ("LSTM", "GRU", "SimpleRNN")
# Classes whose weights mean today what they meant in Keras 2: the wrapper holds them, so no rule has seen them.
_HEADS = (*_RECURRENT, "Dense", "Conv1D", "Conv2D")


@register_shim(MULTI_HEAD_CODE, classes=("MultiHead",))
def multi_head(layer: Layer, context: RuleContext) -> Layer | None:
    """Every layer with its weights on the input or its projection; `stack` of what they give."""
    held = layer.config.get("layers")
    heads = [head for head in held if isinstance(head, Layer)] if isinstance(held, tuple) else []
    if not has_arguments(layer, ("layers", "hidden_dim", "use_bias"), ("reg_index", "reg_slice", "reg_factor")):
        return None
    projected = isinstance(layer.config["hidden_dim"], int)
    weights = list(layer.weights.values())
    count = (2 if layer.config["use_bias"] is not False else 1) if projected else 0
    filled = _fill_heads(heads, weights[count:])
    if filled is None or len(weights) < count:
        return None
    sub = Builder(layer.name, layer.address)
    x = sub.input()
    parts = list(_project(sub, x, weights[:count], len(heads))) if projected else [x] * len(heads)
    out = sub.op("stack", tuple(sub.add(head, part) for head, part in zip(filled, parts, strict=True)), axis=-1)
    if layer.config.get("reg_index") is not None:
        seen = "reg_index adds to the loss"
        done = "left out; it acts on training alone"
        context.findings.append(
            Finding(MULTI_HEAD_CODE, layer.address or layer.name, seen, done, Fidelity.LOSSY, Affects.TRAINING)
        )
    return finish(layer, sub, out, x if needs_masks(context) and _keeps_mask(heads[0]) else None)


def _project(sub: Builder, x: Ref, weights: Sequence[Tensor], count: int) -> Iterator[Ref]:
    """Each head's part of the projection; a Dense layer for each."""
    kernels, biases = weights[0].split(count), weights[1].split(count) if len(weights) > 1 else []
    for i, kernel in enumerate(kernels):
        config: Config = {"units": kernel.shape[1], "use_bias": bool(biases)}
        held = {"kernel": kernel, **({"bias": biases[i]} if biases else {})}
        yield sub.layer("Dense", config, x, weights=held)


def _fill_heads(heads: Sequence[Layer], weights: Sequence[Tensor]) -> list[Layer] | None:
    """The layers with their weights; None where there are others than these layers have."""
    filled, left = [], list(weights)
    for head in heads:
        entry = find(head.class_name, Era.KERAS3) if head.class_name in _HEADS else None
        roles = list(entry.roles(head)) if entry is not None else []
        own = {role.name: tensor for role, tensor in zip(roles, left, strict=False)}
        if not roles or len(own) < len(roles) or not _is_consistent(own):
            return None
        filled.append(replace(head, weights=own))
        left = left[len(roles) :]
    return filled if filled and not left else None


def _is_consistent(own: dict[str, Tensor]) -> bool:
    bias = own.get("bias")
    return bias is None or bias.shape[-1] == own["kernel"].shape[-1]


def _keeps_mask(head: Layer) -> bool:
    """Whether the layer hands a mask on (keras 2.3.1)."""
    return head.class_name == "Dense" or (head.class_name in _RECURRENT and head.config.get("return_sequences") is True)


_MULTI_HEAD_OPTIONAL = ("use_bias", "kernel_initializer", "bias_initializer", "kernel_regularizer", "bias_regularizer",
             "kernel_constraint", "bias_constraint", "history_only")  # fmt: skip


@register_shim("AK5133", classes=("MultiHeadAttention",))
def multi_head_attention(layer: Layer, context: RuleContext) -> Layer | None:
    """EinsumDense for every projection, scaled products between."""
    if not has_arguments(layer, ("head_num", "activation"), _MULTI_HEAD_OPTIONAL):
        return None
    heads, bias = layer.config["head_num"], layer.config.get("use_bias", True) is not False
    ends = [f"_{kind}{letter}" for letter in "qkvo" for kind in ("Wb" if bias else "W")]
    found = weights_by_end(layer, *ends)
    if found is None or not isinstance(heads, int) or heads < 1 or found[-1].shape[-1] % heads:
        return None
    weights = dict(zip(ends, found, strict=True))
    sub = Builder(layer.name, layer.address)
    inputs = [sub.input() for _ in range(tensors_taken(layer, context))]
    query, key, value = inputs if len(inputs) == 3 else (inputs[0],) * 3
    masked = needs_masks(context)
    keep = sub.op("expand_dims", sub.op("transpose", mask_of(sub, key), axes=(0, 2, 1)), axis=1) if masked else None
    projections = _Projections(sub, layer, context, weights, heads)
    q, k, v = (projections.split(letter, x) for letter, x in zip("qkv", (query, key, value), strict=True))
    scores = sub.op("einsum", "aqhd,akhd->ahqk", sub.op("divide", q, math.sqrt(projections.size)), k)
    shares = attend(sub, scores, keep, layer.config.get("history_only") is True, context)
    out = projections.join(sub.op("einsum", "ahqk,akhd->aqhd", shares, v))
    if len(inputs) == 1:
        return as_activation(layer, sub.finish(out))
    return finish(layer, sub, out, query if masked else None)


class _Projections:
    """The four dense layers of an attention, their outputs cut into heads."""

    def __init__(self, sub: Builder, layer: Layer, context: RuleContext, weights: Mapping[str, Tensor], heads: int) -> None:
        self.sub, self.weights, self.heads = sub, weights, heads
        self.width = weights["_Wo"].shape[0]
        self.size = self.width // heads
        shared = list_training_arguments(layer, "_bq" in weights, layer.config["activation"])
        self.shared = {key: value for key, value in shared.items() if key != "use_bias"}

    def split(self, letter: str, x: Ref) -> Ref:
        """(batch, time, features) to (batch, time, head, size)."""
        kernel, bias = self.weights[f"_W{letter}"], self.weights.get(f"_b{letter}")
        config: Config = {"equation": "abc,cde->abde", "output_shape": (None, self.heads, self.size),
                          "bias_axes": None if bias is None else "de", **self.shared}  # fmt: skip
        held = {"kernel": kernel.reshape(kernel.shape[0], self.heads, self.size)}
        if bias is not None:
            held["bias"] = bias.reshape(self.heads, self.size)
        return self.sub.layer("EinsumDense", config, x, weights=held, name=f"{self.sub.name}_{letter}")

    def join(self, x: Ref) -> Ref:
        """(batch, time, head, size) to (batch, time, features)."""
        kernel, bias = self.weights["_Wo"], self.weights.get("_bo")
        config: Config = {"equation": "abcd,cde->abe", "output_shape": (None, self.width),
                          "bias_axes": None if bias is None else "e", **self.shared}  # fmt: skip
        held = {"kernel": kernel.reshape(self.heads, self.size, self.width)}
        if bias is not None:
            held["bias"] = bias
        return self.sub.layer("EinsumDense", config, x, weights=held, name=f"{self.sub.name}_o")


# Layers of keras-self-attention.


CODE = "AK5130"
_REQUIRED = ("units", "attention_width", "attention_type", "return_attention", "history_only", "use_additive_bias",
             "use_attention_bias", "attention_activation", "attention_regularizer_weight")  # fmt: skip
_OPTIONAL = ("kernel_initializer", "bias_initializer", "kernel_regularizer", "bias_regularizer", "kernel_constraint",
             "bias_constraint", "share_dim")  # fmt: skip
_FAR = 10**8  # `history_only` without a width stands in the file as a width of 10 ** 9


@register_shim(CODE, classes=("SeqSelfAttention",))
def seq_self_attention(layer: Layer, context: RuleContext) -> Layer | None:
    """Scores by Dense layers (additive) or one Dense and a product, their softmax, and the weighted mean."""
    if not has_arguments(layer, _REQUIRED, _OPTIONAL):
        return None
    sub = Builder(layer.name, layer.address)
    x = sub.input()
    scores = _score_pairs(sub, x, layer)
    if scores is None:
        return None
    function = layer.config.get("attention_activation")
    if function not in (None, "linear"):
        scores = sub.layer("Activation", {"activation": function}, scores)
    weights = _weigh_pairs(sub, x, scores, layer, context)
    _report(layer, context)
    mean = sub.op("matmul", weights, x)
    if layer.config["return_attention"]:
        return sub.finish((mean, weights), layer.config.get("trainable") is not False)
    return as_activation(layer, sub.finish(mean))


def _score_pairs(sub: Builder, x: Ref, layer: Layer) -> Ref | None:
    added, attended = (layer.config[key] is not False for key in ("use_additive_bias", "use_attention_bias"))
    if layer.config["attention_type"] == "additive":
        ends = ["_Add_Wt", "_Add_Wx", *(["_Add_bh"] if added else []), "_Add_Wa", *(["_Add_ba"] if attended else [])]
        found = weights_by_end(layer, *ends)
        return None if found is None else _score_additive(sub, x, layer, dict(zip(ends, found, strict=True)))
    ends = ["_Mul_Wa", *(["_Mul_ba"] if attended else [])]
    found = weights_by_end(layer, *ends)
    if found is None or layer.config["attention_type"] != "multiplicative":
        return None
    config = {"units": found[0].shape[1], **list_training_arguments(layer, False)}
    turned = sub.layer("Dense", config, x, weights={"kernel": found[0]})
    scores = sub.op("matmul", turned, sub.op("transpose", x, axes=(0, 2, 1)))
    if not attended:
        return scores
    single = sub.op("expand_dims", scores, axis=-1)  # the bias lives in the centre of a normalisation by nothing
    return sub.op("squeeze", _add_bias(sub, single, found[1]), axis=-1)


def _add_bias(sub: Builder, x: Ref, bias: Tensor) -> Ref:
    """x + bias, with a bias that is trained: the only row of a table."""
    zero = sub.op("cast", sub.op("zeros_like", x), "int32")
    row = sub.layer("Embedding", {"input_dim": 1, "output_dim": 1}, sub.op("squeeze", zero, axis=-1),
                    weights={"embeddings": bias.reshape(1, 1)})  # fmt: skip
    return sub.op("add", x, row)


def _score_additive(sub: Builder, x: Ref, layer: Layer, found: dict[str, Tensor]) -> Ref:
    units = found["_Add_Wt"].shape[1]
    inner, outer = "_Add_bh" in found, "_Add_ba" in found
    first = {"kernel": found["_Add_Wt"], **({"bias": found["_Add_bh"]} if inner else {})}
    last = {"kernel": found["_Add_Wa"], **({"bias": found["_Add_ba"]} if outer else {})}
    query = sub.layer("Dense", {"units": units, **list_training_arguments(layer, inner)}, x, weights=first)
    key = sub.layer("Dense", {"units": units, **list_training_arguments(layer, False)}, x, weights={"kernel": found["_Add_Wx"]})
    pairs = sub.op("add", sub.op("expand_dims", query, axis=2), sub.op("expand_dims", key, axis=1))
    score = sub.layer("Dense", {"units": 1, **list_training_arguments(layer, outer)}, sub.op("tanh", pairs), weights=last)
    return sub.op("squeeze", score, axis=-1)


def _weigh_pairs(sub: Builder, x: Ref, scores: Ref, layer: Layer, context: RuleContext) -> Ref:
    window = _attention_window(sub, scores, layer)
    if not needs_masks(context):
        return attend(sub, scores, window, False, context)
    rows = mask_of(sub, x)
    columns = sub.op("transpose", rows, axes=(0, 2, 1))
    if before_june_2020(context):
        return attend(sub, scores, keep_both(sub, window, sub.op("multiply", rows, columns)), False, context)
    gone = sub.op("multiply", sub.op("subtract", 1.0, rows), sub.op("subtract", 1.0, columns))
    lowered = sub.op("subtract", scores, sub.op("multiply", gone, 10000.0))
    return attend(sub, lowered, window, False, context)


def _attention_window(sub: Builder, scores: Ref, layer: Layer) -> Ref | None:
    width, history = layer.config["attention_width"], layer.config["history_only"] is True
    if not isinstance(width, int):
        return band(sub, scores, None, 0) if history else None
    left = width - 1 if history else width // 2
    right = 0 if history else width - left - 1
    return band(sub, scores, left if left < _FAR else None, right if right < _FAR else None)


def _report(layer: Layer, context: RuleContext) -> None:
    address = layer.address or layer.name

    def add(seen: str, done: str, fidelity: Fidelity, affects: Affects) -> None:
        context.findings.append(Finding(CODE, address, seen, done, fidelity, affects))

    if layer.config["attention_regularizer_weight"]:
        done = "left out; it acts on training alone"
        add("attention_regularizer_weight adds to the loss", done, Fidelity.LOSSY, Affects.TRAINING)
    if needs_masks(context):
        taken = "0.45 or before" if before_june_2020(context) else "0.46 or later"
        seen = "keras-self-attention changed what it does with masks in 0.46, and the file does not say its version"
        add(seen, f"taken to be {taken}, by the Keras that wrote the file", Fidelity.APPROXIMATE, Affects.OUTPUTS)


_EPSILON = 1e-7


@register_shim("AK5131", classes=("SeqWeightedAttention",))
def seq_weighted_attention(layer: Layer, context: RuleContext) -> Layer | None:
    """Dense(1), softmax over the steps, weighted sum; and the weights, where they were returned."""
    if not has_arguments(layer, ("use_bias", "return_attention")):
        return None
    bias = layer.config["use_bias"] is not False
    found = weights_by_end(layer, "_W", *(["_b"] if bias else []))
    if found is None:
        return None
    sub = Builder(layer.name, layer.address)
    x = sub.input()
    config: Config = {"units": 1, "use_bias": bias}
    scores = sub.layer("Dense", config, x, weights=dict(zip(("kernel", "bias"), found, strict=False)))
    weights = _weigh_steps(sub, scores, mask_of(sub, x) if needs_masks(context) else None)
    mean = sub.op("sum", sub.op("multiply", x, weights), axis=1)
    returned = (mean, sub.op("squeeze", weights, axis=-1)) if layer.config["return_attention"] else mean
    return sub.finish(returned, layer.config.get("trainable") is not False)


def _weigh_steps(sub: Builder, scores: Ref, keep: Ref | None) -> Ref:
    top = sub.op("max", scores, axis=1, keepdims=True)
    powers = sub.op("exp", sub.op("subtract", scores, top))
    if keep is not None:
        powers = sub.op("multiply", powers, keep)
    total = sub.op("add", sub.op("sum", powers, axis=1, keepdims=True), _EPSILON)
    return sub.op("divide", powers, total)


@register_shim("AK5132", classes=("ScaledDotProductAttention",))
def scaled_dot_product_attention(layer: Layer, context: RuleContext) -> Layer | None:
    """Scaled products, their softmax, and the weighted mean of the values."""
    if not has_arguments(layer, ("return_attention",), ("history_only",)) or layer.weights:
        return None
    sub = Builder(layer.name, layer.address)
    inputs = [sub.input() for _ in range(tensors_taken(layer, context))]
    query, key, value = inputs if len(inputs) == 3 else (inputs[0],) * 3
    masked = needs_masks(context)
    keep = sub.op("transpose", mask_of(sub, key), axes=(0, 2, 1)) if masked else None
    weights = attend(sub, _scale_products(sub, query, key), keep, layer.config.get("history_only") is True, context)
    mean = sub.op("matmul", weights, value)
    if masked:
        mean = with_mask(sub, mean, mask_of(sub, query))
    return sub.finish((mean, weights) if layer.config["return_attention"] else mean)


def _scale_products(sub: Builder, query: Ref, key: Ref) -> Ref:
    """q k / sqrt(d), for a size d that is only met when the model runs."""
    size = sub.op("sum", sub.op("ones_like", query), axis=-1, keepdims=True)
    scaled = sub.op("divide", query, sub.op("sqrt", size))
    return sub.op("matmul", scaled, sub.op("transpose", key, axes=(0, 2, 1)))
