"""Small files of genuine old stacks, one fact or one odd argument each, against the outputs that those stacks gave.

Keras 0.3.3 to 1.2.2 on Python 2.7 with Theano 0.9 wrote those of `keras1` (``-c``: with its C code, which ``same`` needs
there); ``builder_source`` of each ``.meta.json`` says what was built. `odd.py` and `odd_*.py` of `scripts/fixtures` wrote those
of `keras2`, where a name is ``STACK-CASE``; models of `scripts/differential` that found a fault are there under the name of
the fault, and two of Theano that are a pooling with ``same`` (of windows of 3 by 2 and strides of 2 by 1; of 1 by 1 and 2 by
2) before a convolution of 1 by 1. Weights are random.
"""

from __future__ import annotations

from pathlib import Path

import pytest

import anykeras
from genuine import FOLDER, Recording, compare, each, outputs, recordings

KERAS1, KERAS2 = (recordings(FOLDER / "migrations" / name) for name in ("keras1", "keras2"))
FILES = [*KERAS1, *KERAS2]


def test_there_are_files() -> None:
    assert len(KERAS1) >= 30 and len(KERAS2) >= 45


@pytest.mark.backend
@each(FILES)
def test_opened(file: Recording) -> None:
    model = anykeras.load_model(file.path, compile=False, weights=file.weights)
    assert compare(outputs(model, file), file.series("out"))


@pytest.mark.backend
@each(FILES)
def test_converted(file: Recording, tmp_path: Path) -> None:
    import keras

    target = tmp_path / "converted.keras"
    anykeras.convert(file.path, target, weights=file.weights)
    assert compare(outputs(keras.models.load_model(target, compile=False), file), file.series("out"))


def test_a_training_flag_that_stock_keras_drops_is_told(tmp_path: Path) -> None:
    (file,) = (file for file in KERAS2 if file.stem == "tf2.3-kept_out_of_training")
    found = anykeras.convert(file.path, tmp_path / "converted.keras").findings
    assert [(f.code, f.affects) for f in found if f.fidelity == "approximate"] == [("AK6030", "training")]
