"""What bears the name of a built-in class and is another one: registered by its author, or quantized.

The attention of `DATA` is `MultiHeadAttention(2, 2)` on (2, 2) after `model.quantize("int8")`, `"float8"` or `"int4"`,
saved by the release of the name, with the configuration of a plain layer. Keras itself refuses these files.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import anykeras
from anykeras.errors import Unsupported
from genuine import FOLDER

DATA = FOLDER / "parse"
LAYER = {"name": "d", "units": 3, "activation": "linear", "use_bias": True}


def write(path: Path, layer: dict[str, object]) -> Path:
    start = {"class_name": "InputLayer", "config": {"batch_input_shape": [None, 4], "dtype": "float32", "name": "i"}}
    body = {"name": "s", "layers": [start, layer]}
    model = {"class_name": "Sequential", "config": body, "keras_version": "2.11.0", "backend": "tensorflow"}
    path.write_text(json.dumps(model), "utf8")
    return path


@pytest.mark.parametrize("class_name", ["Custom>Dense", "mine>Dense"])
def test_a_registered_class_of_a_built_in_name_is_asked_for(class_name: str, tmp_path: Path) -> None:
    found = anykeras.inspect(write(tmp_path / "m.json", {"class_name": class_name, "config": LAYER}))
    assert found.refusal is not None and found.refusal.code == "AK5011" and class_name in str(found.refusal)


def test_the_built_in_class_is_not(tmp_path: Path) -> None:
    found = anykeras.inspect(write(tmp_path / "m.json", {"class_name": "Dense", "config": LAYER}))
    assert found.refusal is None


@pytest.mark.parametrize("name", sorted(path.name for path in DATA.glob("*-attention_*.keras")))
def test_quantized_attention_is_refused_not_read_as_plain(name: str) -> None:
    with pytest.raises(Unsupported, match="AK1213"):
        anykeras.load_model(DATA / name)


def test_there_are_files() -> None:
    assert len(list(DATA.glob("*-attention_*.keras"))) == 3
