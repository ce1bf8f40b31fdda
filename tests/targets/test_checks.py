"""What is checked before a byte is written, against Keras itself: the shapes of variables, and models that cannot be called."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import pytest
from keras import Input, Model, layers

import anykeras
from anykeras import targets
from anykeras.catalog.layout import variable_specs
from anykeras.catalog.shapes.variables import infer_variables
from anykeras.errors import Bug, Malformed
from anykeras.targets import keras_zip
from anykeras.verification import Verdict

from .test_roles import CALLABLE, model_of
from .transcribe import document

OTHERS = {
    "depthwise": lambda x: layers.DepthwiseConv2D(3, depth_multiplier=2)(layers.Reshape((4, 4, 3))(x)),
    "groups": lambda x: layers.Conv2D(6, 3, groups=3)(layers.Reshape((4, 4, 3))(x)),
    "first": lambda x: layers.Conv1DTranspose(5, 2, data_format="channels_first")(layers.Reshape((4, 12))(x)),
    "separable": lambda x: layers.SeparableConv1D(5, 2, depth_multiplier=3)(layers.Reshape((12, 4))(x)),
    "normalized": lambda x: layers.LayerNormalization(axis=(-1, 1))(layers.Reshape((4, 3, 4))(x)),
    "batch": lambda x: layers.BatchNormalization(axis=1)(layers.Reshape((4, 3, 4))(x)),
    "prelu": lambda x: layers.PReLU(shared_axes=[1, 2])(layers.Reshape((4, 3, 4))(x)),
    "gru": lambda x: layers.GRU(3, reset_after=False)(layers.Reshape((12, 4))(x)),
    "both ways": lambda x: layers.Bidirectional(layers.LSTM(3, return_sequences=True))(layers.Reshape((12, 4))(x)),
    "cells": lambda x: layers.RNN(layers.GRUCell(3))(layers.Reshape((12, 4))(x)),
    "over time": lambda x: layers.TimeDistributed(layers.Dense(3))(layers.Reshape((12, 4))(x)),
    "einsum": lambda x: layers.EinsumDense("...x,xy->...y", output_shape=7)(layers.Reshape((12, 4))(x)),
    "heads": lambda x: layers.EinsumDense("abc,cde->abde", output_shape=(None, 2, 5))(layers.Reshape((12, 4))(x)),
    "attention": lambda x: layers.MultiHeadAttention(2, 3, value_dim=5, output_shape=(7,))(
        layers.Reshape((12, 4))(x), layers.Reshape((8, 6))(x), key=layers.Reshape((8, 6))(x)
    ),
    "nested": lambda x: keras.Sequential([layers.Dense(3), layers.Dense(2)])(x),
}


def _check(model: Model) -> int:
    """Compare with the variables of the live model; the number of shapes that are known in full."""
    given = document(model)
    expected = infer_variables(given.model)
    known = 0
    for spec in variable_specs(given.model):
        shape = expected.get(spec.holder.path, {}).get(spec.role.name)
        tensor = spec.layer.weights.get(spec.role.name)
        if shape is None or tensor is None:
            continue
        assert len(shape) == len(tensor.shape) and all(a in (None, b) for a, b in zip(shape, tensor.shape, strict=True))
        known += None not in shape
    return known


@pytest.mark.parametrize("name", CALLABLE)
def test_the_variables_of_every_class(name: str) -> None:
    model = model_of(name)
    if model.weights:
        _check(model)


@pytest.mark.parametrize("name", OTHERS)
def test_the_variables_of_arguments_that_matter(name: str) -> None:
    x = Input((48,))
    assert _check(Model(x, OTHERS[name](x))) >= 1


@pytest.fixture
def wide(tmp_path: Path) -> Path:
    """A genuine file of Keras 3 whose configuration says more units than its kernel has."""
    keras.Sequential([Input((2,)), layers.Dense(4, name="narrow"), layers.Dense(3)]).save(tmp_path / "model.keras")
    path = tmp_path / "wide.keras"
    with zipfile.ZipFile(tmp_path / "model.keras") as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name == "config.json":
                config: Any = json.loads(data)
                config["config"]["layers"][1]["config"]["units"] = 2**28
                data = json.dumps(config).encode()
            new.writestr(name, data)
    return path


def test_weights_that_do_not_fit_are_one_error_everywhere(wide: Path) -> None:
    refusal = anykeras.inspect(wide).refusal
    errors: list[Any] = [refusal]
    for verb in (lambda: anykeras.load_model(wide), lambda: anykeras.convert(wide, wide.parent / "out.keras")):
        with pytest.raises(Malformed) as caught:
            verb()
        errors.append(caught.value)
    for error in errors:
        assert error is not None and error.code == "AK6026" and not isinstance(error, Bug)
        assert error.layer == "narrow"
        assert "(2, 4)" in str(error) and f"(2, {2**28})" in str(error)
    assert not (wide.parent / "out.keras").exists()


def test_a_file_that_does_not_read_back_gets_no_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = keras_zip.write_weights

    def flip(lowered: Any, stream: Any) -> Any:
        written = write(lowered, stream)
        with h5py.File(stream, "r+") as file:
            file["layers/dense/vars/0"][0, 0] += 1
        return written

    monkeypatch.setattr(keras_zip, "write_weights", flip)
    model = keras.Sequential([Input((2,)), layers.Dense(4)])
    with pytest.raises(Bug, match=r"AK6029.*layers/dense/vars/0"):
        targets.write(document(model), str(tmp_path / "out.keras"))
    assert not list(tmp_path.iterdir())


@pytest.mark.framework
def test_skip_mismatch_starts_such_weights_anew(tmp_path: Path) -> None:
    """As Keras: the layers that fit keep their weights, the others are new ones of the configured shape."""
    body = keras.Sequential([Input((2,)), layers.Dense(4, name="body"), layers.Dense(3, name="head")])
    other = keras.Sequential([Input((2,)), layers.Dense(4, name="body"), layers.Dense(7, name="head")])
    body.compile("adam", "mse")
    body.fit(np.zeros((4, 2)), np.ones((4, 3)), verbose=0)
    body.save(tmp_path / "body.h5")
    (tmp_path / "other.json").write_text(other.to_json())
    arguments = {"weights": tmp_path / "body.h5"}
    with pytest.raises(Malformed, match="AK6026"):
        anykeras.load_model(tmp_path / "other.json", **arguments)
    done = anykeras.convert(tmp_path / "other.json", tmp_path / "out.keras", **arguments, skip_mismatch=True)
    assert [finding.code for finding in done.findings].count("AK6028") == 2
    assert done.outputs_fidelity == "lossy"
    with pytest.warns(anykeras.AnyKerasWarning, match="AK6028"):
        live = anykeras.load_model(tmp_path / "other.json", **arguments, skip_mismatch=True)
    for model in (live, keras.models.load_model(tmp_path / "out.keras")):
        for mine, wanted in zip(model.get_layer("body").get_weights(), body.get_layer("body").get_weights(), strict=True):
            np.testing.assert_array_equal(mine, wanted)
        kernel, bias = model.get_layer("head").get_weights()
        assert kernel.shape == (4, 7) and 0 < np.abs(kernel).max() <= np.sqrt(6 / 11) and not bias.any()


def test_check_opens_and_runs_the_result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keras.Sequential([Input((2,)), layers.Dense(4), layers.Dense(3)]).save(tmp_path / "model.h5")
    done = anykeras.convert(tmp_path / "model.h5", tmp_path / "out.keras", check=True)
    assert done.check is not None and done.check.verdict is Verdict.PASS
    assert anykeras.convert(tmp_path / "model.h5", tmp_path / "b.keras").check is None

    def refuse(*args: object, **kwargs: object) -> None:
        raise ValueError("not today")

    monkeypatch.setattr(keras.models, "load_model", refuse)
    done = anykeras.convert(tmp_path / "model.h5", tmp_path / "c.keras", check=True)
    assert done.check is not None and done.check.verdict is Verdict.FAIL
    assert "ValueError: not today" in done.check.checks[0].detail
