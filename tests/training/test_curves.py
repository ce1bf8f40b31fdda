"""Ten steps after loading, against the recorded curves of the stack that wrote the file."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
import loss_curves


@pytest.mark.framework
@pytest.mark.backend
@pytest.mark.parametrize(("name", "most"), [("cnn", 1e-5), ("lstm", 5e-4)])
def test_the_curve_goes_on(name: str, most: float) -> None:
    curve = loss_curves.measured(name)
    assert curve.difference < most
    assert curve.live.shape == curve.converted.shape == (10,)
    assert curve.spread > most, "the old stack repeats itself: compare with every run"


def test_the_drawing_is_svg() -> None:
    import xml.etree.ElementTree as ElementTree

    import numpy as np

    runs = np.linspace(1.0, 0.5, 10)
    text = loss_curves.drawn([loss_curves.Curve("cnn", np.stack([runs, runs * 1.01]), None, runs, runs)])
    root = ElementTree.fromstring(text)
    assert root.tag.endswith("svg") and len(root.findall(".//{*}circle")) == 10
