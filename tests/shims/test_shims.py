"""Shims against recordings of the genuine packages in genuine old stacks.

`genuine/*.h5` were written, and their outputs recorded, by the packages themselves: see the ``make*.py`` there.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import anykeras
from anykeras.shims import activations, base, shims

FILES = sorted((Path(__file__).parent / "genuine").glob("*.h5"))
DOCS = Path(__file__).parents[2] / "docs" / "shims.md"
CODES = {*(shim.code for shim in shims()), "AK5055"}
Arrays = list[np.ndarray]


def recorded(path: Path) -> tuple[Arrays, Arrays]:
    """The inputs and the outputs, each in the order of the model."""
    with np.load(path.with_name(path.stem + ".golden.npz")) as golden:
        ins, outs = ([golden[key] for key in sorted(golden) if key.startswith(side)] for side in ("in", "out"))
    return ins, outs


def check(model: object, path: Path) -> None:
    given, wanted = recorded(path)
    made = model.predict(given if len(given) > 1 else given[0], verbose=0)
    made = made if isinstance(made, list | tuple) else [made]
    assert len(made) == len(wanted)
    for found, expected in zip(made, wanted, strict=True):
        assert found.shape == expected.shape and np.allclose(found, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.backend
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_opened(path: Path) -> None:
    check(anykeras.load_model(path, compile=False), path)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_converted_and_told(path: Path, tmp_path: Path) -> None:
    import keras

    done = anykeras.convert(path, tmp_path / "out.keras")
    assert {finding.code for finding in done.findings} & CODES
    check(keras.models.load_model(tmp_path / "out.keras", compile=False), path)


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
    used = {finding.code for path in FILES for finding in anykeras.inspect(path).findings}
    assert used >= CODES, "a shim without a file of the genuine package"
    for shim in shims():
        assert shim.checked and shim.difference
        assert all(name in text for name in shim.classes)
    assert all(name in text for name in activations.known_activations())


def test_a_package_has_one_shim_for_a_class(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base, "document", lambda page: None)
    register = base.register_shim("AK5999", "nothing", classes=("TCN",), package=_package_of("TCN"), what="A copy.")
    with pytest.raises(ValueError, match="registered twice"):
        register(lambda layer, context: None)


def _package_of(class_name: str) -> str:
    return next(shim.package for shim in shims() if class_name in shim.classes)
