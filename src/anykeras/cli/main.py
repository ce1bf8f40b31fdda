"""The command line: arguments in, one verb of the API, a rendering out."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, Any

import typer

from .. import __version__, api, targets
from ..boundary import as_our_error
from ..errors import AnyKerasError, Bug, Unfaithful
from ..findings import Affects, Fidelity
from ..opened import Inspection, list_fidelities
from ..texts import escape
from ..verification import Verdict
from ..weights_only import WeightsInspection
from . import render

EXIT_CODES = (
    "Exit codes: 0 done; 1 less faithful than asked for, or outputs that differ or cannot be compared; "
    "2 refused, or wrong arguments; 3 a bug in AnyKeras."
)

app = typer.Typer(
    name="anykeras",
    help="Open any Keras model file ever saved, in today's Keras 3, without running code from the file.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

File = Annotated[str, typer.Argument(help="A model file: .h5, .keras, JSON or YAML.")]
Weights = Annotated[str | None, typer.Option("--weights", help="The weights file of an architecture file.")]
Architecture = Annotated[
    str | None,
    typer.Option(
        "--architecture",
        metavar="MODEL",
        help="What weights alone belong to: a model file, or the source that builds the model (model.py, model.py:build(32)), "
        "of which only the statements run that the model needs.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]

ByName = Annotated[bool, typer.Option("--by-name", help="Weights: follow the names of layers alone.")]
SkipMismatch = Annotated[bool, typer.Option("--skip-mismatch", help="Weights: fill what fits and leave the rest as it is.")]
Layers = Annotated[
    list[str] | None,
    typer.Option("--layer", metavar="STORED=OWN", help="Weights: a layer of the file is this one of the model."),
]
DataFormat = Annotated[
    str | None, typer.Option("--data-format", help="Weights: images were channels_first or channels_last then.")
]
WrittenBy = Annotated[str | None, typer.Option("--writer", help='Weights: who wrote them, "1.0.5" or "keras 2.1.6 on theano".')]
DefaultsOf = Annotated[
    str, typer.Option("--defaults", help="Weights: changed defaults as they were (then), as the model has them (mine), or ask.")
]

DONE, FOUND, REFUSED, BUG = 0, 1, 2, 3


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"anykeras {__version__}")
        raise typer.Exit(DONE)


@app.callback()
def main(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """Open any Keras model file ever saved, in today's Keras 3, without running code from the file."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # names in files may have letters that a terminal does not


@contextmanager
def _show_errors(as_json: bool) -> Iterator[None]:
    """Turn an error into one message and an exit code."""
    try:
        yield
    except (typer.Exit, typer.Abort, BrokenPipeError):
        raise
    except Exception as raised:
        error = raised if isinstance(raised, AnyKerasError) else as_our_error(raised)
        if as_json:
            print(json.dumps({"error": {"code": error.code, "message": str(error)}}, indent=1))
        else:
            render.print_refusal(error)
        raise typer.Exit(_choose_exit_code(error)) from None


def _choose_exit_code(error: AnyKerasError) -> int:
    if isinstance(error, Unfaithful):
        return FOUND
    return BUG if isinstance(error, Bug) else REFUSED


def _print(as_json: bool, data: Callable[[], dict[str, Any]], show: Callable[[], None]) -> None:
    if as_json:
        print(json.dumps(data(), indent=1))
    else:
        show()


@app.command(epilog=EXIT_CODES)
def inspect(
    file: File,
    weights: Weights = None,
    code: Annotated[bool, typer.Option("--code", help="Show the functions in the file as Python text.")] = False,
    into: Annotated[
        str | None,
        typer.Option("--into", metavar="MODEL", help="Show which weights of FILE belong into which layers of MODEL."),
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
    """Show who wrote a file, its layers, and what is found in it; also of weights alone. Needs no framework.

    With a source as --architecture: which of its statements would run.
    """
    with _show_errors(as_json):
        if architecture is not None:
            sliced = api.slice_source(architecture, weights=file)
            _print(as_json, lambda: {"statements": sliced}, lambda: print(sliced))
            raise typer.Exit(DONE)
        if into is not None:
            report = api.match(file, into, **_matching(by_name, skip_mismatch, layers, data_format, writer, defaults))
            _print(as_json, report.as_dict, lambda: render.print_match(report))
            raise typer.Exit(DONE)
        found = api.inspect(file, weights=weights)
        _print(as_json, found.as_dict, lambda: _show_inspection(found, code))
        raise typer.Exit(DONE if found.refusal is None else _choose_exit_code(found.refusal))


def _matching(
    by_name: bool,
    skip_mismatch: bool,
    layers: Sequence[str] | None,
    data_format: str | None,
    writer: str | None,
    defaults: str,
) -> dict[str, Any]:
    """The options about weights as arguments of the API; wrong ones are refused as wrong arguments."""
    pairs = [text.partition("=") for text in layers or ()]
    for stored, equals, own in pairs:
        if not (stored and equals and own):
            raise typer.BadParameter("give STORED=OWN, a layer of the file and one of the model", param_hint="--layer")
    for option, value, allowed in (
        ("--defaults", defaults, ("ask", "then", "mine")),
        ("--data-format", data_format, (None, "channels_first", "channels_last")),
    ):
        if value not in allowed:
            raise typer.BadParameter(f"it is one of {', '.join(filter(None, allowed))}", param_hint=option)
    return {
        "by_name": by_name,
        "skip_mismatch": skip_mismatch,
        "layers": {stored: own for stored, _, own in pairs} or None,
        "data_format": data_format,
        "writer": writer,
        "defaults": defaults,
    }


def _show_inspection(found: Inspection | WeightsInspection, code: bool) -> None:
    if code:
        render.print_code(found)
    elif isinstance(found, WeightsInspection):
        render.print_weights(found)
    else:
        render.print_inspection(found)


@app.command(epilog=EXIT_CODES)
def convert(
    source: File,
    output: Annotated[str, typer.Argument(help="The file to write.")],
    weights: Weights = None,
    custom_objects: Annotated[
        str | None, typer.Option("--custom-objects", help="The Python file that defines the classes of the model.")
    ] = None,
    target: Annotated[
        str, typer.Option("--target", help=f"The kind of file to write: {', '.join(targets.TARGETS)}.")
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
    check: Annotated[
        bool, typer.Option("--check", help="Open the result with the installed Keras, run it and compare. Needs a backend.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Write a file that stock Keras opens in safe mode, without custom objects. Needs no framework."""
    levels = _parse_levels(strict or ())
    with _show_errors(as_json):
        done = api.convert(
            source,
            output,
            custom_objects,
            weights=weights,
            force=force,
            target=target,
            strict=levels or None,
            skip_mismatch=skip_mismatch,
            check=check,
            architecture=architecture,
        )
        _print(
            as_json,
            lambda: {
                "path": done.path,
                "fidelity": list_fidelities(done),
                "findings": [finding.as_dict() for finding in done.findings],
                **({"check": done.check.as_dict()} if done.check is not None else {}),
            },
            lambda: render.print_converted(done),
        )
        raise typer.Exit(DONE if done.check is None or done.check.verdict is not Verdict.FAIL else FOUND)


@app.command(epilog=EXIT_CODES)
def transfer(
    file: Annotated[str, typer.Argument(help="The weights, or a model file whose weights are taken.")],
    into: Annotated[str, typer.Option("--into", metavar="MODEL", help="The model: JSON, YAML or a whole model file.")],
    output: Annotated[str, typer.Option("--output", "-o", help="The .keras file to write.")],
    by_name: ByName = False,
    skip_mismatch: SkipMismatch = False,
    layers: Layers = None,
    data_format: DataFormat = None,
    writer: WrittenBy = None,
    defaults: DefaultsOf = "ask",
    force: Annotated[bool, typer.Option("--force", help="Overwrite an existing output.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write a model with the weights of another file, each weight by proof. Needs no framework."""
    options = _matching(by_name, skip_mismatch, layers, data_format, writer, defaults)
    with _show_errors(as_json):
        done, report = api.transfer(file, into, output, force=force, **options)
        _print(
            as_json,
            lambda: {
                "path": done.path,
                "fidelity": list_fidelities(done),
                "findings": [finding.as_dict() for finding in done.findings],
                "weights": report.as_dict(),
            },
            lambda: render.print_transfer(done, report),
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


@app.command(epilog=EXIT_CODES)
def stub(file: File, weights: Weights = None, architecture: Architecture = None) -> None:
    """Print a class to fill in for every custom class that a file needs; for weights alone, code that builds their model.

    Needs no framework.
    """
    with _show_errors(False):
        if architecture is not None:
            print(api.slice_source(architecture, weights=file))
            raise typer.Exit(DONE)
        text = api.stub(file, weights=weights)
        print(text or "# No custom classes needed.", end="\n" if not text else "")


@app.command(epilog=EXIT_CODES)
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
    with _show_errors(as_json):
        report = api.verify(file, other, recording=recording, weights=weights)
        _print(as_json, report.as_dict, lambda: render.print_report(report))
        raise typer.Exit(DONE if report.verdict is Verdict.PASS else FOUND)


@app.command(epilog=EXIT_CODES)
def explain(code: Annotated[str, typer.Argument(help="A code such as AK2101.")], as_json: AsJson = False) -> None:
    """Explain a code: what was found, why it matters, what changes."""
    with _show_errors(as_json):
        found = api.explain(code)
        if found is None:
            print(f"No such code: {escape(code)}", file=sys.stderr)
            raise typer.Exit(REFUSED)
        page = found
        _print(as_json, lambda: render.page_as_dict(page), lambda: render.print_page(page))
