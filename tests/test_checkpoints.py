"""Checkpoints of TensorFlow that say less than others: by names alone (``tf.train.Saver``), and of subclassed models.

The files were made by scripts/fixtures/make_checkpoints.py in TensorFlow 1.4 to 2.15, Keras 2.2 and 2.3, and Keras 3.
"""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

import anykeras
from anykeras import pipeline
from anykeras.errors import AnyKerasError
from genuine import ATOL, FOLDER, RTOL

SOURCE = Path(__file__).parents[1] / "scripts" / "fixtures" / "subclassed.py"
SAVERS = sorted(path.parent for path in (FOLDER / "checkpoints").glob("*/*/m.json"))
OBJECTS = sorted(path.parent for path in (FOLDER / "checkpoints").glob("*/*/io.npz") if not (path.parent / "m.json").exists())
SHAPES = {"nested": "(None, 4)", "inputs": "{'user': (None, 5), 'item': (None, 4)}", "attention": "(None, 5, 4)"}


def name_of(folder: Path) -> str:
    return f"{folder.parent.name}-{folder.name}"


def recorded(folder: Path) -> dict[str, np.ndarray]:
    with np.load(folder / "io.npz") as arrays:
        return dict(arrays)


def checkpoint(folder: Path) -> Path:
    return next(folder.glob("model.ckpt*.index")).with_suffix("")


def compare(model: keras.Model, arrays: dict[str, np.ndarray], wanted: str) -> None:
    given: Any = arrays.get("in0")
    if given is None:
        given = {key: arrays[key] for key in ("user", "item")}
    if isinstance(given, dict) and getattr(model, "inputs", None) and not isinstance(model.input, dict):
        given = list(given.values())
    outcome = keras.tree.flatten(model(given))[0]
    np.testing.assert_allclose(keras.ops.convert_to_numpy(outcome), arrays[wanted], RTOL, ATOL)


@pytest.mark.parametrize("folder", [f for f in SAVERS if f.name != "twins"], ids=name_of)
def test_the_layers_of_a_saver_are_told_from_all_else_that_it_keeps(folder: Path) -> None:
    """Slots, counters, moving averages, scopes of the program, other models of it and parts of variables."""
    compare(anykeras.load_model(folder / "m.json", weights=checkpoint(folder)), recorded(folder), "out0")


def is_keras2_adam(folder: Path) -> bool:
    return folder.name == "adam" and folder.parent.name.startswith("keras2")


@pytest.mark.framework
@pytest.mark.parametrize("folder", list(filter(is_keras2_adam, SAVERS)), ids=name_of)
def test_slots_without_a_name_go_where_their_order_says(folder: Path) -> None:
    """``training/Adam/Variable_3`` of Keras 2.2, ``m_3_1`` of 2.3: as they were made, not as the alphabet has them."""
    listed = [tensor for name, tensor in pipeline.read(checkpoint(folder)).optimizer if name.startswith("training/")]
    model = anykeras.load_model(folder / "m.h5", weights=checkpoint(folder))
    slots = [keras.ops.convert_to_numpy(variable) for variable in model.optimizer.variables[2:]]
    half = len(slots) // 2
    assert int(keras.ops.convert_to_numpy(model.optimizer.iterations)) == 3 and half == len(model.trainable_variables)
    for number in range(half):
        np.testing.assert_array_equal(slots[2 * number], listed[number].read())
        np.testing.assert_array_equal(slots[2 * number + 1], listed[half + number].read())


@pytest.mark.framework
@pytest.mark.parametrize("folder", [f for f in SAVERS if (f / "m.h5").exists() and not is_keras2_adam(f)], ids=name_of)
def test_training_goes_on_with_what_a_saver_kept(folder: Path) -> None:
    """The compiled file is of before the training: its own state would give another step."""
    arrays = recorded(folder)
    for options in ({"weights": checkpoint(folder)}, {"architecture": folder / "m.h5"}):
        model = anykeras.load_model(folder / "m.h5" if "weights" in options else checkpoint(folder), **options)
        assert int(keras.ops.convert_to_numpy(model.optimizer.iterations)) == 3
        model.train_on_batch(arrays["in0"], arrays["y0"])
        compare(model, arrays, "after0")


def test_variables_of_others_are_told_of() -> None:
    folder = next(folder for folder in SAVERS if folder.name == "several")
    report = anykeras.open(folder / "m.json", weights=checkpoint(folder))
    (found,) = [finding for finding in report.findings if finding.code == "AK1218"]
    assert "14 variables" in found.seen and "bn_1/beta" in found.seen and str(found.affects) == "nothing"


def test_a_model_that_is_there_twice_is_asked_for() -> None:
    folder = next(folder for folder in SAVERS if folder.name == "twins")
    with pytest.raises(AnyKerasError, match="online/last, target/last"):
        anykeras.load_model(folder / "m.json", weights=checkpoint(folder))
    model = anykeras.load_model(folder / "m.json")
    layers = {f"target/{name}": name for name in ("first", "bn", "last")}
    anykeras.load_weights(model, checkpoint(folder), layers=layers)
    compare(model, recorded(folder), "out0")


def classes(library: Any) -> dict[str, Any]:
    spec = importlib.util.spec_from_file_location("subclassed", SOURCE)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    made: dict[str, Any] = module.make(library)
    return made


@pytest.mark.parametrize("folder", OBJECTS, ids=name_of)
def test_attributes_lead_to_the_weights_of_a_live_model(folder: Path) -> None:
    """Lists, dicts, tuples and models in models, whose layers have the names of another session."""
    arrays = recorded(folder)
    make, inputs = classes(keras)[folder.name]
    files = {"ckpt": "out0", "whole": "after0", "w.weights.h5": "out0"}
    for name, wanted in files.items():
        if any(folder.glob(f"{name}*")):
            model = make()
            model(inputs)
            anykeras.load_weights(model, folder / name)
            compare(model, arrays, wanted)


@pytest.mark.parametrize("folder", [f for f in OBJECTS if any(f.glob("ckpt*")) and f.name != "nested"], ids=name_of)
def test_attributes_lead_to_the_weights_of_a_program(folder: Path, tmp_path: Path) -> None:
    shutil.copy(SOURCE, tmp_path)
    (tmp_path / "net.py").write_text("import tensorflow as tf\nfrom subclassed import make\nNETS = make(tf.keras)\n")
    program = f"{tmp_path}/net.py:NETS[{folder.name!r}][0]()"
    shape = SHAPES.get(folder.name)
    wanted = {"ckpt": "out0", "whole": "after0"}
    for name, output in wanted.items():
        for given in (program, *([f"{program}.build({shape})"] if shape else [])):
            if folder.name == "inputs" and given == program:
                with pytest.raises(AnyKerasError, match=r"\.build") as caught:
                    anykeras.load_model(folder / name, architecture=given)
                assert caught.value.code == "AK1321"
            else:
                compare(anykeras.load_model(folder / name, architecture=given), recorded(folder), output)
