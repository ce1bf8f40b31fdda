"""Documentation of the codes of this folder."""

from __future__ import annotations

from ..registry import Page, document

document(
    Page(
        "AK5010",
        "The base class is not a single layer in Keras 3",
        "A custom class derives from a built-in layer that Keras 3 has no single layer for, or overrides a method that Keras 3 does not"
        " call.",
        "What the class overrides would never run, and the outputs would be wrong.",
        changes="The model is not opened. Derive the class from keras.layers.Layer instead and pass it in custom_objects.",
    ),
)
