"""The save that keeps: no code in the file, stock Keras opens it, it says who wrote it, and it is a witness of itself."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from typer.testing import CliRunner

import anykeras
from anykeras.cli.main import app
from anykeras.testing import assert_loads_everywhere


@keras.saving.register_keras_serializable("mine")
class RegisteredScale(keras.layers.Layer):
    """A layer of the user's own, with a weight and an argument."""

    def __init__(self, factor: float = 2.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.factor = factor

    def build(self, shape: Any) -> None:
        self.scale = self.add_weight(shape=(shape[-1],), initializer="ones", name="scale")

    def call(self, inputs: Any) -> Any:
        return inputs * self.scale * self.factor

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "factor": self.factor}


class Unsaid(keras.layers.Layer):
    """A layer that no node of a model file says: it maps a function over the batch."""

    def call(self, inputs: Any) -> Any:
        return keras.ops.vectorized_map(lambda row: row * 2, inputs)

    def compute_output_spec(self, inputs: Any) -> Any:
        return keras.KerasTensor(inputs.shape, inputs.dtype)


@pytest.fixture(scope="module")
def model() -> Any:
    keras.utils.set_random_seed(1)
    inputs = keras.Input((4,), name="x")
    hidden = RegisteredScale(3.0)(keras.layers.Dense(5, activation="relu")(inputs))
    hidden = keras.layers.Lambda(lambda t: keras.ops.tanh(t) * 2)(hidden)
    return keras.Model(inputs, keras.layers.Dense(2)(hidden))


@pytest.fixture(scope="module")
def kept(model: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("kept") / "kept.keras"
    anykeras.save_model(model, path, commit="4fa1c2")
    return path


def test_stock_keras_opens_it_without_the_code(kept: Path, model: Any) -> None:
    text = zipfile.ZipFile(kept).read("config.json").decode()
    assert "__lambda__" not in text and "RegisteredScale" not in text
    with keras.saving.custom_object_scope({}):
        again = keras.models.load_model(kept)
    given = np.random.default_rng(0).normal(size=(3, 4)).astype("float32")
    np.testing.assert_allclose(again.predict(given, verbose=0), model.predict(given, verbose=0), rtol=1e-5, atol=1e-6)


def test_it_is_its_own_witness(kept: Path, tmp_path: Path) -> None:
    report = anykeras.verify(kept)
    assert (str(report.verdict), str(report.evidence)) == ("PASS", "witnessed")
    notes = anykeras.inspect(kept).as_dict()
    assert notes["kept"]["commit"] == "4fa1c2" and notes["kept"]["keras"] == keras.__version__ and not notes["leftovers"]
    assert "4fa1c2" in CliRunner().invoke(app, ["inspect", str(kept)]).stdout
    changed = tmp_path / "changed.keras"
    with zipfile.ZipFile(kept) as old, zipfile.ZipFile(changed, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            new.writestr(name, data.replace(b'"relu"', b'"tanh"') if name == "config.json" else data)
    report = anykeras.verify(changed)
    assert str(report.verdict) == "FAIL" and any("config.json" in check.detail for check in report.checks)


def test_a_recording_of_ones_own_and_none(model: Any, tmp_path: Path) -> None:
    given = np.full((2, 4), 0.5, "float32")
    anykeras.save_model(model, tmp_path / "own.keras", recording=given)
    with zipfile.ZipFile(tmp_path / "own.keras") as archive, archive.open("anykeras/recording.npz") as file:
        held = np.load(file)
        np.testing.assert_array_equal(held["in0"], given)
        np.testing.assert_allclose(held["out0"], model.predict(given, verbose=0), rtol=1e-6)
    anykeras.save_model(model, tmp_path / "none.keras", recording=False)
    assert str(anykeras.verify(tmp_path / "none.keras").verdict) == "NOT VERIFIED"
    with pytest.raises(anykeras.AnyKerasError, match="AK7201"):
        anykeras.save_model(model, tmp_path / "large.keras", recording=np.zeros((2_000_000, 4), "float32"))


def test_what_cannot_be_followed_is_told_and_nothing_is_written(kept: Path, tmp_path: Path) -> None:
    inputs = keras.Input((4,))
    before = kept.read_bytes()
    with pytest.raises(anykeras.AnyKerasError, match="vectorized_map"):
        anykeras.save_model(keras.Model(inputs, Unsaid()(inputs)), kept)
    assert kept.read_bytes() == before and os.listdir(kept.parent) == ["kept.keras"]


def test_over_the_open_file(kept: Path, tmp_path: Path) -> None:
    path = tmp_path / "again.keras"
    path.write_bytes(kept.read_bytes())
    opened = anykeras.load_model(path)
    anykeras.save_model(opened, path)
    assert str(anykeras.verify(path).verdict) == "PASS"
    with pytest.raises(anykeras.AnyKerasError, match="AK6010"):
        anykeras.save_model(opened, path, overwrite=False)


def test_killed_while_saving_the_old_file_is_whole(kept: Path, tmp_path: Path) -> None:
    path = tmp_path / "precious.keras"
    path.write_bytes(kept.read_bytes())
    script = (
        "import os, signal, sys, anykeras\n"
        "from anykeras.targets import output\n"
        "model = anykeras.load_model(sys.argv[1])\n"
        "output._Temporary.replace = lambda self, path: os.kill(os.getpid(), signal.SIGKILL)\n"
        "anykeras.save_model(model, sys.argv[1])\n"
    )
    done = subprocess.run([sys.executable, "-c", script, str(path)], check=False, capture_output=True)
    assert done.returncode == -9
    assert path.read_bytes() == kept.read_bytes()


def test_for_an_older_release(model: Any, tmp_path: Path) -> None:
    anykeras.save_model(model, tmp_path / "old.keras", target="keras-3.6")
    assert not anykeras.check(tmp_path / "old.keras", ["keras-3.6"]).forecasts[0].objected
    assert json.loads(zipfile.ZipFile(tmp_path / "old.keras").read("anykeras/kept.json"))["target"] == "keras-3.6"


def test_assert_loads_everywhere(model: Any) -> None:
    assert_loads_everywhere(model, ["keras-3.3", "keras-3.6", "tf.keras-2.15", "tf.keras-2.8"])
    inputs = keras.Input((4,))
    with pytest.raises((AssertionError, anykeras.AnyKerasError), match="vectorized_map"):
        assert_loads_everywhere(keras.Model(inputs, Unsaid()(inputs)), ["keras-3.6"])
