"""Layers models of TensorFlow.js: outputs are those that tfjs 4.22.0 recorded (scripts/fixtures/make_tfjs.js).

Graph models are in tests/test_graphs.py.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

import anykeras
from anykeras.errors import AnyKerasError
from genuine import ATOL, FOLDER, RTOL

MODELS = sorted((FOLDER / "savedmodel" / "tfjs").glob("*.tfjs"))


@pytest.mark.parametrize("folder", MODELS, ids=lambda path: path.stem)
def test_a_model_gives_what_tensorflow_js_gave(folder: Path, tmp_path: Path) -> None:
    with np.load(folder.with_suffix(".npz")) as recorded:
        given, expected = recorded["in0"], recorded["out0"]
    np.testing.assert_allclose(anykeras.load_model(folder).predict(given, verbose=0), expected, RTOL, ATOL)
    anykeras.convert(folder / "model.json", tmp_path / "new.keras")
    np.testing.assert_allclose(keras.models.load_model(tmp_path / "new.keras").predict(given, verbose=0), expected, RTOL, ATOL)


def test_models_were_found() -> None:
    assert {path.stem for path in MODELS} >= {
        "cnn",
        "cnn_uint8",
        "words_uint16",
        "nested_float16",
        "jscnn",
        "jswords",
        "jsshared",
    }


def test_a_zip_of_it_is_read(tmp_path: Path) -> None:
    folder = next(path for path in MODELS if path.stem == "cnn")
    path = shutil.make_archive(os.fspath(tmp_path / "new"), "zip", folder.parent, folder.name)
    anykeras.convert(path, tmp_path / "new.keras")
    anykeras.convert(folder, tmp_path / "expected.keras")
    assert (tmp_path / "new.keras").read_bytes() == (tmp_path / "expected.keras").read_bytes()


def rename(model: Any) -> None:
    model["weightsManifest"][0]["weights"][0]["name"] = "elsewhere/kernel"


def lead_out(model: Any) -> None:
    model["weightsManifest"][0]["paths"] = ["../secret.bin"]


def download(model: Any) -> None:
    model["weightsManifest"][0]["paths"] = ["https://example.org/weights.bin"]


def enlarge(model: Any) -> None:
    model["weightsManifest"][0]["weights"][0]["shape"] = [1 << 40, 1 << 40]


def shorten(model: Any) -> None:
    model["weightsManifest"][0]["weights"].pop()


def strip(model: Any) -> None:
    del model["weightsManifest"][0]["weights"][0]["quantization"]["scale"]


def lose(model: Any) -> None:
    model["weightsManifest"][0]["paths"] = ["lost.bin"]


def take_graph(model: Any) -> None:
    model["format"], model["modelTopology"] = "graph-model", {"node": []}


def spoil_graph(model: Any) -> None:
    node = {"name": "x", "op": "Placeholder", "attr": {"dtype": {"type": "DT_UNHEARD"}}}
    model["format"], model["modelTopology"] = "graph-model", {"node": [node]}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (rename, "AK1206"),
        (lead_out, "AK1111"),
        (download, "AK1111"),
        (enlarge, "AK1158"),
        (shorten, "AK1158"),
        (strip, "AK1158"),
        (lose, "AK1153"),
        (take_graph, "AK1158"),
        (spoil_graph, "AK1158"),
    ],
)
def test_a_model_that_contradicts_itself_is_refused(change: Callable[[Any], None], code: str, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(next(path for path in MODELS if path.stem == "cnn_uint8"), folder)
    model = json.loads((folder / "model.json").read_text())
    change(model)
    (folder / "model.json").write_text(json.dumps(model))
    with pytest.raises(AnyKerasError) as caught:
        anykeras.convert(folder, tmp_path / "new.keras")
    assert caught.value.code == code
    assert not (tmp_path / "new.keras").exists()
