"""From a path to an opened file, along `pipeline`: a whole model, an architecture with its weights, or weights alone."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from . import graphs, matching, pipeline, targets, weights_only
from .errors import AnyKerasError, Malformed, MissingObject, Undecided, Unsupported
from .findings import Affects, Fidelity, Finding
from .opened import Opened, open_migrated
from .pipeline import Architecture, CustomObjectsSource, Path

if TYPE_CHECKING:
    from .containers.base import Raw


def open_file(
    path: Path,
    custom_objects: CustomObjectsSource = None,
    weights: Path | None = None,
    native: bool = False,
    skip_mismatch: bool = False,
    architecture: Architecture | None = None,
    selection: graphs.Selection = graphs.NOTHING,
    data_format: str | None = None,
) -> Opened:
    """Everything before a target is chosen. Raises AnyKerasError."""
    matching.Options(data_format=data_format)  # refuses what is none
    if architecture is not None:
        if weights is not None:
            raise Undecided(
                "AK1313",
                "weights= and architecture= were both given",
                key="weights",
                next_step="`path` holds the weights where architecture= is given; leave weights= out.",
            )
        return _open_weights(path, architecture, custom_objects, native, skip_mismatch, data_format)
    raw = replace(pipeline.read(path, weights), data_format=data_format)
    found: list[Finding] = []
    if raw.architecture is None and raw.weights is not None:
        raw, *found = weights_only.read_beside(raw)
    if raw.graph is not None and raw.architecture is not None and not selection.stated:
        return _open_either(raw, custom_objects, native, skip_mismatch)
    opened = _open_raw(raw, custom_objects, native, skip_mismatch, selection, found)
    return opened.renew_misfits() if skip_mismatch else opened


def _open_raw(
    raw: Raw,
    custom_objects: CustomObjectsSource,
    native: bool,
    skip_mismatch: bool,
    selection: graphs.Selection = graphs.NOTHING,
    found: Sequence[Finding] = (),
) -> Opened:
    parsed = pipeline.parse_raw(raw, custom_objects, selection)
    if found:
        parsed = replace(parsed, document=replace(parsed.document, findings=(*found, *parsed.document.findings)))
    return open_migrated(pipeline.migrate(parsed, skip_mismatch), native)


def _open_either(raw: Raw, custom_objects: CustomObjectsSource, native: bool, skip_mismatch: bool) -> Opened:
    """A SavedModel by its Keras configuration; by its graph where that is refused, and the graph is not. Raises the refusal."""
    try:
        opened = _open_raw(raw, custom_objects, native, skip_mismatch)
        targets.lower(opened.document)
        return opened.renew_misfits() if skip_mismatch else opened
    except (MissingObject, Unsupported, Malformed) as refusal:
        seen = f"the Keras configuration cannot be used: {refusal.seen} [{refusal.code}]"
        done = (
            "opened by the graph of its signature, so layers that act in training alone and the state of training are left out"
        )
        said = Finding("AK3071", "model", seen, done, Fidelity.LOSSY, Affects.TRAINING)
        try:
            return _open_raw(raw, custom_objects, native, False, graphs.Selection(_list_usual(raw)), [said])
        except AnyKerasError:
            raise refusal from None


def _list_usual(raw: Raw) -> str | None:
    """The signature that is meant where none is named."""
    return next(iter(raw.graph.signatures), None) if raw.graph is not None else None


def _open_weights(
    path: Path,
    architecture: Architecture,
    custom_objects: CustomObjectsSource,
    native: bool,
    skip_mismatch: bool,
    data_format: str | None,
) -> Opened:
    """Weights with their architecture: the first candidate that they fit. Raises AnyKerasError, that of the likeliest.

    With `skip_mismatch` the likeliest gets what fits it, where all of it fits none.
    """
    refusal: AnyKerasError | None = None
    candidates = list(pipeline.parse_candidates(path, architecture, custom_objects, data_format))
    for parsed in candidates:
        try:
            opened = open_migrated(pipeline.migrate(parsed()), native)
            targets.lower(opened.document)
            return opened
        except AnyKerasError as error:
            refusal = refusal or error
        try:
            return _match_bare(path, open_migrated(pipeline.migrate(parsed(bare=True)), native))
        except AnyKerasError:
            continue  # the first reason is that of the likeliest
    assert refusal is not None
    if skip_mismatch:
        return _match_bare(path, open_migrated(pipeline.migrate(candidates[0](bare=True)), native), skip_mismatch)
    raise refusal


def _match_bare(path: Path, bare: Opened, skip_mismatch: bool = False) -> Opened:
    """An architecture with the weights that belong into it by proof, where their names or their time differ."""
    found = match_file(path, bare, matching.Options(skip_mismatch=skip_mismatch))
    opened = replace(bare, document=matching.fill_document(bare.document, found))
    opened = replace(opened, findings=(*opened.findings, *found.report.findings))
    opened = opened.renew_misfits() if skip_mismatch else opened
    targets.lower(opened.document)
    return opened


def match_into(path: Path, into: Path, options: matching.Options, native: bool = False) -> tuple[Opened, matching.Match]:
    """A model, of a file or of the program that builds it, and the weights of another file matched with it.

    Raises AnyKerasError, for a program that leaves several models open that of the likeliest.
    """
    refusal: AnyKerasError | None = None
    for opened in _open_into(path, into, native, options.writer):
        try:
            return opened, match_file(path, opened, options)
        except AnyKerasError as error:
            refusal = refusal or error
    assert refusal is not None
    raise refusal


def _open_into(path: Path, into: Path, native: bool, said: str | None) -> Iterator[Opened]:
    from . import programs  # loaded only where a program is given

    if programs.read_given(os.fsdecode(into)) is None:
        yield open_file(into, native=native)
        return
    for parsed in pipeline.parse_candidates(path, into, said=said):
        yield open_migrated(pipeline.migrate(parsed(bare=True)), native)


def match_file(path: Path, opened: Opened, options: matching.Options) -> matching.Match:
    """The weights of a file matched with an opened model. One of another time does not state their defaults."""
    raw = pipeline.read(path)
    writer = matching.writer_of_weights(raw, options.writer) if raw.weights is not None else None
    of_its_time = writer is not None and matching.describe_conflict(opened.original.writer, writer) is None
    return matching.match(raw, opened.document, replace(options, stated=of_its_time))
