"""A weights-only file of a network that everybody used is recognised by its layers."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest

import anykeras
from anykeras.catalog.known_models import _table, find_known_model

WIDTHS = (64, 64, 128, 128, 256, 256, 256, 512, 512, 512, 512, 512, 512)
CONVOLUTIONS = [
    (f"conv{i}", f"3x3x{taken}x{width},{width}") for i, (taken, width) in enumerate(zip((3, *WIDTHS), WIDTHS, strict=False))
]
VGG16 = [*CONVOLUTIONS, ("fc1", "25088x4096,4096"), ("fc2", "4096x4096,4096"), ("predictions", "4096x1000,1000")]


def shapes(layers: list[tuple[str, str]]) -> list[list[int]]:
    return [[int(n) for n in shape.split("x")] for _, held in layers for shape in held.split(",")]


def test_shapes_tell_the_top_and_what_was_put_upon_it() -> None:
    def tell(layers: list[tuple[str, str]]) -> str:
        return str(find_known_model(shapes(layers)))

    assert tell(VGG16) == "keras.applications.VGG16, include_top=True"
    assert tell([*VGG16[:-1], ("p", "4096x7,7")]) == "keras.applications.VGG16, include_top=True, with 7 classes"
    assert tell([*VGG16[:-1], ("p", "4096x2,2")]).endswith("with 2 classes")
    assert tell(VGG16[:-3]) == "keras.applications.VGG16, include_top=False"
    assert "include_top=False, and 4 further weights" in tell([*VGG16[:-3], ("a", "512x64,64"), ("b", "64x9,9")])
    turned = [(name, "x".join(reversed(held.split(",")[0].split("x"))) + "," + held.split(",")[1]) for name, held in VGG16]
    assert tell(turned) == tell(VGG16)  # kernels of Theano
    assert tell(VGG16[1:]) == "None"
    assert all(name in _table() for name in ("ResNet50", "MobileNetV2", "InceptionV3", "Xception"))


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
    with pytest.raises(anykeras.AnyKerasError, match=r"(?s)AK1210.*VGG16, include_top=False.*weights="):
        anykeras.load_model(tmp_path / "w.h5")


def test_another_network_is_not_named(tmp_path: Path) -> None:
    write(tmp_path / "w.h5", [("a", "3x4,4"), ("b", "4x2,2")])
    with pytest.raises(anykeras.AnyKerasError) as refused:
        anykeras.load_model(tmp_path / "w.h5")
    assert "applications" not in str(refused.value)
