"""What notebooks show of a result: short HTML whose parts open, in which every text of a file is escaped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice

from .findings import Finding
from .texts import escape

ROWS = 200
"""Rows of a table; what is beyond is counted."""


def write_cell(text: object) -> str:
    """A text as HTML."""
    from html import escape as escape_markup  # the names of all letters, which only a notebook shows

    return escape_markup(escape(str(text)))


def write_table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table; of many rows the first."""
    listed = list(rows)
    titles = "".join(f"<th>{write_cell(title)}</th>" for title in head)
    body = "".join(f"<tr>{''.join(f'<td>{write_cell(one)}</td>' for one in row)}</tr>" for row in islice(listed, ROWS))
    more = f"<p>and {len(listed) - ROWS} more</p>" if len(listed) > ROWS else ""
    return f"<table><tr>{titles}</tr>{body}</table>{more}"


def fold(title: str, inside: str, count: int) -> str:
    """A part that opens; nothing where there is nothing in it."""
    return f"<details><summary>{write_cell(title)} ({count})</summary>{inside}</details>" if count else ""


def list_findings(findings: Sequence[Finding]) -> str:
    """Findings as a part that opens."""
    rows = [(one.code, one.fidelity, one.address, one.seen, one.done) for one in findings]
    return fold("Findings", write_table(("code", "fidelity", "where", "found", "done"), rows), len(rows))


def show(headline: str, *parts: str) -> str:
    """A line and what opens below it."""
    return f"<div><p><b>{write_cell(headline)}</b></p>{''.join(parts)}</div>"
