"""Layers of keras-multi-head."""

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
from ..base import has_arguments, register_shim, tensors_taken, training_arguments, weights_by_end
from ..blocks import as_activation, mask_of
from .attention import attend, finish, needs_masks

CODE = "AK5134"
_RECURRENT = ("LSTM", "GRU", "SimpleRNN")
# Classes whose weights mean today what they meant in Keras 2: the wrapper holds them, so no rule has seen them.
_HEADS = (*_RECURRENT, "Dense", "Conv1D", "Conv2D")


@register_shim(
    CODE,
    classes=("MultiHead",),
    package="keras-multi-head 0.22.0 and 0.27.0",
    checked="keras-multi-head 0.22.0 on Keras 2.3.1, 0.27.0 on tf.keras 2.3",
    difference="2e-07",
)
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
        context.findings.append(Finding(CODE, layer.address or layer.name, seen, done, Fidelity.LOSSY, Affects.TRAINING))
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


_OPTIONAL = ("use_bias", "kernel_initializer", "bias_initializer", "kernel_regularizer", "bias_regularizer",
             "kernel_constraint", "bias_constraint", "history_only")  # fmt: skip


@register_shim(
    "AK5133",
    classes=("MultiHeadAttention",),
    package="keras-multi-head 0.22.0 and 0.27.0",
    checked="keras-multi-head 0.22.0 on Keras 2.3.1, 0.27.0 on tf.keras 2.3",
    difference="3e-07",
)
def multi_head_attention(layer: Layer, context: RuleContext) -> Layer | None:
    """EinsumDense for every projection, scaled products between."""
    if not has_arguments(layer, ("head_num", "activation"), _OPTIONAL):
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
        shared = training_arguments(layer, "_bq" in weights, layer.config["activation"])
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
