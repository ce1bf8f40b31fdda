"""Training goes on through native layers in the place of a package's: one step after the genuine stack's own.

`step_out0` are the outputs that the stack which wrote the file had after one more step (make_cyber.py).
"""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest

import anykeras
from genuine import FOLDER, Recording, compare, difference, each, outputs, recordings

FILES = [file for file in recordings(FOLDER / "shims") if "step_out0" in file.names]


def check(model: object, file: Recording) -> None:
    wanted = [file["step_out0"]]
    assert difference(wanted, file.series("out")) > 1e-3, "a step that shows"
    model.train_on_batch(file["in0"], file["y0"])
    assert compare(outputs(model, file), wanted, atol=2e-5)


def test_there_are_steps() -> None:
    assert len(FILES) >= 2


@pytest.mark.framework
@pytest.mark.backend
@each(FILES)
def test_opened(file: Recording) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        check(anykeras.load_model(file.path), file)


@pytest.mark.framework
@pytest.mark.backend
@each(FILES)
def test_converted(file: Recording, tmp_path: Path) -> None:
    import keras

    anykeras.convert(file.path, tmp_path / "out.keras")
    check(keras.models.load_model(tmp_path / "out.keras"), file)
