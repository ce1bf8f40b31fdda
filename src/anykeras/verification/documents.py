"""A whole verification: every witness that two documents, or one and a recording, have."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from .. import targets
from ..document.model import Document
from ..recovery import Recovered
from .numeric import Arrays, compare_outputs, generate_inputs, load_with_stock_keras, predict, read_recording
from .recovered import check_recovered
from .report import Check, EvidenceKind, Report
from .weights import compare_weights

Named = tuple[str, Document]
"""A document and the path it was read from."""


def verify_documents(
    first: Named,
    second: Named | None = None,
    *,
    recovered: Sequence[Recovered] = (),
    recording: str | os.PathLike[str] | None = None,
) -> Report:
    """Run `first`, compare it with the file `second` and with a `recording`, as far as they are given.

    Args:
        first: the model to trust or to test, in the vocabulary of Keras 3.
        second: the model made from it. Stock Keras runs its file where it can, AnyKeras where not.
        recovered: functions found in the first file; each is checked by itself.
        recording: the path of an ``.npz`` with inputs ``in0..`` and outputs ``out0..`` of the old stack.

    Raises:
        MissingFile, NotAModel, Malformed: the recording does not exist, or is none.
        TargetError: no backend is installed, or it cannot build the model.
    """
    path, document = first
    model = targets.build(document, compile=False)
    checks = [check_recovered(record) for record in recovered]
    inputs, wanted = read_recording(os.fsdecode(recording)) if recording is not None else (generate_inputs(model), None)
    outputs = predict(model, inputs)
    if wanted is not None:
        checks.append(compare_outputs(f"outputs of {path} equal the recording", EvidenceKind.WITNESSED, outputs, wanted))
    if second is not None:
        checks.append(compare_weights(document.model, second[1].model))
        checks += _compare_second(second, inputs, outputs, wanted)
    elif wanted is None:
        checks.append(Check(path, EvidenceKind.UNWITNESSED, True, detail="it runs, but there is nothing to compare with"))
    return Report(tuple(checks))


def _compare_second(second: Named, inputs: Arrays, outputs: Arrays, wanted: Arrays | None) -> list[Check]:
    path, document = second
    model: Any = load_with_stock_keras(path)
    route = "stock Keras" if model is not None else "AnyKeras"
    model = model if model is not None else targets.build(document, compile=False)
    got = predict(model, inputs)
    what = f"outputs of {path}, run by {route}, equal those of the first file"
    checks = [compare_outputs(what, EvidenceKind.CROSS_CHECKED, got, outputs)]
    if wanted is not None:
        what = f"outputs of {path}, run by {route}, equal the recording"
        checks.append(compare_outputs(what, EvidenceKind.WITNESSED, got, wanted))
    return checks
