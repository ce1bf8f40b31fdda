"""MultiHeadAttention of keras-multi-head."""

from __future__ import annotations

import math
from collections.abc import Mapping

from ...document.build import Builder
from ...document.model import Config, Layer, Ref
from ...migrations import Context
from ...tensors import Tensor
from ..base import stands_for
from ..calls import tensors_taken
from ..masked import as_activation, mask_of
from .attending import attended, keeping
from .reading import fits, masks_about, trained, weights_by_end

_OPTIONAL = ("use_bias", "kernel_initializer", "bias_initializer", "kernel_regularizer", "bias_regularizer",
             "kernel_constraint", "bias_constraint", "history_only")  # fmt: skip


@stands_for(
    "AK5133",
    "EinsumDense layers and operations",
    classes=("MultiHeadAttention",),
    package="keras-multi-head 0.22.0 and 0.27.0",
    what="MultiHeadAttention of keras-multi-head (`head_num`) applies an activation after each of its four projections, "
    "lets masked steps attend, and leaves masked keys out; that of Keras 3 (`num_heads`) has no activations and leaves out "
    "both.",
    checked="keras-multi-head 0.22.0 on Keras 2.3.1, 0.27.0 on tf.keras 2.3",
    difference="3e-07",
    references=("keras_multi_head/multi_head_attention.py 0.22.0 and 0.27.0",),
)
def multi_head_attention(layer: Layer, context: Context) -> Layer | None:
    """EinsumDense for every projection, scaled products between."""
    if not fits(layer, ("head_num", "activation"), _OPTIONAL):
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
    heeded = masks_about(context)
    keep = sub.op("expand_dims", sub.op("transpose", mask_of(sub, key), axes=(0, 2, 1)), axis=1) if heeded else None
    made = _Projections(sub, layer, context, weights, heads)
    q, k, v = (made.split(letter, x) for letter, x in zip("qkv", (query, key, value), strict=True))
    scores = sub.op("einsum", "aqhd,akhd->ahqk", sub.op("divide", q, math.sqrt(made.size)), k)
    shares = attended(sub, scores, keep, layer.config.get("history_only") is True, context)
    out = made.joined(sub.op("einsum", "ahqk,akhd->aqhd", shares, v))
    if len(inputs) == 1:
        return as_activation(layer, sub.finish(out))
    return sub.finish(keeping(sub, out, mask_of(sub, query)) if heeded else out, layer.config.get("trainable") is not False)


class _Projections:
    """The four dense layers of an attention, their outputs cut into heads."""

    def __init__(self, sub: Builder, layer: Layer, context: Context, weights: Mapping[str, Tensor], heads: int) -> None:
        self.sub, self.weights, self.heads = sub, weights, heads
        self.width = weights["_Wo"].shape[0]
        self.size = self.width // heads
        shared = trained(layer, "_bq" in weights, layer.config["activation"])
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

    def joined(self, x: Ref) -> Ref:
        """(batch, time, head, size) to (batch, time, features)."""
        kernel, bias = self.weights["_Wo"], self.weights.get("_bo")
        config: Config = {"equation": "abcd,cde->abe", "output_shape": (None, self.width),
                          "bias_axes": None if bias is None else "e", **self.shared}  # fmt: skip
        held = {"kernel": kernel.reshape(self.heads, self.size, self.width)}
        if bias is not None:
            held["bias"] = bias
        return self.sub.layer("EinsumDense", config, x, weights=held, name=f"{self.sub.name}_o")
