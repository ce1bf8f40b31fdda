"""Training state of the user's classes, of embeddings, and of packages."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import anykeras
from anykeras.document.model import UNRESOLVED, Document, Era, Graph, Layer, Object, Training, Writer
from anykeras.migrations import resolve_training
from genuine import FIXTURES, FOLDER, Recording, compare, difference, each, outputs, recordings

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


# Steps with batches that use a row of an Embedding several times, and leave others alone.


EMBEDDING_FILES = {embedding_file.stem: embedding_file for embedding_file in recordings(FOLDER / "training" / "embeddings")}
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

    golden = EMBEDDING_FILES[name]
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
    golden = EMBEDDING_FILES[name]
    with pytest.warns(UserWarning, match=code):
        model = anykeras.load_model(golden.path)
    made = after_a_step(model, golden)
    assert not np.allclose(made, golden["after"], rtol=1e-4, atol=1e-5), "as recorded: take it off the list"
    assert np.abs(made - golden["after"]).max() < most


# Optimizers, losses and metrics of tensorflow-addons 0.15.0 in files of tf.keras 2.6, against the step that the genuine
# stack made after it had loaded its own file (scripts/fixtures/training_packages.py).


PACKAGE_FILES = recordings(FOLDER / "training" / "addons")
# Optimizers that Keras 3 has none like, and the classes that are named.
FOREIGN = {
    "adabelief": "AdaBelief", "cocob": "COCOB", "conditional_gradient": "ConditionalGradient",
    "decoupled": "OptimizerWithDecoupledWeightDecay", "lamb_decayed": "LAMB", "lookahead": "Lookahead",
    "lookahead_sgd": "Lookahead", "novograd": "NovoGrad", "proximal_adagrad_l1": "ProximalAdagrad",
    "rectified_adam": "RectifiedAdam", "rectified_adam_warm": "RectifiedAdam", "yogi": "Yogi",
}  # fmt: skip
# Told, and how far the outputs after the step may lie from the recorded ones.
PACKAGE_STATED = {"opt_adamw_schedule": ("AK4050", 0.005)}
NO_LOSS = ("contrastive", "kappa", "pinball", "triplet", "triplet_hard")
KNOWN_METRICS = ("metric_f1", "metric_f1_threshold", "metric_fbeta")


def name_of(file: Recording) -> str:
    return file.stem.removeprefix("tfkeras2.6_")


def loaded(file: Recording) -> object:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return anykeras.load_model(file.path)


def check(model: object, file: Recording) -> None:
    code, most = PACKAGE_STATED.get(name_of(file), ("", 5e-6))
    wanted = [file["orig_step_out0"]]
    assert difference(wanted, file.series("out")) > 1e-3, "a step that shows"
    model.train_on_batch(file["in0"], file["y0"])
    assert difference(outputs(model, file), wanted) < most
    assert not code or code in {finding.code for finding in anykeras.inspect(file.path).findings}


CONTINUED = [
    package_file
    for package_file in PACKAGE_FILES
    if name_of(package_file).removeprefix("opt_") not in FOREIGN and name_of(package_file).removeprefix("loss_") not in NO_LOSS
]


@pytest.mark.framework
@pytest.mark.backend
@each(CONTINUED, name_of)
def test_opened(file: Recording) -> None:
    check(loaded(file), file)


@pytest.mark.framework
@pytest.mark.backend
@each(CONTINUED, name_of)
def test_converted(file: Recording, tmp_path: Path) -> None:
    import keras

    anykeras.convert(file.path, tmp_path / "out.keras")
    check(keras.models.load_model(tmp_path / "out.keras"), file)


@pytest.mark.backend
@each(PACKAGE_FILES, name_of)
def test_outputs(file: Recording) -> None:
    """Whatever the file was compiled with, the model opens with its outputs."""
    assert compare(outputs(loaded(file), file), file.series("out"), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("stem", FOREIGN)
def test_an_optimizer_that_keras_lacks_is_named(stem: str) -> None:
    file = next(file for file in PACKAGE_FILES if name_of(file) == f"opt_{stem}")
    told = {finding.code: finding.seen for finding in anykeras.inspect(file.path).findings}
    assert FOREIGN[stem] in told["AK4051"] and FOREIGN[stem] in told["AK4001"]
    assert "AK4005" not in told and "AK4011" not in told


@pytest.mark.backend
@pytest.mark.parametrize("stem", NO_LOSS)
def test_a_loss_that_keras_lacks_is_named(stem: str) -> None:
    file = next(file for file in PACKAGE_FILES if name_of(file) == f"loss_{stem}")
    assert "AK4002" in {finding.code for finding in anykeras.inspect(file.path).findings}
    assert not loaded(file).loss


@pytest.mark.framework
@pytest.mark.backend
@pytest.mark.parametrize("stem", KNOWN_METRICS)
def test_scores_are_those_of_keras_3(stem: str) -> None:
    file = next(file for file in PACKAGE_FILES if name_of(file) == stem)
    made = loaded(file).train_on_batch(file["in0"], file["y0"])
    assert np.allclose(np.ravel(made[1]), file["step_metrics"], atol=1e-6)


@pytest.mark.backend
def test_a_given_optimizer_completes() -> None:
    import keras

    class RectifiedAdam(keras.optimizers.Adam):
        def __init__(self, **options: object) -> None:
            own = ("sma_threshold", "total_steps", "warmup_proportion", "min_lr", "decay")
            super().__init__(**{key: value for key, value in options.items() if key not in own})

    file = next(file for file in PACKAGE_FILES if name_of(file) == "opt_rectified_adam")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = anykeras.load_model(file.path, custom_objects={"RectifiedAdam": RectifiedAdam})
    assert type(model.optimizer) is RectifiedAdam
