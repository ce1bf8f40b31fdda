"""What a verification found, and by which kind of evidence. The kinds are never mixed up."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field

RTOL, ATOL = 1e-4, 1e-5  # float32 against recorded outputs; tight enough to refuse zeros or a shuffled axis


class Evidence(enum.StrEnum):
    """How much an agreement is worth."""

    WITNESSED = "witnessed"  # equal to outputs recorded from the old stack
    CROSS_CHECKED = "cross-checked"  # two independent routes agree
    UNWITNESSED = "unwitnessed"  # built, shapes agree, nothing more known


@dataclass(frozen=True)
class Check:
    """One comparison: what against what, whether it held, and the largest absolute difference."""

    what: str
    evidence: Evidence
    agrees: bool
    difference: float | None = None
    detail: str = ""

    def as_dict(self) -> dict[str, object]:
        """The check for JSON output."""
        return {
            "what": self.what,
            "evidence": str(self.evidence),
            "agrees": self.agrees,
            "difference": self.difference,
            "detail": self.detail,
        }


@dataclass(frozen=True)
class Report:
    """All checks of one verification."""

    checks: tuple[Check, ...] = field(default_factory=tuple)

    @property
    def agrees(self) -> bool:
        """Whether every comparison held (and there was one)."""
        return bool(self.checks) and all(check.agrees for check in self.checks)

    @property
    def evidence(self) -> Evidence:
        """The strongest kind of evidence among the comparisons that held."""
        held = {check.evidence for check in self.checks if check.agrees}
        return next((kind for kind in Evidence if kind in held), Evidence.UNWITNESSED)

    def as_dict(self) -> dict[str, object]:
        """The report for JSON output."""
        return {
            "agrees": self.agrees,
            "evidence": str(self.evidence),
            "checks": [check.as_dict() for check in self.checks],
        }
