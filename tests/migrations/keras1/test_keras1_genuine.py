"""Files that Keras 0.3.3 to 1.2.2 wrote to try one fact each: borders, masks, dropped layers, changed statistics.

Made and recorded by those stacks on Python 2.7 with Theano 0.9 (``-c``: with its C code, which ``same`` needs there);
``builder_source`` of each ``.meta.json`` says what was built. Weights are random.
"""

from __future__ import annotations

from pathlib import Path

import pytest

import anykeras
from genuine import Genuine, genuine, outputs, same

FILES = list(genuine(Path(__file__).parent / "genuine"))


def test_there_are_files() -> None:
    assert len(FILES) >= 30


@pytest.mark.backend
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.id)
def test_opened(file: Genuine) -> None:
    model = anykeras.load_model(file.path, compile=False, weights=file.weights)
    assert same(outputs(model, file), file.series("out"))


@pytest.mark.backend
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.id)
def test_converted(file: Genuine, tmp_path: Path) -> None:
    import keras

    target = tmp_path / "converted.keras"
    anykeras.convert(file.path, target, weights=file.weights)
    assert same(outputs(keras.models.load_model(target, compile=False), file), file.series("out"))
