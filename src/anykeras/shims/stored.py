"""What a file holds of a layer of an unknown class: the keys of every layer, and weights under all kinds of names."""

from __future__ import annotations

import re
from typing import Final

import numpy as np

from ..document.model import Layer
from ..tensors import Array, Tensor, combine

SHARED: Final = frozenset({"trainable", "dtype", "batch_input_shape", "batch_shape", "input_dtype", "build_input_shape"})
"""Configuration keys that layers of every class may have (the name is kept apart)."""
_NUMBER = re.compile(r"_\d+$")


def unnumbered(role: str) -> str:
    """The role without the number that tells it from others of its name."""
    return _NUMBER.sub("", role)


def lettered(layer: Layer) -> dict[str, Tensor] | None:
    """The weights by the last word of their names: `attention_1_W` and `W_2` are both `W`; None where two are alike."""
    found = {unnumbered(role).rpartition("_")[2]: tensor for role, tensor in layer.weights.items()}
    return found if len(found) == len(layer.weights) else None


def joined(direction: Tensor, length: Tensor) -> Tensor:
    """The kernel of which weight normalisation keeps a direction, and a length for each output (the last axis)."""

    def compute(v: Array, g: Array) -> Array:
        values = v.astype("float64")
        norms = np.sqrt(np.maximum((values**2).sum(tuple(range(v.ndim - 1))), 1e-12))
        return np.asarray(values / norms * g).astype(v.dtype)

    return combine("weight normalisation", [direction, length], direction.shape, compute)
