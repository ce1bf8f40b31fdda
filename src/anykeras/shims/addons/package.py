"""What the shims of this folder share: the package, the stack it was run in, and how its classes are told."""

from __future__ import annotations

from ...document.model import Layer

PACKAGE = "tensorflow-addons 0.15.0"
RECORDED = "tensorflow-addons 0.15.0 on tf.keras 2.6"
EVERY = ("trainable", "dtype")


def of_addons(layer: Layer) -> bool:
    """Whether the class was registered by tensorflow-addons (``Addons>name``)."""
    return (layer.registered_name or "").startswith("Addons>")
