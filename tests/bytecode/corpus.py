"""The 120 functions of every Python: ``data/cases.json.xz``, made by ``scripts/make_bytecode_cases.py``."""

from __future__ import annotations

import ast
import base64
import json
import lzma
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

DATA = Path(__file__).parent / "data" / "cases.json.xz"


@dataclass(frozen=True)
class Case:
    """One function of one Python; ``expected`` is the canonical form of its result there."""

    version: tuple[int, int]
    name: str
    code: bytes
    kind: str
    defaults: tuple[object, ...]
    kwdefaults: dict[str, object]
    closure: tuple[object, ...]
    expected: Any

    @property
    def id(self) -> str:
        return f"{self.name}-{self.version[0]}.{self.version[1]}"


@cache
def _raw() -> dict[str, dict[str, dict[str, Any]]]:
    loaded: dict[str, dict[str, dict[str, Any]]] = json.loads(lzma.decompress(DATA.read_bytes()))
    return loaded


def versions() -> list[tuple[int, int]]:
    return sorted((int(major), int(minor)) for major, minor in (version.split(".") for version in _raw()))


def cases(version: tuple[int, int] | None = None) -> Iterator[Case]:
    """Every case, or those of one Python."""
    for key in sorted(_raw()):
        major, minor = map(int, key.split("."))
        if version in (None, (major, minor)):
            yield from (_case((major, minor), name, record) for name, record in sorted(_raw()[key].items()))


def _case(version: tuple[int, int], name: str, record: dict[str, Any]) -> Case:
    def given(field: str) -> Any:
        return ast.literal_eval(record[field])

    return Case(
        version, name, base64.b64decode(record["code"]), record["kind"], given("defaults") or (),
        given("kwdefaults") or {}, given("closure") or (), record["expected"],
    )  # fmt: skip
