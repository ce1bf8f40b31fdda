"""Recording files with the classes of their own program: opened with the source as it was, and converted to do without."""

from __future__ import annotations

from pathlib import Path

import pytest

import anykeras
from genuine import FIXTURES, Recording, compare, each, outputs, recordings

FILES = [file for file in recordings(FIXTURES) if file.source.exists()]


def test_there_are_files() -> None:
    assert len(FILES) >= 10


@pytest.mark.backend
@each(FILES)
def test_opened_with_the_source_of_its_time(file: Recording) -> None:
    model = anykeras.load_model(file.path, custom_objects=file.source, compile=False, weights=file.weights)
    assert compare(outputs(model, file), file.series("out"), file.random)


@pytest.mark.backend
@each(FILES)
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

    file = next(f for f in FILES if f.stem == "layer_attention")
    target = tmp_path / "converted.keras"
    anykeras.convert(file.path, target, custom_objects=file.source)
    live = anykeras.load_model(file.path, custom_objects=file.source, compile=False)
    model = keras.models.load_model(target, compile=False)
    assert model.count_params() == live.count_params()
    assert len(model.trainable_weights) == len(live.trainable_weights)


@each([f for f in FILES if "layer" in f.stem])
def test_without_the_source_the_refusal_says_what_is_known(file: Recording) -> None:
    with pytest.raises(anykeras.AnyKerasError) as caught:
        anykeras.load_model(file.path, compile=False, weights=file.weights)
    text = str(caught.value)
    assert caught.value.code == "AK5011"
    for name in file.meta["custom_objects"]:
        assert name.rpartition(">")[2] in text
    assert "weights:" in text and "layer" in text


@pytest.mark.backend
@each([f for f in FILES if "layer" in f.stem and f.path.suffix == ".h5"])
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
