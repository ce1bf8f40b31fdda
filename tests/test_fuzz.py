"""A sample of the mutants of `scripts/fuzz.py` and `mutations.py`: read, or refused with a code; never another exception."""

from __future__ import annotations

import importlib.util
import random
from pathlib import Path

import pytest

from mutations import boxes, outcome

_SPEC = importlib.util.spec_from_file_location("fuzz_runner", Path(__file__).parents[1] / "scripts" / "fuzz.py")
assert _SPEC is not None and _SPEC.loader is not None
runner = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(runner)


@pytest.mark.parametrize("kind", ["pickle", "yaml", "zip", "hdf5", "savedmodel", "graph", "tfjs", "tar"])
def test_mutants_are_read_or_refused_with_a_code(kind: str) -> None:
    ends = [runner.KINDS[kind](random.Random(f"{kind} {seed}")) for seed in range(150 if kind not in ("graph", "tfjs") else 40)]
    assert all(end == "ok" or end.startswith("AK") for end in ends)
    assert len(set(ends)) > 2


@pytest.mark.parametrize(("kind", "seed"), [("config", 6207), ("hdf5", 6430), ("graph", 3735)])
def test_what_once_was_a_stray_exception_is_refused(kind: str, seed: int) -> None:
    """Text for the units of a cell, a count of layers that no memory holds the names of, a loop without its function."""
    assert runner.run_one(kind, seed).startswith("AK")


def test_a_stray_exception_is_counted_and_not_swallowed(monkeypatch: pytest.MonkeyPatch) -> None:
    def stray(rng: random.Random) -> str:
        raise KeyError("planted")

    monkeypatch.setitem(runner.KINDS, "planted", stray)
    assert runner.run_one("planted", 1) == "STRAY KeyError"


def test_mutants_of_models_open_or_end_in_one_clear_error() -> None:
    rng, held = random.Random(20261120), boxes()
    outcomes = [outcome(*rng.choice(held), rng) for _ in range(1500)]
    assert len(set(outcomes)) > 5
    assert outcomes.count("opened") < 1200
