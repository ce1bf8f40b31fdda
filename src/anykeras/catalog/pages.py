"""Documentation of the codes of this folder."""

from __future__ import annotations

from ..registry import Page, document

document(
    Page(
        "AK1290",
        "The graph refers to a call that does not exist",
        "A layer, an output or an input names a call of a layer that the model does not have.",
        "Guessing another one would change predictions.",
        example="inbound_nodes name ['dense_7', 0, 0] and the model has no layer dense_7.",
    ),
    Page(
        "AK1291",
        "Cycle in the layer graph",
        "A layer's input depends on the layer's own output.",
        "No Keras can build such a model, and none writes one.",
        "Check whether the architecture was edited by hand.",
    ),
)
