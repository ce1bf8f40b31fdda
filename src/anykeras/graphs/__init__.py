"""Graphs of TensorFlow as models of native Keras operations, without TensorFlow.

``translate(raw, selection)`` gives a `Document` in the vocabulary of Keras 3: inputs under the names of the signature, nodes
of ``keras.ops``, and every variable as a weight that trains as it did. A weight is the one row of an Embedding whose tensor
has the name of its variable as `origin` (see :mod:`.writer`).
"""

from typing import TYPE_CHECKING

from ..lazily import load_lazily
from .selection import NOTHING, Selection

if TYPE_CHECKING:
    from .effects import OutsideEffect, classify, list_effects
    from .layers import defer_layer
    from .numbers import NumberGraph
    from .op_layers import lift_node
    from .signatures import GraphSignature, Port, list_signatures
    from .translation import describe, translate
else:
    __getattr__ = load_lazily(
        __name__,
        {
            "effects": "OutsideEffect classify list_effects",
            "signatures": "GraphSignature Port list_signatures",
            "translation": "describe translate",
            "layers": "defer_layer",
            "numbers": "NumberGraph",
            "op_layers": "lift_node",
        },
    )

__all__ = [
    "NOTHING",
    "GraphSignature",
    "NumberGraph",
    "OutsideEffect",
    "Port",
    "Selection",
    "classify",
    "defer_layer",
    "describe",
    "lift_node",
    "list_effects",
    "list_signatures",
    "translate",
]  # fmt: skip
