"""FeedForward of keras-position-wise-feed-forward, LayerNormalization of keras-layer-normalization."""

from __future__ import annotations

from ...document.build import Builder
from ...document.model import Config, Layer
from ...migrations import RuleContext
from ..base import has_arguments, register_shim, training_arguments, weights_by_end

_OPTIONAL = ("use_bias", "kernel_initializer", "bias_initializer", "kernel_regularizer", "bias_regularizer",
             "kernel_constraint", "bias_constraint", "dropout_rate")  # fmt: skip


@register_shim(
    "AK5062",
    classes=("FeedForward",),
    package="keras-position-wise-feed-forward 0.6.0",
    checked="keras-position-wise-feed-forward 0.6.0 on Keras 2.3.1",
    difference="2e-07",
)
def feed_forward(layer: Layer, context: RuleContext) -> Layer | None:
    """Dense(units, activation), Dropout, Dense(size of the input)."""
    bias = layer.config.get("use_bias", True) is not False
    found = weights_by_end(layer, *(("_W1", "_b1", "_W2", "_b2") if bias else ("_W1", "_W2")))
    if not has_arguments(layer, ("units", "activation"), _OPTIONAL) or found is None:
        return None
    half = len(found) // 2
    first, second = (dict(zip(("kernel", "bias"), part, strict=False)) for part in (found[:half], found[half:]))
    sub = Builder(layer.name, layer.address)
    inner: Config = {"units": first["kernel"].shape[1], **training_arguments(layer, bias, layer.config["activation"])}
    outer: Config = {"units": second["kernel"].shape[1], **training_arguments(layer, bias)}
    hidden = sub.layer("Dense", inner, sub.input(), weights=first, name=f"{layer.name}_1")
    rate = layer.config.get("dropout_rate", 0.0)
    if isinstance(rate, int | float) and 0.0 < rate < 1.0:
        hidden = sub.layer("Dropout", {"rate": float(rate)}, hidden)
    out = sub.layer("Dense", outer, hidden, weights=second, name=f"{layer.name}_2")
    return sub.finish(out, layer.config.get("trainable") is not False)


_KEPT = ("center", "scale", "epsilon", "gamma_regularizer", "beta_regularizer", "gamma_constraint", "beta_constraint",
         "trainable", "dtype")  # fmt: skip


@register_shim(
    "AK5145",
    classes=("LayerNormalization",),
    package="keras-layer-normalization 0.14.0",
    checked="keras-layer-normalization 0.14.0 on Keras 2.3.1 and tf.keras 2.3",
    difference="2e-07",
)
def layer_normalization(layer: Layer, context: RuleContext) -> Layer | None:
    """LayerNormalization(axis=-1)."""
    if not has_arguments(layer, ("center", "scale", "epsilon"), (*_KEPT, "gamma_initializer", "beta_initializer")):
        return None
    wanted = {role for role, key in (("gamma", "scale"), ("beta", "center")) if layer.config[key] is not False}
    if layer.weights.keys() != wanted:
        return None
    kept = {key: layer.config[key] for key in _KEPT if key in layer.config}
    return Layer("LayerNormalization", layer.name, {**kept, "axis": -1}, layer.weights)
