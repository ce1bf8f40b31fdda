"""The files of a SavedModel folder, by their fixed names."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass

from ... import limits
from ...errors import NotAModel
from ..checkpoint.bundle import Bundle
from ..checkpoint.container import open_bundle, open_part
from ..folder import DiskFolder, Folder
from ..source import ByteSource
from ..wire import read_message
from ..wire.messages import KerasMetadata, MetaGraph, SavedModel

GRAPH, METADATA, VARIABLES = "saved_model.pb", "keras_metadata.pb", "variables/variables"
EXPORTED = "assets/saved_model.json"  # tf.keras.experimental.export_saved_model, TensorFlow 1.13 to 2.0
SERVE = "serve"
MOST_GRAPH = 2 * limits.GIB  # protocol buffers end there


@dataclass(frozen=True)
class Files:
    """A folder, opened file by file."""

    folder: Folder

    @property
    def root(self) -> str:
        """Where the folder is, for messages."""
        return self.folder.name

    def open(self, name: str, limit: int) -> ByteSource:
        """A file of the folder. Raises NotAModel for a pointer of git-lfs (AK1130), and where it is missing (AK1153)."""
        return open_part(self.folder, name, limit)

    def has(self, name: str) -> bool:
        """Is there a file of this name?"""
        return self.folder.size(name) is not None

    def meta_graph(self) -> MetaGraph:
        """The meta graph to be served; the only one where none has that tag. Raises NotAModel (AK1154)."""
        found = read_message(
            SavedModel, self.open(GRAPH, MOST_GRAPH).whole(MOST_GRAPH, GRAPH), f"{self.root}/{GRAPH}"
        ).meta_graphs
        serving = [graph for graph in found if graph.info is not None and SERVE in graph.info.tags]
        if not (serving or found):
            raise NotAModel("AK1154", "the file holds no graph", part=f"{self.root}/{GRAPH}")
        return (serving or found)[0]

    def keras_metadata(self) -> KerasMetadata:
        """What tf.keras 2.5 to 2.15 wrote beside the graph; empty where there is no such file."""
        if not self.has(METADATA):
            return KerasMetadata()
        bound = limits.current().config_bytes
        return read_message(KerasMetadata, self.open(METADATA, bound).whole(bound, METADATA), f"{self.root}/{METADATA}")

    def bundle(self) -> Bundle:
        """The variables."""
        return open_bundle(self.folder, VARIABLES)


def find_folder(path: str) -> Folder | None:
    """The folder of a SavedModel that `path` means: itself, or that of its saved_model.pb."""
    if os.path.basename(path) == GRAPH and os.path.isfile(path):
        return DiskFolder(os.path.dirname(path) or ".")
    return find_folder_in(DiskFolder(path)) if os.path.isdir(path) else None


def find_folder_in(folder: Folder) -> Folder | None:
    """The SavedModel of a folder: itself, TF Serving's newest version in it, or the ``saved_model`` beside checkpoints."""
    names = folder.names()
    if GRAPH in names:
        return folder
    versions = sorted((name for name in names if re.fullmatch(r"\d{1,18}", name)), key=int, reverse=True)
    inside = [folder.inside(name) for name in (*versions, *(names & {"saved_model"}))]
    return next((found for found in inside if found.size(GRAPH) is not None), None)
