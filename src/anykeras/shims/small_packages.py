"""Layers of packages with a few: kashgari, tensorflow-model-optimization, SpectralNormalizationKeras."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..catalog.signatures import NOW, signature
from ..document.build import Builder
from ..document.model import Layer
from ..migrations import RuleContext
from ..tensors import Array, Tensor, combine
from .base import SHARED, register_shim, unwrap


@register_shim("AK5084", classes=("KMaxPooling",))
def k_max_pooling(layer: Layer, context: RuleContext) -> Layer | None:
    """(batch, k, channels). Without `sorted` the order is left to TensorFlow, which is not known."""
    config = layer.config
    if config.keys() - SHARED != {"k", "sorted", "data_format"} or layer.weights or config["sorted"] is not True:
        return None
    sub = Builder(layer.name, layer.address)
    x = sub.input()
    if config["data_format"] != "channels_first":
        x = sub.op("transpose", x, (0, 2, 1))
    largest = sub.op("top_k", x, config["k"])
    return sub.finish(sub.op("transpose", largest, (0, 2, 1)))


@register_shim("AK5083", classes=("NonMaskingLayer", "NonMasking"))
def non_masking(layer: Layer, context: RuleContext) -> Layer | None:
    """An operation hands no mask on."""
    if layer.config.keys() - SHARED or layer.weights:
        return None
    sub = Builder(layer.name, layer.address)
    return sub.finish(sub.op("copy", sub.input()))


# PruneLowMagnitude of tensorflow-model-optimization.


@register_shim("AK5063", classes=("PruneLowMagnitude",))
def pruning(layer: Layer, context: RuleContext) -> Layer | None:
    """The wrapped layer with its weights; further training prunes nothing."""
    return unwrap(layer)


# DenseSN, ConvSN2D and their like: layers under spectral normalisation, of IShengFang/SpectralNormalizationKeras.


Numbers = NDArray[np.float64]
_NATIVE: Final[Mapping[str, str]] = {
    "DenseSN": "Dense",
    "ConvSN1D": "Conv1D",
    "ConvSN2D": "Conv2D",
    "ConvSN3D": "Conv3D",
    "ConvSN2DTranspose": "Conv2DTranspose",
}


@register_shim("AK5081", classes=tuple(_NATIVE))
def spectral_layer(layer: Layer, context: RuleContext) -> Layer | None:
    """Weights kernel, bias, sn; further training normalises nothing."""
    native = _NATIVE[layer.bare_class_name]
    known = signature(native, NOW)
    bias = {"bias"} if layer.config.get("use_bias") is True else set()
    if known is None or layer.weights.keys() != {"kernel", "sn"} | bias or context.writer.backend == "theano":
        return None
    kernel, vector = layer.weights["kernel"], layer.weights["sn"]
    if layer.config.keys() - SHARED - known.defaults.keys() or vector.shape != (1, kernel.shape[-1]):
        return None
    weights = {role: layer.weights[role] for role in bias} | {"kernel": _normalize_kernel(kernel, vector)}
    config = {key: value for key, value in layer.config.items() if key in known.defaults or key in ("trainable", "dtype")}
    return Layer(native, layer.name, config, weights)


def _normalize_kernel(kernel: Tensor, vector: Tensor) -> Tensor:
    def compute(w: Array, u: Array) -> Array:
        flat: Numbers = w.astype("float64").reshape(-1, w.shape[-1])
        v = _unit_vector(u.astype("float64") @ flat.T)
        sigma = v @ flat @ _unit_vector(v @ flat).T
        return np.asarray((flat / sigma).reshape(w.shape)).astype(w.dtype)

    return combine("spectral normalisation", [kernel, vector], kernel.shape, compute)


def _unit_vector(v: Numbers) -> Numbers:
    return np.asarray(v / (np.sqrt((v**2).sum()) + 1e-12))
