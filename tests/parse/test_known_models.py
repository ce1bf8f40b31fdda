"""A weights-only file of a network that everybody used is recognised by its layers."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest

import anykeras
from anykeras.catalog.known_models import _table

VGG16 = _table()["VGG16"]


def write(path: Path, layers: list[tuple[str, str]]) -> None:
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = np.array([name.encode() for name, _ in layers])
        for name, shapes in layers:
            group = file.create_group(name)
            names = [f"{name}/w{i}:0" for i, _ in enumerate(shapes.split(","))]
            group.attrs["weight_names"] = np.array([n.encode() for n in names])
            for weight, shape in zip(names, shapes.split(","), strict=True):
                group.create_dataset(weight, data=np.zeros([int(n) for n in shape.split("x")], "float16"))


def test_without_its_top(tmp_path: Path) -> None:
    write(tmp_path / "w.h5", VGG16[:-3])
    with pytest.raises(anykeras.AnyKerasError, match=r"(?s)AK1210.*VGG16 without its top.*weights="):
        anykeras.load_model(tmp_path / "w.h5")


def test_another_network_is_not_named(tmp_path: Path) -> None:
    write(tmp_path / "w.h5", [("a", "3x4,4"), ("b", "4x2,2")])
    with pytest.raises(anykeras.AnyKerasError) as refused:
        anykeras.load_model(tmp_path / "w.h5")
    assert "applications" not in str(refused.value)
