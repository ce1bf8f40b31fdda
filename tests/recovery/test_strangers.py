"""Functions as strangers wrote them, saved by genuine old stacks (strangers/make.sh): opened with what they gave there."""

from __future__ import annotations

from pathlib import Path

import pytest

import anykeras
from anykeras.errors import Unsupported
from genuine import FOLDER, Recording, each, recordings, reproduces

FILES = recordings(FOLDER / "recovery" / "strangers")
# What stays refused, and what the refusal says.
REFUSED = {
    "keras1.2.2-py27/bd_rank4.h5": "depends on the backend",  # no weight, no stamp: Theano or TensorFlow
    "keras2.3.1-py36/row_around.h5": "a tensor from around it",
}


def test_every_stack_is_there() -> None:
    assert {file.path.parent.name for file in FILES} == {
        "keras1.2.2-py27", "keras2.1.5-py27", "keras2.3.1-py36", "tfkeras1.15-py37", "tfkeras2.0-py37",
        "tfkeras2.15-py311",
    }  # fmt: skip
    assert len(FILES) > 40


@pytest.mark.backend
@each([file for file in FILES if file.id not in REFUSED])
def test_opened_and_converted(file: Recording, tmp_path: Path) -> None:
    import keras

    assert reproduces(anykeras.load_model(file.path), file)
    anykeras.convert(file.path, tmp_path / "out.keras")
    assert reproduces(keras.models.load_model(tmp_path / "out.keras"), file)


@each([file for file in FILES if file.id in REFUSED])
def test_refused_with_the_true_reason(file: Recording) -> None:
    with pytest.raises(Unsupported, match=REFUSED[file.id]):
        anykeras.load_model(file.path)


def test_one_stamp_of_two_tensorflows_is_told_apart() -> None:
    """tf.keras 1.15 and 2.0 both stamp 2.2.4-tf; their batch_dot of rank 4 differs."""
    majors = {}
    for file in FILES:
        if file.stem == "bd_rank4" and file.path.parent.name.startswith("tfkeras"):
            opened = anykeras.inspect(file.path).opened
            assert opened is not None
            majors[file.path.parent.name] = opened.document.writer.tensorflow
    assert majors == {"tfkeras1.15-py37": 1, "tfkeras2.0-py37": 2}
