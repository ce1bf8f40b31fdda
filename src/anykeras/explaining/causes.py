"""The known causes: read from the table, their patterns compiled once."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any

OPENS = ("yes", "partly", "no")
"""Whether AnyKeras opens such a file."""


@dataclass(frozen=True)
class Cause:
    """One reason why a model file does not load, and how the libraries say so; `known.toml` explains the fields."""

    id: str
    patterns: tuple[re.Pattern[str], ...]
    means: str
    why: str
    versions: str
    opens: str
    answer: str
    command: str
    check: Mapping[str, Any] = field(default_factory=dict)

    def find(self, text: str) -> re.Match[str] | None:
        """The first of the patterns that `text` holds; quotes and blanks as :func:`normalise` leaves them."""
        return next((found for pattern in self.patterns if (found := pattern.search(text)) is not None), None)


@cache
def load_causes() -> tuple[Cause, ...]:
    """Every cause, the most particular first. Raises ValueError for a table with an id twice or a field amiss."""
    text = (resources.files(__package__) / "known.toml").read_text("utf8")
    causes = tuple(_read(table) for table in tomllib.loads(text)["message"])
    names = [cause.id for cause in causes]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise ValueError(f"known.toml has {', '.join(sorted(twice))} twice")
    return causes


def _read(table: Mapping[str, Any]) -> Cause:
    patterns = tuple(re.compile(pattern, re.IGNORECASE) for pattern in table["patterns"])
    cause = Cause(**{**table, "patterns": patterns})
    if cause.opens not in OPENS:
        raise ValueError(f"known.toml: {cause.id} opens is one of {', '.join(OPENS)}")
    return cause
