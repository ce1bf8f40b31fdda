"""Steps with batches that use a row of an Embedding several times, and leave others alone.

The files were written after four steps by Keras 2.1.5 (TensorFlow 1.8), Keras 2.3.1 (TensorFlow 1.15) and tf.keras
2.6 and 2.15, which went on for the step that is recorded beside them: see ``make_embeddings.py``.
"""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest

import anykeras
from genuine import FOLDER, Recording, recordings

FILES = {file.stem: file for file in recordings(FOLDER / "training" / "embeddings")}
SAME = ["keras2.1.5_RMSprop", "keras2.3.1_RMSprop", "keras2.3.1_Adagrad", "tfkeras2.6_Adam", "tfkeras2.15_RMSprop",
        "tfkeras2.15_Adamax"]  # fmt: skip
# What a finding says, and how far the outputs after the step lie from the recorded ones.
STATED = {
    "tfkeras2.6_SGDm": ("AK4052", 0.03),
    "tfkeras2.6_Ftrl": ("AK4052", 0.2),
    "tfkeras2.15_SGDclip": ("AK4016", 2e-4),
}


def after_a_step(model: object, golden: Recording) -> np.ndarray:
    assert np.allclose(model.predict(golden["allx"], verbose=0), golden["before"], rtol=1e-4, atol=1e-5)
    model.train_on_batch(golden["x"], golden["y"])
    return model.predict(golden["allx"], verbose=0)


@pytest.mark.framework
@pytest.mark.backend
@pytest.mark.parametrize("name", SAME)
def test_the_step_is_that_of_the_writer(name: str, tmp_path: Path) -> None:
    import keras

    golden = FILES[name]
    target = tmp_path / "converted.keras"
    done = anykeras.convert(golden.path, target)
    assert "AK4015" in {finding.code for finding in done.findings}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        live = anykeras.load_model(golden.path)
    for model in (live, keras.models.load_model(target)):
        assert np.allclose(after_a_step(model, golden), golden["after"], rtol=1e-4, atol=1e-5)


@pytest.mark.framework
@pytest.mark.backend
@pytest.mark.parametrize("name", list(STATED))
def test_another_step_is_a_finding(name: str) -> None:
    code, most = STATED[name]
    golden = FILES[name]
    with pytest.warns(UserWarning, match=code):
        model = anykeras.load_model(golden.path)
    made = after_a_step(model, golden)
    assert not np.allclose(made, golden["after"], rtol=1e-4, atol=1e-5), "as recorded: take it off the list"
    assert np.abs(made - golden["after"]).max() < most
