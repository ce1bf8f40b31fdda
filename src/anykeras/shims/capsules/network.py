"""Whether a model is a capsule network: its classes have names that others use too."""

from __future__ import annotations

from ...document.model import Layer
from ...migrations import Context
from ..stored import SHARED
from .capsule_layer import KEYS


def among_capsules(layer: Layer, context: Context) -> bool:
    """A layer without arguments and weights, in a model that has a CapsuleLayer."""
    if layer.weights or not layer.config.keys() <= {"name", *SHARED}:
        return False
    return "CapsuleLayer" in context.surroundings.class_names and any(
        x.class_name == "CapsuleLayer" and x.config.keys() >= KEYS for x in context.surroundings.layers
    )
