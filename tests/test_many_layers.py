"""All that comes before Keras is called grows with the number of layers, and not with its square: counted in calls."""

from __future__ import annotations

import functools
import gc
import importlib
import importlib.util
import json
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

import numpy as np
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


KINDS = {
    **dict.fromkeys(("dense", "keras1", "residual", "masked", "keras3", "wide", "calls", "nested"), (SMALL, LARGE)),
    "lambdas": (10, 40),
}


@pytest.mark.parametrize("kind", KINDS)
def test_work_grows_with_the_layers(kind: str, tmp_path: Path) -> None:
    benchmark = load_benchmark()
    anykeras.inspect(benchmark.file_of(tmp_path, kind, 12))  # what is imported and cached once
    fewer, more = KINDS[kind]
    paths = [benchmark.file_of(tmp_path, kind, count) for count in (fewer, more)]
    small, large = (count_calls(partial(anykeras.inspect, path)) for path in paths)
    assert large < 1.15 * more / fewer * small


def test_code_that_layers_share_is_read_once_and_stands_in_each(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    benchmark, read, written = load_benchmark(), [], []
    anykeras.inspect(benchmark.file_of(tmp_path, "lambdas", 2))
    for home, name, calls in (("bytecode.identify", "read_code", read), ("recovery.readable", "write_source", written)):
        module = importlib.import_module(f"anykeras.{home}")
        real = getattr(module, name)
        monkeypatch.setattr(module, name, lambda *a, real=real, calls=calls: calls.append(a) or real(*a))
    found = anykeras.inspect(benchmark.file_of(tmp_path, "lambdas", 30))
    assert not read and len(written) < 5  # of 60
    assert [record.layer for record in found.code] == [f"lambda_{number}" for number in range(1, 31)]
    assert {(record.source, record.checked) for record in found.code} == {("lambda x: x * 2 + 1", True)}


def test_defaults_that_are_equal_and_not_the_same_are_told_apart(tmp_path: Path) -> None:
    benchmark = load_benchmark()
    kind, config, weights = benchmark.lambdas(3)
    for layer, default in zip(config["layers"][1:], (1, 1.0, True), strict=True):
        layer["config"]["function"] = [layer["config"]["function"][0], [default], None]
    found = anykeras.inspect(benchmark.write(tmp_path / "defaults.h5", (kind, config, weights), "2.3.1"))
    assert [record.source for record in found.code] == [f"lambda x={text}: x * 2 + 1" for text in ("1", "1.0", "True")]


def test_a_chain_beyond_the_limit_of_recursion_is_built(tmp_path: Path) -> None:
    before = sys.getrecursionlimit()
    path = load_benchmark().file_of(tmp_path, "calls", before + 200)
    model = anykeras.load_model(path, compile=False)
    assert sys.getrecursionlimit() == before
    assert np.asarray(model(np.ones((1, 4), "float32"))).tolist() == [[1.0] * 4]  # the kernel is the identity


def test_nothing_is_kept_of_files_for_ever(tmp_path: Path) -> None:
    """No cache without a bound has entries for what stands in files: names of classes, arguments, dtypes, versions."""

    def inspect(number: int) -> None:
        config = {"name": "d", "units": 2, "batch_input_shape": [None, 3], f"argument_{number}": 1, "dtype": f"float{number}"}
        layers = [{"class_name": name, "config": config} for name in ("Dense", f"Class{number}")]
        model = {"class_name": "Sequential", "config": {"name": "s", "layers": layers}, "keras_version": f"2.2.{number}"}
        path = tmp_path / f"{number}.json"
        path.write_text(json.dumps(model))
        anykeras.inspect(path)

    def sizes() -> dict[str, int]:
        held = [value for value in gc.get_objects() if isinstance(value, functools._lru_cache_wrapper)]
        ours = [cache for cache in held if cache.__module__.startswith("anykeras.")]
        return {f"{c.__module__}.{c.__qualname__}": c.cache_info().currsize for c in ours if c.cache_info().maxsize is None}

    for number in range(3):
        inspect(number)
    before = sizes()
    assert before
    for number in range(3, 30):
        inspect(number)
    assert sizes() == before
