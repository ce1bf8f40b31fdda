"""The known causes: read from the table, their patterns compiled once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any

from ..lazily import read_data

OPENS = ("yes", "partly", "no")
"""Whether AnyKeras opens such a file."""


@dataclass(frozen=True)
class Sign:
    """Words by which a cause is known: in the error itself, and what the whole pasted text must and must not hold with them.

    `others` are the causes that the same words may have, each with how to tell; those of the cause are said besides.
    """

    words: re.Pattern[str]
    needs: re.Pattern[str] | None = None
    never: re.Pattern[str] | None = None
    others: tuple[str, ...] = ()

    @cached_property
    def unquoted(self) -> re.Pattern[str]:
        """The words where the page that an error was copied from took its quotes for marks and left them out."""
        if re.search(r"\(\?<[=!][^)]*'|\[[^\]]*'[^\]]*\]", self.words.pattern):  # quotes that cannot become borders of words
            return self.words
        return re.compile(re.sub(r"'(?!\?)", r"(?:'|\\b)", self.words.pattern), self.words.flags)

    def find(self, error: str, text: str) -> re.Match[str] | None:
        """The words in `error`, where the rest of `text` allows them; both as `normalise` leaves them."""
        found = (self.words if "'" in error else self.unquoted).search(error)
        if found is None or (self.needs and not self.needs.search(text)) or (self.never and self.never.search(text)):
            return None
        return found


@dataclass(frozen=True)
class Cause:
    """One reason why a model file does not load, and how the libraries say so; `known.toml` explains the fields."""

    id: str
    signs: tuple[Sign, ...]
    means: str
    why: str = ""
    versions: str = ""
    opens: str = ""
    answer: str = ""
    command: str = ""
    check: Mapping[str, Any] = field(default_factory=dict)
    others: tuple[str, ...] = ()
    resort: bool = False
    note: bool = False
    elsewhere: bool = False

    def find(self, error: str, text: str) -> tuple[re.Match[str], tuple[str, ...]] | None:
        """The words of the first sign that fits, and what else they may come from."""
        for sign in self.signs:
            if (found := sign.find(error, text)) is not None:
                return found, (*sign.others, *self.others)
        return None


@cache
def load_causes() -> tuple[Cause, ...]:
    """Every cause, the most particular first. Raises ValueError for a table with an id twice or a field amiss."""
    import tomllib  # only where something is explained

    table = tomllib.loads(read_data("anykeras.explaining", "known.toml"))
    causes = tuple(_read(entry, table["context"]) for entry in table["message"])
    names = [cause.id for cause in causes]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise ValueError(f"known.toml has {', '.join(sorted(twice))} twice")
    return causes


def _read(entry: Mapping[str, Any], contexts: Mapping[str, str]) -> Cause:
    def compiled(pattern: str | None) -> re.Pattern[str] | None:
        return re.compile(contexts.get(pattern, pattern), re.IGNORECASE) if pattern is not None else None

    fields = dict(entry)
    signs = []
    for given in fields.pop("patterns"):
        sign = given if isinstance(given, dict) else {"words": given}
        needs, never = compiled(sign.get("needs")), compiled(sign.get("never"))
        signs.append(Sign(re.compile(sign["words"], re.IGNORECASE), needs, never, tuple(sign.get("others", ()))))
    fields["others"] = tuple(fields.get("others", ()))
    cause = Cause(signs=tuple(signs), **fields)
    if (cause.opens not in OPENS) is not cause.elsewhere:
        raise ValueError(f"known.toml: {cause.id} opens is one of {', '.join(OPENS)}, or it is elsewhere")
    return cause
