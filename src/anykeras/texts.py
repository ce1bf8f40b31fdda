"""Text from a file is data: how it is shown to people, so that it can neither move a cursor nor pass for a line of ours."""

from __future__ import annotations

from collections.abc import Iterable


class Lines(str):
    """Text of several lines of ours, in which what came from a file is escaped already."""

    __slots__ = ()


def escape(text: str) -> str:
    """`text` on one line: control characters, bidi overrides, line breaks and other unprintable ones as escapes."""
    if isinstance(text, Lines) or text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode("ascii") for c in text)


def join_lines(lines: Iterable[str]) -> Lines:
    """Lines, each escaped, as one text."""
    return Lines("\n".join(escape(line) for line in lines))


def spell_count(number: int, noun: str) -> str:
    """``1 layer``, ``2,000 layers``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def write_comment(text: str, indent: str = "") -> str:
    """A line of Python that says `text` and does nothing."""
    return f"{indent}# {escape(str(text))}"
