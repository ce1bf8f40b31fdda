"""What a page shows of a file, as plain JSON values. Nothing here is markup but the pages of AnyKeras' own codes."""

from __future__ import annotations

from importlib.metadata import version

import numpy as np

from ..auditing import Audit
from ..document.model import Document, Layer
from ..document.walk import dump, layers_of
from ..errors import AnyKerasError
from ..findings import Finding
from ..opened import Inspection, list_fidelities
from ..pages import find_page
from ..tensors import Tensor
from ..weights_only import WeightsInspection, list_saved_layers
from .drawing import draw

BINS = 24
"""Columns of the histogram of a weight."""
_HIDDEN = ("name", "graph", "weights")


def describe(found: Inspection | WeightsInspection, audit: Audit, stats: bool = False) -> dict[str, object]:
    """Everything of a page.

    Args:
        found: the file as it was inspected.
        audit: what it would do if Keras loaded it.
        stats: read every weight, for its least, mean and greatest value and a histogram.
    """
    shared = {
        "path": found.raw.match.path,
        "version": version("anykeras"),
        "container": found.raw.match.name,
        "refusal": str(found.refusal) if found.refusal is not None else None,
        "audit": audit.as_dict(),
        "findings": [_describe_finding(finding) for finding in found.findings],
    }
    if isinstance(found, WeightsInspection):
        return {**shared, **_describe_weights(found)}
    return {**shared, **_describe_model(found, stats)}


def _describe_model(found: Inspection, stats: bool) -> dict[str, object]:
    original, opened = found.original, found.opened
    code = [record.as_dict() for record in found.code]
    today = opened.document if opened is not None else None
    return {
        "writer": str(original.writer),
        "evidence": original.writer.as_dict()["evidence"],
        "fidelity": list_fidelities(opened) if opened is not None else None,
        "drawing": draw((today or original).model) if (today or original).model.graph is not None else None,
        "layers": _describe_layers(original, today, stats),
        "code": code,
        "notes": [*found.raw.notes, *(f"not used: {name}" for name in found.raw.leftovers)],
    }


def _describe_weights(found: WeightsInspection) -> dict[str, object]:
    rows = [
        {"address": name.strip(), "class": f"{words} {widths}".strip(), "before": {"weights": held}, "after": [], "weights": []}
        for name, words, widths, held in list_saved_layers(found)
    ]
    return {
        "writer": str(found.writer),
        "evidence": found.writer.as_dict()["evidence"],
        "fidelity": None,
        "drawing": None,
        "layers": rows,
        "code": [],
        "notes": ["Weights alone: the file does not say how its layers are connected."],
    }


def _describe_finding(finding: Finding) -> dict[str, object]:
    page = find_page(finding.code)
    return {**finding.as_dict(), "title": page.title if page is not None else ""}


def _describe_layers(original: Document, today: Document | None, stats: bool) -> list[dict[str, object]]:
    """A row for each layer of the writer: how the file has it, and what it is in Keras 3."""
    after: dict[str, list[Layer]] = {}
    for layer in layers_of(today.model) if today is not None else ():
        after.setdefault(layer.address or layer.name, []).append(layer)
    rows = []
    for layer in layers_of(original.model):
        address = layer.address or layer.name
        rows.append(
            {
                "address": address,
                "class": layer.class_name,
                "operation": layer.operation,
                "before": _arguments(layer),
                "after": [_describe_layer(new) for new in after.get(address, ())],
                "weights": [_describe_tensor(role, tensor, stats) for role, tensor in layer.weights.items()],
            }
        )
    return rows


def _describe_layer(layer: Layer) -> dict[str, object]:
    return {"class": layer.class_name, "name": layer.name, "config": _arguments(layer)}


def _arguments(layer: Layer) -> dict[str, object]:
    """The arguments of a layer; models and layers inside it by their class and name, for they have rows of their own."""
    return {
        key: f"{value.class_name} {value.name!r}" if isinstance(value, Layer) else dump(value)
        for key, value in layer.config.items()
        if key not in _HIDDEN
    }


def _describe_tensor(role: str, tensor: Tensor, stats: bool) -> dict[str, object]:
    row: dict[str, object] = {"role": role, "shape": list(tensor.shape), "dtype": tensor.dtype}
    if not stats or not tensor.size:
        return row
    try:
        values = np.asarray(tensor.read()).astype("float64").ravel()
    except (AnyKerasError, TypeError, ValueError) as error:
        return {**row, "unread": str(error)}
    finite = values[np.isfinite(values)]
    row["not_finite"] = int(values.size - finite.size)
    if finite.size:
        counts, _ = np.histogram(finite, BINS)
        row |= {"min": float(finite.min()), "mean": float(finite.mean()), "max": float(finite.max()), "bins": counts.tolist()}
    return row
