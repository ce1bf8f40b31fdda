"""Several files for one verb: every path, folder, pattern, list or URL that was given, each with its own result."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Annotated

import typer

from ..errors import NotAModel
from ..scanning import Entry, find_models
from .outcome import session, show_refusal

Files = Annotated[
    list[str],
    typer.Argument(
        metavar="FILE...",
        help="Model files; also folders, patterns, @list.txt, - (a path a line on standard input), or URLs.",
        show_default=False,
    ),
]


def find_entries(files: Sequence[str]) -> list[Entry]:
    """The models that the arguments mean. Raises NotAModel (AK1101) where there is none, MissingFile.

    A folder without models is kept, since it is refused for what it is.
    """
    entries = list(find_models(files)) or [Entry(files[0], files[0])] * (len(files) == 1 and os.path.isdir(files[0]))
    if not entries:
        raise NotAModel("AK1101", "no model file was found", part=", ".join(files), next_step="Give the path of a model file.")
    return entries


def do_each(entries: Sequence[Entry], do: Callable[[Entry], None]) -> None:
    """Do the same with each; one that is refused does not keep the others from it."""
    here = session()
    for entry in entries:
        here.path = entry.path
        if len(entries) == 1:
            do(entry)
        else:
            with show_refusal(entry.path):
                do(entry)


def take_one(entries: Sequence[Entry], option: str) -> Entry:
    """The only file. Raises BadParameter where an option is about one and there are several."""
    if len(entries) != 1:
        raise typer.BadParameter("it goes with one file", param_hint=option)
    return entries[0]
