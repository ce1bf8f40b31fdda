"""What a file holds of a layer of a package: its arguments, and weights under all kinds of names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

import numpy as np

from ..catalog import find
from ..document.model import Config, Era, Layer, Value
from ..tensors import Array, Tensor, combine

SHARED: Final = frozenset({"trainable", "dtype", "batch_input_shape", "batch_shape", "input_dtype", "build_input_shape"})
"""Configuration keys that layers of every class may have (the name is kept apart)."""
_NUMBER = re.compile(r"_\d+$")
_TRAINED = {"kernel": ("kernel_regularizer", "kernel_constraint"), "bias": ("bias_regularizer", "bias_constraint")}


def role_arguments(*roles: str) -> frozenset[str]:
    """The arguments for how weights start and are trained: ``kernel_initializer``, ``kernel_regularizer`` ..."""
    return frozenset(f"{role}_{kind}" for role in roles for kind in ("initializer", "regularizer", "constraint"))


def has_only(layer: Layer, *keys: str) -> bool:
    """Whether the configuration has no arguments but these and those that every layer has."""
    return layer.config.keys() <= {"name", *SHARED, *keys}


def has_arguments(layer: Layer, required: Iterable[str], optional: Iterable[str] = ()) -> bool:
    """Whether the arguments are just these, `required` ones all there."""
    needed = set(required)
    return needed <= layer.config.keys() <= needed | set(optional) | SHARED | {"weights"}


def strip_number(role: str) -> str:
    """The role without the number that tells it from others of its name."""
    return _NUMBER.sub("", role)


def weights_by_letter(layer: Layer) -> dict[str, Tensor] | None:
    """The weights by the last word of their names: `attention_1_W` and `W_2` are both `W`; None where two are alike."""
    found = {strip_number(role).rpartition("_")[2]: tensor for role, tensor in layer.weights.items()}
    return found if len(found) == len(layer.weights) else None


def weights_ending(layer: Layer, *endings: str) -> Mapping[str, Tensor] | None:
    """The weights of a layer by the last word of their names; None where they are not exactly these."""
    found = weights_by_letter(layer)
    return found if found is not None and found.keys() == set(endings) else None


def weights_by_end(layer: Layer, *ends: str) -> list[Tensor] | None:
    """The weights whose names end so, in this order; None unless they are all the weights, one for each end."""
    found = [[tensor for name, tensor in layer.weights.items() if name.endswith(end)] for end in ends]
    if len(layer.weights) != len(ends) or any(len(one) != 1 for one in found):
        return None
    return [one[0] for one in found]


def training_arguments(layer: Layer, bias: bool, activation: Value = "linear") -> Config:
    """Arguments of a Dense layer that is trained as the weights of `layer` were."""
    kinds = ("kernel", "bias") if bias else ("kernel",)
    kept = {key: layer.config[key] for kind in kinds for key in _TRAINED[kind] if layer.config.get(key) is not None}
    return {"use_bias": bias, "activation": activation, **kept}


def combine_direction_and_length(direction: Tensor, length: Tensor) -> Tensor:
    """The kernel of which weight normalisation keeps a direction, and a length for each output (the last axis)."""

    def compute(v: Array, g: Array) -> Array:
        values = v.astype("float64")
        norms = np.sqrt(np.maximum((values**2).sum(tuple(range(v.ndim - 1))), 1e-12))
        return np.asarray(values / norms * g).astype(v.dtype)

    return combine("weight normalisation", [direction, length], direction.shape, compute)


def unwrap(wrapper: Layer, **changed: Tensor) -> Layer | None:
    """The layer inside under the wrapper's name, or None where its weights are not all there.

    A wrapper's own name stands before all of its weights in the file, so they were bound to the wrapper. `changed`
    takes the place of weights of these roles.
    """
    layer = wrapper.config.get("layer")
    if not isinstance(layer, Layer):
        return None
    entry = find(layer.class_name, Era.KERAS3)
    roles = [role.name for role in entry.roles(layer)] if entry is not None else []
    held = {**wrapper.weights, **layer.weights, **changed}
    if any(held.get(role) is None for role in roles) and any((*wrapper.weights, *layer.weights)):
        return None
    weights = {role: held[role] for role in roles if role in held}
    return replace(layer, name=wrapper.name, weights=weights, address=wrapper.address)
