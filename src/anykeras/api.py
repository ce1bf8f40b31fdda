"""The verbs. Each reads as a list of the steps that a file goes through:

sniff -> read -> parse -> migrate -> recover -> lower -> build | write -> verify
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from os import PathLike, fspath
from typing import TYPE_CHECKING, Any

from . import containers, custom, migrations, parse, recovery, targets
from . import verify as witnesses
from .containers.base import Raw
from .document.dump import summary
from .document.model import Document
from .errors import AnyKerasError
from .findings import Fidelity, Finding, worst
from .registry import Page, page
from .verify.numeric import Arrays
from .verify.report import Check, Evidence, Report

if TYPE_CHECKING:
    import keras

Path = str | PathLike[str]
Objects = custom.Objects


@dataclass(frozen=True)
class Opened:
    """A file brought to current Keras 3: what was in the box, what its writer meant, what it means now."""

    raw: Raw
    original: Document
    document: Document
    findings: tuple[Finding, ...]
    code: tuple[recovery.Recovered, ...] = ()
    given: custom.Given = field(default_factory=custom.Given)

    @property
    def fidelity(self) -> Fidelity:
        """The least faithful thing that was done."""
        return worst(self.findings)


@dataclass(frozen=True)
class Converted:
    """The outcome of :func:`convert`: the file written, who wrote the source, and all findings."""

    path: str
    opened: Opened

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What was found and done, in order."""
        return self.opened.findings

    @property
    def fidelity(self) -> Fidelity:
        """The least faithful thing that was done."""
        return self.opened.fidelity


def open_file(path: Path, custom_objects: Objects = None, *, weights: Path | None = None, native: bool = False) -> Opened:
    """Everything before a target is chosen: sniff, read, parse, migrate, recover. Runs nothing from the file.

    With `native`, what was given as `custom_objects` becomes native layers and operations where that can be.
    """
    raw = containers.open(fspath(path))
    extra = containers.open(fspath(weights)) if weights is not None else None
    writer = parse.era.infer(raw)
    given = custom.given(custom_objects, writer)
    return _brought(raw, parse.parse(raw, extra, custom.namesakes(given, writer)), given, native)


def _brought(raw: Raw, original: Document, given: custom.Given, native: bool = False) -> Opened:
    migrated, findings = migrations.migrate(original)
    prepared = custom.prepare(migrated, given, native)
    trace = custom.Adopter(given, native)
    recovered = recovery.recover(prepared.document, custom.functions(given.objects), trace)
    document, left_out = migrations.resolve_training(recovered.document, None if native else given.find)
    told = (*findings, *given.findings, *prepared.findings, *recovered.findings, *left_out)
    return Opened(raw, original, document, told, recovered.code, given)


def load_model(
    path: Path,
    custom_objects: Objects = None,
    compile: bool = True,  # the name that keras.models.load_model gives it
    safe_mode: bool = True,
    *,
    weights: Path | None = None,
) -> keras.Model:
    """A live Keras 3 model with the outputs that the file had when it was saved, on the running backend.

    Args:
        path: a model file of any Keras: HDF5, ``.keras``, JSON or YAML architecture.
        custom_objects: as in :func:`keras.models.load_model`; or the path of the source file that defined them, whose
            old imports are answered by :mod:`anykeras.compat`.
        compile: compile the model as the file says, where the current Keras can.
        safe_mode: accepted for compatibility. Code in the file is never run, whatever its value.
        weights: the weights file that goes with an architecture file.

    Raises:
        AnyKerasError: the file is refused; the message names the part, the layer and the reason.
    """
    opened = open_file(path, custom_objects, weights=weights)
    if compile:
        _warn(opened.findings)
    return targets.build(opened.document, compile=compile, objects=opened.given.offered(opened.document))


def _warn(findings: tuple[Finding, ...]) -> None:
    """Training that does not go on as it was is told where the model is used; outputs are right all the same."""
    for finding in findings:
        if finding.address.startswith("training/") and finding.fidelity in (Fidelity.APPROXIMATE, Fidelity.LOSSY):
            warnings.warn(f"[{finding.code}] {finding.seen}: {finding.done}", stacklevel=3)


def convert(
    src: Path,
    dst: Path,
    custom_objects: Objects = None,
    *,
    weights: Path | None = None,
    force: bool = False,
    target: str = targets.DEFAULT,
) -> Converted:
    """Write `src` as a ``.keras`` file that stock Keras opens in safe mode without custom objects.

    Imports no framework, unless `custom_objects` are given. `src` is only read; `dst` appears whole or not at all, and
    is replaced only with `force`.

    Raises:
        AnyKerasError: the file is refused, or `dst` exists.
    """
    opened = open_file(src, custom_objects, weights=weights, native=True)
    objects = opened.given.offered(opened.document)
    targets.write(opened.document, fspath(dst), target=target, force=force, objects=objects)
    return Converted(fspath(dst), opened)


@dataclass(frozen=True)
class Inspection:
    """What :func:`inspect` tells of a file."""

    opened: Opened | None
    raw: Raw
    original: Document
    refusal: AnyKerasError | None = None

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What was found; empty where the file is refused."""
        return self.opened.findings if self.opened is not None else ()

    @property
    def code(self) -> tuple[recovery.Recovered, ...]:
        """The functions of the file as Python text; where the file is refused, as far as they have one."""
        return self.opened.code if self.opened is not None else recovery.read(self.original)

    def as_dict(self) -> dict[str, Any]:
        """Everything as plain JSON values."""
        writer = self.original.writer
        return {
            "path": self.raw.match.path,
            "container": self.raw.match.name,
            "writer": {
                "library": writer.library,
                "version": writer.version,
                "era": str(writer.era),
                "backend": writer.backend,
                "data_format": writer.data_format,
                "evidence": [f"{e.where}: {e.says}" for e in writer.evidence],
            },
            "layers": summary(self.original.model),
            "notes": list(self.raw.notes),
            "leftovers": list(self.raw.leftovers),
            "code": [record.as_dict() for record in self.code],
            "findings": [finding.as_dict() for finding in self.findings],
            "refusal": str(self.refusal) if self.refusal is not None else None,
        }


def inspect(path: Path, *, weights: Path | None = None) -> Inspection:
    """Who wrote the file, its layers, and what bringing it to current Keras finds. Imports no framework.

    A file that cannot be brought to current Keras is still described; `refusal` then says why.

    Raises:
        AnyKerasError: the file is no model, or too damaged to describe.
    """
    raw = containers.open(fspath(path))
    extra = containers.open(fspath(weights)) if weights is not None else None
    original = parse.parse(raw, extra, custom.namesakes(custom.Given(), parse.era.infer(raw)))
    try:
        opened = _brought(raw, original, custom.Given())
        targets.lower(opened.document)
    except AnyKerasError as refusal:
        return Inspection(None, raw, original, refusal)
    return Inspection(opened, raw, original)


def stub(path: Path, *, weights: Path | None = None) -> str:
    """Python text with a class to fill in for every class that the file needs and does not hold; empty where none is.

    Filled in, the text is what ``custom_objects="my_layers.py"`` takes. Imports no framework.

    Raises:
        AnyKerasError: the file is no model, or too damaged to describe.
    """
    raw = containers.open(fspath(path))
    extra = containers.open(fspath(weights)) if weights is not None else None
    is_custom = custom.namesakes(custom.Given(), parse.era.infer(raw))
    migrated, _ = migrations.migrate(parse.parse(raw, extra, is_custom))
    return custom.stub(migrated, fspath(path))


def verify(a: Path, b: Path | None = None, *, recording: Path | None = None, weights: Path | None = None) -> Report:
    """Whether two files compute the same, or one file what was recorded; the report says by which evidence.

    Args:
        a: the file to trust or to test. It is opened by AnyKeras.
        b: the file made from it; read again, and run by stock Keras where it can open it.
        recording: an ``.npz`` with inputs ``in0..`` and the outputs ``out0..`` that the old stack gave.
        weights: the weights file, where `a` is an architecture.

    Raises:
        AnyKerasError: a file is refused, or no backend is installed.
    """
    first = open_file(a, weights=weights)
    model = targets.build(first.document, compile=False)
    checks: list[Check] = [witnesses.witnessed(record) for record in first.code]
    inputs, wanted = witnesses.recorded(fspath(recording)) if recording is not None else (None, None)
    inputs = inputs or witnesses.generated(model)
    outputs = witnesses.predict(model, inputs)
    if wanted is not None:
        checks.append(witnesses.compare(f"{a} against the recording", Evidence.WITNESSED, outputs, wanted))
    if b is not None:
        checks += _second(first, fspath(b), inputs, outputs, wanted)
    elif wanted is None:
        checks.append(Check(f"{a} runs", Evidence.UNWITNESSED, True))
    return Report(tuple(checks))


def _second(first: Opened, b: str, inputs: Arrays, outputs: Arrays, wanted: Arrays | None) -> list[Check]:
    second = open_file(b)
    checks = [witnesses.reread(first.document.model, second.document.model)]
    stock = witnesses.stock(b)
    route = "stock Keras" if stock is not None else "AnyKeras"
    model = stock if stock is not None else targets.build(second.document, compile=False)
    got = witnesses.predict(model, inputs)
    checks.append(witnesses.compare(f"{b} run by {route} against the first", Evidence.CROSS_CHECKED, got, outputs))
    if wanted is not None:
        checks.append(witnesses.compare(f"{b} run by {route} against the recording", Evidence.WITNESSED, got, wanted))
    return checks


def explain(code: str) -> Page | None:
    """The page of a finding's or error's code, or None for a code that does not exist."""
    return page(code)
