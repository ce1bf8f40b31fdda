"""``anykeras inspect``: who wrote a file, its layers, what is found in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ... import api
from ...opened import Inspection
from ...scanning import Entry
from .. import render
from ..files import Files, do_each, find_entries, take_one
from ..options import (
    Architecture,
    AsJson,
    ByName,
    DataFormat,
    DefaultsOf,
    Layers,
    Signature,
    SkipMismatch,
    Weights,
    WrittenBy,
    declare_matching_options,
)
from ..outcome import DONE, print_result, show_errors

if TYPE_CHECKING:
    from ...weights_only import WeightsInspection


def inspect(
    files: Files,
    weights: Weights = None,
    signature: Signature = None,
    code: Annotated[bool, typer.Option("--code", help="Show the functions in the file as Python text.")] = False,
    graph: Annotated[bool, typer.Option("--graph", help="Show the model as a tree, with shapes.")] = False,
    into: Annotated[
        str | None,
        typer.Option(
            "--into",
            metavar="MODEL",
            help="Show which weights of FILE belong into which layers of MODEL; a source (model.py:build(10)) is run.",
        ),
    ] = None,
    by_name: ByName = False,
    skip_mismatch: SkipMismatch = False,
    layers: Layers = None,
    data_format: DataFormat = None,
    writer: WrittenBy = None,
    defaults: DefaultsOf = "ask",
    architecture: Architecture = None,
    as_json: AsJson = False,
) -> None:
    """Show who wrote a file, its layers, and what is found in it. Weights alone too; needs no framework.

    With a source as --architecture: which of its statements would run.
    """
    with show_errors(as_json):
        entries = find_entries(files)
        if architecture is not None:
            sliced = api.slice_source(architecture, weights=take_one(entries, "--architecture").path)
            print_result(as_json, lambda: {"statements": sliced}, lambda: print(sliced))
            raise typer.Exit(DONE)
        if into is not None:
            options = declare_matching_options(by_name, skip_mismatch, layers, data_format, writer, defaults)
            report = api.match(take_one(entries, "--into").path, into, **options)
            print_result(as_json, report.as_dict, lambda: render.print_match(report), findings=report.findings)
            raise typer.Exit(DONE)
        if weights is not None:
            take_one(entries, "--weights")

        def show(entry: Entry) -> None:
            found = api.inspect(entry.path, weights=weights, signature=signature)
            print_result(
                as_json,
                found.as_dict,
                lambda: render.print_graph(found) if graph else _show_inspection(found, code),
                findings=found.findings if isinstance(found, Inspection) else (),
                error=found.refusal,
            )

        do_each(entries, show)


def _show_inspection(found: Inspection | WeightsInspection, code: bool) -> None:
    if code:
        render.print_code(found)
    elif isinstance(found, Inspection):
        render.print_inspection(found)
    else:
        render.print_weights(found)
