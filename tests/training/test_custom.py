"""Losses, metrics and optimizers of the reader's own: named where they are missing, used where they are given."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import pytest

import anykeras
from anykeras.document.model import UNRESOLVED, Document, Era, Graph, Layer, Object, Training, Writer
from anykeras.migrations import resolve_training
from genuine import FIXTURES, Recording, compare, each

from .stepping import STEPPED, step

FILES = [file for file in STEPPED if file.stem == "loss_and_metric"]


def load(file: Recording, **options: Any) -> tuple[Any, list[str]]:
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        model = anykeras.load_model(file.path, **options)
    return model, [str(one.message) for one in seen if str(one.message).startswith("[AK")]


@pytest.mark.backend
@each(FILES)
def test_what_is_missing_is_named_and_the_optimizer_stays(file: Recording) -> None:
    model, told = load(file)
    assert any("'weighted_error' in loss" in line for line in told)
    assert any("'dice' in metrics" in line for line in told)
    assert model.loss is None
    assert type(model.optimizer).__name__ == "SGD"
    assert load(file, compile=False)[1] == []


@pytest.mark.framework
@pytest.mark.backend
@each(FILES)
def test_given_functions_complete_it(file: Recording) -> None:
    """The recorded step, with the loss written anew for Keras 3: an independent route to the same numbers."""
    from keras import ops

    def weighted_error(y_true: Any, y_pred: Any) -> Any:
        return ops.mean(ops.square(ops.subtract(y_true, y_pred)) * (1.0 + ops.abs(y_true)), axis=-1)

    def dice(y_true: Any, y_pred: Any) -> Any:
        return 2.0 * ops.sum(ops.multiply(y_true, y_pred)) / (ops.sum(y_true) + ops.sum(y_pred) + 1.0)

    model, told = load(file, custom_objects={"weighted_error": weighted_error, "dice": dice})
    assert not any("AK4002" in line for line in told)
    assert model.loss is weighted_error
    assert compare(step(model, file), file.series("step_out"))


@pytest.mark.framework
@pytest.mark.backend
@each(FILES)
def test_their_source_of_the_time_completes_it(file: Recording) -> None:
    model, _ = load(file, custom_objects=file.source)
    assert compare(step(model, file), file.series("step_out"))


@pytest.mark.framework
@pytest.mark.backend
def test_a_converted_file_holds_what_stock_keras_can(tmp_path: Path) -> None:
    import keras

    target = tmp_path / "converted.keras"
    anykeras.convert(FILES[0].path, target, custom_objects={"weighted_error": len, "dice": len})
    model = keras.models.load_model(target)
    assert type(model.optimizer).__name__ == "SGD" and model.loss is None
    model.compile(model.optimizer, "mse")
    step(model, FILES[0])


def document(**config: Any) -> Document:
    model = Layer("Sequential", "m", graph=Graph((Layer("Dense", "d", {"units": 2}),), sequential=True))
    return Document(model, Writer(Era.KERAS2, version="2.2.4"), Era.KERAS3, Training(config))


SGD = Object("SGD", {}, "keras.optimizers")


def test_one_missing_loss_takes_all_with_it() -> None:
    mine = Object("mine", "mine", origin=UNRESOLVED)
    done, findings = resolve_training(document(optimizer=SGD, loss=("mean_squared_error", mine), loss_weights=(1.0, 2.0)), None)
    assert done.training is not None
    assert done.training.config["loss"] is None and done.training.config["loss_weights"] is None
    assert [finding.code for finding in findings] == ["AK4002"]


def test_a_missing_metric_leaves_the_others_in_place() -> None:
    mine = Object("mine", "mine", origin=UNRESOLVED)
    done, findings = resolve_training(document(optimizer=SGD, loss="mse", metrics=((mine, "mae"), (mine,))), None)
    assert done.training is not None
    assert done.training.config["metrics"] == (("mae",), ())
    assert len(findings) == 1


def test_a_missing_optimizer_is_named() -> None:
    mine = Object("TFOptimizer", {}, origin=UNRESOLVED)
    done, findings = resolve_training(document(optimizer=mine, loss="mse"), None)
    assert done.training is not None and done.training.config["optimizer"] is None
    assert [(finding.code, finding.address) for finding in findings] == [("AK4001", "training/optimizer")]


def test_there_are_genuine_files() -> None:
    assert {file.path.parent.name for file in FILES} == {"keras2.3-tf", "tfkeras2.15"}
    assert FIXTURES.is_dir()
