"""Folders for TensorFlow.js: what they hold, what is refused, and that TensorFlow.js itself gives the recorded outputs.

The last needs Node and the package @tensorflow/tfjs: TFJS_NODE_MODULES names the folder node_modules that holds it, or it lies
in the root of the repository. The other tests read the folders again by our own reader.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import anykeras
from anykeras.cli.main import app
from anykeras.document.walk import layers_of
from anykeras.errors import OutputExists, TargetError, Unsupported
from anykeras.targets.legacy import tfjs
from genuine import FOLDER, Recording, flat

ROOT = Path(__file__).parents[2]
MODELS = FOLDER / "targets"
GENUINE = FOLDER / "savedmodel" / "tfjs"
NODE_MODULES = Path(os.environ.get("TFJS_NODE_MODULES", ROOT / "node_modules"))
REFUSED = {
    "textvec": None,
    "ops_misc": "greater",
    "discretize": "discretization_1",
    "ops_reduce": "sqrt",
    "masking_layer": "gru",
}
NAMES = sorted(path.stem for path in MODELS.glob("*.keras"))
OLD = sorted((FOLDER / "fixtures").glob("*/mnist_cnn.h5"))


def convert(source: Path, folder: Path) -> Path:
    path = folder / source.stem
    anykeras.convert(source, path, target="tfjs")
    return path


def manifest(folder: Path) -> dict[str, np.ndarray]:
    """The weights of a folder by name, read without our reader."""
    groups = json.loads((folder / "model.json").read_text())["weightsManifest"]
    found = {}
    for group in groups:
        data = b"".join((folder / path).read_bytes() for path in group["paths"])
        for weight in group["weights"]:
            size = 4 * int(np.prod(weight["shape"], dtype=int))
            found[weight["name"]] = np.frombuffer(data[:size], "<f4").reshape(weight["shape"])
            data = data[size:]
        assert not data
    return found


@pytest.mark.parametrize("name", ["cnn", "nested_float16", "jscnn"])
def test_weights_are_called_as_in_a_genuine_folder(name: str, tmp_path: Path) -> None:
    genuine = GENUINE / f"{name}.tfjs"
    ours = manifest(convert(genuine, tmp_path))
    groups = json.loads((genuine / "model.json").read_text())["weightsManifest"]
    assert ours.keys() == {weight["name"] for group in groups for weight in group["weights"]}
    if "_" not in name:  # else in half precision
        theirs = manifest(genuine)
        for key, array in theirs.items():
            np.testing.assert_array_equal(ours[key], array)


def test_the_folder_is_that_of_the_converter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tfjs, "SHARD", 300)
    folder = convert(GENUINE / "cnn.tfjs", tmp_path)
    model = json.loads((folder / "model.json").read_text())
    genuine = json.loads((GENUINE / "cnn.tfjs" / "model.json").read_text())
    assert list(model) == list(genuine) and model["format"] == genuine["format"]
    paths = model["weightsManifest"][0]["paths"]
    assert paths == [f"group1-shard{i + 1}of{len(paths)}.bin" for i in range(len(paths))] and len(paths) > 1
    assert {(folder / path).stat().st_size for path in paths[:-1]} == {300}
    assert sorted(path.name for path in folder.iterdir()) == sorted([*paths, "model.json"])
    layers = {layer["name"]: layer for layer in model["modelTopology"]["model_config"]["config"]["layers"]}
    theirs = {layer["name"]: layer for layer in genuine["modelTopology"]["model_config"]["config"]["layers"]}
    assert layers.keys() == theirs.keys()
    for layer in layers.values():
        assert layer["inbound_nodes"] == theirs[layer["name"]]["inbound_nodes"]


@pytest.mark.backend
@pytest.mark.parametrize("name", [name for name in NAMES if name not in REFUSED])
def test_up_again_gives_the_recorded_outputs(name: str, tmp_path: Path) -> None:
    live = anykeras.load_model(convert(MODELS / f"{name}.keras", tmp_path), compile=False)
    recorded = Recording(MODELS / f"{name}.keras", MODELS / f"{name}.npz")
    inputs = recorded.series("in")
    outputs = flat(live(inputs if len(inputs) > 1 else inputs[0], training=False))
    assert len(outputs) == len(recorded.series("out"))
    for output, wanted in zip(outputs, recorded.series("out"), strict=True):
        np.testing.assert_allclose(np.asarray(output), wanted, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", [name for name in NAMES if name in REFUSED])
def test_what_cannot_be_said_is_refused_and_nothing_is_written(name: str, tmp_path: Path) -> None:
    with pytest.raises(Unsupported, match=r"AK6050.*tfjs") as caught:
        convert(MODELS / f"{name}.keras", tmp_path)
    assert caught.value.layer and REFUSED[name] in (None, caught.value.layer)
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(
    shutil.which("node") is None or not (NODE_MODULES / "@tensorflow" / "tfjs").is_dir(),
    reason="needs Node and @tensorflow/tfjs (TFJS_NODE_MODULES)",
)
def test_tensorflow_js_gives_the_recorded_outputs(tmp_path: Path) -> None:
    jobs = []
    for source in [*(MODELS / f"{name}.keras" for name in NAMES if name not in REFUSED), *OLD]:
        arrays = source.with_suffix(".npz")
        recording = arrays if arrays.exists() else source.with_name(f"{source.stem}.golden.npz")
        with np.load(recording) as held:
            inputs = sorted(name for name in held.files if name[:2] == "in" and name[2:].isdigit())
            outputs = sum(name[:3] == "out" and name[3:].isdigit() for name in held.files)
        name = f"{source.parent.name}-{source.stem}"
        anykeras.convert(source, tmp_path / name, target="tfjs")
        job = {"name": name, "file": str(tmp_path / name), "recording": str(recording), "inputs": inputs, "outputs": outputs}
        jobs.append(job)
    listed = tmp_path / "jobs.json"
    listed.write_text(json.dumps(jobs))
    command = ["node", str(ROOT / "scripts" / "matrix_open.js"), str(NODE_MODULES), str(listed)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    verdicts = [json.loads(line[1:]) for line in done.stdout.splitlines() if line.startswith("@")]
    assert len(verdicts) == len(jobs)
    assert {said["name"]: said["seen"] for said in verdicts if not said["right"]} == {}


SMALL = GENUINE / "jscnn.tfjs"


def test_a_folder_is_replaced_by_force_alone_and_only_one_of_ours(tmp_path: Path) -> None:
    folder = convert(SMALL, tmp_path)
    before = (folder / "model.json").read_bytes()
    with pytest.raises(OutputExists, match="AK6010"):
        anykeras.convert(GENUINE / "cnn.tfjs", folder, target="tfjs")
    assert (folder / "model.json").read_bytes() == before
    anykeras.convert(GENUINE / "cnn.tfjs", folder, target="tfjs", force=True)
    assert (folder / "model.json").read_bytes() != before
    (folder / "mine.txt").write_text("mine")
    with pytest.raises(TargetError, match="AK6024"):
        anykeras.convert(SMALL, folder, target="tfjs", force=True)
    assert (folder / "mine.txt").read_text() == "mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["jscnn"]


def test_what_is_read_is_never_replaced(tmp_path: Path) -> None:
    source = tmp_path / "source"
    shutil.copytree(SMALL, source)
    held = {path.name: path.read_bytes() for path in source.iterdir()}
    for path in (source, source / "inside"):
        with pytest.raises(TargetError, match="AK6025"):
            anykeras.convert(source, path, target="tfjs", force=True)
    assert {path.name: path.read_bytes() for path in source.iterdir()} == held
    file = tmp_path / "file"
    file.write_text("mine")
    with pytest.raises(TargetError, match="AK6024"):
        anykeras.convert(SMALL, file, target="tfjs", force=True)
    assert file.read_text() == "mine"


def test_a_failure_on_the_way_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(json, "dump", fail)
    with pytest.raises(TargetError, match=r"AK6011.*No space left"):
        convert(SMALL, tmp_path)
    assert not list(tmp_path.iterdir())


def test_what_a_killed_process_left_is_removed(tmp_path: Path) -> None:
    left = tmp_path / ".anykeras-0123456789abcdef.tmp"
    left.mkdir()
    (left / "model.json").write_text("{")
    (tmp_path / ".anykeras-mine.tmp").mkdir()
    convert(SMALL, tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".anykeras-mine.tmp", "jscnn"]


def test_from_the_command_line(tmp_path: Path) -> None:
    from typer.testing import CliRunner

    done = CliRunner().invoke(app, ["convert", str(MODELS / "grouped_conv.keras"), str(tmp_path / "web"), "--target", "tfjs"])
    assert done.exit_code == 0, done.output
    assert (tmp_path / "web" / "model.json").exists()
    names = {layer.class_name for layer in layers_of(anykeras.open(tmp_path / "web").document.model)}
    assert "Conv2D" in names


def test_several_files_are_folders_in_a_folder(tmp_path: Path) -> None:
    from typer.testing import CliRunner

    sources = [str(MODELS / f"{name}.keras") for name in ("grouped_conv", "dict_io")]
    done = CliRunner().invoke(app, ["convert", *sources, f"{tmp_path}/", "--target", "tfjs"])
    assert done.exit_code == 0, done.output
    made = {path.parent.name for path in tmp_path.rglob("model.json")}
    assert made == {"dict_io.keras_tfjs", "grouped_conv.keras_tfjs"}
    with pytest.raises(TargetError, match="AK6024"):
        anykeras.convert(sources[0], tmp_path / "model.keras", target="tfjs")


def test_a_forecast_for_tensorflow_js() -> None:
    (found,) = anykeras.check(MODELS / "grouped_conv.keras", ["tfjs"]).forecasts
    assert found.opens is False and found.converted is True and "--target tfjs" in found.conversion
    (found,) = anykeras.check(MODELS / "ops_misc.keras", ["tfjs"]).forecasts
    assert found.converted is False and "greater" in found.conversion


def save(folder: Path, inputs: Any, outputs: Any) -> Path:
    import keras

    path = folder / "made.keras"
    keras.Model(inputs, outputs).save(path)
    return path


@pytest.mark.backend
def test_a_mask_or_state_that_would_go_astray_is_refused(tmp_path: Path) -> None:
    """TensorFlow.js hands what one layer was given on to all that run later."""
    from keras import Model, layers

    words, rows, state = layers.Input((5,)), layers.Input((5, 3)), layers.Input((4,))
    masked = layers.LSTM(4)(layers.Embedding(9, 3, mask_zero=True)(words))
    later = layers.LSTM(4, name="later")(layers.Dense(3)(layers.Add()([rows, layers.RepeatVector(5)(layers.Dense(3)(masked))])))
    with pytest.raises(Unsupported, match="a mask would reach LSTM") as caught:
        anykeras.convert(save(tmp_path, [words, rows], later), tmp_path / "web", target="tfjs")
    assert caught.value.layer == "later"

    inside = layers.LSTM(4, name="free")(layers.RepeatVector(5)(layers.LSTM(4)(rows, initial_state=[state, state])))
    nested = Model([rows, state], inside)([rows, state])
    with pytest.raises(Unsupported, match="initial state of a layer that runs before"):
        anykeras.convert(save(tmp_path, [rows, state], nested), tmp_path / "web", target="tfjs")

    zeroed = layers.LSTM(4, return_sequences=True, zero_output_for_mask=True)(layers.Masking()(rows))
    with pytest.raises(Unsupported, match="sets the steps that its mask leaves out to zero"):
        anykeras.convert(save(tmp_path, [rows], zeroed), tmp_path / "web", target="tfjs")
    assert not (tmp_path / "web").exists()
