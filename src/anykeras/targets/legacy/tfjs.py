"""Layers models of TensorFlow.js: a folder of model.json and files of weights, as its converter writes them.

Sources: ``write_weights.py`` and ``keras_h5_conversion.py`` of tensorflowjs 4.17.0; ``addWeight``, ``nameScope`` and
``loadWeights`` of tfjs-layers 4.22.0. Weights are found by name: that of the scopes in which a layer is built.
"""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ...catalog.releases import Release
from ...catalog.renames import FORMER_WEIGHTS
from ...descent.rulebook import refuse
from ...document.model import Document, Layer
from ...findings import Fidelity, Finding
from ...tensors import Tensor
from ..output import open_output_folder
from .spelling import Speller, order_layers
from .weights import list_held, list_own

SHARD: Final = 4 << 20
"""The size of a file of weights, in bytes."""


@dataclass(frozen=True)
class TfjsFolder:
    """All that goes into the folder, made before a byte is written."""

    config: Mapping[str, Any]
    weights: Sequence[tuple[str, Tensor]]
    release: Release

    def write(self, path: str, *, force: bool, sources: Sequence[str]) -> None:
        """Write the folder `path`. Raises OutputExists, TargetError."""
        with open_output_folder(path, force=force, sources=sources, replaces=is_own) as folder:
            paths = self._write_shards(folder)
            with open(os.path.join(folder, "model.json"), "w", encoding="utf-8") as file:
                json.dump(self._describe(paths), file, allow_nan=False)

    def _describe(self, paths: Sequence[str]) -> dict[str, Any]:
        specs = [{"name": name, "shape": list(tensor.shape), "dtype": "float32"} for name, tensor in self.weights]
        topology = {"keras_version": self.release.stamp, "backend": "tensorflow", "model_config": self.config}
        return {
            "format": "layers-model",
            "generatedBy": "AnyKeras",
            "convertedBy": "AnyKeras",
            "modelTopology": topology,
            "weightsManifest": [{"paths": list(paths), "weights": specs}] if specs else [],
        }

    def _write_shards(self, folder: str) -> list[str]:
        """The weights one after the other, cut into files of one size; one tensor in memory at a time."""
        count = -(-sum(4 * tensor.size for _, tensor in self.weights) // SHARD)
        paths = [f"group1-shard{number + 1}of{count}.bin" for number in range(count)]
        for number, pieces in itertools.groupby(self._cut(), key=lambda piece: piece[0]):
            with open(os.path.join(folder, paths[number]), "wb") as file:
                for _, piece in pieces:
                    file.write(piece)
        return paths

    def _cut(self) -> Iterator[tuple[int, memoryview]]:
        """Pieces of the weights, each with the number of its file."""
        at = 0
        for _, tensor in self.weights:
            data = memoryview(tensor.read().astype("<f4").tobytes())
            while data:
                number, room = at // SHARD, SHARD - at % SHARD
                yield number, data[:room]
                at, data = at + len(data[:room]), data[room:]


def is_own(names: Sequence[str]) -> bool:
    """Whether a folder holds what this module writes and nothing else, so that it may be replaced."""
    return "model.json" in names and all(
        name == "model.json" or (name.startswith("group1-shard") and name.endswith(".bin")) for name in names
    )


def prepare(document: Document, release: Release) -> tuple[TfjsFolder, list[Finding]]:
    """A descended document as what the folder holds, and what was left out.

    Raises:
        Unsupported: AK6050: TensorFlow.js cannot spell it.
    """
    config = Speller(release, "").model(document.model)
    _check_numbers(config, document.model, release)
    weights = list(_list_scoped(document.model, ""))
    findings = []
    if document.training is not None and document.training.config.get("optimizer") is not None:
        done = "the model is written without its optimizer, loss and metrics"
        findings.append(Finding("AK2450", "training/optimizer", "a compiled model", done, Fidelity.LOSSY))
    return TfjsFolder(config, weights, release), findings


def _check_numbers(config: Mapping[str, object], model: Layer, release: Release) -> None:
    try:
        json.dumps(config, allow_nan=False)
    except ValueError:
        raise refuse(model.name, "a number in the configuration is infinite or none", release) from None


def _list_scoped(layer: Layer, scope: str) -> Iterator[tuple[str, Tensor]]:
    """The weights of a layer and all in it by the names under which they are looked for."""
    if layer.graph is not None:  # its layers are built before it is called, in no scope but their own
        for inner in order_layers(layer):
            yield from _list_scoped(inner, inner.name)
        return
    for role, tensor in list_own(layer):
        yield f"{scope}/{FORMER_WEIGHTS.get((layer.class_name, role.name), role.name)}", tensor
    for key, number, held in list_held(layer):
        yield from _list_scoped(held, scope + _inner_scope(layer, key, number))


def _inner_scope(layer: Layer, key: str, number: int) -> str:
    """The scope in which a layer builds one that it holds: wrappers and RNN build theirs in their own."""
    if layer.class_name == "StackedRNNCells":
        return f"/RNNCell_{number}"
    inner = layer.config.get("layer")
    if layer.class_name == "Bidirectional" and isinstance(inner, Layer):
        return f"/{'forward' if key == 'layer' else 'backward'}_{inner.name}"
    return ""
