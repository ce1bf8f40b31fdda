"""Damaged code: whatever the bytes, an AnyKerasError or a graph, soon, and never anything else."""

from __future__ import annotations

import base64
import random
from dataclasses import replace

import pytest

from anykeras.document.model import Code
from anykeras.errors import AnyKerasError
from anykeras.recovery import recover
from work import at_most

from .made import document

K = np = None  # what the functions below name
ROUNDS = 150  # mutants of each function
CALLS = 2_000_000  # functions for one mutant: ten times what the longest takes


def _squash(x, axis=-1):
    s = K.sum(K.square(x), axis, keepdims=True) + K.epsilon()
    return K.sqrt(s) / (0.5 + s) * x


def _loop(x):
    parts = []
    for i in range(2):
        parts.append(x[:, i : i + 2] * (i + 1))
    return K.concatenate(parts, axis=-1)


def _nested(x):
    def scale(v, by=2.0):
        return v * by

    return sum([scale(x[:, i]) for i in range(3)])


def _tries(x):
    try:
        shape = K.int_shape(x)
        return K.reshape(x, (-1, shape[1] // 2, 2))
    except ValueError:
        return x


def _classy(x):
    class Scale:
        by = 2.0

        def __init__(self, x):
            self.x = x

        def __enter__(self):
            return self.x * self.by

        def __exit__(self, *error):
            return False

    class Twice(Scale):
        def __init__(self, x):
            super().__init__(x + x)

    with Twice(x) as y:
        return K.tanh(y)


@pytest.mark.parametrize("function", [_squash, _loop, _nested, _tries, _classy], ids=lambda function: function.__name__)
def test_mutants(function) -> None:
    made = document(function)
    graph = made.model.graph
    code = graph.layer("own").config["function"]
    good = base64.b64decode(code.stored[0])
    assert recover(made).code  # unharmed, it is followed
    chance = random.Random(function.__name__)
    outcomes = {"followed": 0, "refused": 0}
    for _ in range(ROUNDS):
        damaged = Code((base64.b64encode(_mutant(good, chance)).decode(), *code.stored[1:]), code.kind)
        layers = tuple(x.with_config(function=damaged) if x.name == "own" else x for x in graph.layers)
        try:
            with at_most(CALLS):
                recover(replace(made, model=replace(made.model, graph=replace(graph, layers=layers))))
            outcomes["followed"] += 1
        except AnyKerasError as error:
            assert error.code.startswith("AK3")
            outcomes["refused"] += 1
    assert outcomes["refused"] > ROUNDS / 3


def _mutant(good: bytes, chance: random.Random) -> bytes:
    """A few bytes changed, dropped, doubled, or the end cut off."""
    data = bytearray(good)
    for _ in range(chance.choice((1, 1, 2, 5))):
        place = chance.randrange(1, len(data))
        kind = chance.randrange(4)
        if kind == 0:
            data[place] = chance.randrange(256)
        elif kind == 1:
            data[place] ^= 1 << chance.randrange(8)
        elif kind == 2:
            del data[place]
        else:
            data[place:place] = data[place : place + chance.randrange(1, 8)]
    return bytes(data[: chance.randrange(1, len(data))] if chance.random() < 0.1 else data)
