"""The Lambda files that people have, made by the old stacks: source, witness, randomness, and the functions they lack.

That each of them opens and converts with its recorded outputs is tests/test_fixtures.py.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import anykeras
from anykeras.document.model import Code
from anykeras.document.walk import layers_of
from anykeras.errors import MissingObject
from anykeras.verification import check_recovered
from genuine import FIXTURES, Recording, compare, each, outputs, recordings

LAMBDAS = [
    file
    for file in recordings(FIXTURES)
    if file.meta.get("family") == "lambda" and file.path.suffix in (".h5", ".keras") and not file.meta["custom_objects"]
]
VAES = [file for file in LAMBDAS if file.meta.get("random_outputs")]


def named(stem: str) -> Recording:
    return next(file for file in LAMBDAS if file.stem == stem)


def test_every_kind_of_file_that_people_have_is_there() -> None:
    stems = {file.stem for file in LAMBDAS}
    assert stems >= {"yolo", "vae", "facenet_residual", "self_driving", "siamese_euclidean", "capsule", "ocr_ctc_loss"}


@each(LAMBDAS)
def test_its_code_is_shown_and_none_is_left(file: Recording) -> None:
    found = anykeras.inspect(file.path, weights=file.weights)
    assert found.refusal is None
    assert found.code
    for record in found.code:
        assert record.source
        assert record.pythons
        # A function that tells a shape or a mask is shown; only one that is followed has shapes that it holds for.
        assert record.guards or (record.key in ("output_shape", "mask") and not record.checked)
    assert found.opened is not None
    for layer in layers_of(found.opened.document.model):
        assert layer.class_name != "Lambda"
        assert not any(isinstance(value, Code) for value in layer.config.values())


def test_the_source_is_what_the_author_wrote() -> None:
    (record,) = anykeras.inspect(named("self_driving").path).code
    assert record.source in ("lambda x: x / 127.5 - 1.0", "lambda x: py2_div(x, 127.5) - 1.0")
    assert record.checked
    assert record.guards[0] == "x: float32 (?, 8, 12, 3)"


@pytest.mark.backend
@each(LAMBDAS)
def test_the_function_on_numbers_agrees_with_its_operations(file: Recording) -> None:
    for record in anykeras.inspect(file.path, weights=file.weights).code:
        check = check_recovered(record)
        assert check.agrees, check
        assert "not run" not in check.detail, check


@pytest.mark.backend
def test_verify_reports_the_witness() -> None:
    report = anykeras.verify(named("capsule").path)
    (first, *_) = report.checks
    assert str(first.evidence) == "cross-checked"
    assert "lambda_1 function" in first.what


@pytest.mark.backend
@each(VAES)
def test_sampling_stays_random_with_its_mean_and_spread(file: Recording) -> None:
    import keras

    keras.utils.set_random_seed(11)
    model = anykeras.load_model(file.path, weights=file.weights)
    runs = [outputs(model, file) for _ in range(150)]
    for i in file.meta["random_outputs"]:
        drawn = np.stack([run[i] for run in runs])
        wanted, spread = file[f"out{i}_mean"], file[f"out{i}_std"]
        assert drawn.std(axis=0).min() > 0
        ratio = np.median(drawn.std(axis=0) / spread)  # of all elements: one recorded deviation alone is a rough estimate
        assert 0.75 < ratio < 1.33
        assert (np.abs(drawn.mean(axis=0) - wanted) < 6 * spread / np.sqrt(150) + 1e-3).all()


@pytest.mark.backend
def test_a_seed_makes_sampling_reproducible() -> None:
    import keras

    file = named("vae")

    def drawn(seed: int) -> list[np.ndarray]:
        keras.utils.set_random_seed(seed)
        return outputs(anykeras.load_model(file.path), file)

    assert compare(drawn(7), drawn(7))
    assert not compare(drawn(7), drawn(8))


@pytest.mark.backend
def test_a_function_that_the_file_lacks_can_be_given(tmp_path: Path) -> None:
    import keras

    file = next(f for f in recordings(FIXTURES) if f.stem == "activation_by_name" and f.path.suffix == ".h5")
    with pytest.raises(MissingObject) as caught:
        anykeras.load_model(file.path)
    assert caught.value.code == "AK3002"
    space: dict[str, Any] = {"K": keras.ops, "np": np, "keras": keras, "tf": keras.ops}
    exec(_definitions(file), space)  # the author's own source, written beside the file
    objects = {name: space[name] for name in file.meta["custom_objects"] if name in space}
    assert compare(outputs(anykeras.load_model(file.path, objects), file), file.series("out"))
    anykeras.convert(file.path, tmp_path / "out.keras", objects)
    assert compare(outputs(keras.models.load_model(tmp_path / "out.keras"), file), file.series("out"))


def _definitions(file: Recording) -> str:
    """The functions of the saving program, without its imports."""
    return "\n\n".join(text for text in file.meta["custom_objects"].values() if not text.startswith("# "))
