"""Two routes into one SavedModel.

Its Keras configuration and the graph of its signature share no code but readers. Where a file is a graph alone, or has a layer
out of its graph, the second route computes the graph by NumPy: both have the table of what an op means in common, and no more.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import targets
from ..document.graph import list_refs
from ..document.model import Document
from ..errors import AnyKerasError
from ..graphs import NumberGraph
from .inputs import Arrays
from .numeric import compare_outputs, predict
from .report import RTOL, Check, EvidenceKind

HALF_TOLERANCE = 4e-3  # of models that compute in 16 bits (page AK2296)
WHAT = "outputs by the configuration equal those by the graph of the signature"
BY_NUMBERS = (
    "outputs equal those of the graph of the signature computed node by node in NumPy (both routes read what an op means from "
    "one table; layers, folding, lowering and Keras are in the first alone)"
)
_NAMES = "inputs or outputs of the graph have other names than those of the configuration"
ByGraph = Document | AnyKerasError | NumberGraph


def compare_routes(document: Document, inputs: Arrays, outputs: Arrays, graph: ByGraph) -> list[Check]:
    """Outputs of both routes compared, with the largest difference of each.

    Args:
        document: the model by its configuration.
        inputs, outputs: what it was called on, and gave.
        graph: the model by its graph, or why there is none; then nothing is concluded. Or the graph itself.
    """
    if isinstance(graph, NumberGraph):
        return [_compare_numbers(document, inputs, outputs, graph)]
    if isinstance(graph, AnyKerasError):
        return [_open_question(f"the graph cannot be translated: {graph.seen} [{graph.code}]")]
    model = targets.build(graph, compile=False)
    given = _pair(_list_input_names(document), inputs, [_name(tensor) for tensor in model.inputs])
    names = _list_output_names(graph)
    wanted = _pair(_list_output_names(document), outputs, names)
    if given is None or wanted is None:
        return [_open_question(_NAMES)]
    cast = [array.astype(str(tensor.dtype)) for array, tensor in zip(given, model.inputs, strict=True)]
    found = predict(model, cast)
    return [compare_outputs(WHAT, EvidenceKind.CROSS_CHECKED, wanted, found, names, _find_tolerance(graph))]


def _compare_numbers(document: Document, inputs: Arrays, outputs: Arrays, graph: NumberGraph) -> Check:
    """Outputs compared with those of the graph computed on numbers."""
    try:
        given = _pair(_list_input_names(document), inputs, [port.name.replace("/", "_") for port in graph.ports()])
        found = graph.run(given) if given is not None else {}
    except AnyKerasError as error:
        return _open_question(f"the graph cannot be computed on numbers: {error.seen} [{error.code}]")
    names = sorted(found)
    wanted = _pair(_list_output_names(document), outputs, names)
    if given is None or wanted is None:
        return _open_question(_NAMES)
    return compare_outputs(
        BY_NUMBERS, EvidenceKind.CROSS_CHECKED, wanted, [found[name] for name in names], names, _find_tolerance(document)
    )


def _find_tolerance(document: Document) -> float:
    return HALF_TOLERANCE if any(finding.code == "AK2296" for finding in document.findings) else RTOL


def _open_question(detail: str) -> Check:
    return Check("the graph of the signature", EvidenceKind.UNWITNESSED, True, detail=detail)


def _name(tensor: Any) -> str:
    return str(tensor.name).partition(":")[0]


def _list_input_names(document: Document) -> list[str]:
    graph = document.model.graph
    return [ref.layer for ref in list_refs(graph.inputs)] if graph is not None else []


def _list_output_names(document: Document) -> list[str]:
    """The names of outputs in the order in which a model gives them: a mapping by its keys."""
    outputs = document.model.graph.outputs if document.model.graph is not None else ()
    return sorted(outputs) if isinstance(outputs, dict) else [ref.layer for ref in list_refs(outputs)]


def _pair(names: Sequence[str], arrays: Arrays, wanted: Sequence[str]) -> list[np.ndarray] | None:
    """The arrays in another order of their names; None where names do not say it."""
    if len(arrays) == len(wanted) == 1:
        return list(arrays)
    by_name = dict(zip(names, arrays, strict=False))
    return [by_name[name] for name in wanted] if sorted(by_name) == sorted(wanted) and len(arrays) == len(names) else None
