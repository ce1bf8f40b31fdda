"""``anykeras check``: will a release of Keras open a file as it is."""

from __future__ import annotations

from typing import Annotated

import typer

from ... import checking
from ...reporting import Status
from ...scanning import Entry
from .. import render
from ..files import Files, do_each, find_entries, take_one
from ..options import AsJson
from ..outcome import print_result, show_errors


def check(
    files: Files,
    releases: Annotated[
        list[str] | None,
        typer.Option(
            "--for",
            metavar="RELEASE",
            help="keras-3.6, tf.keras==2.13, keras-2.3, tf_keras-2.16, tfjs; or requirements.txt, pyproject.toml, "
            "environment.yml. May be given several times.",
        ),
    ] = None,
    all_releases: Annotated[bool, typer.Option("--all", help="A table of every release, as without --for and --run.")] = False,
    interpreter: Annotated[
        str | None,
        typer.Option(
            "--run",
            metavar="PYTHON",
            help="Open the file with the stock Keras of this interpreter (2.7 to 3.14) and compare what it computes. That "
            "Keras reads the file as it always does: old versions run code from a file.",
        ),
    ] = None,
    library: Annotated[
        str, typer.Option("--library", help="With --run: keras, tf.keras or tf_keras; else what is installed.")
    ] = "",
    recording: Annotated[
        str | None,
        typer.Option("--recording", help="With --run: an .npz with in0.. and out0.. to compare with; else our live model."),
    ] = None,
    timeout: Annotated[float, typer.Option("--timeout", help="With --run: seconds until it is stopped.")] = 300.0,
    as_json: AsJson = False,
) -> None:
    """Say whether a release of Keras opens a file, and what helps. Needs no framework, but for --run.

    Exit code 1 where one of the releases asked for does not open the file, or where that cannot be said.
    """
    if (bool(releases), all_releases, interpreter is not None).count(True) > 1:
        raise typer.BadParameter("give one of --for RELEASE, --all and --run PYTHON", param_hint="--for")
    all_releases = not releases and interpreter is None
    if library not in ("", "keras", "tf.keras", "tf_keras"):
        raise typer.BadParameter("it is one of keras, tf.keras, tf_keras", param_hint="--library")
    with show_errors(as_json):
        entries = find_entries(files)
        if recording is not None:
            take_one(entries, "--recording")

        def look(entry: Entry) -> None:
            if interpreter is not None:
                done = checking.run(entry.path, interpreter, library=library, recording=recording, timeout=timeout)
                status = Status.DONE if done.right else Status.FOUND
                print_result(as_json, done.as_dict, lambda: render.print_run(done), status=status)
                return
            found = checking.check(entry.path, releases or ())
            status = Status.DONE if all_releases or found.opens else Status.FOUND
            print_result(as_json, found.as_dict, lambda: render.print_check(found, table=all_releases), status=status)

        do_each(entries, look, named=interpreter is None)
