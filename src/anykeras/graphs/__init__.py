"""Graphs of TensorFlow as models of native Keras operations, without TensorFlow.

``translate(raw, selection)`` gives a `Document` in the vocabulary of Keras 3: inputs under the names of the signature, nodes
of ``keras.ops``, and every variable as a weight that trains as it did. A weight is the one row of an Embedding whose tensor
has the name of its variable as `origin` (see :mod:`.writer`).
"""

from __future__ import annotations

from .signatures import NOTHING, GraphSignature, Port, Selection, list_signatures
from .translation import translate

__all__ = ["NOTHING", "GraphSignature", "Port", "Selection", "list_signatures", "translate"]
