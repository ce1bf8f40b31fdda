"""``anykeras verify``: compare outputs."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Annotated

import typer

from ... import api
from ...errors import Unsupported
from ...reporting import Status
from ...scanning import Entry, is_model_folder, name_converted
from ...verification import Verdict
from .. import render
from ..files import do_each, find_entries, take_one
from ..options import AsJson, Signature, Weights
from ..outcome import print_result, show_errors


def verify(
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE [OTHER] | FILE...",
            help="A model file, and the file made from it. Or several (also folders, patterns, @list.txt, -, URLs), each "
            "by itself or with its namesake in --against.",
            show_default=False,
        ),
    ],
    against: Annotated[
        str | None,
        typer.Option("--against", metavar="FOLDER", help="The folder that `convert` wrote the files into; or the other file."),
    ] = None,
    recording: Annotated[
        str | None, typer.Option("--recording", help="An .npz with in0.. and out0.. of the old stack.")
    ] = None,
    inputs: Annotated[
        str | None,
        typer.Option("--inputs", help="An .npz with what to run on: by the names of the inputs, or in0.. Else it is made up."),
    ] = None,
    tolerance: Annotated[
        float, typer.Option("--tolerance", min=0.0, help="A number agrees within TOLERANCE * (0.1 + |wanted|).")
    ] = 1e-4,
    backend: Annotated[
        str | None,
        typer.Option("--backend", metavar="A,B", help="Run FILE on each of these backends (jax,tensorflow,torch) and compare."),
    ] = None,
    record: Annotated[
        str | None, typer.Option("--record", help="Write the inputs and outputs of FILE to this new .npz, as a recording.")
    ] = None,
    custom_objects: Annotated[
        str | None, typer.Option("--custom-objects", help="The Python file that defines the classes of the model.")
    ] = None,
    weights: Weights = None,
    signature: Signature = None,
    as_json: AsJson = False,
) -> None:
    """Compare outputs: of two files, a recording, or several backends. Runs the model.

    Two plain paths are a pair; more files, or a folder, a pattern or a list, are verified one by one.

    PASS: compared, and the same (exit code 0). FAIL: compared, and different (1). NOT VERIFIED: nothing to compare with (1).
    """
    with show_errors(as_json):
        entries, other = _pair(files)
        for option, value in (("--recording", recording), ("--record", record), ("--weights", weights)):
            if value is not None:
                take_one(entries, option)
        if other is not None and against is not None:
            raise typer.BadParameter("it goes without a second file", param_hint="--against")
        if backend is not None and (other, against, recording, record) != (None,) * 4:
            raise Unsupported(
                "AK7004",
                "--backend compares FILE with itself on other backends, and goes with no other file and no recording",
                key="backend",
                next_step="Verify against the other file or the recording in a call of its own.",
            )

        def compare(entry: Entry) -> None:
            report = api.verify(
                entry.path,
                _find_namesake(entry, against) if against is not None else other,
                recording=recording,
                weights=weights,
                signature=signature,
                custom_objects=custom_objects,
                inputs=inputs,
                tolerance=tolerance,
                record=record,
                backends=[name.strip() for name in backend.split(",")] if backend is not None else (),
            )
            status = Status.DONE if report.verdict is Verdict.PASS else Status.FOUND
            print_result(as_json, report.as_dict, lambda: render.print_report(report), status=status)

        do_each(entries, compare, named=True)


def _pair(files: Sequence[str]) -> tuple[list[Entry], str | None]:
    """The files to verify, and the one that a single one is compared with: the second of two plain paths."""
    entries = find_entries(files[:1]) if len(files) == 2 else []
    if len(entries) == 1 and entries[0].path == files[0] and [entry.path for entry in find_entries(files[1:])] == [files[1]]:
        return entries, files[1]
    return find_entries(files), None


def _find_namesake(entry: Entry, against: str) -> str:
    """The file of the same name in a folder of converted ones; the file itself where it is one."""
    is_folder = os.path.isdir(against) and not is_model_folder(against)
    return os.path.join(against, name_converted(entry)) if is_folder else against
