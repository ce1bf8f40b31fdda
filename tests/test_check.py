"""Forecasts agree with what genuine stacks did with genuine files; pins, the table, and the proof in an interpreter."""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from typer.testing import CliRunner

import anykeras
from anykeras import pipeline
from anykeras.catalog.releases import RELEASES, find_release
from anykeras.checking import Outcome, objects, run, weights
from anykeras.checking.forecast import Content, Notes
from anykeras.checking.pins import list_releases
from anykeras.checking.reading import _Reader, forecast
from anykeras.cli.main import app
from genuine import FOLDER

FATES: dict[str, dict[str, bool]] = json.loads((Path(__file__).parent / "fates.json").read_text())
"""By release and file: whether ``load_model`` of the genuine stack opened it (scripts/measure_check.py)."""


# Forecast to open and did not: text attributes as h5py 3 writes them, which this release decodes once more.
KNOWN_WRONG = {("tf.keras-2.3", "migrations/keras2/keras2.3-theano-stacked_states.h5")}


@pytest.mark.parametrize("release", FATES)
def test_forecasts_are_what_happened(release: str) -> None:
    wanted = find_release(release)
    assert wanted is not None
    for name, opened in FATES[release].items():
        found = forecast(pipeline.read(FOLDER / name), wanted)
        if (release, name) in KNOWN_WRONG:
            continue
        assert found.opens in (opened, None), (name, found)
        assert found.opens is not None or found.doubt


def test_most_forecasts_say_something() -> None:
    said = [
        forecast(pipeline.read(FOLDER / name), find_release(release)).opens is not None  # type: ignore[arg-type]
        for release, files in FATES.items()
        for name in files
    ]
    assert sum(said) > 0.75 * len(said)


# What genuine stacks did with files that no file like them was met in there: what a release's tables answer for is no doubt.
SETTLED = {
    "keras-3.5": "migrations/keras2/tf2.13-rand_RandomFlip.h5",
    "keras-3.8": "migrations/keras2/keras2.2-tf-convlstm_first.h5",
    "tf.keras-2.3": "migrations/keras2/tf2.15-han_gru_bi.h5",
    "tf.keras-2.7": "migrations/keras2/keras2.2-tf-td_masking2.h5",
    "tf.keras-2.13": "recovery/values/tfkeras2.3-py37/sh_zero_state.h5",
}


@pytest.mark.parametrize("release", SETTLED)
def test_what_the_tables_of_a_release_answer_for_opens(release: str) -> None:
    found = anykeras.check(FOLDER / SETTLED[release], [release], conversion=False).forecasts[0]
    assert found.opens is True, found


@pytest.mark.parametrize(
    ("release", "name", "opens", "said"),
    [
        ("tf.keras-2.8", "migrations/keras2/tf2.15-up_mitchellcubic_first.h5", False, "no interpolation 'mitchellcubic'"),
        ("keras-3.12", "shims/keras2.3.1_attention_raffel_unbiased_plain.h5", None, "of the user's own"),
        ("keras-3.10", "migrations/keras2/tf2.13-bn_axis_list.h5", None, "may lose the axis"),
    ],
)
def test_values_that_a_constructor_takes_and_the_release_does_not(
    release: str, name: str, opens: bool | None, said: str
) -> None:
    found = anykeras.check(FOLDER / name, [release], conversion=False).forecasts[0]
    assert found.opens is opens
    assert said in found.doubt + "".join(one.reason for one in found.obstacles)


@pytest.fixture(scope="module")
def dense(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import keras

    path = tmp_path_factory.mktemp("check") / "dense.keras"
    inputs = keras.Input((4,), name="x")
    keras.Model(inputs, keras.layers.Dense(3, activation="relu")(inputs)).save(path)
    return path


def test_why_and_what_helps(dense: Path) -> None:
    found = anykeras.check(dense, ["keras-3.6", "tf.keras==2.13.1"])
    assert [str(one.release) for one in found.forecasts] == ["keras-3.6", "tf.keras-2.13"] and not found.opens
    minor, older = found.forecasts
    assert {o.key for o in minor.obstacles} >= {"quantization_config"} and "quantization_config" in minor.obstacles[0].message
    assert "keras.src.models.functional cannot be imported" in older.obstacles[0].message
    assert minor.converted is True and older.converted is True


def test_what_a_conversion_writes_is_said_to_open(dense: Path, tmp_path: Path) -> None:
    for target in ("keras-3.6", "keras-3.3", "tf.keras-2.15", "tf.keras-2.8"):
        release = find_release(target)
        assert release is not None
        written = tmp_path / f"{target}{release.boxes[0]}"
        anykeras.convert(dense, written, target=target)
        assert anykeras.check(written, [target]).opens, anykeras.check(written, [target])


def test_cli(dense: Path) -> None:
    result = CliRunner().invoke(app, ["check", str(dense), "--for", "keras-3.15", "--json"])
    assert result.exit_code == 0 and json.loads(result.stdout)["results"][0]["data"]["opens"] is True
    result = CliRunner().invoke(app, ["check", str(dense), "--for", "keras-2.3"])
    assert result.exit_code == 1 and "they see:" in result.stdout
    result = CliRunner().invoke(app, ["check", str(dense), "--all"])
    assert result.exit_code == 0 and "newest: keras-3.15" in result.stdout
    assert all(str(release) in result.stdout for release in RELEASES)
    assert CliRunner().invoke(app, ["check", str(dense), "--for", "keras-9.9"]).exit_code == 2
    assert CliRunner().invoke(app, ["check", str(dense)]).output == result.output
    assert CliRunner().invoke(app, ["check", str(dense), "--all", "--for", "keras-2.3"]).exit_code == 2


def _save_compiled(path: Path, loss: Any, metrics: Any = None) -> Path:
    import keras

    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    model.compile("sgd", loss, metrics=metrics)
    model.save(path)
    return path


def test_a_keras_file_opens_whatever_the_names_of_its_losses_and_metrics(tmp_path: Path) -> None:
    import keras

    zipped = _save_compiled(tmp_path / "names.keras", "no_such_loss", ["no_such_metric"])
    assert keras.models.load_model(zipped).compiled
    assert anykeras.check(zipped, ["keras-3.15"]).opens
    hdf5 = _save_compiled(tmp_path / "names.h5", "no_such_loss")
    with pytest.raises(TypeError):
        keras.models.load_model(hdf5)
    assert anykeras.check(hdf5, ["keras-3.15"]).forecasts[0].opens is False


def test_a_loss_that_no_list_of_keras_3_has_is_not_found_in_hdf5(tmp_path: Path) -> None:
    import keras

    for number, (loss, opens) in enumerate(
        {keras.losses.CategoricalGeneralizedCrossEntropy(): False, keras.losses.CTC(): True}.items()
    ):
        path = _save_compiled(tmp_path / f"{number}.h5", loss)
        if opens:
            keras.models.load_model(path)
        else:
            with pytest.raises(ValueError, match="Could not interpret loss"):
                keras.models.load_model(path)
        assert anykeras.check(path, ["keras-3.15"], conversion=False).forecasts[0].opens is opens
    assert (
        anykeras.check(path, ["keras-3.3"], conversion=False).forecasts[0].opens is False
    )  # in 3.3.3 CTC was not found either


def test_the_list_of_names_of_each_minor_of_keras_3(tmp_path: Path) -> None:
    """Keras 3.0.5 has binary_focal_crossentropy and not in its list: TypeError in HDF5 of 3.3.3; 3.3.3 opens its own."""
    made = _save_compiled(tmp_path / "now.keras", "mse")
    anykeras.convert(made, tmp_path / "then.h5", target="tf.keras-2.15")
    path = _retrain(tmp_path / "then.h5", loss="binary_focal_crossentropy")
    found = {str(one.release): one for one in anykeras.check(path, ["keras-3.0", "keras-3.3"], conversion=False).forecasts}
    assert found["keras-3.0"].opens is False and found["keras-3.0"].obstacles[0].key == "loss"
    assert found["keras-3.3"].opens is True, found


@pytest.mark.parametrize("name", ["SeparableConvolution2D", "Convolution2DTranspose", "Deconv2D", "Convolution2D"])
def test_older_names_that_keras_2_3_defines_and_does_not_import(name: str) -> None:
    """keras.layers.deserialize of Keras 2.3.1 knows the last alone; that of 2.2.4 all."""
    for release, known in (("keras-2.3", name == "Convolution2D"), ("keras-2.2", True)):
        wanted = find_release(release)
        assert wanted is not None and (objects.find_named(name, "layers", wanted) is not None) is known


@pytest.mark.parametrize(
    ("release", "opens"), [("keras-2.3", None), ("tf.keras-2.8", None), ("tf.keras-2.13", False), ("tf.keras-2.15", False)]
)
def test_code_that_no_python_of_a_release_reads(release: str, opens: bool | None) -> None:
    found = anykeras.check(FOLDER / "fixtures/keras2.2-tf/lambdas_in_submodels.h5", [release], conversion=False).forecasts[0]
    assert found.opens is opens, found
    said = found.doubt or found.obstacles[0].reason
    assert ("another Python" if opens is False else "Python code in the file") in said


def _retrain(path: Path, **changes: Any) -> Path:
    with h5py.File(path, "r+") as file:
        held = file.attrs["training_config"]
        said = json.loads(held if isinstance(held, str) else held.decode())
        file.attrs["training_config"] = json.dumps(said | changes).encode()
    return path


def test_a_loss_of_tf_keras_as_an_object(tmp_path: Path) -> None:
    import keras

    config = {"class_name": "MeanSquaredError", "config": {"reduction": "auto", "name": "mean_squared_error"}}
    path = _retrain(_save_compiled(tmp_path / "loss.h5", keras.losses.MeanSquaredError()), loss=config)
    with pytest.raises(ValueError, match="reduction"):
        keras.models.load_model(path)
    found = anykeras.check(path, ["keras-3.15"], conversion=False).forecasts[0]
    assert found.opens is False and found.obstacles[0].key == "reduction"


def test_a_metric_as_an_object_in_keras_2(tmp_path: Path) -> None:
    made = _save_compiled(tmp_path / "now.keras", "mse", ["mae"])
    anykeras.convert(made, tmp_path / "then.h5", target="keras-2.3")
    assert anykeras.check(tmp_path / "then.h5", ["keras-2.3"]).opens
    metric = {"class_name": "KLDivergence", "config": {"name": "kullback_leibler_divergence", "dtype": "float32"}}
    found = anykeras.check(_retrain(tmp_path / "then.h5", metrics=[metric]), ["keras-2.3"], conversion=False).forecasts[0]
    assert found.opens is False and found.obstacles[0].key == "metrics"  # as Keras 2.3.1 with its own file


def test_a_metric_by_a_function_that_is_a_loss_alone(tmp_path: Path) -> None:
    made = _save_compiled(tmp_path / "now.keras", "mse", ["mae"])
    anykeras.convert(made, tmp_path / "then.h5", target="tf.keras-2.13")
    metric = {"class_name": "MeanMetricWrapper", "config": {"name": "kl", "dtype": "float32", "fn": "kl_divergence"}}
    found = anykeras.check(_retrain(tmp_path / "then.h5", metrics=[[metric]]), ["tf.keras-2.13"], conversion=False).forecasts[0]
    assert found.opens is False and "kl_divergence" in found.obstacles[0].message  # as TensorFlow 2.13.1 with a file of 2.15


def test_masks_that_are_joined_may_take_the_name_of_a_layer(tmp_path: Path) -> None:
    import keras

    keras.utils.clear_session()  # so that the layer is called concatenate, and the operation concatenate_1
    x = keras.Input((3,))
    both = [keras.layers.Embedding(5, 2, mask_zero=True)(x) for _ in range(2)]
    y = keras.layers.LSTM(2)(keras.layers.Concatenate()(both))
    keras.Model(x, y).save(tmp_path / "joined.keras")
    assert "joins masks" in anykeras.check(tmp_path / "joined.keras", ["keras-3.15"], conversion=False).forecasts[0].doubt


def test_parts_that_early_minors_of_keras_3_miss(tmp_path: Path) -> None:
    import keras

    inputs = keras.Input((3, 2))
    both = keras.layers.Bidirectional(keras.layers.GRU(2, recurrent_initializer="orthogonal"))
    keras.Sequential([inputs, both]).save(tmp_path / "both.h5")
    keras.Sequential([inputs, both]).save(tmp_path / "both.keras")
    keras.Sequential([keras.Input((1,), dtype="int64"), keras.layers.Hashing(5)]).save(tmp_path / "hashing.keras")
    for minor, copied, named in (("3.0", True, True), ("3.3", False, True), ("3.4", False, False)):
        release = find_release(f"keras-{minor}")
        assert release is not None
        reasons = [one.reason for one in forecast(pipeline.read(tmp_path / "both.keras"), release).obstacles]
        assert any("has no 'Orthogonal'" in said for said in reasons) is named  # Keras 3.0.5 with a file of 3.10.0
        reasons = [one.reason for one in forecast(pipeline.read(tmp_path / "hashing.keras"), release).obstacles]
        assert ("Hashing takes no dtype policy before Keras 3.4" in reasons) is named  # Keras 3.3.3 with a file of 3.10.0
        notes = Notes()
        weights.look(_Reader(Content(pipeline.read(tmp_path / "both.h5")), release, notes))
        assert any("third copy" in one.reason for one in notes.obstacles) is copied  # Keras 3.0.5 with a file of 3.3.3


PINS = {
    "requirements.txt": ("# models\nnumpy\ntensorflow[and-cuda]==2.13.1 ; python_version < '3.12'  # gpu\n", ["tf.keras-2.13"]),
    "range.txt": ("keras>=3.3,<3.5\n", ["keras-3.3", "keras-3.4"]),
    "both.txt": ("tensorflow==2.18.0\nkeras==3.6.0\n", ["keras-3.6"]),
    "legacy.txt": ("tf-keras~=2.16.0\n", ["tf_keras-2.16"]),
    "later.txt": ("tensorflow-cpu==2.20.0\n", [f"keras-3.{minor}" for minor in range(10, 16)]),
    "pyproject.toml": ('[project]\ndependencies = ["keras == 2.2.4", "h5py<3"]\n', ["keras-2.2"]),
    "poetry.toml": ('[tool.poetry.dependencies]\npython = "^3.9"\ntensorflow = "2.8.0"\n', ["tf.keras-2.8"]),
    "environment.yml": ("dependencies:\n  - python=3.9\n  - tensorflow=2.11\n  - pip:\n    - rich==13\n", ["tf.keras-2.11"]),
    "no_code.yml": ("dependencies:\n  - tensorflow=2.4\n  - pip:\n    - keras==2.4.3\n", ["tf.keras-2.4"]),
}


@pytest.mark.parametrize("name", PINS)
def test_pins(name: str, tmp_path: Path) -> None:
    text, wanted = PINS[name]
    (tmp_path / name).write_text(text)
    assert [str(release) for release in list_releases(str(tmp_path / name))] == wanted


def test_pins_without_keras(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("numpy\nkeras-tuner==1.0\n")
    with pytest.raises(anykeras.AnyKerasError, match="AK7101"):
        list_releases(str(tmp_path / "requirements.txt"))


def test_no_configuration_breaks_a_forecast() -> None:
    chance = random.Random(7)
    names = sorted({name for files in FATES.values() for name in files})
    for name in chance.sample(names, 12):
        raw = pipeline.read(FOLDER / name)
        spoiled = _spoil(json.loads(json.dumps(raw.architecture)), chance)
        for release in chance.sample(RELEASES, 4):
            forecast(type(raw)(**{**raw.__dict__, "architecture": spoiled, "training": _spoil(raw.training, chance)}), release)


def _spoil(value: Any, chance: random.Random) -> Any:
    if chance.random() < 0.03:
        return chance.choice([None, 7, "x", [], {}, [["a", 0, 0]], {"class_name": "function", "config": 3}])
    if isinstance(value, dict):
        return {key: _spoil(inner, chance) for key, inner in value.items()}
    return [_spoil(inner, chance) for inner in value] if isinstance(value, list) else value


def test_run_in_an_interpreter(dense: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import keras

    model, given = keras.models.load_model(dense), np.ones((3, 4), "float32")
    np.savez(tmp_path / "right.npz", in0=given, out0=np.asarray(model(given)))
    np.savez(tmp_path / "wrong.npz", in0=given, out0=np.asarray(model(given)) + 1)
    right = run(dense, sys.executable, library="keras", recording=tmp_path / "right.npz")
    assert (right.outcome, right.evidence, right.keras) == (Outcome.RIGHT, "witnessed", keras.__version__)
    wrong = CliRunner().invoke(
        app, ["check", str(dense), "--run", sys.executable, "--recording", str(tmp_path / "wrong.npz"), "--library", "keras"]
    )
    assert wrong.exit_code == 1 and "wrong" in wrong.stdout
    assert run(dense, sys.executable, recording=tmp_path / "right.npz", timeout=0.01).outcome is Outcome.TIMED_OUT
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    (tmp_path / "keras.py").write_text("raise ImportError('of another interpreter')")
    assert run(dense, sys.executable, recording=tmp_path / "right.npz").outcome is Outcome.RIGHT
    with pytest.raises(anykeras.AnyKerasError, match="AK7102"):
        run(dense, "no-such-python", recording=tmp_path / "right.npz")


@pytest.mark.parametrize(
    ("target", "release", "reason"),
    [("tf.keras-2.8", "keras-3.6", "dtype policy"), ("tf.keras-2.13", "tf.keras-2.8", "causal mask")],
)
def test_what_a_file_of_a_later_or_an_older_release_says(target: str, release: str, reason: str, tmp_path: Path) -> None:
    import keras

    x = keras.Input((3, 4))
    mixed = target == "tf.keras-2.8"
    y = (
        keras.layers.Dense(2, dtype="mixed_float16")(x)
        if mixed
        else keras.layers.MultiHeadAttention(1, 2)(x, x, use_causal_mask=True)
    )
    keras.Model(x, y).save(tmp_path / "now.keras")
    anykeras.convert(tmp_path / "now.keras", tmp_path / "then.h5", target=target)
    assert not anykeras.check(tmp_path / "then.h5", [target]).forecasts[0].objected
    (forecast,) = anykeras.check(tmp_path / "then.h5", [release]).forecasts
    assert forecast.opens is False and reason in str(forecast.as_dict())


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("class_name", ["Dense"]),
        ("class_name", {}),
        ("name", [1]),
        ("config", 3),
        ("inbound_nodes", {"a": 1}),
        ("inbound_nodes", 7),
    ],
)
def test_a_configuration_of_a_form_that_no_keras_writes_depends(place: str, value: object, tmp_path: Path) -> None:
    layer = {"class_name": "Dense", "name": "d", "config": {"name": "d", "units": 2, "batch_input_shape": [None, 2]}}
    for model in ("Sequential", "Model"):
        held = {
            "class_name": model,
            "config": {"name": "m", "layers": [layer, {**layer, place: value}]},
            "keras_version": "2.3.1",
        }
        with h5py.File(tmp_path / "x.h5", "w") as file:
            file.attrs["model_config"] = json.dumps(held)
            file.create_group("model_weights").attrs["layer_names"] = np.array([], "S1")
        found = anykeras.check(tmp_path / "x.h5")
        assert {one.opens for one in found.forecasts} == {None} and place in found.forecasts[0].doubt
