"""``anykeras audit``: what a file would do if Keras loaded it."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import typer

from ... import auditing
from ...scanning import Entry
from .. import render
from ..files import Files, do_each, find_entries
from ..options import AsJson
from ..outcome import print_result, show_errors

FAIL_ON = auditing.Severity.MEDIUM
"""The level that fails an audit where none is asked for."""


def audit(
    files: Files,
    trust: Annotated[
        list[str] | None,
        typer.Option("--trust", metavar="PATTERN", help='Classes and functions that are yours: "mypackage.layers.*".'),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say what a file would do if Keras loaded it, without doing it. Needs no framework."""
    with show_errors(as_json) as here:

        def show(entry: Entry) -> None:
            found = auditing.audit(entry.path, trust=trust or ())
            found = replace(found, risks=tuple(risk for risk in found.risks if risk.code not in here.ignored))
            notices = [risk.as_notice() for risk in found.risks]
            print_result(as_json, found.as_dict, lambda: render.print_audit(found), notices=notices)

        do_each(find_entries(files), show)
