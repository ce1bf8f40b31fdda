"""Files of a folder that is one model: regular files by their own names, never a link that may lead out of it.

The folder lies on the disk, or in an archive that is read where it lies.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from ..errors import Malformed, NotAModel
from .source import ByteSource, limit_error, open_source

MOST = 10_000  # entries of a folder that are looked at


class Folder(Protocol):
    """A folder: `name` addresses it in messages, paths in it have ``/`` between their pieces."""

    @property
    def name(self) -> str:
        """Where it is."""

    def names(self) -> set[str]:
        """Names of the files and folders right in it."""

    def inside(self, name: str) -> Folder:
        """A folder right in it."""

    def size(self, path: str) -> int | None:
        """Bytes of a file below it, None where there is none. Raises Malformed (AK1111) for what is no regular file."""

    def open(self, path: str, limit: int) -> ByteSource:
        """A file below it. Raises LimitExceeded for more than `limit` bytes, NotAModel where there is none."""


@dataclass(frozen=True)
class Box:
    """Named files in an archive or a folder: sizes, and how to open one within a limit."""

    sizes: Mapping[str, int]
    open: Callable[[str, int], ByteSource]


@dataclass(frozen=True)
class DiskFolder:
    """A folder of the disk."""

    name: str

    def names(self) -> set[str]:
        """Names of the files and folders right in it; none where it is no folder."""
        return list_names(self.name) if os.path.isdir(self.name) else set()

    def inside(self, name: str) -> DiskFolder:
        """A folder right in it."""
        return DiskFolder(os.path.join(self.name, name))

    def size(self, path: str) -> int | None:
        """Bytes of a file below it."""
        if not os.path.lexists(os.path.join(self.name, *path.split("/"))):
            return None
        return find_size_of_regular(self.name, path)

    def open(self, path: str, limit: int) -> ByteSource:
        """A file below it."""
        return open_regular(self.name, path, limit)


@dataclass(frozen=True)
class PackedFolder:
    """A folder of an archive, `prefix` with a ``/`` at its end; nothing is unpacked."""

    archive: str
    box: Box = field(repr=False)
    prefix: str = ""

    @property
    def name(self) -> str:
        """The archive and the folder in it."""
        return f"{self.archive}/{self.prefix}".removesuffix("/")

    def names(self) -> set[str]:
        """Names of the files and folders right in it."""
        skip = len(self.prefix)
        return {path[skip:].partition("/")[0] for path in self.box.sizes if path.startswith(self.prefix)}

    def inside(self, name: str) -> PackedFolder:
        """A folder right in it."""
        return PackedFolder(self.archive, self.box, f"{self.prefix}{name}/")

    def size(self, path: str) -> int | None:
        """Bytes of a file below it."""
        return self.box.sizes.get(self.prefix + path)

    def open(self, path: str, limit: int) -> ByteSource:
        """A file below it."""
        if self.prefix + path not in self.box.sizes:
            raise NotAModel("AK1153", f"{path} is not in the archive", part=self.name)
        return self.box.open(self.prefix + path, limit)


def list_names(path: str) -> set[str]:
    """Names in the folder, at most MOST of them. Raises NotAModel (AK1002)."""
    try:
        return set(sorted(os.listdir(path))[:MOST])
    except OSError as error:
        raise NotAModel("AK1002", f"the folder cannot be read: {error}", part=path) from None


def find_size_of_regular(root: str, name: str, folder_too: bool = False) -> int:
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
    find_size_of_regular(root, name)
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
