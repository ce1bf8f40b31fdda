"""Files that Keras 0.3.3 to 1.2.2 wrote to try one fact each: borders, masks, dropped layers, changed statistics.

Made and recorded by those stacks on Python 2.7 with Theano 0.9 (``-c``: with its C code, which ``same`` needs there);
``builder_source`` of each ``.meta.json`` says what was built. Weights are random.
"""

from __future__ import annotations

from pathlib import Path

import pytest

import anykeras
from genuine import FOLDER, Recording, compare, each, outputs, recordings

FILES = recordings(FOLDER / "migrations" / "keras1")


def test_there_are_files() -> None:
    assert len(FILES) >= 30


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
