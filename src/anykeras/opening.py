"""From a path to an opened file, along `pipeline`: a whole model, an architecture with its weights, or weights alone."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from . import graphs, matching, pipeline, weights_only
from .errors import AnyKerasError, Malformed, MissingObject, Undecided, Unsupported
from .findings import Affects, Fidelity, Finding
from .opened import Opened, open_migrated
from .pipeline import Architecture, CustomObjectsSource, Path

if TYPE_CHECKING:
    from . import programs
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
        opened = _open_raw(raw, custom_objects, native, skip_mismatch).lower()
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
    """Weights with their architecture: the first candidate that they fit, where a program makes several models the only one.

    With `skip_mismatch` the likeliest gets what fits it, where all of it fits none.

    Raises:
        AnyKerasError: they fit none, which that of the likeliest says, or several models.
    """
    refusal: AnyKerasError | None = None
    first: pipeline.Candidate | None = None
    fitting: list[tuple[programs.Noted, Opened]] = []
    for candidate in pipeline.parse_candidates(path, architecture, custom_objects, data_format):
        first, noted = first or candidate, candidate.noted
        if noted is not None and any(noted.is_choice(other) for other, _ in fitting):
            continue  # another place of the channels
        try:
            opened = _open_candidate(path, candidate, native)
        except AnyKerasError as error:
            refusal = refusal or error
            continue
        if noted is None:
            return opened if not fitting else _take_only(fitting)
        fitting.append((noted, opened))
    if fitting:
        return _take_only(fitting)
    assert refusal is not None and first is not None
    if skip_mismatch:
        return _match_bare(path, _open_bare(first, native), skip_mismatch)
    raise refusal


def _open_candidate(path: Path, candidate: pipeline.Candidate, native: bool) -> Opened:
    """One model with the weights. Raises AnyKerasError where they are not its own."""
    try:
        return open_migrated(pipeline.migrate(candidate.parse()), native).lower()
    except AnyKerasError as refusal:
        try:
            return _match_bare(path, _open_bare(candidate, native))
        except AnyKerasError:
            raise refusal from None  # the first reason is that of the likeliest


def _take_only(fitting: Sequence[tuple[programs.Noted, Opened]]) -> Opened:
    """The one model of a program that the weights fit. Raises MissingObject where they fit several."""
    noted, opened = fitting[0]
    _require_one([one for one, _ in fitting])
    seen = f"{os.path.basename(noted.sliced.given.path)} makes several models, and the weights fit {noted.choice} alone"
    said = Finding("AK1328", "model", seen, "that one is taken", Fidelity.EXACT)
    return replace(opened, findings=(*opened.findings, said))


def _require_one(fitting: Sequence[programs.Noted]) -> None:
    differing = [one for i, one in enumerate(fitting) if not any(one.is_same(other) for other in fitting[:i])]
    if len(differing) > 1:
        path = fitting[0].sliced.given.path
        calls = ", ".join(f"{path}:{one.choice}" for one in differing[:5])
        seen = f"the weights fit {len(differing)} models that {os.path.basename(path)} makes"
        raise MissingObject("AK1327", seen, part=path, next_step=f"Say which is meant: {calls}.")


def _match_bare(path: Path, bare: Opened, skip_mismatch: bool = False) -> Opened:
    """An architecture with the weights that belong into it by proof, where their names or their time differ."""
    found = match_file(path, bare, matching.Options(skip_mismatch=skip_mismatch))
    opened = replace(bare, document=matching.fill_document(bare.document, found))
    opened = replace(opened, findings=(*opened.findings, *found.report.findings))
    return (opened.renew_misfits() if skip_mismatch else opened).lower()


def match_into(path: Path, into: Path, options: matching.Options, native: bool = False) -> tuple[Opened, matching.Match]:
    """A model, of a file or of the program that builds it, and the weights of another file matched with it.

    Raises AnyKerasError, for a program that leaves several models open that of the likeliest.
    """
    refusal: AnyKerasError | None = None
    fitting: list[tuple[programs.Noted, tuple[Opened, matching.Match]]] = []
    for noted, open_one in _open_into(path, into, native, options.writer):
        try:
            opened = open_one()
            found = opened, match_file(path, opened, options)
        except AnyKerasError as error:
            refusal = refusal or error
            continue
        if noted is None and not fitting:
            return found
        if noted is not None and not any(noted.is_choice(other) for other, _ in fitting):
            fitting.append((noted, found))
    if fitting:
        _require_one([noted for noted, _ in fitting])
        return fitting[0][1]
    assert refusal is not None
    raise refusal


def _open_into(
    path: Path, into: Path, native: bool, said: str | None
) -> Iterator[tuple[programs.Noted | None, Callable[[], Opened]]]:
    """Each model that weights may go into, and whether it is one of several that a program makes."""
    from . import programs  # loaded only where a program is given

    if programs.read_given(os.fsdecode(into)) is None:
        yield None, partial(open_file, into, native=native)
        return
    for candidate in pipeline.parse_candidates(path, into, said=said):
        yield candidate.noted, partial(_open_bare, candidate, native)


def _open_bare(candidate: pipeline.Candidate, native: bool) -> Opened:
    return open_migrated(pipeline.migrate(candidate.parse(bare=True)), native)


def match_file(path: Path, opened: Opened, options: matching.Options) -> matching.Match:
    """The weights of a file matched with an opened model. One of another time does not state their defaults."""
    raw = pipeline.read(path)
    writer = matching.writer_of_weights(raw, options.writer) if raw.weights is not None else None
    of_its_time = writer is not None and matching.describe_conflict(opened.original.writer, writer) is None
    return matching.match(raw, opened.document, replace(options, stated=of_its_time))
