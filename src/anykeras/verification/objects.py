"""A checkpoint beside its architecture: its tensors a second time, by the attributes of the objects that held them.

A checkpoint says of a tensor twice whose it is: by the name of the variable (``dense/kernel``), which reading goes by, and by
the way from the model to it (``layer_with_weights-0/kernel``). Here the second way is gone, along the attributes of the live
model; of the first it has only the order of layers in the architecture.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..containers.base import NamedWeights, Raw
from ..document.model import Document
from ..targets.live_paths import END, follow
from ..tensors import Tensor
from .report import Check, EvidenceKind


def find_objects(raw: Raw) -> NamedWeights | None:
    """The weights of a checkpoint beside its architecture, where the keys of its tensors tell the objects."""
    weights = raw.apart[1] if raw.apart is not None else None
    held = weights.weights if weights is not None and weights.match.name == "checkpoint" else None
    if not isinstance(held, NamedWeights):
        return None
    return held if any(tensor.origin.endswith(END) for _, tensor in _list_tensors(held)) else None


def compare_objects(document: Document, model: Any, weights: NamedWeights) -> Check:
    """Whether every weight of a live model is the tensor that the objects of a checkpoint say, bit for bit."""
    left = {id(variable): str(variable.path) for variable in model.weights}
    what = (
        f"all {len(left)} weights are the tensors to which the objects of the checkpoint lead (reading went by names and order)"
    )
    for name, tensor in _list_tensors(weights):
        variable = follow(model, tensor.origin.removesuffix(END), document.model)
        if variable is None or id(variable) not in left:
            continue
        wanted, found = tensor.read(), np.asarray(_list_numbers(variable))
        if wanted.shape != found.shape:
            continue  # the layer keeps it otherwise today
        if not np.array_equal(wanted, found, equal_nan=wanted.dtype.kind == "f"):
            detail = f"the weight {left[id(variable)]} is not the tensor {tensor.origin.removesuffix(END)} of the checkpoint"
            return Check(what, EvidenceKind.CROSS_CHECKED, False, None, f"{detail}, which is called {name}")
        del left[id(variable)]
    if left:
        detail = f"no object of the checkpoint leads to: {', '.join(sorted(left.values())[:5])}"
        return Check("the objects of the checkpoint", EvidenceKind.UNWITNESSED, True, detail=detail)
    return Check(what, EvidenceKind.CROSS_CHECKED, True, 0.0)


def _list_tensors(weights: NamedWeights) -> Iterator[tuple[str, Tensor]]:
    """Each tensor once, by its origin."""
    found = {tensor.origin: (name, tensor) for group in weights.groups for name, tensor in group.weights}
    yield from found.values()


def _list_numbers(variable: object) -> Any:
    import keras

    return keras.ops.convert_to_numpy(variable)
