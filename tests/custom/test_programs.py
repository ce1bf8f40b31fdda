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


# Recording files with the classes of their own program: opened with the source as it was, and converted to do without.


SOURCE_FILES = [file for file in recordings(FIXTURES) if file.source.exists()]


def test_there_are_source_files() -> None:
    assert len(SOURCE_FILES) >= 10


@pytest.mark.backend
@each(SOURCE_FILES)
def test_opened_with_the_source_of_its_time(file: Recording) -> None:
    model = anykeras.load_model(file.path, custom_objects=file.source, compile=False, weights=file.weights)
    assert compare(outputs(model, file), file.series("out"), file.random)


@pytest.mark.backend
@each(SOURCE_FILES)
def test_converted_does_without(file: Recording, tmp_path: Path) -> None:
    import keras

    target = tmp_path / "converted.keras"
    done = anykeras.convert(file.path, target, custom_objects=file.source, weights=file.weights)
    assert not [finding for finding in done.findings if finding.code == "AK5015"]
    keras.saving.get_custom_objects().clear()
    model = keras.models.load_model(target, compile=False)
    assert compare(outputs(model, file), file.series("out"), file.random)


@pytest.mark.backend
def test_traced_weights_stay_trainable(tmp_path: Path) -> None:
    """The numbers of the class are variables of the written file, not constants in its text."""
    import keras

    file = next(f for f in SOURCE_FILES if f.stem == "layer_attention")
    target = tmp_path / "converted.keras"
    anykeras.convert(file.path, target, custom_objects=file.source)
    live = anykeras.load_model(file.path, custom_objects=file.source, compile=False)
    model = keras.models.load_model(target, compile=False)
    assert model.count_params() == live.count_params()
    assert len(model.trainable_weights) == len(live.trainable_weights)


@each([f for f in SOURCE_FILES if "layer" in f.stem])
def test_without_the_source_the_refusal_says_what_is_known(file: Recording) -> None:
    with pytest.raises(anykeras.AnyKerasError) as caught:
        anykeras.load_model(file.path, compile=False, weights=file.weights)
    text = str(caught.value)
    assert caught.value.code == "AK5011"
    for name in file.meta["custom_objects"]:
        assert name.rpartition(">")[2] in text
    assert "weights:" in text and "layer" in text


@pytest.mark.backend
@each([f for f in SOURCE_FILES if "layer" in f.stem and f.path.suffix == ".h5"])
def test_a_stub_filled_in_opens_the_file(file: Recording, tmp_path: Path) -> None:
    """The class that `stub` writes has the constructor and weights of the file; only its call is missing."""
    text = anykeras.stub(file.path, weights=file.weights)
    written = tmp_path / "my_layers.py"
    written.write_text(text, "utf8")
    with pytest.raises(anykeras.AnyKerasError, match=r"write what .* computes"):
        anykeras.load_model(file.path, custom_objects=written, compile=False)
    lines = [line for line in file.source.read_text("utf8").splitlines() if line.strip()]
    start = next(i for i, line in enumerate(lines) if line.lstrip().startswith("def call"))
    body = []
    for line in lines[start + 1 :]:
        if line.lstrip().startswith("def ") or not line.startswith("        "):
            break
        body.append(line)
    filled = text.splitlines()
    at = next(i for i, line in enumerate(filled) if "NotImplementedError" in line)
    filled[at : at + 1] = body
    written.write_text("\n".join(filled).replace("raise NotImplementedError", "pass  #"), "utf8")
    model = anykeras.load_model(file.path, custom_objects=written, compile=False)
    assert compare(outputs(model, file), file.series("out"), file.random)
