"""Graphs of TensorFlow without a Keras configuration: opened without TensorFlow, with the outputs that TensorFlow gave.

Made by scripts/fixtures/make_graphs.py in TensorFlow 1.15 and 2.15 and by Keras 3.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

import anykeras
from anykeras.errors import AnyKerasError
from genuine import ATOL, FOLDER, RTOL

GRAPHS = FOLDER / "graphs"
FOLDERS = sorted(GRAPHS.glob("*/*.savedmodel"))
WHOLE = [folder for folder in FOLDERS if folder.stem not in ("own_layer", "recurrent")]


def recorded(path: Path, kind: str) -> dict[str, np.ndarray]:
    with np.load(path.with_suffix(".npz")) as arrays:
        return {key.removeprefix(kind): arrays[key] for key in arrays if key.startswith(kind)}


def check(model: keras.Model, path: Path) -> None:
    """By name: what goes in, and what comes out where there are several outputs."""
    given, expected = recorded(path, "in_"), recorded(path, "out_")
    found: Any = model(given if len(given) > 1 else next(iter(given.values())))
    found = found if isinstance(found, dict) else dict.fromkeys(expected, found)
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        np.testing.assert_allclose(keras.ops.convert_to_numpy(found[name]), value, RTOL, ATOL)


@pytest.mark.parametrize("folder", WHOLE, ids=lambda p: f"{p.parent.name}-{p.stem}")
def test_a_graph_gives_what_tensorflow_gave(folder: Path, tmp_path: Path) -> None:
    model = anykeras.load_model(folder)
    check(model, folder)
    anykeras.convert(folder, tmp_path / "new.keras")
    check(keras.models.load_model(tmp_path / "new.keras"), folder)


def test_graphs_were_found() -> None:
    assert {folder.stem for folder in FOLDERS} == {
        "simple",
        "loops",
        "subclassed",
        "module",
        "own_layer",
        "export",
        "recurrent",
    }


@pytest.mark.skipif(keras.backend.backend() == "numpy", reason="numpy does not train")
def test_weights_train_as_the_file_says() -> None:
    path = GRAPHS / "tf2.15" / "module.savedmodel"
    model = anykeras.load_model(path)
    trained = {variable.path.split("/")[0]: variable.shape for variable in model.trainable_variables}
    assert list(trained) == ["scope_w"]
    assert [variable.path.split("/")[0] for variable in model.non_trainable_variables] == ["scope_frozen"]
    before = [np.array(variable) for variable in model.trainable_variables]
    model.compile("sgd", "mse")
    given, wanted = recorded(path, "in_"), recorded(path, "out_")
    model.train_on_batch(given, {name: value + 1 for name, value in wanted.items()})
    assert all((one != np.array(other)).any() for one, other in zip(before, model.trainable_variables, strict=True))


def test_a_variable_that_every_call_changes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AnyKerasError) as caught:
        anykeras.load_model(GRAPHS / "tf2.15" / "module.savedmodel", signature="counted")
    assert caught.value.code == "AK3064"


def test_a_signature_by_name() -> None:
    path = GRAPHS / "tf2.15" / "module.savedmodel"
    check(anykeras.load_model(path, signature="one"), path.with_name("module_one.npz"))
    with pytest.raises(AnyKerasError, match="serving_default, counted, one") as caught:
        anykeras.load_model(path, signature="none")
    assert caught.value.code == "AK3068"


def test_an_incomplete_folder_is_named(tmp_path: Path) -> None:
    shutil.copytree(GRAPHS / "keras3" / "export.savedmodel", tmp_path / "model")
    shutil.rmtree(tmp_path / "model" / "variables")
    with pytest.raises(AnyKerasError) as caught:
        anykeras.load_model(tmp_path / "model")
    assert caught.value.code == "AK1153"
