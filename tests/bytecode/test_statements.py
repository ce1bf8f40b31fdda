"""Class and ``with`` statements, against what each Python made of them."""

from __future__ import annotations

import base64
import json
import lzma
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from anykeras.bytecode import BytecodeError, CodeObject, CodeRaised, Machine, identify

from . import host, numeric
from .statements import ARGUMENTS, SOURCES

DATA = Path(__file__).parent / "data" / "statements.json.xz"
VERSIONS = ("2.7", "3.6", "3.7", "3.8", "3.9", "3.10", "3.11", "3.12", "3.13")


@cache
def _recorded() -> dict[str, dict[str, dict[str, Any]]]:
    loaded: dict[str, dict[str, dict[str, Any]]] = json.loads(lzma.decompress(DATA.read_bytes()))
    return loaded


def _outcome(code: CodeObject, n: int) -> list[str]:
    machine = Machine(code, numeric.NumbersDomain(numeric.environment()))
    try:
        return ["value", repr(machine.run(machine.function(), [n]))]
    except CodeRaised as error:
        return ["raises", error.exception]


@pytest.mark.parametrize("version", VERSIONS)
def test_every_python_that_could_have_written_it_agrees(version: str) -> None:
    records = _recorded()[version]
    assert len(records) >= 14
    for name, record in records.items():
        for code in identify(base64.b64decode(record["code"])).candidates:
            for n, expected in record["runs"]:
                assert _outcome(code, n) == expected, (name, n, code)


@host.known
@pytest.mark.parametrize("name", SOURCES)
def test_the_running_python_agrees(name: str) -> None:
    for n in ARGUMENTS:
        assert repr(host.run(SOURCES[name], n)) == repr(host.compiled(SOURCES[name])(n))


@host.known
def test_a_symbol_goes_through_objects_as_it_is() -> None:
    source = """
def f(x):
    class Scale(object):
        def __init__(self, by): self.by = by
        def __call__(self, v): return v * self.by
        def __rmul__(self, v): return v
    return Scale(3)(x) + sum(map(Scale(2), [x, x]))"""
    x = numeric.inputs("x2")[0]
    assert numeric.same(numeric.canonical(host.run(source, x)), numeric.canonical(7 * x))


@host.known
def test_the_order_of_symbol_and_object_is_not_guessed() -> None:
    source = "def f(x):\n    class C:\n        def __rmul__(self, v): return v\n    return x * C()"
    with pytest.raises(BytecodeError, match="symbol"):
        host.run(source, numeric.inputs("x2")[0])
