"""What the optimizer keeps for each weight goes where the weight goes, and starts fresh where the weight was computed."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import anykeras
from anykeras import pipeline
from anykeras.document.walk import layers_of
from anykeras.findings import Affects, Fidelity, Finding
from genuine import FOLDER, Recording, recordings

GENUINE = [file for folder in ("keras1", "keras2") for file in recordings(FOLDER / "migrations" / folder)]
LORA, CUDNN, NORMAL = "lora_trained.h5", "cudnn.h5", "bn_trained.h5"


def recorded(name: str) -> Recording:
    return next(file for file in GENUINE if file.path.name.endswith(name))


@cache
def resolved(name: str) -> pipeline.Resolved:
    parsed = pipeline.parse_raw(pipeline.read(recorded(name).path))
    return pipeline.resolve(pipeline.migrate(parsed), native=True)


def slot(name: str, kind: str, layer: str, role: str) -> np.ndarray:
    """The slot of a weight of the migrated model."""
    document = resolved(name).document
    weight = next(x.weights[role] for x in layers_of(document.model) if x.name == layer and role in x.weights)
    assert document.training is not None
    return np.asarray(document.training.slots[kind][weight].read())


def findings(name: str) -> list[Finding]:
    return [finding for finding in resolved(name).findings if finding.code == "AK4017"]


def test_a_merged_update_starts_fresh_and_the_rest_goes_on() -> None:
    kept = recorded(LORA)
    prefix = "opt_adam.sequential_5"
    for kind in ("momentum", "velocity"):
        assert not slot(LORA, kind, "updated", "kernel").any()
        for layer, role in (("updated", "bias"), ("plain", "kernel"), ("plain", "bias")):
            assert np.array_equal(slot(LORA, kind, layer, role), kept[f"{prefix}_{layer}_{role}_{kind}"])
    (finding,) = findings(LORA)
    assert "updated/kernel" in finding.seen and "bias" not in finding.seen
    assert (finding.fidelity, finding.affects) == (Fidelity.LOSSY, Affects.TRAINING)


def test_kernels_of_cudnn_take_their_momenta_along() -> None:
    """As Keras 2.3.1 itself lays out weights; the two biases of an LSTM have the same gradient."""
    kept = recorded(CUDNN)
    for layer in ("lstm", "gru"):
        assert np.array_equal(slot(CUDNN, "momentum", layer, "kernel"), kept[f"slot_{layer}_kernel"])
        assert np.array_equal(slot(CUDNN, "momentum", layer, "recurrent_kernel"), kept[f"slot_{layer}_recurrent"])
    assert np.array_equal(slot(CUDNN, "momentum", "gru", "bias"), kept["slot_gru_bias"])
    assert np.array_equal(slot(CUDNN, "momentum", "lstm", "bias"), kept["slot_lstm_bias"][0])
    assert np.array_equal(slot(CUDNN, "momentum", "dense", "kernel"), kept["slot_dense_kernel"])
    (finding,) = findings(CUDNN)
    assert "lstm/bias" in finding.seen and finding.fidelity is Fidelity.APPROXIMATE


def test_a_statistic_that_is_computed_has_no_slot_to_lose() -> None:
    kept = recorded(NORMAL)
    roles = {"first_W": "kernel", "first_b": "bias", "normal_gamma": "gamma", "normal_beta": "beta", "last_W": "kernel"}
    for name, role in roles.items():
        assert np.array_equal(slot(NORMAL, "momentum", name.split("_")[0], role), kept[f"slot_{name}"])
    assert not findings(NORMAL)


@pytest.mark.backend
def test_both_ways_give_the_optimizer_the_same_state(tmp_path: Path) -> None:
    import keras

    def state(model: Any) -> list[np.ndarray]:
        return [np.asarray(keras.ops.convert_to_numpy(variable)) for variable in model.optimizer.variables]

    target = tmp_path / "converted.keras"
    anykeras.convert(recorded(LORA).path, target)
    with pytest.warns(UserWarning, match="AK4017"):
        opened = state(anykeras.load_model(recorded(LORA).path))
    for one, other in zip(opened, state(keras.models.load_model(target)), strict=True):
        assert np.array_equal(one, other)
    assert int(opened[0]) == 3
