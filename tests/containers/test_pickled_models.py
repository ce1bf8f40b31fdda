"""Models inside pickle and joblib files of genuine stacks, read without unpickling.

Made by tests/containers/make_pickles.py: pickled by Keras 2.3.1 (TensorFlow 1.15), tf.keras 2.13 and Keras 3.15.1 after one
epoch of training, alone or in a dictionary, with joblib 1.1.1 and 1.3.2; the outputs are what `predict` gave before. By
make_old_protocols.py: protocols 0 and 1, of Keras 2.2.5 on Python 2.7 (whose default is 0) and of Keras 2.3.1.
"""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

import anykeras
from anykeras import containers
from genuine import FOLDER, Recording, reproduces

PICKLES = FOLDER / "containers" / "pickles"
STACKS = [path.name.removesuffix(".golden.npz") for path in PICKLES.glob("*.golden.npz")]
FILES = sorted(path for path in PICKLES.iterdir() if path.suffix in (".pkl", ".joblib"))


def test_there_are_files() -> None:
    assert len(FILES) >= 6


@pytest.mark.backend
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_outputs(path: Path) -> None:
    stem = path.name.removesuffix(".pkl").removesuffix(".joblib")
    stem = next(stack for stack in STACKS if stem.startswith(stack))
    file = Recording(path, PICKLES / f"{stem}.golden.npz")
    assert reproduces(anykeras.load_model(path, compile=False), file)


class Bomb:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (eval, ("__import__('pathlib').Path('/tmp/anykeras-bomb').touch()",))


@pytest.mark.parametrize("protocol", range(6))
def test_nothing_is_called(protocol: int, tmp_path: Path) -> None:
    """A pickle that runs code when it is loaded is refused with the name that it would call, beside a model or not."""
    bomb = tmp_path / "bomb.pkl"
    bomb.write_bytes(pickle.dumps({"model": Bomb()}, protocol))
    with pytest.raises(anykeras.AnyKerasError, match="eval") as caught:
        anykeras.inspect(bomb)
    assert caught.value.code == "AK1132"
    assert not Path("/tmp/anykeras-bomb").exists()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
@pytest.mark.parametrize("part", [0.1, 0.5, 0.9, 0.99])
def test_cut_files_are_refused(path: Path, part: float, tmp_path: Path) -> None:
    data = path.read_bytes()
    cut = tmp_path / path.name
    cut.write_bytes(data[: int(len(data) * part)])
    with pytest.raises(anykeras.AnyKerasError):
        containers.open(str(cut))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_changed_bytes_never_crash(path: Path, tmp_path: Path) -> None:
    """Whatever one byte is changed to: a model, or one of our errors."""
    data, random = path.read_bytes(), np.random.default_rng(7)
    changed = tmp_path / path.name
    for _ in range(60):
        at, value = int(random.integers(2, len(data))), int(random.integers(256))
        changed.write_bytes(data[:at] + bytes([value]) + data[at + 1 :])
        try:
            raw = containers.open(str(changed))
        except anykeras.AnyKerasError:
            continue
        assert raw.architecture is not None or raw.weights is not None
