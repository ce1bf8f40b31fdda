"""The table of containers, in the order in which they are asked."""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib import import_module
from typing import Final

from .base import Container, Match, Raw
from .remote import is_url, open_any

_CONTAINERS: Final = (
    ("hdf5.match", "HDF5"),
    ("arrays", "Arrays"),
    ("keras_zip.container", "KerasZip"),
    ("tfjs", "TensorFlowJS"),
    ("config_text.container", "ConfigText"),
    ("directory", "KerasDirectory"),
    ("savedmodel.container", "SavedModelFolder"),
    ("savedmodel.container", "FrozenGraph"),
    ("checkpoint.container", "Checkpoint"),
    ("tar", "Tar"),
    ("compressed", "Compressed"),
    ("pickled.container", "Pickled"),
)


def list_containers() -> Iterator[Container]:
    """The containers, each imported when it is asked."""
    for module, name in _CONTAINERS:
        container: Container = getattr(import_module(f"{__package__}.{module}"), name)()
        yield container


# From a path to a container, by the bytes at the start of the file and never by its name.


HEAD = 1 << 16


def sniff(path: str | os.PathLike[str]) -> Match:
    """Which container `path` is; a match is what it says.

    Raises NotAModel, with a code for what the file is instead (AK1001, AK1002, AK1102, AK1131 to AK1146).
    """
    if isinstance(path, Match):
        return path
    name = os.fsdecode(path)
    if not is_url(name) and not os.path.exists(name):
        from .checkpoint.container import find_index  # loaded only for what is no file

        name = find_index(name) or name  # a checkpoint is named by its prefix
    if is_url(name) and (folder := _find_remote(name)) is not None:
        return folder
    source = None if os.path.isdir(name) else open_any(name)
    head = source.read(0, HEAD) if source is not None else b""
    for container in list_containers():
        evidence = container.match(name, head)
        if evidence is not None:
            return Match(container.name, name, evidence, container, source)
    if source is None:
        from .directory import name_directory
        from .folder import list_names

        raise name_directory(name, list_names(name))
    from .foreign import name_file

    raise name_file(name, head, source.size)


def _find_remote(url: str) -> Match | None:
    from .directory import RemoteFolder  # loaded for URLs alone

    container = RemoteFolder()
    evidence = container.match(url, b"")
    return None if evidence is None else Match(container.name, url, evidence, container)


def open(path: str | os.PathLike[str]) -> Raw:
    """Sniff and read in one."""
    return sniff(path).read()
