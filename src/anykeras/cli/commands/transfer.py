"""``anykeras transfer``: write a model with the weights of another file."""

from __future__ import annotations

from typing import Annotated

import typer

from ... import api
from ...scanning import Entry
from .. import render
from ..files import Files, choose_output, do_each, find_entries
from ..options import AsJson, ByName, DataFormat, DefaultsOf, Layers, Quiet, SkipMismatch, WrittenBy, declare_matching_options
from ..outcome import print_result, show_errors
from ..progress import show_progress


def transfer(
    files: Files,
    into: Annotated[
        str,
        typer.Option("--into", metavar="MODEL", help="The model: JSON, YAML, a whole model file, or a source, which is run."),
    ],
    output: Annotated[str, typer.Option("--output", "-o", help="The .keras file to write; for several files, the folder.")],
    by_name: ByName = False,
    skip_mismatch: SkipMismatch = False,
    layers: Layers = None,
    data_format: DataFormat = None,
    writer: WrittenBy = None,
    defaults: DefaultsOf = "ask",
    force: Annotated[bool, typer.Option("--force", help="Overwrite an existing output.")] = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Write a model with the weights of another file. The weights lie alone or in a whole model; each is placed by proof.

    Several weights (one an epoch, say) give as many models.
    """
    options = declare_matching_options(by_name, skip_mismatch, layers, data_format, writer, defaults)
    with show_errors(as_json):
        entries = find_entries(files)

        def write(entry: Entry) -> None:
            with show_progress(quiet):
                done, report = api.transfer(entry.path, into, choose_output(entries, entry, output), force=force, **options)
            print_result(
                as_json,
                lambda: {**done.as_dict(), "weights": report.as_dict()},
                lambda: render.print_transfer(done, report),
                findings=done.findings,
            )

        do_each(entries, write)
