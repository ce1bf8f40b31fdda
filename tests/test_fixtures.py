"""Every genuine file of the repository: opened and converted, with the outputs its own stack recorded."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import anykeras
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


def skip_what_cannot_run(file: Recording) -> None:
    if not has_tensors_of(file):
        pytest.skip("string inputs run on tensorflow only")


def test_there_are_files() -> None:
    assert len(FILES) > 100


@pytest.mark.backend
@each(FILES)
def test_opened(file: Recording) -> None:
    if not has_tensors_of(file):
        with pytest.raises(anykeras.AnyKerasError) as caught:
            anykeras.load_model(file.path, compile=False, weights=file.weights)
        assert caught.value.code == "AK6018"
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
