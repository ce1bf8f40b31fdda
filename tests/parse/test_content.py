"""Genuine files that were refused although everything that their models need is in them."""

from __future__ import annotations

import json
import os
from pathlib import Path

import h5py
import numpy as np
import pytest

import anykeras
from anykeras.catalog.known_models import _read_table, find_known_model
from anykeras.errors import Malformed, Unsupported
from genuine import FOLDER, Recording, each, recordings, reproduces

FILES = recordings(FOLDER / "parse" / "content")


def _skip_text(file: Recording) -> None:
    if file.takes_text and os.environ.get("KERAS_BACKEND") != "tensorflow":
        pytest.skip("tensors of text are TensorFlow's")


@pytest.mark.backend
@each(FILES)
def test_opens_with_the_recorded_outputs(file: Recording) -> None:
    _skip_text(file)
    assert reproduces(anykeras.load_model(str(file.path), weights=file.weights), file)


@pytest.mark.backend
@each(FILES)
def test_stock_keras_opens_the_conversion(file: Recording, tmp_path: Path) -> None:
    import keras

    _skip_text(file)
    anykeras.convert(str(file.path), str(tmp_path / "new.keras"), weights=file.weights)
    assert reproduces(keras.models.load_model(tmp_path / "new.keras"), file)


def test_a_renamed_layer_that_fits_in_several_places_is_refused() -> None:
    with pytest.raises(Malformed, match="'renamed' was renamed before saving") as caught:
        anykeras.open(str(FOLDER / "parse" / "content" / "renamed_branch.h5"))
    assert caught.value.code == "AK1216"
    assert caught.value.layer == "renamed"


def test_what_was_concluded_is_reported() -> None:
    renamed = anykeras.inspect(str(FOLDER / "parse" / "content" / "k10894_rename1_122t.h5"))
    assert [(finding.code, finding.fidelity) for finding in renamed.findings if finding.code == "AK1216"] == [
        ("AK1216", anykeras.Fidelity.APPROXIMATE)
    ]
    shared = anykeras.inspect(str(FOLDER / "parse" / "content" / "shared_layer_across_submodel_333.keras"))
    assert [str(finding.affects) for finding in shared.findings if finding.code == "AK1214"] == ["training"]


def test_operands_that_the_file_lost_are_missed() -> None:
    with pytest.raises(Unsupported, match="the file holds 0 of the 2 tensors that 'btd,bsd->bts' combines"):
        anykeras.load_model(str(FOLDER / "parse" / "content" / "einsum_operands.h5"))


@pytest.mark.backend
def test_the_optimizer_resumes_under_a_policy_of_the_process() -> None:
    """Keras then wraps the optimizer that the file saved in a LossScaleOptimizer."""
    import keras

    path = str(FOLDER / "parse" / "content" / "mixed_policy.h5")
    alone = anykeras.load_model(path).optimizer.variables
    keras.mixed_precision.set_global_policy("mixed_float16")
    try:
        inner = anykeras.load_model(path).optimizer.inner_optimizer.variables
    finally:
        keras.mixed_precision.set_global_policy("float32")
    assert len(alone) == len(inner)
    for one, other in zip(alone, inner, strict=True):
        assert (keras.ops.convert_to_numpy(one) == keras.ops.convert_to_numpy(other)).all()


# A weights-only file of a network that everybody used is recognised by its layers.


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
    assert all(name in _read_table() for name in ("ResNet50", "MobileNetV2", "InceptionV3", "Xception"))


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


# What bears the name of a built-in class and is another one: registered by its author, or quantized.


DATA = FOLDER / "parse"
LAYER = {"name": "d", "units": 3, "activation": "linear", "use_bias": True}


def write_namesake(path: Path, layer: dict[str, object]) -> Path:
    start = {"class_name": "InputLayer", "config": {"batch_input_shape": [None, 4], "dtype": "float32", "name": "i"}}
    body = {"name": "s", "layers": [start, layer]}
    model = {"class_name": "Sequential", "config": body, "keras_version": "2.11.0", "backend": "tensorflow"}
    path.write_text(json.dumps(model), "utf8")
    return path


@pytest.mark.parametrize("class_name", ["Custom>Dense", "mine>Dense"])
def test_a_registered_class_of_a_built_in_name_is_asked_for(class_name: str, tmp_path: Path) -> None:
    found = anykeras.inspect(write_namesake(tmp_path / "m.json", {"class_name": class_name, "config": LAYER}))
    assert found.refusal is not None and found.refusal.code == "AK5011" and class_name in str(found.refusal)


def test_the_built_in_class_is_not(tmp_path: Path) -> None:
    found = anykeras.inspect(write_namesake(tmp_path / "m.json", {"class_name": "Dense", "config": LAYER}))
    assert found.refusal is None


@pytest.mark.parametrize("name", sorted(path.name for path in DATA.glob("*-attention_*.keras")))
def test_quantized_attention_is_refused_not_read_as_plain(name: str) -> None:
    with pytest.raises(Unsupported, match="AK1213"):
        anykeras.load_model(DATA / name)


def test_there_are_files() -> None:
    assert len(list(DATA.glob("*-attention_*.keras"))) == 3
