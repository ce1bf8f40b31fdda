"""Absent is not default: arguments that a file leaves out take the default of the Keras that wrote it."""

from __future__ import annotations

from dataclasses import replace

from ..catalog.signatures import Missing, signature
from ..document.model import Era, Layer, Value, Writer
from ..document.walk import rebuild

# Arguments of every layer, and of its place in a model rather than of its computation.
_PLACE = frozenset({"name", "trainable", "dtype", "batch_input_shape", "input_shape", "batch_size", "activity_regularizer"})


def complete(model: Layer, writer: Writer) -> Layer:
    """The model with every argument that its writer knew and the file omits, at the writer's default.

    Files of Keras 3 are left as they are: what they omit means the same today.
    """
    if writer.era is Era.KERAS3:
        return model

    def fill(layer: Layer) -> Layer:
        if layer.operation or layer.graph is not None:
            return layer
        found = signature(layer.class_name, writer)
        if found is None:
            return layer
        missing: dict[str, Value] = {
            key: value
            for key, value in found.defaults.items()
            if key not in layer.config and key not in _PLACE and not isinstance(value, Missing)
        }
        return replace(layer, config={**missing, **layer.config}) if missing else layer

    return rebuild(model, fill)
