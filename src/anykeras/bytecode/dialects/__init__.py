"""The instruction sets: one generated table of numbers per Python, plus ``traits`` for what a name means where."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from ..code import Version
from ..errors import UNKNOWN_PYTHON, BytecodeError
from .traits import Traits, traits_of

__all__ = ["TABLES", "VERSIONS", "Dialect", "Traits", "dialect", "read_table"]

TABLES = Path(__file__).parent / "opcodes.json"
VERSIONS: tuple[Version, ...] = ((2, 7), *((3, minor) for minor in range(4, 15)))

_INDEXED = ("name", "const", "local", "free")
_LISTS = ("compare", "binary", "intrinsics1", "intrinsics2", "special_methods", "common_constants")


@dataclass(frozen=True)
class Dialect:
    """One Python's instruction set.

    Attributes:
        opcodes: 256 entries, the name of each number or ``None``.
        have_argument: numbers from here on take an argument (before 3.6).
        caches: zero words that follow an instruction.
        jumps: ``"relative"`` or ``"absolute"`` for each jumping name.
        indexes: the table a name's argument points into: ``name``, ``const``, ``local`` or ``free``.
        compare, binary: what the argument of COMPARE_OP and BINARY_OP counts.
    """

    version: Version
    opcodes: tuple[str | None, ...]
    have_argument: int
    caches: dict[str, int]
    jumps: dict[str, str]
    indexes: dict[str, str]
    compare: tuple[str, ...]
    binary: tuple[str, ...]
    intrinsics1: tuple[str, ...]
    intrinsics2: tuple[str, ...]
    special_methods: tuple[str, ...]
    common_constants: tuple[str, ...]
    traits: Traits


@cache
def dialect(version: Version) -> Dialect:
    """The instruction set of ``version``.

    Raises:
        BytecodeError: there is no table for it.
    """
    if version not in VERSIONS:
        raise BytecodeError(UNKNOWN_PYTHON, f"no instruction table for Python {version[0]}.{version[1]}")
    raw = read_table(version)
    return Dialect(
        version=version,
        opcodes=tuple(raw["opcodes"].get(str(number)) for number in range(256)),
        have_argument=raw["have_argument"],
        caches=raw["caches"],
        jumps=raw["jumps"],
        indexes={name: field for field in _INDEXED for name in raw[f"uses_{field}"]},
        **{name: tuple(raw[name]) for name in _LISTS},
        traits=traits_of(version),
    )


def read_table(version: Version) -> dict[str, Any]:
    """The numbers of ``version``: what scripts/make_optables.py asked that Python for."""
    read = _read_tables()
    table: dict[str, Any] = {name: _list_in_force(changes, version) for name, changes in read["settings"].items()}
    facts = {
        name: {fact: _list_in_force(changes, version) for fact, changes in of_name.items()}
        for name, of_name in read["instructions"].items()
    }
    numbers = {name: of_name["number"] for name, of_name in facts.items() if of_name["number"] is not None}
    table["opcodes"] = {str(number): name for name, number in sorted(numbers.items(), key=lambda item: item[1])}
    table["caches"] = {name: facts[name]["caches"] for name in sorted(numbers) if facts[name].get("caches")}
    table["jumps"] = {name: facts[name]["jump"] for name in sorted(numbers) if facts[name].get("jump")}
    for field in _INDEXED:
        table[f"uses_{field}"] = [name for name in sorted(numbers) if facts[name].get("uses") == field]
    return table


@cache
def _read_tables() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = json.loads(TABLES.read_text())
    return found


def _list_in_force(changes: dict[str, Any], version: Version) -> Any:
    """Of values under the versions since which they hold, in order: the one of ``version``."""
    found = None
    for since, value in changes.items():
        if tuple(map(int, since.split("."))) <= version:
            found = value
    return found
