"""While Keras loads a file, nothing that it knows by its address goes away, or another object would pass for it."""

from __future__ import annotations

import weakref
from pathlib import Path
from typing import Any

import pytest

import anykeras
from genuine import FOLDER, recordings

FILES = [file for file in recordings(FOLDER / "fixtures") if file.stem.startswith("bidirectional_modes")]


def test_what_keras_serializes_while_it_loads_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import keras
    from keras.src.saving import serialization_lib

    met: list[weakref.ref[Any]] = []
    gone: list[int] = []
    record = serialization_lib.record_object_after_serialization
    leave = serialization_lib.ObjectSharingScope.__exit__

    def note(found: Any, config: dict[str, Any]) -> None:
        if isinstance(found, keras.layers.Layer):
            met.append(weakref.ref(found))
        record(found, config)

    def count(scope: Any, *error: Any) -> None:
        gone.append(sum(reference() is None for reference in met))
        leave(scope, *error)

    target = tmp_path / "it.keras"
    anykeras.convert(FILES[0].path, target)
    monkeypatch.setattr(serialization_lib, "record_object_after_serialization", note)
    monkeypatch.setattr(serialization_lib.ObjectSharingScope, "__exit__", count)
    keras.models.load_model(target, compile=False)
    assert len(met) > 3
    assert gone == [0]
