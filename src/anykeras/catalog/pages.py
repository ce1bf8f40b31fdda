"""Documentation of the codes of this folder."""

from __future__ import annotations

from ..registry import Page, document

document(
    Page(
        "AK1290",
        "A reference in the graph leads nowhere",
        "A layer, an output or an input names a call of a layer that the model does not have.",
        "Without that call the model has no meaning; guessing another one would change its outputs.",
        example="inbound_nodes name ['dense_7', 0, 0] and the model has no layer dense_7.",
    ),
    Page(
        "AK1291",
        "The graph has a cycle",
        "A layer's input depends on the layer's own output.",
        "Keras never writes such a model; the file is damaged or was put together by hand.",
    ),
)
