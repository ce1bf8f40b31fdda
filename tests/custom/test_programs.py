"""Programs of their time, as people published them: each was run by its own stack, saved its model, and recorded what the
model gave, before and after one more step of training. Its source, unchanged, opens the file (``programs/make.sh``)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import anykeras
from anykeras import containers, parse
from anykeras.custom import given
from genuine import FIXTURES, same

FOLDER = Path(__file__).parent / "programs"
KINDS = ("h5", "keras", "json", "yaml")
FILES = sorted(path for kind in KINDS for path in FOLDER.glob(f"*.{kind}") if "weights" not in path.name)
# Programs that TensorFlow 1 does not repeat itself (AK4012), whose state nobody can place, or that saved no optimizer.
FRESH = {
    "keras2_objects": "AK4012",
    "keras2_cells": "AK4012",
    "tfkeras2_subclassed": "AK4011",
    "keras0_layers": "",
    "tfkeras2_parts": "",
}


def weights(path: Path) -> Path | None:
    return path.with_suffix(".weights.h5") if path.suffix in (".json", ".yaml") else None


def series(path: Path, stem: str) -> list[np.ndarray]:
    with np.load(path.with_suffix(".golden.npz")) as golden:
        return [golden[f"{stem}{i}"] for i in range(9) if f"{stem}{i}" in golden]


def single(arrays: list[np.ndarray]) -> Any:
    return arrays if len(arrays) > 1 else arrays[0]


def outputs(model: Any, path: Path) -> list[np.ndarray]:
    found = model.predict(single(series(path, "in")), verbose=0)
    return [np.asarray(item) for item in found] if isinstance(found, list) else [np.asarray(found)]


def test_there_are_files() -> None:
    assert len(FILES) >= 15


@pytest.mark.backend
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_the_program_opens_its_file_and_trains_on(path: Path) -> None:
    import keras

    model = anykeras.load_model(path, custom_objects=path.with_suffix(".py"), weights=weights(path))
    assert same(outputs(model, path), series(path, "out"))
    after = series(path, "after")
    if keras.backend.backend() == "torch" and path.stem == "keras2_bases":
        pytest.xfail("torch refuses a gradient through a variable that the class changes in its call")
    if after and path.stem not in FRESH:
        model.train_on_batch(single(series(path, "in")), single(series(path, "y")))
        # Adam divides gradients that are nothing but rounding by their size: the step agrees to a share of itself.
        step = max(float(np.abs(a - b).max()) for a, b in zip(after, series(path, "out"), strict=True))
        assert same(outputs(model, path), after, atol=max(5e-5, 2e-3 * step))


@pytest.mark.backend
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_converted_stock_keras_needs_the_same_objects_or_none(path: Path, tmp_path: Path) -> None:
    import keras

    if path.stem == "tfkeras2_parts":
        pytest.skip("stock Keras builds no layer that a cell makes when it is first called")
    source = path.with_suffix(".py")
    done = anykeras.convert(path, tmp_path / "out.keras", custom_objects=source, weights=weights(path))
    objects = {}
    if any(finding.code == "AK5015" for finding in done.findings):
        objects = dict(given(source, parse.era.infer(containers.open(str(path)))).objects)
    with keras.saving.custom_object_scope(objects):
        model = keras.models.load_model(tmp_path / "out.keras", compile=False)
    assert same(outputs(model, path), series(path, "out"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_stub_is_python_with_every_class_that_is_missing(path: Path) -> None:
    text = anykeras.stub(path, weights=weights(path))
    compile(text, path.name, "exec")
    try:
        anykeras.load_model(path, compile=False, weights=weights(path))
    except anykeras.AnyKerasError as error:
        missing = [word for word in source_classes(path) if f"{word}(" in str(error)]
        assert error.code != "AK5011" or missing
        assert all(f"class {word}(" in text for word in missing)


def source_classes(path: Path) -> list[str]:
    lines = path.with_suffix(".py").read_text("utf8").splitlines()
    return [line.removeprefix("class ").partition("(")[0] for line in lines if line.startswith("class ")]


@pytest.mark.backend
@pytest.mark.filterwarnings("ignore")
def test_converting_leaves_no_call_open(tmp_path: Path) -> None:
    """Keras keeps the outermost call that runs; one left open would tell the layers of later models not to train."""
    import keras

    first = FIXTURES / "keras2.1-tf" / "layer_with_weights.h5"
    target = tmp_path / "converted.keras"
    anykeras.convert(first, target, custom_objects=first.with_suffix(".custom.py"))
    model = keras.models.load_model(target, compile=False)
    model.predict(np.zeros((1, *model.input_shape[1:]), "float32"), verbose=0)
    test_the_program_opens_its_file_and_trains_on(FOLDER / "keras1_bases.h5")
