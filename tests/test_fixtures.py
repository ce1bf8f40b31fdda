"""Every genuine file of the repository: opened and converted, with the outputs its own stack recorded."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import anykeras
from anykeras.targets.running_backend import NEEDING_TENSORFLOW
from conftest import list_classes, sample
from genuine import FIXTURES, Recording, each, recordings, reproduces

FILES = [file for file in recordings(FIXTURES) if not file.meta.get("custom_objects")]


def needs_tensorflow(file: Recording) -> bool:
    return any(x.dtype.kind in "US" for x in file.series("in"))


# What stock Keras 3.15.1 computes otherwise on torch, or does not compute there.
ON_TORCH = {
    "keras1-tf/conv_borders_tf.h5": "AveragePooling2D(padding='same') counts uneven padding",
    "keras2.1-tf/pooling_borders.h5": "AveragePooling2D(padding='same') counts uneven padding",
    "tfkeras2.13/pooling_borders.h5": "AveragePooling2D(padding='same') counts uneven padding",
    "keras3.6-jax/convolutions.keras": "UpSampling2D interpolates with another kernel",
    "tfkeras2.15/normalisations.keras": "LayerNormalization takes the last axes only",
}


@pytest.fixture(autouse=True)
def stock_on_torch(request: pytest.FixtureRequest) -> None:
    """Marks what cannot be right on torch; it is an error there once it is right."""
    call = getattr(request.node, "callspec", None)
    reason = ON_TORCH.get(call.params["file"].id) if call is not None and "file" in call.params else None
    if reason is not None:
        import keras

        if keras.backend.backend() == "torch":
            request.node.add_marker(pytest.mark.xfail(reason=reason, strict=True))


def has_tensors_of(file: Recording) -> bool:
    import keras

    return not needs_tensorflow(file) or keras.backend.backend() == "tensorflow"


def lacks_tensorflow(file: Recording) -> bool:
    return find_spec("tensorflow") is None and bool({name.decode() for _, name in list_classes(file)} & NEEDING_TENSORFLOW)


def skip_what_cannot_run(file: Recording) -> None:
    if not has_tensors_of(file):
        pytest.skip("string inputs run on tensorflow only")
    if lacks_tensorflow(file):
        pytest.skip("layers that Keras computes with TensorFlow, which is not installed")


def test_there_are_files() -> None:
    assert len(FILES) > 100


def test_layers_that_need_tensorflow_say_so_where_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    file = next(file for file in FILES if file.id.endswith("tfkeras2.15/preprocessing_integers.keras"))
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(anykeras.AnyKerasError, match="IntegerLookup computes with TensorFlow on every backend") as caught:
        anykeras.load_model(file.path)
    assert caught.value.code == "AK6051"


@pytest.mark.backend
@each(FILES)
def test_opened(file: Recording) -> None:
    if lacks_tensorflow(file) or not has_tensors_of(file):
        with pytest.raises(anykeras.AnyKerasError) as caught:
            anykeras.load_model(file.path, compile=False, weights=file.weights)
        assert caught.value.code == ("AK6051" if lacks_tensorflow(file) else "AK6018")
        return
    model = anykeras.load_model(file.path, compile=False, weights=file.weights)
    assert reproduces(model, file)


@pytest.mark.backend
@each(FILES)
def test_converted(file: Recording, tmp_path: Path) -> None:
    import keras

    skip_what_cannot_run(file)
    target = tmp_path / "converted.keras"
    anykeras.convert(file.path, target, weights=file.weights)
    assert reproduces(keras.models.load_model(target, compile=False), file)


def test_converting_imports_no_framework(tmp_path: Path) -> None:
    """In a process of its own: this one has a framework already."""
    file = FILES[0]
    script = (
        "import sys, anykeras; anykeras.convert(sys.argv[1], sys.argv[2], weights=sys.argv[3] or None);"
        "anykeras.inspect(sys.argv[1], weights=sys.argv[3] or None);"
        "assert not {'keras', 'tensorflow', 'jax', 'torch', 'pickle5'} & set(sys.modules), 'a framework was imported'"
    )
    target = tmp_path / "out.keras"
    done = subprocess.run(
        [sys.executable, "-c", script, str(file.path), str(target), str(file.weights or "")], capture_output=True
    )
    assert done.returncode == 0, done.stderr.decode()
    assert target.exists()


@dataclass(frozen=True, eq=False)
class Item:
    """What `sample` asks of a test."""

    nodeid: str
    callspec: SimpleNamespace

    def iter_markers(self) -> list[SimpleNamespace]:
        return [SimpleNamespace(name="backend")]


def test_a_share_has_every_class_of_every_generation() -> None:
    """What `--share` leaves of the tests that run models: few, others with another seed, and each class that files name."""
    items: Any = [Item(file.id, SimpleNamespace(params={"file": file})) for file in FILES]
    every = set().union(*(list_classes(file) for file in FILES))
    kept = {seed: [item.callspec.params["file"].id for item in sample(items, 6, seed)] for seed in "ab"}
    assert kept["a"] != kept["b"]
    for ids in kept.values():
        assert len(ids) < len(FILES) / 2
        assert set().union(*(list_classes(file) for file in FILES if file.id in ids)) == every
