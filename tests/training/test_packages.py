"""Optimizers, losses and metrics of tensorflow-addons 0.15.0 in files of tf.keras 2.6, against the step that the genuine
stack made after it had loaded its own file (scripts/fixtures/training_packages.py)."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest

import anykeras
from genuine import FOLDER, Recording, compare, difference, each, outputs, recordings

FILES = recordings(FOLDER / "training" / "addons")
# Optimizers that Keras 3 has none like, and the classes that are named.
FOREIGN = {
    "adabelief": "AdaBelief", "cocob": "COCOB", "conditional_gradient": "ConditionalGradient",
    "decoupled": "OptimizerWithDecoupledWeightDecay", "lamb_decayed": "LAMB", "lookahead": "Lookahead",
    "lookahead_sgd": "Lookahead", "novograd": "NovoGrad", "proximal_adagrad_l1": "ProximalAdagrad",
    "rectified_adam": "RectifiedAdam", "rectified_adam_warm": "RectifiedAdam", "yogi": "Yogi",
}  # fmt: skip
# Told, and how far the outputs after the step may lie from the recorded ones.
STATED = {"opt_adamw_schedule": ("AK4050", 0.005)}
NO_LOSS = ("contrastive", "kappa", "pinball", "triplet", "triplet_hard")
KNOWN_METRICS = ("metric_f1", "metric_f1_threshold", "metric_fbeta")


def name_of(file: Recording) -> str:
    return file.stem.removeprefix("tfkeras2.6_")


def loaded(file: Recording) -> object:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return anykeras.load_model(file.path)


def check(model: object, file: Recording) -> None:
    code, most = STATED.get(name_of(file), ("", 5e-6))
    wanted = [file["orig_step_out0"]]
    assert difference(wanted, file.series("out")) > 1e-3, "a step that shows"
    model.train_on_batch(file["in0"], file["y0"])
    assert difference(outputs(model, file), wanted) < most
    assert not code or code in {finding.code for finding in anykeras.inspect(file.path).findings}


CONTINUED = [
    file
    for file in FILES
    if name_of(file).removeprefix("opt_") not in FOREIGN and name_of(file).removeprefix("loss_") not in NO_LOSS
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
@each(FILES, name_of)
def test_outputs(file: Recording) -> None:
    """Whatever the file was compiled with, the model opens with its outputs."""
    assert compare(outputs(loaded(file), file), file.series("out"), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("stem", FOREIGN)
def test_an_optimizer_that_keras_lacks_is_named(stem: str) -> None:
    file = next(file for file in FILES if name_of(file) == f"opt_{stem}")
    told = {finding.code: finding.seen for finding in anykeras.inspect(file.path).findings}
    assert FOREIGN[stem] in told["AK4051"] and FOREIGN[stem] in told["AK4001"]
    assert "AK4005" not in told and "AK4011" not in told


@pytest.mark.backend
@pytest.mark.parametrize("stem", NO_LOSS)
def test_a_loss_that_keras_lacks_is_named(stem: str) -> None:
    file = next(file for file in FILES if name_of(file) == f"loss_{stem}")
    assert "AK4002" in {finding.code for finding in anykeras.inspect(file.path).findings}
    assert not loaded(file).loss


@pytest.mark.framework
@pytest.mark.backend
@pytest.mark.parametrize("stem", KNOWN_METRICS)
def test_scores_are_those_of_keras_3(stem: str) -> None:
    file = next(file for file in FILES if name_of(file) == stem)
    made = loaded(file).train_on_batch(file["in0"], file["y0"])
    assert np.allclose(np.ravel(made[1]), file["step_metrics"], atol=1e-6)


@pytest.mark.backend
def test_a_given_optimizer_completes() -> None:
    import keras

    class RectifiedAdam(keras.optimizers.Adam):
        def __init__(self, **options: object) -> None:
            own = ("sma_threshold", "total_steps", "warmup_proportion", "min_lr", "decay")
            super().__init__(**{key: value for key, value in options.items() if key not in own})

    file = next(file for file in FILES if name_of(file) == "opt_rectified_adam")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = anykeras.load_model(file.path, custom_objects={"RectifiedAdam": RectifiedAdam})
    assert type(model.optimizer) is RectifiedAdam
