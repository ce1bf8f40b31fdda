"""``anykeras verify``: compare outputs."""

from __future__ import annotations

from typing import Annotated

import typer

from ... import api
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
    weights: Weights = None,
    as_json: AsJson = False,
) -> None:
    """Compare the outputs of two files, or of one with a recording: PASS, FAIL or NOT VERIFIED. Runs the model."""
    with show_errors(as_json):
        report = api.verify(file, other, recording=recording, weights=weights)
        status = Status.DONE if report.verdict is Verdict.PASS else Status.FOUND
        print_result(as_json, report.as_dict, lambda: render.print_report(report), status=status)
