"""MultiHeadAttention of tensorflow-addons, from before Keras had one."""

from __future__ import annotations

import math

from ...document.build import Builder
from ...document.model import Config, Layer, Ref
from ...migrations import Context
from ...tensors import Tensor
from ..base import stands_for
from ..calls import calls_of, tensors_taken
from .package import PACKAGE, RECORDED, of_addons

_KERNELS = ("query_kernel", "key_kernel", "value_kernel", "projection_kernel")


@stands_for(
    "AK5150",
    "EinsumDense layers and operations",
    classes=("MultiHeadAttention",),
    package=PACKAGE,
    what="MultiHeadAttention of tensorflow-addons (`head_size`) projects without a bias, may be given keys that serve as "
    "values, and has one bias at its end; its weights have the heads first. A mask that was given to it is not taken on.",
    checked=RECORDED,
    difference="4e-07",
    references=("tensorflow_addons/layers/multihead_attention.py 0.15.0",),
)
def multi_head_attention(layer: Layer, context: Context) -> Layer | None:
    """EinsumDense for every projection, scaled products between."""
    weights, taken = layer.weights, tensors_taken(layer, context)
    bias = weights.get("projection_bias")
    wanted = {*_KERNELS, *(["projection_bias"] if layer.config.get("use_projection_bias", True) else [])}
    masked = any(set(call.kwargs) - {"training"} for call in calls_of(layer, context))
    if not of_addons(layer) or weights.keys() != wanted or taken not in (2, 3) or masked:
        return None
    sub = Builder(layer.name, layer.address)
    inputs = [sub.input() for _ in range(taken)]
    kept = {key: layer.config[key] for key in ("kernel_regularizer", "kernel_constraint") if layer.config.get(key) is not None}
    q, k, v = (_split(sub, x, weights[role], kept) for role, x in zip(_KERNELS, (*inputs, inputs[-1])[:3], strict=False))
    scaled = sub.op("divide", q, math.sqrt(weights["query_kernel"].shape[2]))
    shares = sub.op("softmax", sub.op("einsum", "anho,amho->ahnm", scaled, k), axis=-1)
    rate = layer.config.get("dropout")
    dropped = sub.layer("Dropout", {"rate": rate}, shares) if rate else shares
    joined = sub.op("einsum", "ahnm,amhi->anhi", dropped, v)
    kernel = weights["projection_kernel"]
    config: Config = {"equation": "abcd,cde->abe", "output_shape": (None, kernel.shape[2]),
                      "bias_axes": None if bias is None else "e", **kept}  # fmt: skip
    held = {"kernel": kernel, **({} if bias is None else {"bias": bias})}
    out = sub.layer("EinsumDense", config, joined, weights=held)
    both = (out, shares) if layer.config.get("return_attn_coef") else out
    return sub.finish(both, layer.config.get("trainable") is not False)


def _split(sub: Builder, x: Ref, kernel: Tensor, kept: Config) -> Ref:
    """(batch, time, features) to (batch, time, head, size), by a kernel (head, features, size)."""
    config: Config = {"equation": "abc,dce->abde", "output_shape": (None, kernel.shape[0], kernel.shape[2]), **kept}
    return sub.layer("EinsumDense", config, x, weights={"kernel": kernel})
