"""A sample of the mutants of `mutations.py`: one clear error each, or a model; never another exception."""

from __future__ import annotations

import random

from mutations import boxes, outcome


def test_only_clear_errors_come_out() -> None:
    rng, held = random.Random(20261120), boxes()
    outcomes = [outcome(*rng.choice(held), rng) for _ in range(1500)]
    assert len(set(outcomes)) > 5
    assert outcomes.count("opened") < 1200
