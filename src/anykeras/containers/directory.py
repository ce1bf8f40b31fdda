"""Folders: an unpacked `.keras` (config.json beside model.weights.h5) is opened, every other kind is named."""

from __future__ import annotations

import os
import stat

from ..errors import Malformed, NotAModel
from .base import Match, Raw
from .foreign import foreign_error
from .keras_zip.container import CONFIG, METADATA, WEIGHTS_H5, WEIGHTS_NPZ, Box, read_box
from .source import ByteSource, limit_error, open_source

MOST = 10_000  # entries of a folder that are looked at


class KerasDirectory:
    """An unpacked `.keras` archive, as some hubs keep it."""

    name = "keras_directory"

    def match(self, path: str, head: bytes) -> str | None:
        """By the names of config.json and the weights in a folder (a folder has no first bytes)."""
        if not os.path.isdir(path):
            return None
        names = _list_names(path)
        if CONFIG not in names or not names & {WEIGHTS_H5, WEIGHTS_NPZ}:
            return None
        return f"a folder with {CONFIG} and the weights beside it"

    def read(self, match: Match) -> Raw:
        """Everything in the folder that a `.keras` archive would hold."""
        root = match.path
        members = (CONFIG, METADATA, WEIGHTS_H5, WEIGHTS_NPZ)
        files = [name for name in members if os.path.lexists(os.path.join(root, name))] + _list_assets(root)
        sizes = {name: _size_of_regular(root, name) for name in files}

        def open_file(name: str, limit: int) -> ByteSource:
            _size_of_regular(root, name)
            source = open_source(os.path.join(root, *name.split("/")))
            if source.size > limit:
                raise limit_error("bytes", source.size, limit, name)
            return source

        return read_box(Box(sizes, open_file), match)


def _list_names(path: str) -> set[str]:
    try:
        return set(sorted(os.listdir(path))[:MOST])
    except OSError as error:
        raise NotAModel("AK1002", f"the folder cannot be read: {error}", part=path) from None


def _list_assets(root: str) -> list[str]:
    found = []
    for folder, folders, names in os.walk(os.path.join(root, "assets")):
        inside = os.path.relpath(folder, root).replace(os.sep, "/")
        for name in (*folders, *names):
            _size_of_regular(root, f"{inside}/{name}", folder_too=True)
        found += [f"{inside}/{name}" for name in sorted(names)]
        if len(found) > MOST:
            raise limit_error("files in the folder", len(found), MOST, "assets")
    return found


def _size_of_regular(root: str, name: str, folder_too: bool = False) -> int:
    """The size of a regular file below `root`. Raises Malformed for links, also on the way, and other things."""
    try:
        at = root
        for piece in name.split("/"):
            at = os.path.join(at, piece)
            status = os.lstat(at)
            if stat.S_ISLNK(status.st_mode):
                raise _link_error("a link, which may lead out of the folder", name)
    except OSError as error:
        raise NotAModel("AK1002", f"the file cannot be read: {error}", part=name) from None
    if stat.S_ISREG(status.st_mode) or (folder_too and stat.S_ISDIR(status.st_mode)):
        return status.st_size
    raise _link_error("something that is no regular file (a pipe or device)", name)


def _link_error(what: str, part: str) -> Malformed:
    return Malformed(
        "AK1111",
        what,
        part=part,
        next_step="Copy the files themselves into one folder, or pack them as a .keras archive.",
    )


def name_directory(path: str) -> NotAModel:
    """What a folder is that no container recognises."""
    names = _list_names(path)
    if {"saved_model.pb", "saved_model.pbtxt"} & names:
        return foreign_error("AK1137", "this is a TensorFlow SavedModel", path)
    if "checkpoint" in names or any(name.endswith(".index") for name in names):
        return foreign_error("AK1143", "this is a TensorFlow checkpoint: weights by object, without the layers", path)
    models = sorted(n for n in names if n.endswith((".h5", ".hdf5", ".keras", ".json", ".yaml", ".yml")))
    shown = ", ".join((models or sorted(names))[:5]) or "nothing"
    return NotAModel(
        "AK1144",
        f"this folder is no model; it holds {shown}",
        part=path,
        next_step=f"Give a file in it, such as {os.path.join(path, models[0])}." if models else "Give a model file.",
    )
