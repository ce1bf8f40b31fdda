"""From a path to a container, by the bytes at the start of the file and never by its name."""

from __future__ import annotations

import os

from ..errors import NotAModel
from .base import Match, Raw
from .directory import name_directory
from .foreign import name_file
from .source import open_source
from .table import CONTAINERS

HEAD = 1 << 16


def sniff(path: str | os.PathLike[str]) -> Match:
    """Which container `path` is.

    Raises NotAModel, with a code for what the file is instead (AK1001, AK1002, AK1102, AK1131 to AK1146).
    """
    name = os.fspath(path)
    source = None if os.path.isdir(name) else open_source(name)
    head = source.read(0, HEAD) if source is not None else b""
    for container in CONTAINERS:
        match = container.match(name, head)
        if match is not None:
            return match
    raise name_directory(name) if source is None else name_file(name, head, source.size)


def read(match: Match) -> Raw:
    """Everything in the box. Raises AnyKerasError: Malformed, LimitExceeded, Unsupported or NotAModel."""
    for container in CONTAINERS:
        if container.name == match.name:
            return container.read(match)
    raise NotAModel("AK1101", f"no container is named {match.name!r}", part=match.path)


def open_model(path: str | os.PathLike[str]) -> Raw:
    """Sniff and read in one."""
    return read(sniff(path))
