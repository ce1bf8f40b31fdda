"""``anykeras audit``: what a file would do if Keras loaded it."""

from __future__ import annotations

from typing import Annotated

import typer

from ... import auditing
from .. import render
from ..options import AsJson
from ..outcome import DONE, FOUND, print_result, show_errors


def audit(
    file: Annotated[str, typer.Argument(help="Any file, or the folder of a model.")],
    trust: Annotated[
        list[str] | None,
        typer.Option("--trust", metavar="PATTERN", help='Classes and functions that are yours: "mypackage.layers.*".'),
    ] = None,
    fail_on: Annotated[
        str, typer.Option("--fail-on", metavar="LEVEL", help="Exit with 1 from this level on: low, medium, high or critical.")
    ] = "medium",
    as_json: AsJson = False,
) -> None:
    """Say what a file would do if Keras loaded it, without doing it. Needs no framework."""
    if fail_on not in list(auditing.Severity):
        raise typer.BadParameter(f"it is one of {', '.join(auditing.Severity)}", param_hint="--fail-on")
    with show_errors(as_json):
        found = auditing.audit(file, trust=trust or ())
        print_result(as_json, found.as_dict, lambda: render.print_audit(found))
        raise typer.Exit(FOUND if found.severity.rank >= auditing.Severity(fail_on).rank else DONE)
