"""Programs of their time, as people published them: each was run by its own stack, saved its model, and recorded what the
model gave, before and after one more step of training. Its source, unchanged, opens the
file (scripts/fixtures/programs)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import anykeras
from anykeras import containers, parse
from anykeras.custom import load_custom_objects
from genuine import FIXTURES, FOLDER, Recording, compare, difference, each, outputs, recordings

FILES = recordings(FOLDER / "custom" / "programs")
# Programs that TensorFlow 1 does not repeat itself (AK4012), whose state nobody can place, or that saved no optimizer.
FRESH = {
    "keras2_objects": "AK4012",
    "keras2_cells": "AK4012",
    "tfkeras2_subclassed": "AK4011",
    "keras0_layers": "",
    "tfkeras2_parts": "",
}


def test_there_are_files() -> None:
    assert len(FILES) >= 15


@pytest.mark.framework
@pytest.mark.backend
@pytest.mark.filterwarnings("ignore")
@each(FILES)
def test_the_program_opens_its_file_and_trains_on(file: Recording) -> None:
    import keras

    model = anykeras.load_model(file.path, custom_objects=file.source, weights=file.weights)
    assert compare(outputs(model, file), file.series("out"))
    after = file.series("after")
    if keras.backend.backend() == "torch" and file.stem == "keras2_bases":
        pytest.xfail("torch refuses a gradient through a variable that the class changes in its call")
    if after and file.stem not in FRESH:
        model.train_on_batch(file.batch(), file.batch("y"))
        # Adam divides gradients that are nothing but rounding by their size: the step agrees to a share of itself.
        step = difference(after, file.series("out"))
        assert compare(outputs(model, file), after, atol=max(5e-5, 2e-3 * step))


@pytest.mark.backend
@pytest.mark.filterwarnings("ignore")
@each(FILES)
def test_converted_stock_keras_needs_the_same_objects_or_none(file: Recording, tmp_path: Path) -> None:
    import keras

    if file.stem == "tfkeras2_parts":
        pytest.skip("stock Keras builds no layer that a cell makes when it is first called")
    source = file.source
    done = anykeras.convert(file.path, tmp_path / "out.keras", custom_objects=source, weights=file.weights)
    objects = {}
    if any(finding.code == "AK5015" for finding in done.findings):
        objects = dict(load_custom_objects(source, parse.era.infer(containers.open(str(file.path)))).objects)
    with keras.saving.custom_object_scope(objects):
        model = keras.models.load_model(tmp_path / "out.keras", compile=False)
    assert compare(outputs(model, file), file.series("out"))


@each(FILES)
def test_a_stub_is_python_with_every_class_that_is_missing(file: Recording) -> None:
    text = anykeras.stub(file.path, weights=file.weights)
    compile(text, file.path.name, "exec")
    try:
        anykeras.load_model(file.path, compile=False, weights=file.weights)
    except anykeras.AnyKerasError as error:
        missing = [word for word in source_classes(file) if f"{word}(" in str(error)]
        assert error.code != "AK5011" or missing
        assert all(f"class {word}(" in text for word in missing)


def source_classes(file: Recording) -> list[str]:
    lines = file.source.read_text("utf8").splitlines()
    return [line.removeprefix("class ").partition("(")[0] for line in lines if line.startswith("class ")]


@pytest.mark.framework
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
    test_the_program_opens_its_file_and_trains_on(next(file for file in FILES if file.stem == "keras1_bases"))
