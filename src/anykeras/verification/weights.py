"""The first witness: read what was written, and compare every tensor with what was meant. No framework."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..document.model import Layer
from ..document.walk import layers_of
from ..tensors import Tensor
from .report import Check, EvidenceKind


def compare_weights(meant: Layer, written: Layer) -> Check:
    """Whether two models in the vocabulary of Keras 3 hold the same weights in the same layers, bit for bit."""
    wanted, found = list(_list_tensors(meant)), list(_list_tensors(written))
    what = f"all {len(wanted)} weight tensors identical"
    if [label for label, _ in wanted] != [label for label, _ in found]:
        differing = sorted({a for a, _ in wanted} ^ {b for b, _ in found})
        more = f" and {len(differing) - 5} more" if len(differing) > 5 else ""
        detail = f"weights that only one file has: {', '.join(differing[:5])}{more}"
        return Check(what, EvidenceKind.CROSS_CHECKED, False, None, detail)
    for (label, a), (_, b) in zip(wanted, found, strict=True):
        one, other = a.read(), b.read()
        if not np.array_equal(one, other, equal_nan=one.dtype.kind in "fc" and other.dtype.kind in "fc"):
            return Check(what, EvidenceKind.CROSS_CHECKED, False, None, f"the weight {label} differs")
    return Check(what, EvidenceKind.CROSS_CHECKED, True, 0.0)


def _list_tensors(model: Layer) -> Iterator[tuple[str, Tensor]]:
    for layer in sorted(layers_of(model), key=lambda layer: layer.name):
        for role in sorted(layer.weights):
            yield f"{layer.name}/{role}", layer.weights[role]
