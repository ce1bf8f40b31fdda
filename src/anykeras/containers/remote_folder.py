"""A folder of a store as a container: a model in it, by the URL of the folder."""

from __future__ import annotations

from .base import Match, Raw
from .directory import name_directory
from .folder import PackedFolder
from .packed import read_packed
from .remote import is_url, open_box


class RemoteFolder:
    """A SavedModel, a checkpoint or a model of TensorFlow.js in a folder of a store, by its URL; fetched as it is read."""

    name = "remote_folder"

    def match(self, path: str, head: bytes) -> str | None:
        """By the store, which says that a URL is a folder."""
        return "a folder of a store" if is_url(path) and open_box(path) is not None else None

    def read(self, match: Match) -> Raw:
        """The model in it. Raises NotAModel where there is none."""
        box = open_box(match.path)
        raw = read_packed(box, match) if box is not None else None
        if raw is None:
            raise name_directory(match.path, PackedFolder(match.path, box).names() if box is not None else set())
        return raw
