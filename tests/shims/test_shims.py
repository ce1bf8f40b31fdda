"""Shims against recordings of the genuine packages in genuine old stacks.

`genuine/*.h5` were written, and their outputs recorded, by the package itself: tensorflow-addons 0.15.0 and
tensorflow-model-optimization 0.7.2 on tf.keras 2.6, the others on Keras 2.3.1 (TensorFlow 1.15). See ``genuine/make.py``.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import anykeras
from anykeras.shims import activations, shims

FILES = sorted((Path(__file__).parent / "genuine").glob("*.h5"))
DOCS = Path(__file__).parents[2] / "docs" / "shims.md"


def recorded(path: Path) -> tuple[np.ndarray, np.ndarray]:
    with np.load(path.with_name(path.stem + ".golden.npz")) as golden:
        return golden["in0"], golden["out0"]


@pytest.mark.backend
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_opened(path: Path) -> None:
    given, wanted = recorded(path)
    model = anykeras.load_model(path, compile=False)
    assert np.allclose(model.predict(given, verbose=0), wanted, rtol=1e-4, atol=1e-5)


@pytest.mark.backend
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_converted_and_told(path: Path, tmp_path: Path) -> None:
    import keras

    given, wanted = recorded(path)
    done = anykeras.convert(path, tmp_path / "out.keras")
    assert {finding.code for finding in done.findings} & {*(shim.code for shim in shims()), "AK5055"}
    model = keras.models.load_model(tmp_path / "out.keras", compile=False)
    assert np.allclose(model.predict(given, verbose=0), wanted, rtol=1e-4, atol=1e-5)


@pytest.mark.backend
def test_a_given_class_goes_first() -> None:
    import keras

    class FixedDropout(keras.layers.Dropout):
        pass

    path = next(path for path in FILES if "fixed_dropout" in path.name)
    model = anykeras.load_model(path, custom_objects={"FixedDropout": FixedDropout}, compile=False)
    assert any(type(layer) is FixedDropout for layer in model.layers)


def test_each_shim_has_a_recording_and_a_line_in_the_docs() -> None:
    text = DOCS.read_text("utf8")
    recorded_files = " ".join(path.stem.replace("_", "") for path in FILES)
    for shim in shims():
        assert shim.checked and shim.difference
        assert all(name in text for name in shim.classes)
    for name in ("instancenorm", "weightnorm", "stochasticdepth", "gelu", "fixeddropout", "feedforward", "pruned"):
        assert name in recorded_files
    assert all(name in text for name in activations.known())
