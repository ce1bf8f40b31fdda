"""PolynomialCrossing of tensorflow-addons."""

from __future__ import annotations

from ...document.build import Builder
from ...document.model import Config, Layer, Ref
from ...migrations import Context
from ...tensors import Tensor
from ..base import stands_for
from .package import PACKAGE, RECORDED, of_addons


@stands_for(
    "AK5151",
    "Dense layers and operations",
    classes=("PolynomialCrossing",),
    package=PACKAGE,
    what="PolynomialCrossing of two tensors is `x0 * (x W + diag_scale * x) + x + b`, W possibly a product of two. The "
    "bias is the only row of an Embedding, so that it trains.",
    checked=RECORDED,
    difference="3e-07",
    references=("tensorflow_addons/layers/polynomial.py 0.15.0",),
)
def polynomial_crossing(layer: Layer, context: Context) -> Layer | None:
    """x0 * Dense(x) + x + b."""
    scale, bias = layer.config.get("diag_scale", 0.0), layer.weights.get("bias")
    kernels = [layer.weights[role] for role in ("kernel", "kernel_u", "kernel_v") if role in layer.weights]
    held = len(kernels) + (bias is not None)
    if not of_addons(layer) or not kernels or held != len(layer.weights) or not isinstance(scale, int | float):
        return None
    sub = Builder(layer.name, layer.address)
    first, x = sub.input(), sub.input()
    product = x
    for kernel in kernels:
        config: Config = {"units": kernel.shape[1], "use_bias": False,
                          "kernel_regularizer": layer.config.get("kernel_regularizer")}  # fmt: skip
        product = sub.layer("Dense", config, product, weights={"kernel": kernel})
    if scale:
        product = sub.op("add", product, sub.op("multiply", x, float(scale)))
    out = sub.op("add", sub.op("multiply", first, product), x)
    if bias is not None:
        out = _shifted(sub, out, bias)
    return sub.finish(out, layer.config.get("trainable") is not False)


def _shifted(sub: Builder, x: Ref, bias: Tensor) -> Ref:
    """x + bias: the only row of a table, looked up with zeros."""
    zeros = sub.op("cast", sub.op("zeros_like", sub.op("max", x, axis=-1)), "int32")
    config: Config = {"input_dim": 1, "output_dim": bias.shape[0]}
    row = sub.layer("Embedding", config, zeros, weights={"embeddings": bias.reshape(1, bias.shape[0])})
    return sub.op("add", x, row)
