"""Small files of genuine old stacks, one argument or one odd value each, against the outputs that those stacks gave.

`odd_*.py` of `scripts/fixtures` wrote them; a name is ``STACK-CASE``.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import anykeras

DATA = Path(__file__).parent / "data"
FILES = sorted(path.name for path in DATA.iterdir() if path.suffix in (".h5", ".keras"))

pytestmark = pytest.mark.backend


def recorded(name: str) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Inputs and outputs."""
    with np.load(DATA / f"{name.removesuffix('.h5').removesuffix('.keras')}.npz") as kept:
        inputs = [kept[f"in{i}"] for i in range(len(kept.files)) if f"in{i}" in kept]
        outputs = [kept[f"out{i}"] for i in range(len(kept.files)) if f"out{i}" in kept]
    return inputs, outputs


def flat(value: object) -> list[np.ndarray]:
    """Outputs of a model one after the other, however they are nested."""
    if isinstance(value, list | tuple):
        return [array for item in value for array in flat(item)]
    return [np.asarray(value)]


@pytest.mark.parametrize("name", FILES)
def test_outputs_as_recorded(name: str) -> None:
    inputs, outputs = recorded(name)
    model = anykeras.load_model(DATA / name, compile=False)
    got = flat(model.predict(inputs if len(inputs) > 1 else inputs[0], verbose=0, batch_size=len(inputs[0])))
    assert [array.shape for array in got] == [array.shape for array in outputs]
    for one, other in zip(got, outputs, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


def test_enough_files() -> None:
    assert len(FILES) >= 45
