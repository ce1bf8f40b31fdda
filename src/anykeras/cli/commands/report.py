"""``anykeras report``: a file as one page to look at."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from ... import html_report
from ..options import AsJson, File, Weights
from ..outcome import print_result, show_errors


def report(
    file: File,
    output: Annotated[str, typer.Option("--output", "-o", metavar="FILE.html", help="The page to write.")],
    weights: Weights = None,
    stats: Annotated[
        bool, typer.Option("--stats", help="Read every weight, for its least, mean and greatest value and a histogram.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite an existing output.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write one HTML page: the model drawn, its layers, its code, what was found. Needs anykeras[report], no framework."""
    with show_errors(as_json):
        html_report.report(file, output, weights=weights, stats=stats, force=force)
        print_result(as_json, lambda: {"path": os.path.abspath(output)}, lambda: print(output))
