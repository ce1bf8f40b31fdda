"""A written file as its readers see it: opened by the installed stock Keras, and run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from .. import targets
from ..containers.base import NamedWeights
from ..document.model import Document, Layer
from ..document.walk import layers_of
from ..errors import describe_error
from ..tensors import Tensor
from .inputs import generate_inputs
from .numeric import compare_outputs, name_outputs, predict
from .objects import compare_objects
from .report import Check, EvidenceKind, Report
from .routes import ByGraph, compare_routes


def check_converted(
    document: Document,
    path: str,
    custom_objects: Mapping[str, object] | None = None,
    graph: ByGraph | None = None,
    objects: NamedWeights | None = None,
) -> Report:
    """Open the file at `path` with stock Keras in safe mode, run it on generated inputs, and compare with our live model.

    Args:
        document: what the file was written from.
        path: the file.
        custom_objects: the user's classes, where the file needs them.
        graph: the same model by the graph of its file, or why that cannot be opened.
        objects: the weights that `document` is of, where they are of a checkpoint that says whose they are a second time.

    Raises:
        TargetError: no backend is installed, or it cannot build `document`.
    """
    ours = targets.build(document, compile=False, custom_objects=custom_objects)
    import keras

    opens = f"stock Keras {keras.__version__} opens {path}"
    try:
        stock = keras.models.load_model(path, custom_objects=dict(custom_objects or {}) or None, safe_mode=True)
    except Exception as error:  # whatever stock Keras raises is the answer
        return Report((_fail(opens, error),))
    checks = [Check(opens, EvidenceKind.CROSS_CHECKED, True, whole=False)]
    checks += [compare_objects(document, ours, objects)] if objects is not None else []
    try:
        inputs = generate_inputs(ours)
        wanted = predict(ours, inputs)
    except Exception as error:  # some models take no inputs that can be made up (tables, indices)
        detail = f"no inputs could be generated: {describe_error(error)}"
        return Report((*checks, Check("outputs", EvidenceKind.UNWITNESSED, True, detail=detail)))
    what = f"outputs of {path}, run by stock Keras, equal those of the live model"
    try:
        checks.append(compare_outputs(what, EvidenceKind.CROSS_CHECKED, predict(stock, inputs), wanted, name_outputs(ours)))
    except Exception as error:  # it opens and does not run
        checks.append(_fail(what, error))
    if graph is not None:
        checks += compare_routes(document, inputs, wanted, graph)
    return Report(tuple(checks))


def _fail(what: str, error: Exception) -> Check:
    return Check(what, EvidenceKind.CROSS_CHECKED, False, None, describe_error(error))


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
