"""``anykeras report``: a file as one page to look at."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from ... import html_report
from ...scanning import Entry
from ..files import Files, choose_output, do_each, find_entries, take_one
from ..options import AsJson, Weights
from ..outcome import print_result, show_errors


def report(
    files: Files,
    output: Annotated[
        str, typer.Option("--output", "-o", metavar="FILE.html", help="The page to write; for several files, the folder.")
    ],
    weights: Weights = None,
    stats: Annotated[
        bool, typer.Option("--stats", help="Read every weight, for its least, mean and greatest value and a histogram.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite an existing output.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write one HTML page: the model drawn, layers, code, findings. Needs anykeras[report], no framework."""
    with show_errors(as_json):
        entries = find_entries(files)
        if weights is not None:
            take_one(entries, "--weights")

        def write(entry: Entry) -> None:
            path = choose_output(entries, entry, output, ".html")
            html_report.report(entry.path, path, weights=weights, stats=stats, force=force)
            print_result(as_json, lambda: {"path": os.path.abspath(path)}, lambda: print(path))

        do_each(entries, write)
