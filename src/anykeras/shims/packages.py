"""Layers of further packages."""

from __future__ import annotations

from ..document.build import Builder
from ..document.model import Layer
from ..document.values import Value
from ..findings import Fidelity
from ..migrations import Context
from .base import stands_for
from .inner import unwrapped


@stands_for(
    "AK5061",
    "Dropout with the same noise shape",
    classes=("FixedDropout",),
    package="efficientnet 1.1.1, segmentation-models",
    what="FixedDropout is Dropout whose noise_shape may leave sizes open; Keras 3 takes such shapes itself.",
    fidelity=Fidelity.EXACT,
    checked="efficientnet 1.1.1 on Keras 2.3.1",
    difference="2e-07",
    references=("efficientnet/model.py, `get_dropout`, 1.1.1",),
)
def fixed_dropout(layer: Layer, context: Context) -> Layer | None:
    """Dropout(rate, noise_shape, seed)."""
    if not {"rate", "noise_shape"} <= layer.config.keys():
        return None
    keys = ("rate", "noise_shape", "seed", "trainable", "dtype")
    return Layer("Dropout", layer.name, {key: layer.config[key] for key in keys if key in layer.config})


@stands_for(
    "AK5062",
    "two Dense layers",
    classes=("FeedForward",),
    package="keras-position-wise-feed-forward 0.6.0",
    what="FeedForward is `activation(x W1 + b1) W2 + b2`, with dropout between where a rate is given.",
    checked="keras-position-wise-feed-forward 0.6.0 on Keras 2.3.1",
    difference="2e-07",
    references=("keras_position_wise_feed_forward/feed_forward.py 0.6.0",),
)
def feed_forward(layer: Layer, context: Context) -> Layer | None:
    """Dense(units, activation), Dropout, Dense(size of the input)."""
    found = {role: tensor for key, tensor in layer.weights.items() for role in ("W1", "b1", "W2", "b2") if key.endswith(role)}
    bias = layer.config.get("use_bias", True) is not False
    wanted = ("W1", "b1", "W2", "b2") if bias else ("W1", "W2")
    if not {"units", "activation"} <= layer.config.keys() or set(wanted) - found.keys():
        return None
    sub = Builder(layer.name, layer.address)
    x = sub.input()
    first: dict[str, Value] = {"units": found["W1"].shape[1], "activation": layer.config["activation"], "use_bias": bias}
    second: dict[str, Value] = {"units": found["W2"].shape[1], "use_bias": bias}
    biases = [{"bias": found[role]} if bias else {} for role in ("b1", "b2")]
    hidden = sub.layer("Dense", first, x, weights={"kernel": found["W1"], **biases[0]}, name=f"{layer.name}_1")
    rate = layer.config.get("dropout_rate", 0.0)
    if isinstance(rate, int | float) and 0.0 < rate < 1.0:
        hidden = sub.layer("Dropout", {"rate": float(rate)}, hidden)
    out = sub.layer("Dense", second, hidden, weights={"kernel": found["W2"], **biases[1]}, name=f"{layer.name}_2")
    return sub.finish(out, layer.config.get("trainable") is not False)


@stands_for(
    "AK5063",
    "the layer inside",
    classes=("PruneLowMagnitude",),
    package="tensorflow-model-optimization 0.7.2",
    what="A pruning wrapper keeps a mask, a threshold and a step beside the weights of its layer; the pruned weights are "
    "zero in the file already.",
    fidelity=Fidelity.LOSSY,
    checked="tensorflow-model-optimization 0.7.2 on tf.keras 2.6",
    difference="2e-07",
    references=("tensorflow_model_optimization/python/core/sparsity/keras/pruning_wrapper.py 0.7.2",),
)
def pruning(layer: Layer, context: Context) -> Layer | None:
    """The wrapped layer with its weights; further training prunes nothing."""
    return unwrapped(layer)
