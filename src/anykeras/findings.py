"""Findings: everything worth telling about a file, each with a stable code and an address."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import asdict, dataclass


class Fidelity(enum.StrEnum):
    """How close the migrated thing is to what the writer meant."""

    EXACT = "exact"  # another spelling of the same numbers
    EQUIVALENT = "equivalent"  # other operations, equal up to rounding
    APPROXIMATE = "approximate"  # close, with a stated difference
    LOSSY = "lossy"  # something of the file is not carried over


@dataclass(frozen=True)
class Finding:
    """One thing seen in a file and what was done about it.

    ``address`` is a path inside the document (``model/encoder/lstm_1``), ``code`` has a page (``anykeras explain``).
    """

    code: str
    address: str
    seen: str
    done: str
    fidelity: Fidelity = Fidelity.EXACT

    def as_dict(self) -> dict[str, str]:
        """The finding as plain strings, for JSON output."""
        return {key: str(value) for key, value in asdict(self).items()}


def worst(findings: Iterable[Finding]) -> Fidelity:
    """The least faithful level among `findings`; EXACT when there are none."""
    order = list(Fidelity)
    return max((f.fidelity for f in findings), key=order.index, default=Fidelity.EXACT)
