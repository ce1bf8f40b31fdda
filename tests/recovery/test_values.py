"""Constants and sizes among the arguments of calls, as tf.keras 2.3 and 2.15 saved them (recovery/values/make.py)."""

from __future__ import annotations

from pathlib import Path

import pytest

import anykeras
from anykeras.document.build import functional
from anykeras.document.model import Call, Layer, Ref
from anykeras.errors import Unsupported
from anykeras.recovery.open_sizes import Open, new_size
from anykeras.targets.checks import check_calls
from genuine import FOLDER, Recording, each, recordings, reproduces

FILES = recordings(FOLDER / "recovery" / "values")


def test_both_stacks_are_there() -> None:
    assert len(FILES) == 30
    assert {file.path.parent.name for file in FILES} == {"tfkeras2.15-py310", "tfkeras2.3-py37"}


@pytest.mark.backend
@each(FILES)
def test_converted(file: Recording, tmp_path: Path) -> None:
    import keras

    anykeras.convert(file.path, tmp_path / "out.keras")
    assert reproduces(keras.models.load_model(tmp_path / "out.keras"), file)


@pytest.mark.backend
@each([file for file in FILES if file.path.parent.name == "tfkeras2.3-py37"])
def test_opened(file: Recording) -> None:
    assert reproduces(anykeras.load_model(file.path), file)


def test_sizes_remember_what_they_are() -> None:
    batch, time = new_size(), new_size()
    assert isinstance(batch, Open) and isinstance(time, Open)
    product = batch * time * 4 // 4
    assert isinstance(product, Open) and product.dim == batch.dim * time.dim
    ceiling, floor = -(-time // 2), time // 2
    assert isinstance(ceiling, Open) and isinstance(floor, Open)
    assert ceiling.dim != floor.dim


def test_rows_of_numbers_are_no_tensor() -> None:
    entrance = (Layer("InputLayer", "x", {"batch_shape": (2, 3)}), Call())
    for call in (Call(((1.0, 2.0),)), Call((Ref("x"),), {"mask": ((True, False, True),)})):
        with pytest.raises(Unsupported, match="AK6027"):
            check_calls(functional("m", Ref("x"), Ref("d"), entrance, (Layer("Dense", "d", {"units": 1}), call)))
