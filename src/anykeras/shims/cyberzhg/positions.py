"""Layers of keras-pos-embd."""

from __future__ import annotations

from ...document.build import Builder
from ...document.model import Layer, Ref
from ...lazily import np
from ...migrations import RuleContext
from ...tensors import Tensor, constant
from ..base import has_arguments, register_shim
from ..blocks import as_activation, mask_of, with_mask
from .attention import finish, needs_masks, positions, table

_OPTIONAL = ("embeddings_initializer", "embeddings_regularizer", "activity_regularizer", "embeddings_constraint", "mask_zero")


@register_shim(
    "AK5135",
    classes=("PositionEmbedding",),
    package="keras-pos-embd 0.10.0 and 0.11.0",
    checked="keras-pos-embd 0.10.0 on Keras 2.3.1, 0.11.0 on tf.keras 2.3",
    difference="1e-07",
)
def position_embedding(layer: Layer, context: RuleContext) -> Layer | None:
    """Embedding(positions), added, joined or alone."""
    weights, mode = layer.weights.get("embeddings"), layer.config.get("mode")
    if not has_arguments(layer, ("input_dim", "output_dim", "mode"), _OPTIONAL) or weights is None:
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


@register_shim(
    "AK5136",
    classes=("TrigPosEmbedding",),
    package="keras-pos-embd 0.10.0 and 0.11.0",
    checked="keras-pos-embd 0.10.0 on Keras 2.3.1, 0.11.0 on tf.keras 2.3",
    difference="2e-07",
)
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
