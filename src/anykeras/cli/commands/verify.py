"""``anykeras verify``: compare outputs."""

from __future__ import annotations

from typing import Annotated

import typer

from ... import api
from ...errors import Unsupported
from ...reporting import Status
from ...verification import Verdict
from .. import render
from ..options import AsJson, File, Weights
from ..outcome import print_result, show_errors


def verify(
    file: File,
    other: Annotated[str | None, typer.Argument(help="The file made from it.")] = None,
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
    as_json: AsJson = False,
) -> None:
    """Compare the outputs of two files, of one with a recording, or of one on several backends. Runs the model.

    PASS: compared, and the same (exit code 0). FAIL: compared, and different (1). NOT VERIFIED: nothing to compare with (1).
    """
    with show_errors(as_json):
        if backend is not None and (other is not None or recording is not None or record is not None):
            raise Unsupported(
                "AK7004",
                "--backend compares FILE with itself on other backends, and goes with no other file and no recording",
                key="backend",
                next_step="Verify against the other file or the recording in a call of its own.",
            )
        report = api.verify(
            file,
            other,
            recording=recording,
            weights=weights,
            custom_objects=custom_objects,
            inputs=inputs,
            tolerance=tolerance,
            record=record,
            backends=[name.strip() for name in backend.split(",")] if backend is not None else (),
        )
        status = Status.DONE if report.verdict is Verdict.PASS else Status.FOUND
        print_result(as_json, report.as_dict, lambda: render.print_report(report), status=status)
