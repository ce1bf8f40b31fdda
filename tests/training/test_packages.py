"""Optimizers, losses and metrics of tensorflow-addons 0.15.0 in files of tf.keras 2.6, against the step that the genuine
stack made after it had loaded its own file (addons/make.py)."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest

import anykeras

FILES = sorted((Path(__file__).parent / "addons").glob("*.h5"))
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


def name_of(path: Path) -> str:
    return path.stem.removeprefix("tfkeras2.6_")


def loaded(path: Path) -> object:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return anykeras.load_model(path)


def stepped(model: object, path: Path) -> float:
    """How far the outputs after one more step lie from the recorded ones."""
    with np.load(path.with_name(path.stem + ".golden.npz")) as golden:
        wanted = golden["orig_step_out0"]
        assert np.abs(wanted - golden["out0"]).max() > 1e-3, "a step that shows"
        model.train_on_batch(golden["in0"], golden["y0"])
        return float(np.abs(model.predict(golden["in0"], verbose=0) - wanted).max())


def check(model: object, path: Path) -> None:
    code, most = STATED.get(name_of(path), ("", 5e-6))
    assert stepped(model, path) < most
    assert not code or code in {finding.code for finding in anykeras.inspect(path).findings}


CONTINUED = [
    path
    for path in FILES
    if name_of(path).removeprefix("opt_") not in FOREIGN and name_of(path).removeprefix("loss_") not in NO_LOSS
]


@pytest.mark.backend
@pytest.mark.parametrize("path", CONTINUED, ids=name_of)
def test_opened(path: Path) -> None:
    check(loaded(path), path)


@pytest.mark.backend
@pytest.mark.parametrize("path", CONTINUED, ids=name_of)
def test_converted(path: Path, tmp_path: Path) -> None:
    import keras

    anykeras.convert(path, tmp_path / "out.keras")
    check(keras.models.load_model(tmp_path / "out.keras"), path)


@pytest.mark.backend
@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_outputs(path: Path) -> None:
    """Whatever the file was compiled with, the model opens with its outputs."""
    with np.load(path.with_name(path.stem + ".golden.npz")) as golden:
        assert np.allclose(loaded(path).predict(golden["in0"], verbose=0), golden["out0"], atol=1e-6)


@pytest.mark.parametrize("stem", FOREIGN)
def test_an_optimizer_that_keras_lacks_is_named(stem: str) -> None:
    path = next(path for path in FILES if name_of(path) == f"opt_{stem}")
    told = {finding.code: finding.seen for finding in anykeras.inspect(path).findings}
    assert FOREIGN[stem] in told["AK4051"] and FOREIGN[stem] in told["AK4001"]
    assert "AK4005" not in told and "AK4011" not in told


@pytest.mark.backend
@pytest.mark.parametrize("stem", NO_LOSS)
def test_a_loss_that_keras_lacks_is_named(stem: str) -> None:
    path = next(path for path in FILES if name_of(path) == f"loss_{stem}")
    assert "AK4002" in {finding.code for finding in anykeras.inspect(path).findings}
    assert not loaded(path).loss


@pytest.mark.backend
@pytest.mark.parametrize("stem", KNOWN_METRICS)
def test_scores_are_those_of_keras_3(stem: str) -> None:
    path = next(path for path in FILES if name_of(path) == stem)
    with np.load(path.with_name(path.stem + ".golden.npz")) as golden:
        made = loaded(path).train_on_batch(golden["in0"], golden["y0"])
        assert np.allclose(np.ravel(made[1]), golden["step_metrics"], atol=1e-6)


@pytest.mark.backend
def test_a_given_optimizer_completes() -> None:
    import keras

    class RectifiedAdam(keras.optimizers.Adam):
        def __init__(self, **options: object) -> None:
            own = ("sma_threshold", "total_steps", "warmup_proportion", "min_lr", "decay")
            super().__init__(**{key: value for key, value in options.items() if key not in own})

    path = next(path for path in FILES if name_of(path) == "opt_rectified_adam")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = anykeras.load_model(path, custom_objects={"RectifiedAdam": RectifiedAdam})
    assert type(model.optimizer) is RectifiedAdam
