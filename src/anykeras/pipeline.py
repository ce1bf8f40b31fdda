"""The one line that every file goes through: read -> parse -> migrate -> resolve, and then a target lowers the document.

Each step takes what the one before gives. Nothing here runs a byte of the file or imports a framework.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from . import containers, custom, graphs, limits, matching, migrations, parse, recovery, shims, targets
from .containers.base import NamedWeights
from .custom import CustomObjectsSource as CustomObjectsSource
from .errors import AnyKerasError, Malformed, Unsupported

if TYPE_CHECKING:
    from . import programs
    from .containers.base import Raw
    from .document.model import Document
    from .findings import Finding

Path = str | os.PathLike[str]
Architecture = str | os.PathLike[str] | Any
"""A model file, a live Keras model, or a program that builds one: ``"model.py"``, ``"model.py:build(32)"``."""


@dataclass(frozen=True)
class Parsed:
    """A file in its writer's own vocabulary, and the objects that the user passed for it."""

    raw: Raw
    document: Document
    custom_objects: custom.CustomObjects
    weights: Raw | None = None  # weights of another writer than the architecture, which are not in the document yet
    selection: graphs.Selection = graphs.NOTHING


@dataclass(frozen=True)
class Migrated:
    """A file in the vocabulary of current Keras 3; names that Keras 3 does not have are still in it."""

    parsed: Parsed
    document: Document
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class Resolved:
    """A file of which every name and function is known to Keras 3, ready to be lowered."""

    document: Document
    findings: tuple[Finding, ...]
    code: tuple[recovery.Recovered, ...]


@dataclass(frozen=True)
class Candidate:
    """What a weights file may be with its architecture: `parse` gives the document, with ``bare=True`` without the weights.

    `noted` is what the program made, where it is one of several models that the program could mean.
    """

    parse: Callable[..., Parsed]
    noted: programs.Noted | None = None


def read(path: Path, weights: Path | None = None) -> Raw:
    """Everything in the box, or in the boxes of an architecture and its weights. Nothing of it is believed.

    Raises:
        MissingFile: there is no such file.
        AnyKerasError: it is no model file, is damaged, or asks for more than `anykeras.limits` allows.
    """
    with limits.spend_one():
        raw = containers.open(path)
        return raw if weights is None else raw.with_weights(containers.open(weights))


def parse_raw(raw: Raw, custom_objects: CustomObjectsSource = None, selection: graphs.Selection = graphs.NOTHING) -> Parsed:
    """The document as its writer meant it; who that was is found out here, once.

    A graph of operations is translated where there is no configuration, or where `selection` says what of it is meant.

    Raises:
        NotAModel: weights without an architecture.
        Malformed: the configuration contradicts itself.
        MissingObject: `custom_objects` names a source file that cannot be used.
        Unsupported: `selection` names something of a graph, and there is none.
    """
    if raw.graph is None and selection.stated:
        raise Unsupported(
            "AK3068",
            "the file holds no graph, of which a signature or tensors could be chosen",
            part=raw.match.path,
            next_step="Leave signature=, inputs= and outputs= out (--signature, --inputs, --outputs).",
        )
    if raw.graph is not None and (raw.architecture is None or selection.stated):
        document = graphs.translate(raw, selection)
        return Parsed(raw, document, custom.load_custom_objects(custom_objects, document.writer), selection=selection)
    with limits.spend(raw.budget):
        raw, weights = _take_apart(raw)
        writer = parse.era.infer(raw, shims.is_namesake)
        passed = custom.load_custom_objects(custom_objects, writer)
        try:
            document = parse.parse(raw, writer, custom.find_namesakes(passed, writer))
        except Malformed:
            if raw.apart is None or not isinstance(raw.weights, NamedWeights) or not raw.weights.scattered:
                raise
            alone, weights = raw.apart  # names differ: numbers and shapes may tell
            raw = replace(alone, weights_path=raw.weights_path, budget=raw.budget, data_format=raw.data_format)
            document = parse.parse(raw, writer, custom.find_namesakes(passed, writer))
        return Parsed(raw, document, passed, weights)


def _take_apart(raw: Raw) -> tuple[Raw, Raw | None]:
    """An architecture without its weights, and those, where they are of two writers."""
    if raw.apart is None:
        return raw, None
    alone, weights = raw.apart
    if alone.architecture is None or matching.find_conflict(weights, parse.era.infer(alone, shims.is_namesake)) is None:
        return raw, None
    return replace(alone, weights_path=raw.weights_path, budget=raw.budget), weights


def parse_candidates(
    weights: Path,
    architecture: Architecture,
    custom_objects: CustomObjectsSource = None,
    data_format: str | None = None,
    said: str | None = None,
) -> Iterator[Candidate]:
    """The documents that a weights file may be with the architecture that the user gives for it, the likeliest first.

    There is one, but for a program that leaves open where its images have their channels. Each is a function that parses
    it with the weights, or (``bare=True``) without them.

    Args:
        weights: the weights file.
        architecture: a model file, a live Keras model, or the source that builds one (`programs`), which is run.
        custom_objects: as for `parse_raw`.
        data_format: of the images in layers of a model file that do not write it.
        said: who wrote the weights, where the user says it.

    Raises:
        MissingFile: there is no such file.
        AnyKerasError: a file is refused, or the program cannot be run.
    """
    from . import programs  # loaded only where a program is given

    given = programs.read_given(os.fsdecode(architecture)) if isinstance(architecture, str | os.PathLike) else None
    if given is None and isinstance(architecture, str | os.PathLike):
        whole = read(architecture, weights)
        beside = whole.apart[1] if whole.apart is not None else whole
        whole = replace(whole, optimizer=beside.optimizer, slots=beside.slots, data_format=data_format)
        yield Candidate(lambda bare=False: parse_raw(replace(whole, weights=None) if bare else whole, custom_objects))
        return
    held = read(weights)
    with limits.spend(held.budget):
        if given is None:
            config, classes = programs.describe_live(architecture)
            match = containers.Match("live model", "", "given as architecture=")
            raw = containers.Raw(match, architecture=config, part="architecture")
            objects = {**classes, **_as_mapping(custom_objects)}
            yield Candidate(lambda bare=False: parse_raw(raw if bare else raw.with_weights(held), objects))
            return
        for noted in programs.note_program(given, held, said):
            several = noted if isinstance(noted, programs.Noted) and noted.choice else None
            yield Candidate(partial(_parse_noted, noted, held), several)


def _parse_noted(noted: programs.Noted | AnyKerasError, held: Raw, bare: bool = False) -> Parsed:
    if isinstance(noted, AnyKerasError):
        raise noted
    raw, passed = noted.as_raw() if bare else noted.with_weights(held), noted.custom_objects
    return Parsed(raw, parse.parse(raw, noted.writer, custom.find_namesakes(passed, noted.writer)), passed)


def slice_source(source: str, weights: Path | None = None) -> str:
    """What of a program would run as the architecture of weights, as text. Raises AnyKerasError."""
    from . import programs  # loaded only where a program is given

    given = programs.read_given(source) or programs.Given(source)
    return programs.slice_program(given, os.fsdecode(weights) if weights is not None else "").as_text()


def _as_mapping(custom_objects: CustomObjectsSource) -> dict[str, Any]:
    return dict(custom_objects) if isinstance(custom_objects, Mapping) else {}


def migrate(parsed: Parsed, skip_mismatch: bool = False) -> Migrated:
    """The document after the rules of every era; weights of another writer than the architecture are matched with it then.

    Raises:
        Unsupported: the document holds what Keras 3 cannot express.
        Malformed: arguments that no Keras writes, or weights of another model; not with `skip_mismatch`.
        Undecided: weights that fit in several ways.
    """
    with limits.spend(parsed.raw.budget):
        document, findings = migrations.migrate(parsed.document)
    if parsed.weights is not None:
        found = matching.match(parsed.weights, document, matching.Options(skip_mismatch=skip_mismatch, stated=True))
        document, findings = matching.fill_document(document, found), [*findings, *found.report.findings]
    return Migrated(parsed, document, tuple(findings))


def resolve(migrated: Migrated, native: bool = False) -> Resolved:
    """Names that Keras 3 does not have, and code, as layers and operations of Keras 3 or of the user.

    Args:
        migrated: the document in the vocabulary of Keras 3.
        native: what the user passed becomes native layers and operations where that can be, as a written file needs.

    Raises:
        MissingObject: classes or functions that are neither in the file nor in Keras 3 nor passed.
        Unsupported: code that cannot be expressed in operations of Keras 3.
    """
    with limits.spend(migrated.parsed.raw.budget):
        return _resolve(migrated, native)


def _resolve(migrated: Migrated, native: bool) -> Resolved:
    passed = migrated.parsed.custom_objects
    raw = migrated.parsed.raw
    traced = partial(graphs.defer_layer, raw) if raw.graph is not None and raw.graph.layers else None
    prepared = custom.prepare(migrated.document, passed, native, traced)
    trace = custom.Tracer(passed, native) if passed.named else None
    objects = custom.list_objects_for_code(passed.objects) if passed.objects else {}
    recovered = recovery.recover(prepared.document, objects, trace, lambda layer, site: graphs.lift_node(layer, site))
    document, faults = recovery.avoid_backend_faults(recovered.document)
    document, left_out = migrations.resolve_training(document, None if native else passed.find)
    document, untrusted = targets.omit_untrusted(document)
    found = (passed.findings, prepared.findings, recovered.findings, faults, left_out, untrusted)
    findings = (*migrated.findings, *(finding for step in found for finding in step))
    return Resolved(document, findings, recovered.code)
