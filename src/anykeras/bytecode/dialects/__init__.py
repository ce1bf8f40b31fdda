"""The instruction sets: one generated table of numbers per Python, plus ``traits`` for what a name means where."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ..code import Version
from ..errors import UNKNOWN_PYTHON, BytecodeError
from .traits import Traits, traits_of

__all__ = ["VERSIONS", "Dialect", "Traits", "dialect"]

_HERE = Path(__file__).parent
VERSIONS: tuple[Version, ...] = ((2, 7), *((3, minor) for minor in range(4, 15)))


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
    raw = json.loads((_HERE / f"{version[0]}.{version[1]}.json").read_text())
    return Dialect(
        version=version,
        opcodes=tuple(raw["opcodes"].get(str(number)) for number in range(256)),
        have_argument=raw["have_argument"],
        caches=raw["caches"],
        jumps=raw["jumps"],
        indexes={name: field for field in ("name", "const", "local", "free") for name in raw[f"uses_{field}"]},
        compare=tuple(raw["compare"]),
        binary=tuple(raw["binary"]),
        intrinsics1=tuple(raw["intrinsics1"]),
        intrinsics2=tuple(raw["intrinsics2"]),
        special_methods=tuple(raw["special_methods"]),
        common_constants=tuple(raw["common_constants"]),
        traits=traits_of(version),
    )
