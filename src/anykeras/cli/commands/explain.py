"""``anykeras explain``: the page of a code, or what a pasted error means."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from ... import api
from ...errors import MissingFile
from ...explaining import LONGEST
from ...pages import Page
from ...texts import escape
from .. import render
from ..options import AsJson
from ..outcome import FOUND, REFUSED, print_result, show_errors


def explain(
    message: Annotated[
        str,
        typer.Argument(help="A code (AK2101), a pasted error or traceback, a text file that holds one, or - for the input."),
    ],
    file: Annotated[
        str | None, typer.Option("--file", metavar="MODEL", help="Look whether the cause is in this model file.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Explain a code, or a pasted error about a model file. Errors of Keras, TensorFlow, h5py and Python; needs no framework.

    Exits with 1 where an error is not known.
    """
    with show_errors(as_json):
        text = _read(message)
        found = api.explain(text, file)
        if found is None:
            print(f"No such code: {escape(message)}", file=sys.stderr)
            raise typer.Exit(REFUSED)
        if isinstance(found, Page):
            page = found
            print_result(as_json, lambda: render.write_page_as_dict(page), lambda: render.print_page(page))
        else:
            explained = found
            print_result(as_json, explained.as_dict, lambda: render.print_explanation(explained))
            raise typer.Exit(0 if explained.known else FOUND)


def _read(message: str) -> str:
    """The text itself, that of the input, or that of a file of this name."""
    if message == "-":
        return sys.stdin.read()
    if "\n" in message or len(message) > 1000 or not os.path.isfile(message):
        return message
    with open(message, "rb") as stream:
        stream.seek(max(0, os.path.getsize(message) - 4 * LONGEST))
        data = stream.read()
    if b"\0" in data:
        raise MissingFile(
            "AK9002",
            f"{message} is no text",
            part=message,
            next_step=f'For a model: anykeras inspect {message}, or anykeras explain "the message" --file {message}.',
        )
    return data.decode("utf8", "replace")
