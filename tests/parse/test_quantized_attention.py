"""Quantized attention as Keras 3 writes it: with the configuration of a plain layer. Keras itself refuses these files.

Each is `MultiHeadAttention(2, 2)` on (2, 2) after `model.quantize("int8")`, `"float8"` or `"int4"`, saved by that release.
"""

from __future__ import annotations

import pytest

import anykeras
from anykeras.errors import Unsupported
from genuine import FOLDER

DATA = FOLDER / "parse"


@pytest.mark.parametrize("name", sorted(path.name for path in DATA.glob("*-attention_*.keras")))
def test_refused_not_read_as_plain(name: str) -> None:
    with pytest.raises(Unsupported, match="AK1213"):
        anykeras.load_model(DATA / name)


def test_there_are_files() -> None:
    assert len(list(DATA.glob("*-attention_*.keras"))) == 3
