"""Lines and tables on a stream: with colours, by rich, where that is a terminal; else plain, for which rich is not imported."""

from __future__ import annotations

import os
import re
import sys
import unicodedata
from collections.abc import Sequence
from typing import Any

_TAG = re.compile(r"(?<!\\)(\\*)\[([a-z#/@][^[]*?)]")


def escape_markup(text: str) -> str:
    """Text in which nothing is taken for a tag of rich (its ``markup.escape``, without importing it)."""
    text = _TAG.sub(lambda match: rf"{match[1] * 2}\[{match[2]}]", text)
    return text + "\\" if text.endswith("\\") and not text.endswith("\\\\") else text


def strip_markup(text: str) -> str:
    """The text that rich shows, without its tags."""

    def show(match: re.Match[str]) -> str:
        pairs, escaped = divmod(len(match[1]), 2)
        return "\\" * pairs + (f"[{match[2]}]" if escaped else "")

    return _TAG.sub(show, text)


class Printer:
    """Prints texts with the tags of rich (``[bold]``) on standard output, or on standard error."""

    def __init__(self, stream: str) -> None:
        self._stream = stream
        self._console: Any = None

    @property
    def file(self) -> Any:
        """The stream as it is now."""
        return getattr(sys, self._stream)

    @property
    def is_terminal(self) -> bool:
        """Whether somebody looks at it, or wants colours all the same."""
        return bool(os.environ.get("FORCE_COLOR")) or (hasattr(self.file, "isatty") and self.file.isatty())

    @property
    def console(self) -> Any:
        """That of rich."""
        if self._console is None:
            from rich.console import Console  # not for a pipe

            self._console = Console(stderr=self._stream == "stderr", highlight=False, emoji=False)
        return self._console

    def print(self, text: str) -> None:
        """One line, which a terminal breaks where it ends."""
        if self.is_terminal:
            self.console.print(text, soft_wrap=True)
        else:
            self.file.write(f"{strip_markup(text)}\n")

    def print_markdown(self, text: str) -> None:
        """A page; in a pipe as it is written."""
        if not self.is_terminal:
            self.file.write(f"{text.rstrip()}\n")
            return
        from rich.markdown import Markdown  # nothing else is Markdown

        self.console.print(Markdown(text))

    def print_table(self, titles: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """A table without lines; in a pipe as wide as it is, so that no cell is cut."""
        if self.is_terminal:
            from rich.table import Table

            table = Table(*titles, box=None, header_style="bold")
            for row in rows:
                table.add_row(*row)
            self.console.print(table)
            return
        plain = [[strip_markup(cell) for cell in row] for row in (titles, *rows)]
        widths = [max(map(_find_width, column)) for column in zip(*plain, strict=True)]
        for row in plain:
            cells = (f" {cell}{' ' * (width - _find_width(cell))} " for cell, width in zip(row, widths, strict=True))
            self.file.write(f"{''.join(cells)}\n")


def _find_width(text: str) -> int:
    """Columns of a terminal: two for a wide letter, none for one that stands on another."""
    if text.isascii():
        return len(text)
    return sum(0 if unicodedata.combining(letter) else 1 + (unicodedata.east_asian_width(letter) in "WF") for letter in text)
