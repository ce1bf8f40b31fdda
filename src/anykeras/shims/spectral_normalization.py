"""DenseSN, ConvSN2D and their like: layers under spectral normalisation, of IShengFang/SpectralNormalizationKeras."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..catalog.signatures import NOW, signature
from ..document.model import Layer
from ..migrations import RuleContext
from ..tensors import Array, Tensor, combine
from .base import SHARED, register_shim

Numbers = NDArray[np.float64]
_NATIVE: Final[Mapping[str, str]] = {
    "DenseSN": "Dense",
    "ConvSN1D": "Conv1D",
    "ConvSN2D": "Conv2D",
    "ConvSN3D": "Conv3D",
    "ConvSN2DTranspose": "Conv2DTranspose",
}


@register_shim(
    "AK5081",
    classes=tuple(_NATIVE),
    package="IShengFang/SpectralNormalizationKeras",
    checked="DenseSN, ConvSN2D, ConvSN2DTranspose as published, retyped (no index carries them), on Keras 2.2.4",
    difference="2e-07",
)
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
