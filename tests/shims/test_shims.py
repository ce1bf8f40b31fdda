"""Shims: genuine files of each package, and their training."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest

import anykeras
from anykeras.pages import find_page
from anykeras.shims import activations, base, list_shims
from genuine import FOLDER, Recording, compare, difference, each, outputs, recordings

FILES = recordings(FOLDER / "shims")
DOCS = Path(__file__).parents[2] / "docs" / "shims.md"
CODES = {*(shim.code for shim in list_shims()), "AK5055"}


@pytest.mark.backend
@each(FILES)
def test_opened(file: Recording) -> None:
    assert compare(outputs(anykeras.load_model(file.path, compile=False), file), file.series("out"), file.random)


@pytest.mark.backend
@each(FILES)
def test_converted_and_told(file: Recording, tmp_path: Path) -> None:
    import keras

    done = anykeras.convert(file.path, tmp_path / "out.keras")
    assert {finding.code for finding in done.findings} & CODES
    model = keras.models.load_model(tmp_path / "out.keras", compile=False)
    assert compare(outputs(model, file), file.series("out"), file.random)


@pytest.mark.backend
def test_a_given_class_goes_first() -> None:
    import keras

    class FixedDropout(keras.layers.Dropout):
        pass

    path = next(file.path for file in FILES if "fixed_dropout" in file.stem)
    model = anykeras.load_model(path, custom_objects={"FixedDropout": FixedDropout}, compile=False)
    assert any(type(layer) is FixedDropout for layer in model.layers)


def test_each_shim_has_a_recording_and_a_line_in_the_docs() -> None:
    text = DOCS.read_text("utf8")
    used = {finding.code for file in FILES for finding in anykeras.inspect(file.path).findings}
    assert used >= CODES, "a shim without a file of the genuine package"
    for shim in list_shims():
        page = find_page(shim.code)
        assert page is not None and "the largest difference was" in page.sections["Versions"]
        assert all(name in text for name in shim.classes)
    assert all(name in text for name in activations.list_known_activations())


def test_a_package_has_one_shim_for_a_class() -> None:
    code = next(shim.code for shim in list_shims() if "TCN" in shim.classes)
    register = base.register_shim(code, classes=("TCN",))
    with pytest.raises(ValueError, match="registered twice"):
        register(lambda layer, context: None)


# Training goes on through native layers in the place of a package's: one step after the genuine stack's own.


TRAINED_FILES = [file for file in recordings(FOLDER / "shims") if "step_out0" in file.names]


def check(model: object, file: Recording) -> None:
    wanted = [file["step_out0"]]
    assert difference(wanted, file.series("out")) > 1e-3, "a step that shows"
    model.train_on_batch(file["in0"], file["y0"])
    assert compare(outputs(model, file), wanted, atol=2e-5)


def test_there_are_steps() -> None:
    assert len(TRAINED_FILES) >= 2


@pytest.mark.framework
@pytest.mark.backend
@each(TRAINED_FILES)
def test_opened_for_training(file: Recording) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        check(anykeras.load_model(file.path), file)


@pytest.mark.framework
@pytest.mark.backend
@each(TRAINED_FILES)
def test_converted(file: Recording, tmp_path: Path) -> None:
    import keras

    anykeras.convert(file.path, tmp_path / "out.keras")
    check(keras.models.load_model(tmp_path / "out.keras"), file)
