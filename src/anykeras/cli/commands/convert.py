"""``anykeras convert``: write a file that stock Keras opens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from ... import api, targets
from ...findings import Affects, Fidelity
from ...opened import Converted
from ...reporting import Status
from ...scanning import Entry
from ...verification import Verdict
from .. import render
from ..files import choose_output, do_each, find_entries, take_one
from ..options import Architecture, AsJson, DataFormat, Inputs, Outputs, Quiet, Signature, Weights, parse_tensor_names
from ..outcome import print_result, show_errors
from ..progress import show_progress


def convert(
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE... OUTPUT",
            help="A model file, and the file to write. Or several (also folders, patterns, @list.txt, URLs), and the folder to "
            "write them into.",
            show_default=False,
        ),
    ],
    weights: Weights = None,
    custom_objects: Annotated[
        str | None, typer.Option("--custom-objects", help="The Python file that defines the classes of the model.")
    ] = None,
    target: Annotated[
        str,
        typer.Option(
            "--target",
            help="keras (what current Keras opens), a release (keras-3.6, tf.keras-2.13, keras-2.3), or tfjs (a folder for "
            "TensorFlow.js).",
        ),
    ] = targets.DEFAULT,
    force: Annotated[bool, typer.Option("--force", help="Overwrite an existing output.")] = False,
    strict: Annotated[
        list[str] | None,
        typer.Option(
            "--strict",
            metavar="LEVEL",
            help="Write nothing and exit with 1 if anything is less faithful than LEVEL: exact, equivalent, approximate or "
            "lossy. outputs=LEVEL and training=LEVEL (both may be given) look at predictions or at further training only.",
        ),
    ] = None,
    skip_mismatch: Annotated[
        bool, typer.Option("--skip-mismatch", help="Initialize weights anew that do not fit their layer.")
    ] = False,
    architecture: Architecture = None,
    data_format: DataFormat = None,
    signature: Signature = None,
    inputs: Inputs = None,
    outputs: Outputs = None,
    check: Annotated[
        bool,
        typer.Option(
            "--check",
            help="Open the result with the installed Keras, run it and compare (exit code 1 unless PASS). Needs a backend.",
        ),
    ] = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Write a file that stock Keras opens in safe mode. It needs no custom objects; this command needs no framework."""
    levels = _parse_levels(strict or ())
    if len(files) < 2:
        raise typer.BadParameter("give a model file, and the file to write", param_hint="FILE... OUTPUT")
    with show_errors(as_json):
        entries, output = find_entries(files[:-1]), files[-1]
        if len(entries) > 1 and weights is not None:
            take_one(entries, "--weights")

        def write(entry: Entry) -> None:
            path = choose_output(entries, entry, output, targets.suffix_of(target) or "_tfjs")
            with show_progress(quiet):
                done = api.convert(
                    entry.path,
                    path,
                    custom_objects,
                    weights=weights,
                    force=force,
                    target=target,
                    strict=levels or None,
                    skip_mismatch=skip_mismatch,
                    check=check,
                    architecture=architecture,
                    data_format=data_format,
                    signature=signature,
                    inputs=parse_tensor_names(inputs),
                    outputs=parse_tensor_names(outputs),
                )
            _print(done, as_json)

        do_each(entries, write)


def _print(done: Converted, as_json: bool) -> None:
    print_result(
        as_json,
        done.as_dict,
        lambda: render.print_converted(done),
        findings=done.findings,
        status=Status.DONE if done.check is None or done.check.verdict is Verdict.PASS else Status.FOUND,
    )


def _parse_levels(texts: Sequence[str]) -> dict[str, str]:
    """The levels of `--strict` by what they look at: ``all``, ``outputs`` or ``training``."""
    levels: dict[str, str] = {}
    for text in texts:
        kind, equals, level = text.rpartition("=")
        known = kind in (str(Affects.OUTPUTS), str(Affects.TRAINING)) or not equals
        if not known or level not in list(Fidelity):
            raise typer.BadParameter(
                f"{text!r} is not LEVEL, outputs=LEVEL or training=LEVEL; levels are {', '.join(Fidelity)}",
                param_hint="--strict",
            )
        levels[kind or "all"] = level
    return levels
