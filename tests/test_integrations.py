"""Doors of other tools: a real local MLflow, the file system of Hugging Face, `python -m anykeras`, completion and help."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import anykeras
from anykeras.cli.examples import EXAMPLES
from anykeras.cli.main import app
from genuine import FIXTURES


def recording() -> tuple[Path, np.ndarray, np.ndarray]:
    """A genuine file of Keras 2 with what its stack predicted."""
    path = FIXTURES / "keras2.2-tf" / "flatten_with_data_format.h5"
    arrays = np.load(path.with_suffix(".golden.npz"))
    return path, arrays["in0"], arrays["out0"]


def test_mlflow_logs_and_loads_old_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mlflow = pytest.importorskip("mlflow", reason="MLflow is not installed: pip install 'anykeras[mlflow]'")
    import anykeras.integrations.mlflow as old_keras

    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    mlflow.set_tracking_uri((tmp_path / "runs").as_uri())
    path, inputs, outputs = recording()
    with mlflow.start_run():
        logged = old_keras.log_model(path, name="old")
    facts = mlflow.models.get_model_info(logged.model_uri).flavors["anykeras"]
    assert facts["original"] == path.name and facts["written_by"].startswith("keras 2")
    model = old_keras.load_model(logged.model_uri)
    np.testing.assert_allclose(model.predict(inputs, verbose=0), outputs, rtol=1e-4, atol=1e-5)
    predictor = mlflow.pyfunc.load_model(logged.model_uri)
    np.testing.assert_allclose(predictor.predict(inputs), outputs, rtol=1e-4, atol=1e-5)
    old_keras.save_model(path, tmp_path / "kept")
    assert (tmp_path / "kept" / "MLmodel").exists() and (tmp_path / "kept" / "data" / "model.keras").exists()


def test_mlflow_is_asked_for_by_name_where_it_is_absent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import anykeras.integrations.mlflow as old_keras

    monkeypatch.setitem(sys.modules, "mlflow", None)
    with pytest.raises(anykeras.AnyKerasError, match=r"anykeras\[mlflow\]"):
        old_keras.save_model(recording()[0], tmp_path / "kept")


def test_hugging_face_paths_go_through_its_file_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The real file system class, over a hub that answers from a folder."""
    hub = pytest.importorskip("huggingface_hub", reason="huggingface_hub is not installed: pip install 'anykeras[remote]'")
    pytest.importorskip("fsspec")
    data = recording()[0].read_bytes()
    asked = []

    def info(self: object, path: str, **_: object) -> dict[str, object]:
        return {"name": path, "size": len(data), "type": "file"}

    def cat_file(self: object, path: str, start: int = 0, end: int | None = None, **_: object) -> bytes:
        asked.append(path)
        return data[start:end]

    monkeypatch.setattr(hub.HfFileSystem, "info", info)
    monkeypatch.setattr(hub.HfFileSystem, "cat_file", cat_file)
    found = anykeras.inspect("hf://someone/old-model/model.h5")
    assert str(found.original.writer).startswith("keras 2") and set(asked) == {"someone/old-model/model.h5"}


def test_urls_say_which_extra_they_need(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fsspec.core", None)
    with pytest.raises(anykeras.AnyKerasError, match=r"anykeras\[remote\]"):
        anykeras.inspect("s3://bucket/model.h5")


def test_the_package_runs_as_a_module_and_completes() -> None:
    env = {**os.environ, "PYTHONPATH": str(Path(anykeras.__file__).parents[1])}
    done = subprocess.run([sys.executable, "-m", "anykeras", "--version"], env=env, capture_output=True, text=True)
    assert done.stdout == f"anykeras {anykeras.__version__}\n"
    asking = {**env, "_ANYKERAS_COMPLETE": "complete_bash", "COMP_WORDS": "anykeras sc", "COMP_CWORD": "1"}
    done = subprocess.run([sys.executable, "-m", "anykeras"], env=asking, capture_output=True, text=True)
    assert "scan" in done.stdout.split()


@pytest.mark.parametrize("verb", sorted(EXAMPLES))
def test_help_shows_examples(verb: str) -> None:
    shown = CliRunner().invoke(app, [verb, "--help"], env={"COLUMNS": "200", "TERM": "dumb"}).output
    assert "Examples" in shown and f"anykeras {verb} " in shown.split("Examples")[1], shown
