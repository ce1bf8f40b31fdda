"""What can be settled without a class: wrappers for several devices, functional-like subclasses, lost regularizers."""

from __future__ import annotations

import json
from pathlib import Path

import h5py
import pytest

import anykeras
from genuine import FIXTURES, FOLDER, Recording, compare, each, outputs, recordings, reproduces


@pytest.mark.backend
@each(recordings(FOLDER / "custom" / "multi_gpu"))
def test_multi_gpu_model_is_the_model_inside(file: Recording) -> None:
    """Saved by Keras 2.2.4 on TensorFlow 1.14, which was made to believe in two devices (``scripts/fixtures/odd.py``)."""
    model = anykeras.load_model(file.path)
    assert reproduces(model, file)
    assert not any(type(layer).__name__ == "Lambda" for layer in model.layers)


def changed(name: str, tmp_path: Path, change: object) -> tuple[object, Path]:
    """A genuine file with a changed architecture."""
    file = next(f for f in recordings(FIXTURES) if f.id == name)
    path = tmp_path / "changed.h5"
    path.write_bytes(file.path.read_bytes())
    with h5py.File(path, "r+") as held:
        text = held.attrs["model_config"]
        config = json.loads(text.decode() if isinstance(text, bytes) else text)
        change(config)  # type: ignore[operator]
        held.attrs["model_config"] = json.dumps(config)
    return file, path


def a_file(word: str) -> str:
    """A genuine HDF5 file of tf.keras whose architecture holds a word."""
    for file in recordings(FIXTURES):
        if file.path.suffix == ".h5" and "tfkeras2" in file.id and not file.meta.get("custom_objects"):
            with h5py.File(file.path) as held:
                if word in str(held.attrs.get("model_config", "")):
                    return file.id
    raise LookupError(word)


@pytest.mark.backend
def test_a_subclass_that_keeps_its_graph_is_that_graph(tmp_path: Path) -> None:
    def rename(config: dict[str, object]) -> None:
        config["class_name"] = "MyFunctional"

    file, path = changed(a_file("input_layers"), tmp_path, rename)
    model = anykeras.load_model(path, compile=False)
    assert compare(outputs(model, file), file.series("out"), file.random)  # type: ignore[attr-defined, arg-type]
    assert "AK5007" in {finding.code for finding in anykeras.inspect(path).findings}


@pytest.mark.backend
def test_lost_regularizers_and_initializers_are_told_and_do_not_matter(tmp_path: Path) -> None:
    touched = []

    def spoil(config: dict[str, object]) -> None:
        stack: list[object] = [config]
        while stack:
            item = stack.pop()
            if isinstance(item, dict):
                if "kernel_regularizer" in item:
                    item["kernel_regularizer"] = {"class_name": "TheirPenalty", "config": {"s": 0.1}}
                    item["kernel_initializer"] = {"class_name": "Custom>TheirStart", "config": {}}
                    touched.append(item["name"])
                stack += list(item.values())
            elif isinstance(item, list):
                stack += item

    file, path = changed(a_file("kernel_regularizer"), tmp_path, spoil)
    assert touched
    model = anykeras.load_model(path, compile=False)
    assert compare(outputs(model, file), file.series("out"), file.random)  # type: ignore[attr-defined, arg-type]
    told = [finding for finding in anykeras.inspect(path).findings if finding.code == "AK5008"]
    assert len(told) == 2 * len(touched) and {"lossy", "equivalent"} == {finding.fidelity for finding in told}
