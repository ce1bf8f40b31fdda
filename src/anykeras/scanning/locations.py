"""Which files are meant: paths, globs, folders, lists of paths, and URLs. Model files in folders are found by content."""

from __future__ import annotations

import glob
import os
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from ..containers import npy
from ..containers.hdf5 import SIGNATURE
from ..errors import AnyKerasError

HEAD = 1 << 14
PICKLES = (".pkl", ".pickle", ".joblib", ".p", ".dill")
FOLDERS = ({"saved_model.pb"}, {"config.json", "model.weights.h5"}, {"config.json", "model.weights.npz"})
"""Files of a folder that is one model."""
_ARCHIVED = re.compile(rb"config\.json|metadata\.json|model\.weights|\|O'")
_CONFIG = re.compile(rb"[\"']?class_name[\"']?\s*:|[\"']?(?:layers|node_config)[\"']?\s*:\s*[\[\n]")
_PICKLED = re.compile(rb"\x80[\x00-\x05]|\(?[ci][A-Za-z_][\w.]*\n\w+\n")


@dataclass(frozen=True)
class Entry:
    """A file or model folder: its path, and its path below the argument that it was found by."""

    path: str
    inside: str


def name_converted(entry: Entry, suffix: str = ".keras") -> str:
    """The path of what is made of a model, below the folder that many are made into; no two have the same."""
    name = entry.inside.replace("/", os.sep)
    return name if suffix and name.endswith(suffix) else f"{name}{suffix}"


def expand(arguments: Sequence[str]) -> list[str]:
    """The paths that several arguments mean.

    A folder that is no model is searched for models, a pattern is filled in, ``@list.txt`` and ``-`` (standard input)
    give a path
    a line, a URL ending in a slash is listed. What is none of these is taken as it is, so that a missing file is refused
    by name.
    """
    return [entry.path for entry in find_models(arguments)]


def find_models(arguments: Iterable[str], everything: bool = False) -> Iterator[Entry]:
    """Every model that the arguments mean, each once; with `everything` every file of a folder, whatever it holds.

    Raises MissingFile for a folder or list that is not there.
    """
    from ..containers.remote import is_url  # loaded where files are looked for, not with the options of a verb

    seen: set[str] = set()
    for argument in _read_lists(arguments):
        for entry in _find(argument, everything):
            key = entry.path if is_url(entry.path) else os.path.abspath(entry.path)
            if key not in seen:
                seen.add(key)
                yield entry


def _read_lists(arguments: Iterable[str]) -> Iterator[str]:
    for argument in arguments:
        if argument == "-":
            yield from filter(None, (line.strip() for line in sys.stdin))
        elif argument.startswith("@") and not os.path.exists(argument):
            try:
                with open(argument[1:], encoding="utf-8", errors="surrogateescape") as lines:
                    yield from filter(None, (line.strip() for line in lines))
            except OSError:
                from ..containers.source import make_missing_file_error

                raise make_missing_file_error(argument[1:]) from None
        else:
            yield argument


def _find(argument: str, everything: bool) -> Iterator[Entry]:
    from ..containers.remote import is_url, list_remote

    if is_url(argument):
        yield from (Entry(path, inside) for path, inside in list_remote(argument))
    elif os.path.isdir(argument) and not is_model_folder(argument):
        yield from _search(argument, everything)
    elif os.path.lexists(argument) or not glob.has_magic(argument):
        yield Entry(argument, os.path.basename(argument.rstrip(os.sep)))
    else:
        for path in sorted(glob.glob(argument, recursive=True)):
            yield from _find(path, everything)


def is_model_folder(path: str) -> bool:
    """Whether a folder that was asked for is one model, by whatever container knows it."""
    from ..containers.table import sniff

    try:
        sniff(path)
    except AnyKerasError:
        return False
    return True


def _search(root: str, everything: bool) -> Iterator[Entry]:
    """Models below a folder, in the order of their names. Links to folders are not followed, those out of it not taken."""
    real = os.path.realpath(root)
    for at, folders, names in os.walk(root):
        folders.sort()
        if at != root and any(required <= set(names) for required in FOLDERS):
            folders.clear()
            yield Entry(at, os.path.relpath(at, root))
            continue
        for name in sorted(names):
            path = os.path.join(at, name)
            if os.path.islink(path) and not os.path.realpath(path).startswith(real + os.sep):
                continue
            if os.path.isfile(path) and (everything or holds_model(path)):
                yield Entry(path, os.path.relpath(path, root))


def holds_model(path: str) -> bool:
    """Whether the first bytes of a file are those of a model, of weights, or of a pickle or archive that may hold one."""
    try:
        with open(path, "rb") as file:
            head = file.read(HEAD)
    except OSError:
        return True  # that it cannot be read is worth a line
    if head.startswith(SIGNATURE) or any(head[at : at + 8] == SIGNATURE for at in (512, 1024, 2048, 4096, 8192)):
        return True
    if head.startswith(b"PK\3\4"):
        return bool(_ARCHIVED.search(head))
    if head.startswith(npy.MAGIC):
        return b"'|O'" in head[:256]
    if path.endswith(PICKLES) or (_PICKLED.match(head) and b"keras" in head):
        return True
    return b"\0" not in head and bool(_CONFIG.search(head)) and head.lstrip()[:1] not in (b"#", b"<", b"%", b"/")
