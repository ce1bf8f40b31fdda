"""Files of tf.keras and Keras 2: HDF5 and `.keras`, written whole or not at all from a descended document."""

from __future__ import annotations

import json
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import IO, Final

import h5py
import numpy as np

from ...catalog.layout import KERAS2_13_TREE, KERAS2_14_TREE, KERAS2_15_TREE, list_stored_layers, specs_of
from ...catalog.releases import LAYERS_COUNTED_ONCE, LAYERS_IN_TREE, SOURCES_APART, Release
from ...document.edit import UniqueNames
from ...document.model import Document, Era, Layer
from ...errors import TargetError
from ...findings import Finding
from ..keras_zip import write_member
from ..output import check_output, open_output
from .spelling import Speller, order_layers
from .training import LegacyTraining, lower_training
from .weights import list_in_file_order, list_weights

# An attribute of HDF5 holds 64 KB; longer lists of names are cut (`HDF5_OBJECT_HEADER_LIMIT`, hdf5_format.py).
_LIMIT: Final = 64512


def write_hdf5(
    stream: IO[bytes], model: Layer, config: Mapping[str, object], training: LegacyTraining | None, release: Release
) -> None:
    """Write the whole model: configuration, weights, and how training goes on."""
    with h5py.File(stream, "w") as file:
        weights = file.create_group("model_weights")
        for group in (file, weights):
            # As bytes: h5py 2 gives them back as such, which TensorFlow up to 2.3 and Keras 2 decode.
            group.attrs["backend"] = b"tensorflow"
            group.attrs["keras_version"] = release.stamp.encode()
        file.attrs["model_config"] = json.dumps(config).encode()
        layers = order_layers(model)
        _write_names(weights, "layer_names", [layer.name for layer in layers])
        for layer in layers:
            _write_layer(weights.create_group(layer.name), layer)
        if training is not None:
            file.attrs["training_config"] = json.dumps(training.config).encode()
            _write_optimizer(file.create_group("optimizer_weights"), training)


def _write_layer(group: h5py.Group, layer: Layer) -> None:
    names: list[str] = []
    used: dict[str, int] = {}
    for weight in list_in_file_order(layer):
        number = used.get(weight.name, 0)
        used[weight.name] = number + 1
        name = f"{weight.name}_{number}:0" if number else f"{weight.name}:0"
        group.create_dataset(name, data=weight.tensor.read())
        names.append(name)
    _write_names(group, "weight_names", names)


def _write_optimizer(group: h5py.Group, training: LegacyTraining) -> None:
    unique = UniqueNames()
    names = [f"{unique.claim(f'{training.optimizer}/{name}')}:0" for name, _ in training.variables]
    for name, (_, array) in zip(names, training.variables, strict=True):
        group.create_dataset(name, data=array)
    _write_names(group, "weight_names", names)


def _write_names(group: h5py.Group, key: str, names: Sequence[str]) -> None:
    """A list of names as one attribute, or as several where they are too long for one."""
    array = np.array([name.encode() for name in names]) if names else np.zeros(0, "S1")
    if array.nbytes <= _LIMIT:
        group.attrs[key] = array
        return
    parts = -(-array.nbytes // _LIMIT)
    for number, part in enumerate(np.array_split(array, parts)):
        group.attrs[f"{key}{number}"] = part


def write_zip(
    stream: IO[bytes], model: Layer, config: Mapping[str, object], training: LegacyTraining | None, release: Release
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
        archive.writestr(write_member("metadata.json"), json.dumps(metadata))
        archive.writestr(write_member("config.json"), json.dumps(root))
        with tempfile.TemporaryFile() as weights:
            _write_weights(weights, model, training, release)
            weights.seek(0)
            with archive.open(write_member("model.weights.h5"), "w", force_zip64=True) as inside:
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


@dataclass(frozen=True)
class LegacyFile:
    """All that goes into a file, made before a byte is written."""

    document: Document
    release: Release
    box: str
    config: dict[str, object]
    training: LegacyTraining | None

    def write(self, path: str, *, force: bool, sources: Sequence[str]) -> None:
        """Write it to `path`. Raises OutputExists, TargetError."""
        check_output(path, force=force, sources=sources, suffixes=(self.box,))
        with open_output(path, force=force, sources=sources, suffixes=(self.box,)) as stream:
            put = write_zip if self.box == ".keras" else write_hdf5
            put(stream, self.document.model, self.config, self.training, self.release)


def prepare(document: Document, release: Release, box: str) -> tuple[LegacyFile, list[Finding]]:
    """A descended document as what a file of the release holds, and what was left out.

    Raises:
        Unsupported: the release cannot spell it.
        TargetError: the model has no weights.
    """
    config = Speller(release, box).model(document.model)
    training, findings = lower_training(document.training, document.model, release)
    if not any(True for _ in list_weights(document.model)) and _needs_weights(document):
        raise TargetError("AK6012", "the model has no weights", next_step="Pass the weights file too: --weights weights.h5.")
    return LegacyFile(document, release, box, dict(config), training), findings


def _needs_weights(document: Document) -> bool:
    from ...catalog import find
    from ...document.walk import layers_of

    entries = ((layer, find(layer.class_name, document.era)) for layer in layers_of(document.model))
    return any(role.trainable for layer, entry in entries if entry is not None for role in entry.roles(layer))
