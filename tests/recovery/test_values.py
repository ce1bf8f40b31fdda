"""Constants and sizes among the arguments of calls, as tf.keras 2.3 and 2.15 saved them (recovery/values/make.py)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import anykeras
from anykeras import targets
from anykeras.document.build import make_functional
from anykeras.document.model import Call, Layer, Ref
from anykeras.errors import Unsupported
from anykeras.recovery import recover
from anykeras.recovery.open_sizes import Open, make_size
from anykeras.targets.checks import check_calls
from genuine import FOLDER, Recording, each, recordings, reproduces

from .made import document

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
    batch, time = make_size(), make_size()
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
            check_calls(make_functional("m", Ref("x"), Ref("d"), entrance, (Layer("Dense", "d", {"units": 1}), call)))


# Sums whose second operand Keras on TensorFlow would take for a bias; numpy is the witness.


K = None  # what the functions below name


def _over_samples(x):
    return x + K.mean(x, axis=[1, 2], keepdims=True)


def _over_steps(x):
    return x + K.max(x, axis=2, keepdims=True)


def _constant(x):
    return x + K.reshape(K.constant([1.0, 2.0, 3.0, 4.0]), (1, 4, 1))


def _spread(x):
    return K.sum(x, axis=2, keepdims=True) + K.constant([1.0, 2.0, 3.0, 4.0])


CASES = {
    _over_samples: lambda x: x + x.mean((1, 2), keepdims=True),
    _over_steps: lambda x: x + x.max(2, keepdims=True),
    _constant: lambda x: x + np.array([1, 2, 3, 4], "float32").reshape(1, 4, 1),
    _spread: lambda x: x.sum(2, keepdims=True) + np.array([1, 2, 3, 4], "float32"),
}


@pytest.mark.backend
@pytest.mark.parametrize("function", CASES, ids=lambda function: function.__name__)
@pytest.mark.parametrize("batch", [1, 2, 4])
def test_sums(function, batch: int) -> None:
    model = targets.build(recover(document(function, (4, 4))).document)
    x = np.random.default_rng(0).random((batch, 4, 4), "float32")
    assert np.allclose(np.asarray(model(x)), CASES[function](x), atol=1e-5)


# Functions as strangers wrote them, saved by genuine old stacks (strangers/make.sh): opened with what they gave there.


STRANGERS_FILES = recordings(FOLDER / "recovery" / "strangers")
# What stays refused, and what the refusal says.
REFUSED = {
    "keras1.2.2-py27/bd_rank4.h5": "depends on the backend",  # no weight, no stamp: Theano or TensorFlow
    "keras2.3.1-py36/row_around.h5": "a tensor from around it",
}


def test_every_stack_is_there() -> None:
    assert {file.path.parent.name for file in STRANGERS_FILES} == {
        "keras1.2.2-py27", "keras2.1.5-py27", "keras2.3.1-py36", "tfkeras1.15-py37", "tfkeras2.0-py37",
        "tfkeras2.15-py311",
    }  # fmt: skip
    assert len(STRANGERS_FILES) > 40


@pytest.mark.backend
@each([file for file in STRANGERS_FILES if file.id not in REFUSED])
def test_opened_and_converted(file: Recording, tmp_path: Path) -> None:
    import keras

    assert reproduces(anykeras.load_model(file.path), file)
    anykeras.convert(file.path, tmp_path / "out.keras")
    assert reproduces(keras.models.load_model(tmp_path / "out.keras"), file)


@each([file for file in STRANGERS_FILES if file.id in REFUSED])
def test_refused_with_the_true_reason(file: Recording) -> None:
    with pytest.raises(Unsupported, match=REFUSED[file.id]):
        anykeras.load_model(file.path)


def test_one_stamp_of_two_tensorflows_is_told_apart() -> None:
    """tf.keras 1.15 and 2.0 both stamp 2.2.4-tf; their batch_dot of rank 4 differs."""
    majors = {}
    for file in STRANGERS_FILES:
        if file.stem == "bd_rank4" and file.path.parent.name.startswith("tfkeras"):
            opened = anykeras.inspect(file.path).opened
            assert opened is not None
            majors[file.path.parent.name] = opened.document.writer.tensorflow
    assert majors == {"tfkeras1.15-py37": 1, "tfkeras2.0-py37": 2}
