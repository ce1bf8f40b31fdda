"""verify through the command line: what passes, what fails and where, what is not verified, and what cannot be compared."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

import anykeras
from anykeras.cli.main import app
from genuine import FIXTURES

keras = pytest.importorskip("keras")
DENSE = FIXTURES / "keras2.1-tf" / "nadam.h5"  # (3,) -> (2,)
CONVOLUTIONS = FIXTURES / "keras2.1-tf" / "conv2d_kinds.h5"


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["verify", *(str(argument) for argument in arguments)])


def recording_of(path: Path) -> Path:
    return path.with_name(path.name.replace(".h5", ".golden.npz"))


def save(path: Path, **arrays: np.ndarray) -> Path:
    np.savez(path, **arrays)
    return path


def changed(tmp_path: Path, by: float, name: str = "changed.npz") -> Path:
    """The recording of CONVOLUTIONS with one number of its third output moved."""
    with np.load(recording_of(CONVOLUTIONS)) as file:
        arrays = dict(file)
    arrays["out2"] = arrays["out2"].copy()
    arrays["out2"][1, 2, 3, 1] += by
    return save(tmp_path / name, **arrays)


def test_only_a_pass_exits_with_0(tmp_path: Path) -> None:
    passed = run(CONVOLUTIONS, "--recording", recording_of(CONVOLUTIONS))
    assert passed.exit_code == 0 and passed.stdout.splitlines()[-1] == "PASS: same outputs (witnessed)"
    alone = run(CONVOLUTIONS)
    assert alone.exit_code == 1 and alone.stdout.splitlines()[-1].startswith("NOT VERIFIED: ")
    failed = run(CONVOLUTIONS, "--recording", changed(tmp_path, 0.5))
    assert failed.exit_code == 1 and failed.stdout.splitlines()[-1].startswith("FAIL: differs from the recording by 0.5")


def test_a_table_says_which_output_differs_most_and_where(tmp_path: Path) -> None:
    shown = run(CONVOLUTIONS, "--recording", changed(tmp_path, 0.5)).stdout
    (row,) = [line for line in shown.splitlines() if line.strip().startswith("differs")]
    assert row.split()[1] == "out2" and "0.5" in row and "[1, 2, 3, 1]" in row
    assert sum(line.strip().startswith("same") for line in shown.splitlines()) == 4
    report = anykeras.verify(CONVOLUTIONS, recording=changed(tmp_path, 0.5))
    worst = report.checks[-1].outputs[2]
    assert (worst.where, worst.agrees, round(worst.largest, 3)) == ((1, 2, 3, 1), False, 0.5)
    json.dumps(report.as_dict(), allow_nan=False)


def test_the_tolerance_is_the_one_asked_for(tmp_path: Path) -> None:
    recording = changed(tmp_path, 0.01)
    assert run(CONVOLUTIONS, "--recording", recording).exit_code == 1
    assert run(CONVOLUTIONS, "--recording", recording, "--tolerance", "0.5").exit_code == 0
    assert run(CONVOLUTIONS, "--recording", recording_of(CONVOLUTIONS), "--tolerance", "0").exit_code in (0, 1)


def test_outputs_that_prove_nothing_are_not_verified(tmp_path: Path) -> None:
    layers = keras.layers
    model = keras.Sequential([layers.Input((3,)), layers.Dense(2)])
    model.set_weights([np.full((3, 2), np.nan), np.zeros(2)])
    model.save(tmp_path / "a.keras")
    anykeras.convert(tmp_path / "a.keras", tmp_path / "b.keras")
    shown = run(tmp_path / "a.keras", tmp_path / "b.keras")
    assert shown.exit_code == 1 and shown.stdout.splitlines()[-1].startswith("NOT VERIFIED: all outputs are NaN")


@pytest.mark.parametrize(
    ("arrays", "says"),
    [
        ({"in0": np.zeros((2, 4)), "out0": np.zeros((2, 2))}, "has the shape (2, 4)"),
        ({"in0": np.zeros((2, 3, 1)), "out0": np.zeros((2, 2))}, "has the shape (2, 3, 1)"),
        ({"in0": np.zeros((2, 3)), "in1": np.zeros((2, 3)), "out0": np.zeros((2, 2))}, "it has 2 inputs"),
        ({"in0": np.array([["a", "b", "c"]]), "out0": np.zeros((1, 2))}, "holds text"),
    ],
)
def test_a_recording_of_another_shape_is_one_clear_error(tmp_path: Path, arrays: dict[str, np.ndarray], says: str) -> None:
    shown = run(DENSE, "--recording", save(tmp_path / "r.npz", **arrays))
    assert shown.exit_code == 2 and "AK7002" in shown.stderr and says in shown.stderr
    assert len(shown.stderr.splitlines()) == 3 and "Traceback" not in shown.stderr


def test_a_second_file_with_other_inputs_is_one_clear_error() -> None:
    shown = run(CONVOLUTIONS, DENSE)
    assert shown.exit_code == 2 and "AK7002" in shown.stderr
    assert f"what is made up for {CONVOLUTIONS} does not fit" in shown.stderr and str(DENSE) in shown.stderr


def test_inputs_of_the_user_and_a_recording_made_of_them(tmp_path: Path) -> None:
    data = np.random.default_rng(0).normal(size=(4, 3)).astype("float32")
    inputs = save(tmp_path / "x.npz", anything=data)
    made = tmp_path / "made.npz"
    assert run(DENSE, "--inputs", inputs, "--record", made).exit_code == 1  # recorded; nothing compared
    with np.load(made) as file:
        assert np.array_equal(file["in0"], data) and file["out0"].shape == (4, 2)
    assert run(DENSE, "--recording", made).exit_code == 0
    assert run(DENSE, "--record", made).exit_code == 2  # what is there stays
    for wrong in (save(tmp_path / "two.npz", a=data, b=data), tmp_path / "none.npz"):
        assert run(DENSE, "--inputs", wrong).exit_code == 2
    anykeras.convert(DENSE, tmp_path / "b.keras")
    assert run(DENSE, tmp_path / "b.keras", "--inputs", inputs).exit_code == 0


def test_dictionaries_and_stateful_models(tmp_path: Path) -> None:
    layers = keras.layers
    given = {"left": layers.Input((3,), name="left"), "right": layers.Input((2,), name="right")}
    joined = layers.Concatenate()([given["right"], given["left"]])
    model = keras.Model(given, {"b": layers.Dense(2)(joined), "a": layers.Dense(1)(joined)})
    model.save(tmp_path / "dict.keras")
    anykeras.convert(tmp_path / "dict.keras", tmp_path / "dict2.keras")
    inputs = save(tmp_path / "x.npz", left=np.ones((2, 3), "float32"), right=np.zeros((2, 2), "float32"))
    shown = run(tmp_path / "dict.keras", tmp_path / "dict2.keras", "--inputs", inputs)
    assert shown.exit_code == 0, shown.output
    stateful = keras.Sequential([layers.Input((4, 3), batch_size=2), layers.LSTM(3, stateful=True)])
    stateful.save(tmp_path / "s.keras")
    anykeras.convert(tmp_path / "s.keras", tmp_path / "s2.keras")
    assert run(tmp_path / "s.keras", tmp_path / "s2.keras").exit_code == 0
    assert run(tmp_path / "s.keras", "--record", tmp_path / "s.npz").exit_code == 1
    assert run(tmp_path / "s.keras", "--recording", tmp_path / "s.npz").exit_code == 0


@pytest.mark.backend
@pytest.mark.skipif(os.environ.get("KERAS_BACKEND") != "tensorflow", reason="text is TensorFlow's alone")
def test_text_inputs(tmp_path: Path) -> None:
    layers = keras.layers
    words = layers.TextVectorization(vocabulary=["the", "model", "reads", "words"], output_sequence_length=4)
    model = keras.Sequential(
        [layers.Input((1,), dtype="string"), words, layers.Embedding(6, 2), layers.Flatten(), layers.Dense(1)]
    )
    model.save(tmp_path / "text.keras")
    anykeras.convert(tmp_path / "text.keras", tmp_path / "text2.keras")
    shown = run(tmp_path / "text.keras", tmp_path / "text2.keras")
    assert shown.exit_code == 0, shown.output
    assert run(tmp_path / "text.keras", "--record", tmp_path / "t.npz").exit_code == 1
    with np.load(tmp_path / "t.npz") as file:
        assert file["in0"].dtype.kind == "U"
    assert run(tmp_path / "text.keras", "--recording", tmp_path / "t.npz").exit_code == 0


def test_classes_of_the_user(tmp_path: Path) -> None:
    source = tmp_path / "mine.py"
    source.write_text(
        "import keras\n@keras.saving.register_keras_serializable('mine')\nclass Double(keras.layers.Layer):\n"
        "    def call(self, x):\n        return x * 2\n"
    )
    space: dict[str, object] = {}
    exec(source.read_text(), space)
    model = keras.Sequential([keras.layers.Input((3,)), space["Double"](name="d"), keras.layers.Dense(2)])
    model.save(tmp_path / "own.keras")
    x = np.ones((2, 3), "float32")
    recording = save(tmp_path / "r.npz", in0=x, out0=np.asarray(model(x)))
    shown = run(tmp_path / "own.keras", "--recording", recording, "--custom-objects", source)
    assert shown.exit_code == 0, shown.output


def test_backends_run_each_in_its_process_and_are_compared() -> None:
    shown = run(DENSE, "--backend", "numpy,jax")
    assert shown.exit_code == 0, shown.output
    assert "on jax equal those on numpy" in shown.stdout and shown.stdout.splitlines()[-1].startswith("PASS")
    pytest.importorskip("tensorflow")
    several = run(DENSE, "--backend", "jax,tensorflow")
    assert several.exit_code == 0 and "on tensorflow equal those on jax" in several.stdout, several.output
    missing = run(DENSE, "--backend", "numpy,openvino")
    assert missing.exit_code == 2 and "AK7005" in missing.stderr
    assert "Leave it out of --backend" in missing.stderr and "anykeras[openvino]" not in missing.stderr  # no extra of ours
    for wrong in (["--backend", "numpy"], ["--backend", "numpy,abacus"], ["--backend", "numpy,jax", "--record", "x.npz"]):
        refused = run(DENSE, *wrong)
        assert refused.exit_code == 2 and "AK7004" in refused.stderr
