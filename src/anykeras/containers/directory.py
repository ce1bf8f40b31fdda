"""Folders: an unpacked `.keras` (config.json beside model.weights.h5) is opened, every other kind is named."""

from __future__ import annotations

import os

from ..errors import NotAModel
from .base import Match, Raw
from .checkpoint.container import DATA, INDEX
from .folder import MOST, Box, PackedFolder, find_size_of_regular, list_names, open_regular
from .foreign import make_foreign_error
from .keras_zip.container import CONFIG, METADATA, WEIGHTS_H5, WEIGHTS_NPZ, read_box
from .packed import read_packed
from .remote import is_url, open_box
from .source import limit_error

SAVED_MODEL = {"variables", "assets", "assets.extra", "keras_metadata.pb", "fingerprint.pb"}  # beside saved_model.pb


class KerasDirectory:
    """An unpacked `.keras` archive, as some hubs keep it."""

    name = "keras_directory"

    def match(self, path: str, head: bytes) -> str | None:
        """By the names of config.json and the weights in a folder (a folder has no first bytes)."""
        if not os.path.isdir(path):
            return None
        names = list_names(path)
        if CONFIG not in names or not names & {WEIGHTS_H5, WEIGHTS_NPZ}:
            return None
        return f"a folder with {CONFIG} and the weights beside it"

    def read(self, match: Match) -> Raw:
        """Everything in the folder that a `.keras` archive would hold."""
        root = match.path
        members = (CONFIG, METADATA, WEIGHTS_H5, WEIGHTS_NPZ)
        files = [name for name in members if os.path.lexists(os.path.join(root, name))] + _list_assets(root)
        sizes = {name: find_size_of_regular(root, name) for name in files}

        return read_box(Box(sizes, lambda name, limit: open_regular(root, name, limit)), match)


def _list_assets(root: str) -> list[str]:
    found = []
    for folder, folders, names in os.walk(os.path.join(root, "assets")):
        inside = os.path.relpath(folder, root).replace(os.sep, "/")
        for name in (*folders, *names):
            find_size_of_regular(root, f"{inside}/{name}", folder_too=True)
        found += [f"{inside}/{name}" for name in sorted(names)]
        if len(found) > MOST:
            raise limit_error("files in the folder", len(found), MOST, "assets")
    return found


def name_directory(path: str, names: set[str]) -> NotAModel:
    """What a folder is that no container recognises, by the names in it."""
    if "saved_model.pbtxt" in names:
        return make_foreign_error("AK1156", "the folder holds a SavedModel as text (saved_model.pbtxt)", path)
    if "variables.index" in names:
        return make_foreign_error("AK1153", "these are the variables of a SavedModel, without saved_model.pb", path)
    data = sorted(name for name in names if DATA.search(name))
    if data and not any(name.endswith(INDEX) for name in names):
        missing = DATA.sub(INDEX, data[0])
        return make_foreign_error("AK1153", f"{missing} is not in the folder", path)
    if "variables" in names and names <= SAVED_MODEL:
        return make_foreign_error("AK1153", "saved_model.pb is not in the folder", path)
    if any(f"{name}.meta" in names for name in names):
        return make_foreign_error("AK1157", "the folder holds a TensorFlow checkpoint of the first format", path)
    if "checkpoint" in names or any(name.endswith(".index") for name in names):
        found = ", ".join(sorted(names)[:5])
        return make_foreign_error("AK1143", f"the folder holds no checkpoint of format 2; it holds {found}", path)
    models = sorted(n for n in names if n.endswith((".h5", ".hdf5", ".keras", ".json", ".yaml", ".yml")))
    shown = ", ".join((models or sorted(names))[:5]) or "nothing"
    return NotAModel(
        "AK1144",
        f"this folder is no model; it holds {shown}",
        part=path,
        next_step=f"Give a file in it, such as {os.path.join(path, models[0])}." if models else "Give a model file.",
    )


# A folder of a store as a container: a model in it, by the URL of the folder.


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
