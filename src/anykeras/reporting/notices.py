"""One thing that a verb has to say about a file: its code, how bad it is, where it is, what it is."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..errors import AnyKerasError, Bug
from ..fidelity import Affects, Fidelity
from ..findings import Finding
from ..pages import find_page


class Severity(enum.StrEnum):
    """How bad it is, from best to worst."""

    INFO = "info"  # worth knowing, nothing to do
    LOW = "low"  # noticed in further training only, or code that does no more than compute
    MEDIUM = "medium"  # predictions are close, not equal; or what cannot be judged
    HIGH = "high"  # predictions differ, or the file is refused; or it reaches outside of the model
    CRITICAL = "critical"  # made to run code

    @property
    def rank(self) -> int:
        """0 for info to 4 for critical."""
        return list(Severity).index(self)


_OUTPUTS = {Fidelity.APPROXIMATE: Severity.MEDIUM, Fidelity.LOSSY: Severity.HIGH}


@dataclass(frozen=True)
class Notice:
    """One thing found in a file.

    Args:
        code: stable code with a page (``anykeras explain CODE``).
        severity: how bad it is.
        address: the place in the file (``model/encoder/lstm_1``); empty where it is about the whole file.
        message: what was found and what was done or is to do, in plain English.
        details: fields of this kind of notice alone, as plain JSON values (``fidelity``, ``affects``, ``source`` ...).
    """

    code: str
    severity: Severity
    address: str
    message: str
    details: Mapping[str, object] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """The title of the page of its code."""
        page = find_page(self.code)
        return page.title if page is not None else self.code

    def as_dict(self) -> dict[str, Any]:
        """The notice as plain JSON values."""
        return {
            "code": self.code,
            "severity": str(self.severity),
            "address": self.address,
            "title": self.title,
            "message": self.message,
            "details": dict(self.details),
        }


def notice_of_finding(finding: Finding) -> Notice:
    """A finding of opening a file: as severe as its fidelity, and low where only further training is affected."""
    severity = Severity.INFO
    if finding.fidelity.rank >= Fidelity.APPROXIMATE.rank and finding.affects is not Affects.NOTHING:
        severity = _OUTPUTS[finding.fidelity] if finding.affects is Affects.OUTPUTS else Severity.LOW
    details = {
        "seen": finding.seen,
        "done": finding.done,
        "fidelity": str(finding.fidelity),
        "affects": str(finding.affects),
    }
    return Notice(finding.code, severity, finding.address, f"{finding.seen}; {finding.done}", details)


def notice_of_error(error: AnyKerasError) -> Notice:
    """A refusal: high, its parts as fields."""
    places = (error.part, error.layer, error.key)
    address = "/".join(place for place in places if place is not None)
    details = {
        "kind": type(error).__name__,
        "seen": error.seen,
        "part": error.part,
        "layer": error.layer,
        "key": error.key,
        "writer": error.writer,
        "next_step": error.next_step,
        "bug": isinstance(error, Bug),
    }
    return Notice(error.code, Severity.HIGH, address, str(error), details)
