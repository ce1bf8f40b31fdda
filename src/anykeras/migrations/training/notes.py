"""Findings about training, with one address for all of them."""

from __future__ import annotations

from dataclasses import dataclass, field

from ...document.model import Era, Writer
from ...findings import Fidelity, Finding

OLD = (Era.KERAS0, Era.KERAS1, Era.KERAS2)


@dataclass
class Notes:
    """Who wrote the configuration, and what was found in it."""

    writer: Writer
    findings: list[Finding] = field(default_factory=list)

    def add(self, code: str, where: str, seen: str, done: str, fidelity: Fidelity = Fidelity.EXACT) -> None:
        """Record one finding at ``training/<where>``."""
        self.findings.append(Finding(code, f"training/{where}", seen, done, fidelity))
