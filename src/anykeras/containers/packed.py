"""Archives of a folder that is one model: a SavedModel, a checkpoint, a model of TensorFlow.js; read where it lies."""

from __future__ import annotations

from dataclasses import replace

from .base import Match, Raw
from .checkpoint.container import Checkpoint, find_name
from .folder import Box, Folder, PackedFolder
from .remote import is_url
from .savedmodel.container import SavedModelFolder
from .savedmodel.files import find_folder_in
from .tfjs import TensorFlowJS, holds_model

CLUTTER = ("__MACOSX", ".DS_Store", "._")
DEPTH = 8  # folders around the model that an archive may have


def read_packed(box: Box, match: Match) -> Raw | None:
    """The model that an archive holds in a folder; None where it holds none of these kinds."""
    folder: Folder | None = PackedFolder(match.path, _drop_clutter(box))
    for _ in range(DEPTH):
        if folder is None:
            return None
        model = find_folder_in(folder)
        if model is not None:
            return _read(SavedModelFolder(), match, model)
        if find_name(folder) is not None:
            return _read(Checkpoint(), match, folder)
        if holds_model(folder):
            return _read(TensorFlowJS(), match, folder)
        folder = _find_only_folder(folder)
    return None


def _read(container: SavedModelFolder | Checkpoint | TensorFlowJS, match: Match, folder: Folder) -> Raw:
    raw = container.read(replace(match, name=container.name, folder=folder))
    place = f"read in place, from {folder.name}" if is_url(match.path) else f"read from the archive, in {folder.name}"
    return replace(raw, notes=(*raw.notes, place))


def _drop_clutter(box: Box) -> Box:
    """Without what macOS adds to an archive."""
    if not any(map(_is_clutter, box.sizes)):
        return box
    return Box({path: size for path, size in box.sizes.items() if not _is_clutter(path)}, box.open)


def _is_clutter(path: str) -> bool:
    return path.startswith(CLUTTER) or path.rpartition("/")[2].startswith(CLUTTER)


def _find_only_folder(folder: Folder) -> Folder | None:
    names = folder.names()
    only = next(iter(names)) if len(names) == 1 else None
    return folder.inside(only) if only is not None and folder.size(only) is None else None
