"""All that comes before Keras is called grows with the number of layers, and not with its square: counted in calls."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

import pytest

import anykeras

SMALL, LARGE = 80, 320


def load_benchmark() -> ModuleType:
    """`benchmarks/many_layers.py`, which writes the files."""
    path = Path(__file__).parents[1] / "benchmarks" / "many_layers.py"
    spec = importlib.util.spec_from_file_location("many_layers", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def count_calls(work: Callable[[], Any]) -> int:
    """How many functions `work` calls, generators resumed and functions of C among them."""
    count = 0

    def note(frame: FrameType, event: str, arg: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count


@pytest.mark.parametrize("kind", ["dense", "keras1", "residual", "masked", "keras3"])
def test_work_grows_with_the_layers(kind: str, tmp_path: Path) -> None:
    benchmark = load_benchmark()
    anykeras.inspect(benchmark.file_of(tmp_path, kind, 12))  # what is imported and cached once
    paths = [benchmark.file_of(tmp_path, kind, count) for count in (SMALL, LARGE)]
    small, large = (count_calls(partial(anykeras.inspect, path)) for path in paths)
    assert large < 1.15 * LARGE / SMALL * small
