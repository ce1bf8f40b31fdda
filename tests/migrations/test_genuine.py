"""Small files of genuine old stacks, one fact or one odd argument each, against the outputs that those stacks gave.

Keras 0.3.3 to 1.2.2 on Python 2.7 with Theano 0.9 wrote those of `keras1` (``-c``: with its C code, which ``same`` needs
there); ``builder_source`` of each ``.meta.json`` says what was built. `odd_*.py` of `scripts/fixtures` wrote those of `keras2`,
where a name is ``STACK-CASE``. Weights are random.
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
