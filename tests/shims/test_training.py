"""Training goes on through native layers in the place of a package's: one step after the genuine stack's own.

`step_out0` are the outputs that the stack which wrote the file had after one more step (make_cyber.py).
"""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest

import anykeras

FILES = [
    path
    for path in sorted((Path(__file__).parent / "genuine").glob("*.h5"))
    if "step_out0" in np.load(path.with_name(path.stem + ".golden.npz"))
]


def check(model: object, path: Path) -> None:
    with np.load(path.with_name(path.stem + ".golden.npz")) as golden:
        given, aim, before, wanted = (golden[key] for key in ("in0", "y0", "out0", "step_out0"))
    assert np.abs(wanted - before).max() > 1e-3, "a step that shows"
    model.train_on_batch(given, aim)
    assert np.allclose(model.predict(given, verbose=0), wanted, rtol=1e-4, atol=2e-5)


def test_there_are_steps() -> None:
    assert len(FILES) >= 2


@pytest.mark.backend
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_opened(path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        check(anykeras.load_model(path), path)


@pytest.mark.backend
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_converted(path: Path, tmp_path: Path) -> None:
    import keras

    anykeras.convert(path, tmp_path / "out.keras")
    check(keras.models.load_model(tmp_path / "out.keras"), path)
