"""Files of a folder that is one model: regular files by their own names, never a link that may lead out of it."""

from __future__ import annotations

import os
import stat

from ..errors import Malformed, NotAModel
from .source import ByteSource, limit_error, open_source

MOST = 10_000  # entries of a folder that are looked at


def list_names(path: str) -> set[str]:
    """Names in the folder, at most MOST of them. Raises NotAModel (AK1002)."""
    try:
        return set(sorted(os.listdir(path))[:MOST])
    except OSError as error:
        raise NotAModel("AK1002", f"the folder cannot be read: {error}", part=path) from None


def size_of_regular(root: str, name: str, folder_too: bool = False) -> int:
    """The size of a regular file below `root`. Raises Malformed (AK1111) for links, also on the way, and other things."""
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


def open_regular(root: str, name: str, limit: int) -> ByteSource:
    """A regular file below `root`, of at most `limit` bytes."""
    size_of_regular(root, name)
    source = open_source(os.path.join(root, *name.split("/")))
    if source.size > limit:
        raise limit_error("bytes", source.size, limit, name)
    return source


def _link_error(what: str, part: str) -> Malformed:
    return Malformed(
        "AK1111",
        what,
        part=part,
        next_step="Copy the files themselves into one folder, or pack them as a .keras archive.",
    )
