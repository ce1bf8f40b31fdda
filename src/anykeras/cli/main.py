"""The command line: arguments in, one verb of the API, a rendering out.

Exit status: 0 done; 1 findings above the level asked for, or outputs that differ; 2 refused; 3 a bug of ours.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer

from .. import api
from ..errors import AnyKerasError, Bug
from ..findings import Fidelity
from . import render

app = typer.Typer(
    name="anykeras",
    help="Open any Keras model file ever saved, in today's Keras 3, without running anything in it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

File = Annotated[str, typer.Argument(help="A model file: .h5, .keras, JSON or YAML.")]
Weights = Annotated[str | None, typer.Option("--weights", help="The weights file of an architecture file.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]

DONE, FOUND, REFUSED, BUG = 0, 1, 2, 3


@contextmanager
def _answering(as_json: bool) -> Iterator[None]:
    """Turn a refusal into one message and an exit status."""
    try:
        yield
    except AnyKerasError as error:
        if as_json:
            print(json.dumps({"error": {"code": error.code, "message": str(error)}}, indent=1))
        else:
            render.refusal(error)
        raise typer.Exit(BUG if isinstance(error, Bug) else REFUSED) from None


def _print(as_json: bool, data: dict[str, Any], show: Callable[[], None]) -> None:
    if as_json:
        print(json.dumps(data, indent=1))
    else:
        show()


@app.command()
def inspect(
    file: File,
    weights: Weights = None,
    code: Annotated[bool, typer.Option("--code", help="Show the functions in the file as Python text.")] = False,
    as_json: AsJson = False,
) -> None:
    """Who wrote a file, its layers, and what is found in it. Needs no framework."""
    with _answering(as_json):
        found = api.inspect(file, weights=weights)
        _print(as_json, found.as_dict(), lambda: render.code(found) if code else render.inspection(found))
        raise typer.Exit(REFUSED if found.refusal is not None else DONE)


@app.command()
def convert(
    source: File,
    target: Annotated[str, typer.Argument(help="The .keras file to write.")],
    weights: Weights = None,
    custom_objects: Annotated[
        str | None, typer.Option("--custom-objects", help="The Python file that defines the classes of the model.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing target.")] = False,
    strict: Annotated[
        Fidelity, typer.Option("--strict", help="Exit with 1 when anything is less faithful than this.")
    ] = Fidelity.LOSSY,
    as_json: AsJson = False,
) -> None:
    """Write a file that stock Keras opens in safe mode, without custom objects. Needs no framework."""
    with _answering(as_json):
        done = api.convert(source, target, custom_objects, weights=weights, force=force)
        data = {
            "path": done.path,
            "fidelity": str(done.fidelity),
            "findings": [finding.as_dict() for finding in done.findings],
        }
        _print(as_json, data, lambda: render.converted(done))
        order = list(Fidelity)
        raise typer.Exit(FOUND if order.index(done.fidelity) > order.index(strict) else DONE)


@app.command()
def stub(file: File, weights: Weights = None) -> None:
    """Print a class to fill in for every class that a file needs and does not hold. Needs no framework."""
    with _answering(False):
        text = api.stub(file, weights=weights)
        print(text or "# the file needs no class that is not part of Keras 3", end="\n" if not text else "")
        raise typer.Exit(DONE)


@app.command()
def verify(
    file: File,
    other: Annotated[str | None, typer.Argument(help="The file made from it.")] = None,
    recording: Annotated[
        str | None, typer.Option("--recording", help="An .npz with in0.. and out0.. of the old stack.")
    ] = None,
    weights: Weights = None,
    as_json: AsJson = False,
) -> None:
    """Compare the outputs of two files, or of one with a recording. Runs on the installed backend."""
    with _answering(as_json):
        report = api.verify(file, other, recording=recording, weights=weights)
        _print(as_json, report.as_dict(), lambda: render.report(report))
        raise typer.Exit(DONE if report.agrees else FOUND)


@app.command()
def explain(code: Annotated[str, typer.Argument(help="A code such as AK2101.")], as_json: AsJson = False) -> None:
    """What a code means: what was found, why it matters, what changes."""
    found = api.explain(code)
    if found is None:
        print(f"no such code: {code}", file=sys.stderr)
        raise typer.Exit(REFUSED)
    page = found
    _print(as_json, render.page_data(page), lambda: render.page(page))
