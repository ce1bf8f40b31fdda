"""A whole verification: every witness that two documents, or one and a recording, have."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .. import targets
from ..containers.base import Kept, NamedWeights
from ..document.model import Document
from ..recovery import Recovered
from ..targets.output import open_output
from .converted import compare_weights
from .inputs import Arrays, check_inputs, generate_inputs, read_inputs, read_recording
from .numeric import compare_outputs, load_with_stock_keras, name_outputs, predict
from .objects import compare_objects
from .recovered import check_recovered
from .report import RTOL, Check, EvidenceKind, Report
from .routes import ByGraph, compare_routes

Path = str | os.PathLike[str]


@dataclass(frozen=True)
class NamedDocument:
    """A document, the path it was read from, and the user's objects that it needs."""

    path: str
    document: Document
    custom_objects: Mapping[str, Any] | None = None

    def build(self) -> Any:
        """The live model. Raises TargetError."""
        return targets.build(self.document, compile=False, custom_objects=self.custom_objects)


def verify_documents(
    first: NamedDocument,
    second: NamedDocument | None = None,
    *,
    recovered: Sequence[Recovered] = (),
    recording: Path | None = None,
    inputs: Path | None = None,
    tolerance: float = RTOL,
    record: Path | None = None,
    graph: ByGraph | None = None,
    kept: Kept | None = None,
    objects: NamedWeights | None = None,
) -> Report:
    """Run `first`, compare it with the file `second` and with a `recording`, as far as they are given.

    Args:
        first: the model to trust or to test, in the vocabulary of Keras 3.
        second: the model made from it. Stock Keras runs its file where it can, AnyKeras where not.
        recovered: functions found in the first file; each is checked by itself.
        graph: the same model by another route, the graph of its file, or why that cannot be opened.
        recording: the path of an ``.npz`` with inputs ``in0..`` and outputs ``out0..`` of the old stack.
        inputs: the path of an ``.npz`` with what to run the models on, where there is no recording.
        tolerance: a number agrees within ``tolerance * (0.1 + |wanted|)``.
        record: where to write inputs and outputs of `first` as a recording.
        objects: the weights of the first file, where they are of a checkpoint that says whose they are a second time.
        kept: what `anykeras.save_model` left in the first file; its recording counts where nothing else is given.

    Raises:
        MissingFile, NotAModel, Malformed: the recording or the inputs do not exist, or are none.
        Unsupported: recorded or passed inputs do not fit a model.
        TargetError: no backend is installed, or it cannot build the model.
    """
    model = first.build()
    checks = [check_recovered(function) for function in recovered]
    checks += [_compare_hashes(kept)] if kept is not None else []
    checks += [compare_objects(first.document, model, objects)] if objects is not None else []
    arrays, wanted, source = _choose_inputs(model, first.path, recording, inputs, kept)
    check_inputs(arrays, model, first.path, source)
    outputs = predict(model, arrays)
    names = name_outputs(model)
    if record is not None:
        sources = [first.path, *([second.path] if second is not None else [])]
        _write_recording(os.fsdecode(record), arrays, outputs, sources)
    if wanted is not None:
        what = f"outputs of {first.path} equal the recording"
        checks.append(compare_outputs(what, EvidenceKind.WITNESSED, outputs, wanted, names, tolerance))
    if second is not None:
        checks.append(replace(compare_weights(first.document.model, second.document.model), whole=False))
        checks += _compare_second(second, arrays, source, outputs, wanted, names, tolerance)
    if graph is not None:
        checks += compare_routes(first.document, arrays, outputs, graph)
    elif second is None and wanted is None and objects is None:
        detail = "it runs, but there is nothing to compare with: give a second file, a recording, or several backends"
        checks.append(Check(first.path, EvidenceKind.UNWITNESSED, True, detail=detail))
    return Report(tuple(checks))


def _compare_hashes(kept: Kept) -> Check:
    """Whether the members of a kept file are those that were written."""
    changed = kept.find_changed()
    detail = f"changed since the file was saved: {', '.join(changed)}" if changed else ""
    what = "every part of the file is as it was saved"
    return Check(what, EvidenceKind.CROSS_CHECKED, not changed, None, detail, whole=False)


def _choose_inputs(
    model: object, file: str, recording: Path | None, inputs: Path | None, kept: Kept | None
) -> tuple[Arrays, Arrays | None, str]:
    """What to run on, the recorded outputs where there are any, and where both are from."""
    if recording is not None:
        path = os.fsdecode(recording)
        return *read_recording(path), path
    if inputs is not None:
        path = os.fsdecode(inputs)
        return read_inputs(path, model), None, path
    if kept is not None and kept.recording is not None:
        name = kept.recording.name
        return *read_recording(name, kept.recording.read()), name
    return generate_inputs(model), None, f"what is made up for {file}"


def _compare_second(
    second: NamedDocument,
    inputs: Arrays,
    source: str,
    outputs: Arrays,
    wanted: Arrays | None,
    names: Sequence[str],
    tolerance: float,
) -> list[Check]:
    model: Any = load_with_stock_keras(second.path)
    route = "stock Keras" if model is not None else "AnyKeras"
    model = model if model is not None else second.build()
    check_inputs(inputs, model, second.path, source)
    got = predict(model, inputs)
    ran = f"outputs of {second.path}, run by {route},"
    checks = [
        compare_outputs(f"{ran} equal those of the first file", EvidenceKind.CROSS_CHECKED, got, outputs, names, tolerance)
    ]
    if wanted is not None:
        checks.append(compare_outputs(f"{ran} equal the recording", EvidenceKind.WITNESSED, got, wanted, names, tolerance))
    return checks


def _write_recording(path: str, inputs: Arrays, outputs: Arrays, sources: Sequence[str]) -> None:
    named = {f"in{i}": array for i, array in enumerate(inputs)} | {f"out{i}": array for i, array in enumerate(outputs)}
    with open_output(path, force=False, sources=sources, suffixes=(".npz",)) as file:
        np.savez(file, **{name: _without_objects(array) for name, array in named.items()})


def _without_objects(array: Any) -> Any:
    """Text as an archive holds it without a pickle."""
    if array.dtype.kind != "O":
        return array
    decode = np.vectorize(lambda item: item.decode("utf8", "replace") if isinstance(item, bytes) else str(item), otypes=[str])
    return decode(array)
