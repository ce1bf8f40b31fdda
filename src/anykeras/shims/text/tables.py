"""Tables of vectors that are looked up by position, or handed on whole."""

from __future__ import annotations

from ...document.build import Builder
from ...document.model import Config, Layer, Ref
from ...tensors import Tensor

_KEPT = ("embeddings_regularizer", "embeddings_constraint", "mask_zero", "trainable", "dtype")


def table(layer: Layer, weights: Tensor, **changed: bool) -> Layer:
    """An Embedding that holds `weights` (rows, features)."""
    config: Config = {"input_dim": weights.shape[0], "output_dim": weights.shape[1],
                      **{key: layer.config[key] for key in _KEPT if layer.config.get(key) is not None}, **changed}  # fmt: skip
    return Layer("Embedding", f"{layer.name}_table", config, {"embeddings": weights}, address=layer.address)


def positions(sub: Builder, x: Ref) -> Ref:
    """0, 1, 2 ... along the second axis of (batch, time, features), as integers (batch, time)."""
    ones = sub.op("cast", sub.op("ones_like", sub.op("max", x, axis=-1)), "int32")
    return sub.op("subtract", sub.op("cumsum", ones, axis=1), 1)


def whole(sub: Builder, rows: Layer, x: Ref, size: int) -> Ref:
    """All rows of a table (rows, features), without a batch axis, hung on the input `x`."""
    nothing = sub.op("cast", sub.op("sum", sub.op("zeros_like", x)), "int32")
    ones = sub.op("broadcast_to", sub.op("add", nothing, 1), (size,))
    numbers = sub.op("subtract", sub.op("cumsum", ones, axis=0), 1)
    return sub.op("add", sub.add(rows, numbers), 0.0)
