"""Findings: everything worth telling about a file, each with a stable code and an address."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import cast

from .fidelity import Affects, Fidelity
from .pages import find_page
from .texts import escape

__all__ = ["Affects", "Fidelity", "Finding", "find_worst"]


@dataclass(frozen=True, repr=False)
class Finding:
    """One thing seen in a file and what was done about it.

    Args:
        code: stable code such as ``"AK2101"``; it has a page (``anykeras explain CODE``).
        address: a path inside the document (``model/encoder/lstm_1``, ``training/optimizer``).
        seen: what was found.
        done: what was done about it.
        fidelity: how close the result is to what the writer meant.
        affects: whether predictions, only further training, or nothing is affected. Where it is not said, an exact
            change affects nothing, another one what the page of its code says, and else training below ``training/``
            and outputs everywhere else.
    """

    code: str
    address: str
    seen: str
    done: str
    fidelity: Fidelity = Fidelity.EXACT
    affects: Affects = field(default=cast("Affects", None))  # never None after __post_init__

    def __post_init__(self) -> None:
        if self.affects is None:
            object.__setattr__(self, "affects", _default_affects(self.code, self.address, self.fidelity))

    @property
    def is_shim(self) -> bool:
        """Whether a class or function was recognised by its name and arguments alone."""
        described = find_page(self.code)
        return described is not None and described.shim

    def __repr__(self) -> str:
        text = textwrap.shorten(f"{self.address}: {self.seen}; {self.done}", 200, placeholder="...")
        return f"<Finding {self.code} {self.fidelity}, affects {self.affects}: {escape(text)}>"

    def as_dict(self) -> dict[str, str]:
        """The finding as plain strings, for JSON output."""
        return {key: str(value) for key, value in asdict(self).items()}


def _default_affects(code: str, address: str, fidelity: Fidelity) -> Affects:
    if fidelity is Fidelity.EXACT:
        return Affects.NOTHING
    described = find_page(code)
    if described is not None and described.affects is not None:
        return described.affects
    return Affects.TRAINING if address.startswith("training/") else Affects.OUTPUTS


def find_worst(findings: Iterable[Finding], affects: Affects | None = None) -> Fidelity:
    """The least faithful level among `findings` (those that affect `affects`, where given); EXACT when there are none."""
    levels = (finding.fidelity for finding in findings if affects is None or finding.affects is affects)
    return max(levels, key=lambda level: level.rank, default=Fidelity.EXACT)
