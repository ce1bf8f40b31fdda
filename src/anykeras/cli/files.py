"""Several files for one verb: every path, folder, pattern, list or URL that was given, each with its own result."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Annotated

import typer

from .. import limits
from ..errors import NotAModel
from ..scanning import Entry, find_models, name_converted
from ..targets.output import check_place
from . import render
from .outcome import TEXT, session, show_refusal

MODELS = (".keras", ".h5", ".hdf5")
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


def do_each(entries: Sequence[Entry], do: Callable[[Entry], None], named: bool = False) -> None:
    """Do the same with each; one that is refused does not keep the others from it. `named`: a line says whose result it is."""
    here = session()
    for entry in entries:
        here.path = entry.path
        if len(entries) == 1:
            with limits.spend_one():
                do(entry)
            continue
        if named and here.form == TEXT:
            render.print_path(entry.path)
        with show_refusal(entry.path), limits.spend_one():
            do(entry)


def choose_output(entries: Sequence[Entry], entry: Entry, output: str, suffix: str = ".keras") -> str:
    """Where the result of one of the files goes: `output`, or a file in that folder, which is made, where there are several."""
    if len(entries) == 1 and not output.endswith(("/", os.sep)):
        return output
    if not os.path.isdir(output) and (os.path.exists(output) or output.endswith((*MODELS, suffix))):
        advice = f"{len(entries)} files are written into a folder, and {output!r} names a file"
        raise typer.BadParameter(advice, param_hint="OUTPUT")
    check_place(output, [one.path for one in entries])
    path = os.path.join(output, name_converted(entry, suffix))
    os.makedirs(os.path.dirname(path), exist_ok=True)
    return path


def take_one(entries: Sequence[Entry], option: str) -> Entry:
    """The only file. Raises BadParameter where an option is about one and there are several."""
    if len(entries) != 1:
        raise typer.BadParameter("it goes with one file", param_hint=option)
    return entries[0]
