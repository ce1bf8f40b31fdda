""".keras files of tf.keras 2.12 to 2.15 and tf_keras (``saving/saving_lib.py`` there)."""

from __future__ import annotations

import json
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from typing import IO, Any

import h5py

from ...catalog.layout import KERAS2_13_TREE, KERAS2_14_TREE, KERAS2_15_TREE, list_stored_layers, specs_of
from ...catalog.releases import LAYERS_COUNTED_ONCE, LAYERS_IN_TREE, SOURCES_APART, Release
from ...document.model import Era, Layer
from ..keras_zip import archive_member
from .spelling import order_layers
from .training import LegacyTraining


def write_zip(
    stream: IO[bytes], model: Layer, config: Mapping[str, Any], training: LegacyTraining | None, release: Release
) -> None:
    """Write the archive: metadata, configuration, weights."""
    graph = model.graph
    assert graph is not None
    functional = not graph.sequential
    engine = "keras.src.engine" if SOURCES_APART.holds(release) else "keras.engine"
    module = f"{engine}.functional" if functional else "keras"
    root = {"module": module, **config, "registered_name": "Functional" if functional else None}
    if training is not None:
        root["compile_config"] = training.as_compile_config()
    metadata = {"keras_version": release.stamp, "written_by": "anykeras"}
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(archive_member("metadata.json"), json.dumps(metadata))
        archive.writestr(archive_member("config.json"), json.dumps(root))
        with tempfile.TemporaryFile() as weights:
            _write_weights(weights, model, training, release)
            weights.seek(0)
            with archive.open(archive_member("model.weights.h5"), "w", force_zip64=True) as inside:
                while chunk := weights.read(8 << 20):
                    inside.write(chunk)


def _write_weights(stream: IO[bytes], model: Layer, training: LegacyTraining | None, release: Release) -> None:
    own = KERAS2_14_TREE if LAYERS_COUNTED_ONCE.holds(release) else KERAS2_13_TREE
    tree = KERAS2_15_TREE if LAYERS_IN_TREE.holds(release) else own
    holders = [holder for holder in list_stored_layers(_sort(model), Era.TF2, tree) if not holder.again]
    with h5py.File(stream, "w") as file:
        for number, (_, array) in enumerate(training.variables if training is not None else ()):
            file.create_dataset(f"optimizer/vars/{number}", data=array)
        for holder in holders:
            file.require_group(f"{holder.home}/vars".strip("/"))
        for spec in specs_of(holders, Era.TF2):
            tensor = spec.layer.weights.get(spec.role.name)
            for name in spec.role.also if tensor is None else ():
                tensor = tensor or spec.layer.weights.get(name)
            if tensor is not None and spec.path not in file:
                file.create_dataset(spec.path, data=tensor.read())


def _sort(model: Layer) -> Layer:
    """The model with the layers of each graph in the order of the configuration that is written."""
    if model.graph is None:
        return model
    return replace(model, graph=replace(model.graph, layers=tuple(_sort(layer) for layer in order_layers(model))))
