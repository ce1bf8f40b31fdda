"""What a verification found, and by which kind of evidence. The kinds are never mixed up."""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass, field

from .. import notebook
from ..texts import spell_count

RTOL, ATOL = 1e-4, 1e-5  # float32 against recorded outputs; tight enough to refuse zeros or a shuffled axis


class EvidenceKind(enum.StrEnum):
    """How much an agreement is worth."""

    WITNESSED = "witnessed"  # equal to outputs recorded from the old stack
    CROSS_CHECKED = "cross-checked"  # two independent routes agree
    UNWITNESSED = "unwitnessed"  # built, shapes agree, nothing more known


class Verdict(enum.StrEnum):
    """The answer of a check or of a whole verification."""

    PASS = "PASS"  # compared, and the same
    FAIL = "FAIL"  # compared, and different
    NOT_VERIFIED = "NOT VERIFIED"  # nothing to compare with


@dataclass(frozen=True)
class OutputDifference:
    """One output compared: its largest difference, where that is, and both values there.

    Where a value is outside of the tolerance, the place is the one furthest outside.
    """

    name: str
    shape: tuple[int, ...]
    largest: float
    where: tuple[int, ...]
    got: str
    wanted: str
    agrees: bool

    def as_dict(self) -> dict[str, object]:
        """The difference as plain JSON values."""
        largest: object = self.largest if math.isfinite(self.largest) else str(self.largest)
        return {
            "output": self.name,
            "shape": list(self.shape),
            "largest_difference": largest,
            "where": list(self.where),
            "got": self.got,
            "wanted": self.wanted,
            "agrees": self.agrees,
        }


@dataclass(frozen=True)
class Check:
    """One comparison.

    Args:
        what: what is said where it held (``all 6 weight tensors identical``).
        evidence: what an agreement is worth.
        agrees: whether it held.
        difference: the largest absolute difference, where numbers were compared.
        detail: why it did not hold, or why nothing could be compared.
        whole: whether it is about the whole model, and not about one function in it.
        outputs: each output that was compared.
    """

    what: str
    evidence: EvidenceKind
    agrees: bool
    difference: float | None = None
    detail: str = ""
    whole: bool = True
    outputs: tuple[OutputDifference, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """PASS, FAIL, or NOT VERIFIED where nothing was compared."""
        if not self.agrees:
            return Verdict.FAIL
        return Verdict.NOT_VERIFIED if self.evidence is EvidenceKind.UNWITNESSED else Verdict.PASS

    def as_dict(self) -> dict[str, object]:
        """The check for JSON output."""
        return {
            "what": self.what,
            "verdict": str(self.verdict),
            "evidence": str(self.evidence),
            "agrees": self.agrees,
            "difference": self.difference if self.difference is None or math.isfinite(self.difference) else None,
            "detail": self.detail,
            "outputs": [output.as_dict() for output in self.outputs],
        }


@dataclass(frozen=True, repr=False)
class Report:
    """All checks of one verification."""

    checks: tuple[Check, ...] = field(default_factory=tuple)

    @property
    def agrees(self) -> bool:
        """Whether every comparison held (and there was one)."""
        return bool(self.checks) and all(check.agrees for check in self.checks)

    @property
    def evidence(self) -> EvidenceKind:
        """The strongest kind of evidence among the comparisons that held."""
        held = {check.evidence for check in self.checks if check.agrees}
        return next((kind for kind in EvidenceKind if kind in held), EvidenceKind.UNWITNESSED)

    @property
    def verdict(self) -> Verdict:
        """FAIL where a check failed; PASS where one about the whole model passed; else NOT VERIFIED."""
        verdicts = {check.verdict for check in self.checks}
        if Verdict.FAIL in verdicts:
            return Verdict.FAIL
        passed = any(check.whole and check.verdict is Verdict.PASS for check in self.checks)
        return Verdict.PASS if passed else Verdict.NOT_VERIFIED

    def as_dict(self) -> dict[str, object]:
        """The report for JSON output."""
        return {
            "verdict": str(self.verdict),
            "agrees": self.agrees,
            "evidence": str(self.evidence),
            "checks": [check.as_dict() for check in self.checks],
        }

    def _repr_html_(self) -> str:
        """The report for a notebook: its line and what was compared."""
        head = ("verdict", "what", "detail", "difference", "evidence")
        rows = [[check.as_dict()[key] or "" for key in head] for check in self.checks]
        return notebook.show(repr(self), notebook.fold("Checks", notebook.write_table(head, rows), len(rows)))

    def __repr__(self) -> str:
        return f"<Report {self.verdict}: {spell_count(len(self.checks), 'check')}, {self.evidence}>"
