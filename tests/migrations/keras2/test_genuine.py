"""Small files of genuine old stacks, one argument or one odd value each, against the outputs that those stacks gave.

`odd_*.py` of `scripts/fixtures` wrote them; a name is ``STACK-CASE``.
"""

from __future__ import annotations

import pytest

import anykeras
from genuine import FOLDER, Recording, compare, each, outputs, recordings

FILES = recordings(FOLDER / "migrations" / "keras2")

pytestmark = pytest.mark.backend


@each(FILES)
def test_outputs_as_recorded(file: Recording) -> None:
    model = anykeras.load_model(file.path, compile=False)
    assert compare(outputs(model, file), file.series("out"))


def test_enough_files() -> None:
    assert len(FILES) >= 45
