"""Documentation of the codes of this folder."""

from __future__ import annotations

from ..registry import Page, document

document(
    Page(
        "AK5010",
        "A base class that is not one layer any more",
        "A class derives from a built-in layer that Keras 3 expresses by several layers, or calls its old constructor.",
        "What the class overrides would have no place.",
        changes="Nothing is made; write the class over keras.layers.Layer.",
    ),
)
