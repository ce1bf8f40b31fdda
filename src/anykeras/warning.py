"""Findings as Python warnings, at the line of the user's program that opened the file."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterable

from .fidelity import Affects, Fidelity
from .findings import Finding
from .texts import escape

_PACKAGE = os.path.dirname(os.path.abspath(__file__)) + os.sep
LINES = 5
"""How many kinds of findings of one file are shown."""
SEEN = 3
"""How many different things of one kind are named in its line."""
UNAFFECTED = "Predictions are unaffected."
"""What a warning about training alone ends with. Findings say it by what they affect, never in their texts."""


class AnyKerasWarning(UserWarning):
    """Something about an opened file differs from what was saved; ``anykeras explain CODE`` says more."""


def warn(message: str, category: type[Warning] = AnyKerasWarning) -> None:
    """Warn at the first line outside of this package."""
    warnings.warn(escape(message), category, stacklevel=_level_of_user())


def _level_of_user() -> int:
    """The `stacklevel` that :func:`warn` passes on: frames up to the first that is not ours."""
    level, frame = 1, sys._getframe(1)
    while frame.f_back is not None and os.path.abspath(frame.f_code.co_filename).startswith(_PACKAGE):
        level, frame = level + 1, frame.f_back
    return level


def warn_of_findings(path: str, findings: Iterable[Finding], *, training: bool) -> None:
    """One warning for each kind of finding that a user of the live model should know.

    These are what is approximate or lossy in the outputs, every class or function that was recognised by its name, and
    (with `training`) what is approximate or lossy in further training. The worst come first; after five, their number.
    """
    kinds: dict[tuple[str, Fidelity, Affects], list[Finding]] = {}
    for finding in findings:
        if _list_concerns(finding, training):
            kinds.setdefault((finding.code, finding.fidelity, finding.affects), []).append(finding)
    ordered = sorted(kinds.values(), key=_rank_urgency)
    for kind in ordered[:LINES]:
        warn(_write_line(kind))
    if len(ordered) > LINES:
        warn(f"and {len(ordered) - LINES} more: anykeras inspect {path}")


def _list_concerns(finding: Finding, training: bool) -> bool:
    if finding.is_shim:
        return True
    if finding.fidelity.rank < Fidelity.APPROXIMATE.rank:
        return False
    return finding.affects is Affects.OUTPUTS or (training and finding.affects is Affects.TRAINING)


def _rank_urgency(kind: list[Finding]) -> tuple[bool, int, str]:
    """Outputs before training, the least faithful first."""
    return kind[0].affects is not Affects.OUTPUTS, -kind[0].fidelity.rank, kind[0].code


def _write_line(kind: list[Finding]) -> str:
    """A kind in one line: each thing seen, with the first of the places where it was seen."""
    places: dict[tuple[str, str], list[str]] = {}
    for finding in kind:
        places.setdefault((finding.seen, finding.done), []).append(finding.address)
    said = [_write_sentence(seen, done, where) for (seen, done), where in places.items()]
    more = [f"And {len(said) - SEEN} more of this kind."] if len(said) > SEEN else []
    only = [UNAFFECTED] if kind[0].affects is Affects.TRAINING else []
    return " ".join([f"[{kind[0].code}]", *said[:SEEN], *more, *only])


def _write_sentence(seen: str, done: str, addresses: list[str]) -> str:
    count = f" and {len(addresses) - 1} more" if len(addresses) > 1 else ""
    return f"{addresses[0]}{count}: {seen}; {done.rstrip('.')}."
