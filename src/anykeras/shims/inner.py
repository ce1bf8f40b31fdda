"""Wrappers that go: the layer inside takes the wrapper's name and the weights that were filed under it."""

from __future__ import annotations

from dataclasses import replace

from ..catalog import find
from ..document.model import Era, Layer
from ..tensors import Tensor


def unwrapped(wrapper: Layer, **changed: Tensor) -> Layer | None:
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
