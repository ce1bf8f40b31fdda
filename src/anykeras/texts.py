"""Text from a file is data: how it is shown, so that it can neither move a cursor nor pass for a line of ours or a command."""

from __future__ import annotations

import re
from collections.abc import Iterable

_COMMAND = re.compile(r"##(?=\w*\[)|::(?=[A-Za-z][\w-]*(?: |::))")
"""How a command begins to programs that read the log of a build: ``##vso[...]`` and ``##[...]`` anywhere in a line (Azure
Pipelines, TeamCity, the runner of GitHub, ``ActionCommand.TryParse``), ``::add-mask::`` at its start."""


class Lines(str):
    """Text of several lines of ours, in which what came from a file is escaped already."""

    __slots__ = ()


def escape(text: str) -> str:
    """`text` on one line: control characters, bidi overrides, line breaks and other unprintable ones as escapes; no command."""
    if isinstance(text, Lines):
        return text
    if not text.isprintable():
        text = "".join(c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode("ascii") for c in text)
    return defuse(text)


def defuse(text: str, escape: str = "\\x{:02x}") -> str:
    """`text` in which no build server finds a command: the second character of its mark as an escape of the language."""
    return _COMMAND.sub(lambda match: match[0][0] + escape.format(ord(match[0][1])), text)


def join_lines(lines: Iterable[str]) -> Lines:
    """Lines, each escaped, as one text."""
    return Lines("\n".join(escape(line) for line in lines))


def list_words(text: str) -> tuple[str, ...]:
    """The words of a table that is written as text."""
    return tuple(text.split())


def spell_count(number: int, noun: str) -> str:
    """``1 layer``, ``2,000 layers``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def write_comment(text: str, indent: str = "") -> str:
    """A line of Python that says `text` and does nothing."""
    return f"{indent}# {escape(str(text))}"
