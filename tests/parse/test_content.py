"""Genuine files that were refused although everything that their models need is in them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import anykeras
from anykeras.errors import Malformed, Unsupported
from genuine import FOLDER, Recording, each, recordings, reproduces

FILES = recordings(FOLDER / "parse" / "content")


def _skip_text(file: Recording) -> None:
    if file.takes_text and os.environ.get("KERAS_BACKEND") != "tensorflow":
        pytest.skip("tensors of text are TensorFlow's")


@pytest.mark.backend
@each(FILES)
def test_opens_with_the_recorded_outputs(file: Recording) -> None:
    _skip_text(file)
    assert reproduces(anykeras.load_model(str(file.path), weights=file.weights), file)


@pytest.mark.backend
@each(FILES)
def test_stock_keras_opens_the_conversion(file: Recording, tmp_path: Path) -> None:
    import keras

    _skip_text(file)
    anykeras.convert(str(file.path), str(tmp_path / "new.keras"), weights=file.weights)
    assert reproduces(keras.models.load_model(tmp_path / "new.keras"), file)


def test_a_renamed_layer_that_fits_in_several_places_is_refused() -> None:
    with pytest.raises(Malformed, match="'renamed' was renamed before saving") as caught:
        anykeras.open(str(FOLDER / "parse" / "content" / "renamed_branch.h5"))
    assert caught.value.code == "AK1216"
    assert caught.value.layer == "renamed"


def test_what_was_concluded_is_reported() -> None:
    renamed = anykeras.inspect(str(FOLDER / "parse" / "content" / "k10894_rename1_122t.h5"))
    assert [(finding.code, finding.fidelity) for finding in renamed.findings if finding.code == "AK1216"] == [
        ("AK1216", anykeras.Fidelity.APPROXIMATE)
    ]
    shared = anykeras.inspect(str(FOLDER / "parse" / "content" / "shared_layer_across_submodel_333.keras"))
    assert [str(finding.affects) for finding in shared.findings if finding.code == "AK1214"] == ["training"]


def test_operands_that_the_file_lost_are_missed() -> None:
    with pytest.raises(Unsupported, match="the file holds 0 of the 2 tensors that 'btd,bsd->bts' combines"):
        anykeras.load_model(str(FOLDER / "parse" / "content" / "einsum_operands.h5"))


@pytest.mark.backend
def test_the_optimizer_resumes_under_a_policy_of_the_process() -> None:
    """Keras then wraps the optimizer that the file saved in a LossScaleOptimizer."""
    import keras

    path = str(FOLDER / "parse" / "content" / "mixed_policy.h5")
    alone = anykeras.load_model(path).optimizer.variables
    keras.mixed_precision.set_global_policy("mixed_float16")
    try:
        inner = anykeras.load_model(path).optimizer.inner_optimizer.variables
    finally:
        keras.mixed_precision.set_global_policy("float32")
    assert len(alone) == len(inner)
    for one, other in zip(alone, inner, strict=True):
        assert (keras.ops.convert_to_numpy(one) == keras.ops.convert_to_numpy(other)).all()
