"""Configurations changed at random: wrong types, absurd sizes, names that do not exist, graphs that bite their tails.

    python tests/mutations.py 20000        # counts outcomes; any other exception than AnyKerasError is printed

Each mutant of a genuine file goes all the way to a lowered model. Only AnyKerasError may come out.
"""

from __future__ import annotations

import collections
import copy
import random
import sys
import time
import traceback
from dataclasses import replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from anykeras import AnyKerasError, containers, pipeline, targets
from anykeras.containers.base import Raw
from genuine import FIXTURES, recordings

ABSURD: list[Any] = [
    None, True, -1, 0, 1, 2**31, 2**63, 10**30, -(10**30), 1.5, float("nan"), float("inf"), "", "x", "../../etc/passwd",
    "\x00", "é" * 40, [], [[]], [None], [-1, 0], {}, {"class_name": "Dense"}, {"class_name": "Dense", "config": {}},
    {"class_name": "Lambda", "config": {"name": "l", "function": ["zzzz", None, None], "function_type": "lambda"}},
    {"class_name": 3, "config": []}, ["dense_1", 0, 0], ["nowhere", 9, 9], [[["nowhere", 0, 0, {}]]],
]  # fmt: skip


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path] if path else []
    if isinstance(value, dict):
        found += [p for key, item in value.items() for p in places(item, (*path, key))]
    elif isinstance(value, list):
        found += [p for i, item in enumerate(value) for p in places(item, (*path, i))]
    return found


def mutate(value: Any, rng: random.Random) -> Any:
    """A copy with one to three values replaced, removed, doubled or swapped."""
    made = copy.deepcopy(value)
    for _ in range(rng.randint(1, 3)):
        spots = places(made)
        if not spots:
            return made
        path = rng.choice(spots)
        holder = made
        for key in path[:-1]:
            holder = holder[key]
        action = rng.random()
        if action < 0.15 and isinstance(holder, dict):
            del holder[path[-1]]
        elif action < 0.25 and isinstance(holder, list):
            holder.append(copy.deepcopy(holder[path[-1]]))
        elif action < 0.4:
            other: Any = made
            for key in rng.choice(spots):
                try:
                    other = other[key]
                except (KeyError, IndexError, TypeError):
                    break
            holder[path[-1]] = copy.deepcopy(other)
        else:
            holder[path[-1]] = copy.deepcopy(rng.choice(ABSURD))
    return made


def boxes() -> list[tuple[Raw, Raw | None]]:
    """Every genuine file of the repository as what was in its box."""
    return [
        (containers.open(str(file.path)), containers.open(str(file.weights)) if file.weights else None)
        for file in recordings(FIXTURES)
    ]


def outcome(raw: Raw, weights: Raw | None, rng: random.Random) -> str:
    """What becomes of one mutant: ``opened``, or the code it is refused with."""
    changed = replace(raw, architecture=mutate(raw.architecture, rng))
    if rng.random() < 0.2 and raw.training is not None:
        changed = replace(raw, training=mutate(raw.training, rng))
    try:
        whole = changed if weights is None else changed.with_weights(weights)
        targets.lower(pipeline.resolve(pipeline.migrate(pipeline.parse_raw(whole))).document)
    except AnyKerasError as error:
        assert error.seen, "a refusal that says nothing"
        return error.code
    return "opened"


def main(count: int, seed: int) -> None:
    rng, found, held = random.Random(seed), collections.Counter[str](), boxes()
    slowest, start = 0.0, time.time()
    for _ in range(count):
        raw, weights = rng.choice(held)
        begun = time.time()
        try:
            found[outcome(raw, weights, rng)] += 1
        except Exception:
            found["ESCAPED"] += 1
            print(raw.match.path, traceback.format_exc().strip()[-600:], sep="\n", end="\n\n")
        slowest = max(slowest, time.time() - begun)
    print(f"{count} mutants in {time.time() - start:.0f} s, slowest {slowest:.2f} s")
    print(found.most_common())


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2000, int(sys.argv[2]) if len(sys.argv) > 2 else 1)
