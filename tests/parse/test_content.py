"""Genuine files that were refused although everything that their models need is in them."""

from __future__ import annotations

from pathlib import Path

import pytest

import anykeras
from genuine import FOLDER, Recording, each, recordings, reproduces

FILES = recordings(FOLDER / "parse" / "content")


@pytest.mark.backend
@each(FILES)
def test_opens_with_the_recorded_outputs(file: Recording) -> None:
    assert reproduces(anykeras.load_model(str(file.path)), file)


@pytest.mark.backend
@each(FILES)
def test_stock_keras_opens_the_conversion(file: Recording, tmp_path: Path) -> None:
    import keras

    anykeras.convert(str(file.path), str(tmp_path / "new.keras"))
    assert reproduces(keras.models.load_model(tmp_path / "new.keras"), file)
