"""HDF5 files of tf.keras and Keras 2 (``saving/hdf5_format.py`` of TensorFlow 1.15 to 2.15, keras 2.1.5 to 2.3.1)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import IO, Any, Final

import h5py
import numpy as np

from ...catalog.releases import Release
from ...document.edit import UniqueNames
from ...document.model import Layer
from .spelling import order_layers
from .training import LegacyTraining
from .weights import file_order

# An attribute of HDF5 holds 64 KB; longer lists of names are cut (`HDF5_OBJECT_HEADER_LIMIT`, hdf5_format.py).
_LIMIT: Final = 64512


def write_hdf5(
    stream: IO[bytes], model: Layer, config: Mapping[str, Any], training: LegacyTraining | None, release: Release
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
    for weight in file_order(layer):
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
