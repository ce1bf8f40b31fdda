"""What a run of one verb came to, file by file."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from .notices import Notice, Severity

SCHEMA = 1
"""The version of the JSON of a run; it grows when a field changes its meaning or goes, not when one is added."""


class Status(enum.StrEnum):
    """How it ended for one file, from best to worst."""

    DONE = "done"
    FOUND = "found"  # done, and what was found is at or above the level asked for; or a comparison did not pass
    REFUSED = "refused"  # the file, or the request, is refused; the one error says why
    BUG = "bug"  # a bug in AnyKeras

    @property
    def exit_code(self) -> int:
        """0 done, 1 found, 2 refused, 3 a bug."""
        return list(Status).index(self)


@dataclass(frozen=True)
class Result:
    """What a verb gives for one file.

    Args:
        path: the file as it was named; empty where the verb is about none.
        data: everything the verb gives, as plain JSON values; the keys are the verb's own.
        notices: what was found.
        error: why the file was refused, where it was.
        status: how it ended; a refusal of the file that is part of the answer (``inspect``) leaves `data` in place.
    """

    path: str
    data: Mapping[str, object] = field(default_factory=dict)
    notices: tuple[Notice, ...] = ()
    error: Notice | None = None
    status: Status = Status.DONE

    def ignoring(self, codes: Iterable[str]) -> Result:
        """The result without the notices of `codes`, also where `data` lists them. A refusal stays."""
        ignored = set(codes)
        if not ignored:
            return self
        data = {key: _without(value, ignored) for key, value in self.data.items()}
        return replace(self, data=data, notices=tuple(notice for notice in self.notices if notice.code not in ignored))

    def failing(self, level: Severity | None) -> Result:
        """The result, with FOUND where it was done and a notice is at least as severe as `level`."""
        fails = level is not None and any(notice.severity.rank >= level.rank for notice in self.notices)
        return replace(self, status=Status.FOUND) if fails and self.status is Status.DONE else self

    @property
    def all_notices(self) -> tuple[Notice, ...]:
        """What was found, the refusal first."""
        return (*((self.error,) if self.error is not None else ()), *self.notices)

    def as_dict(self) -> dict[str, Any]:
        """The result as plain JSON values, in one shape for success and refusal."""
        return {
            "path": self.path,
            "status": str(self.status),
            "error": self.error.as_dict() if self.error is not None else None,
            "notices": [notice.as_dict() for notice in self.notices],
            "data": dict(self.data),
        }


@dataclass(frozen=True)
class Run:
    """A verb that has run: over which files, with what outcome.

    Args:
        verb: its name.
        version: that of AnyKeras.
        results: one a file, in order.
        ignored: codes that were left out.
        settings: the path of the settings that were used, where there were any.
    """

    verb: str
    version: str
    results: tuple[Result, ...] = ()
    ignored: tuple[str, ...] = ()
    settings: str | None = None

    @property
    def status(self) -> Status:
        """The worst of its results."""
        return max((result.status for result in self.results), key=lambda status: status.exit_code, default=Status.DONE)

    def as_dict(self) -> dict[str, Any]:
        """The run as plain JSON values: what ``--format json`` prints."""
        return {
            "schema": SCHEMA,
            "tool": "anykeras",
            "version": self.version,
            "verb": self.verb,
            "status": str(self.status),
            "exit_code": self.status.exit_code,
            "ignored": list(self.ignored),
            "settings": self.settings,
            "results": [result.as_dict() for result in self.results],
        }


def _without(value: object, codes: set[str]) -> Any:
    """A list of records without those whose ``code`` is among `codes`; anything else as it is."""
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [item for item in value if not (isinstance(item, Mapping) and item.get("code") in codes)]
    return value
