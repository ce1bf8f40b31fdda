"""Layers of tensorflow-addons, which was archived in 2024 and needs tf.keras 2."""

from __future__ import annotations

import numpy as np

from ..document.build import Builder
from ..document.model import Layer
from ..findings import Fidelity
from ..migrations import Context
from ..tensors import Array, Tensor, combine
from .base import stands_for
from .inner import unwrapped

_PACKAGE = "tensorflow-addons 0.15.0"
_RECORDED = "tensorflow-addons 0.15.0 on tf.keras 2.6"
_EVERY = ("trainable", "dtype")


def _of_addons(layer: Layer) -> bool:
    return (layer.registered_name or "").startswith("Addons>")


@stands_for(
    "AK5051",
    "GroupNormalization with a group for each channel",
    classes=("InstanceNormalization",),
    package=_PACKAGE,
    what="InstanceNormalization of tensorflow-addons is its GroupNormalization with as many groups as channels: "
    "`(x - mean) / sqrt(variance + epsilon)`. Keras 3 spells that `groups=-1`. The class of keras-contrib, which adds "
    "epsilon to the deviation, is saved under the bare name and is not meant.",
    checked=_RECORDED,
    difference="5e-07",
    references=("tensorflow_addons/layers/normalizations.py 0.15.0",),
)
def instance_normalization(layer: Layer, context: Context) -> Layer | None:
    """GroupNormalization(groups=-1)."""
    if not _of_addons(layer):
        return None
    kept = {key: layer.config[key] for key in ("axis", "epsilon", "center", "scale", *_EVERY) if key in layer.config}
    return Layer("GroupNormalization", layer.name, {"groups": -1, **kept}, layer.weights)


@stands_for(
    "AK5052",
    "the layer inside with the normalised kernel",
    classes=("WeightNormalization",),
    package=_PACKAGE,
    what="WeightNormalization splits a kernel into a direction v and a length g for each output: `g * v / |v|`. The "
    "file holds both, and the wrapped layer is given their product.",
    fidelity=Fidelity.LOSSY,
    checked=_RECORDED,
    difference="5e-07",
    references=("tensorflow_addons/layers/wrappers.py 0.15.0",),
)
def weight_normalization(layer: Layer, context: Context) -> Layer | None:
    """The wrapped layer; further training changes its kernel as a whole."""
    length, direction, started = (layer.weights.get(role) for role in ("g", "kernel", "initialized"))
    if not _of_addons(layer) or length is None or direction is None or started is None or not started.read().all():
        return None
    return unwrapped(layer, kernel=_kernel(direction, length))


def _kernel(direction: Tensor, length: Tensor) -> Tensor:
    def compute(v: Array, g: Array) -> Array:
        values = v.astype("float64")
        norms = np.sqrt(np.maximum((values**2).sum(tuple(range(v.ndim - 1))), 1e-12))
        return np.asarray(values / norms * g).astype(v.dtype)

    return combine("weight normalisation", [direction, length], direction.shape, compute)


@stands_for(
    "AK5053",
    "the sum with the scaled branch",
    classes=("StochasticDepth",),
    package=_PACKAGE,
    what="StochasticDepth gives `shortcut + p * residual` outside of training; in training it drops the residual branch "
    "of the whole batch with probability 1 - p.",
    fidelity=Fidelity.LOSSY,
    checked=_RECORDED,
    difference="0",
    references=("tensorflow_addons/layers/stochastic_depth.py 0.15.0",),
)
def stochastic_depth(layer: Layer, context: Context) -> Layer | None:
    """Add(shortcut, Rescaling(p)(residual)); further training drops nothing."""
    scale = layer.config.get("survival_probability", 0.5)
    if not _of_addons(layer) or not isinstance(scale, int | float):
        return None
    sub = Builder(layer.name, layer.address)
    shortcut, residual = sub.input(), sub.input()
    scaled = sub.layer("Rescaling", {"scale": float(scale), "offset": 0.0}, residual)
    return sub.finish(sub.layer("Add", {}, (shortcut, scaled)))


@stands_for(
    "AK5054",
    "the operation gelu",
    classes=("GELU",),
    package=_PACKAGE,
    what="The layer GELU of tensorflow-addons uses the tanh approximation unless told otherwise.",
    checked=_RECORDED,
    difference="5e-08",
    references=("tensorflow_addons/layers/gelu.py 0.15.0",),
)
def gelu(layer: Layer, context: Context) -> Layer | None:
    """``ops.gelu(x, approximate)``."""
    if not _of_addons(layer):
        return None
    sub = Builder(layer.name, layer.address)
    return sub.finish(sub.op("gelu", sub.input(), approximate=bool(layer.config.get("approximate", True))))
