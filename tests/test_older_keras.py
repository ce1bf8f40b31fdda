"""Genuine files on a Keras that is older than the one of the other tests: live, and converted and opened by stock Keras.

``scripts/test`` runs this with Keras 3.12, the oldest that is supported. With the newest, tests/test_fixtures.py says it all.
"""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

import keras
import pytest

import anykeras
from anykeras.targets.lowering import MINORS, find_nearest_minor
from genuine import FIXTURES, Recording, each, recordings, reproduces

SHARE = 12
pytestmark = pytest.mark.skipif(
    find_nearest_minor(keras.__version__) == MINORS[-1], reason=f"Keras {keras.__version__} is the one of the other tests"
)


def sampled(files: list[Recording]) -> list[Recording]:
    """The first file of every stack and each twelfth after it; none of text, which jax has no tensors of."""
    plain = [f for f in files if not f.meta.get("custom_objects") and not any(x.dtype.kind in "US" for x in f.series("in"))]
    stacks = groupby(plain, key=lambda file: file.path.parent.name)
    return [file for _, listed in stacks for file in list(listed)[::SHARE]]


FILES = sampled(recordings(FIXTURES))


@each(FILES)
def test_opened(file: Recording) -> None:
    assert reproduces(anykeras.load_model(file.path, compile=False, weights=file.weights), file)


@each(FILES)
def test_converted(file: Recording, tmp_path: Path) -> None:
    target = tmp_path / "converted.keras"
    anykeras.convert(file.path, target, weights=file.weights)
    assert reproduces(keras.models.load_model(target, compile=False), file)


def test_what_this_keras_lacks_is_refused_by_name(tmp_path: Path) -> None:
    """A file of a newer Keras, in which attention has a gate."""
    from anykeras import targets
    from anykeras.document.build import Builder
    from anykeras.document.model import Document, Era, Layer, Writer

    build = Builder("model")
    x = build.input((4, 3))
    gated = Layer("MultiHeadAttention", "gated", {"num_heads": 1, "key_dim": 2, "use_gate": True})
    document = Document(build.finish(build.add(gated, x, x)), Writer(Era.KERAS3, version="3.15.1"), Era.KERAS3)
    with pytest.raises(anykeras.AnyKerasError, match=r"AK6023.*gated.*use_gate"):
        targets.build(document)
