"""Which Pythons could have written a code object? The file does not say; the bytes do, nearly always.

Every known Python's format and instruction set is tried, with all static checks. Those that survive are ALL kept: a
caller runs each and compares. Which one a survivor is never decides a result alone.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from . import repair
from .checks import check
from .code import CodeObject, Version
from .dialects import VERSIONS
from .errors import UNKNOWN_PYTHON, BytecodeError
from .unmarshal import read_code

_SHORT = 1 << 14  # bytes of code that is remembered
_IN_PATH = re.compile(r"[Pp]ython[-_]?(2|3)\.?(\d{1,2})(?!\d)")


@dataclass(frozen=True, eq=False)
class Identification:
    """Who may have written the code.

    Attributes:
        candidates: the code object as each surviving Python reads it, the likeliest first; never empty. After a repair
            there may be several of one version.
        rejected: why each other Python could not have written it.
        evidence: sentences for a report.
        damage: what Windows did and what was undone; empty where nothing was.
    """

    candidates: tuple[CodeObject, ...]
    rejected: dict[Version, str] = field(default_factory=dict)
    evidence: tuple[str, ...] = ()
    damage: tuple[str, ...] = ()

    @property
    def best(self) -> CodeObject:
        return self.candidates[0]

    @property
    def versions(self) -> tuple[Version, ...]:
        """The versions of the candidates, likeliest first."""
        return tuple(dict.fromkeys(code.version for code in self.candidates))


def identify(data: bytes, preferred: Sequence[Version] = ()) -> Identification:
    """Reads ``data`` as every known Python would.

    Args:
        preferred: versions that something else speaks for (the writer's Keras), used only to put candidates in order.

    Raises:
        BytecodeError: no known Python could have written it; the message says why the likeliest could not.
    """
    known = _identify if len(data) <= _SHORT else _identify.__wrapped__
    return known(data, tuple(preferred))


@lru_cache(maxsize=256)
def _identify(data: bytes, preferred: tuple[Version, ...]) -> Identification:
    """The same; what files and layers share is looked at once."""
    survivors, rejected = _find_survivors(data)
    damage: tuple[str, ...] = ()
    if repair.is_saved_on_windows(data) or (not survivors and repair.may_be_damaged(data)):
        survivors, damage = _repair(data, survivors)
    if not survivors:
        raise _make_no_python_error(rejected, repair.may_be_damaged(data) and repair.is_saved_on_windows(data))
    kept = [code for code in survivors if fits_line_table(code)] or survivors
    rejected = rejected | {code.version: "its line table would look different" for code in survivors if code not in kept}
    ordered = sorted(kept, key=lambda code: _rank_dialects(code, preferred), reverse=True)
    return Identification(tuple(ordered), rejected, _describe_evidence(ordered), damage)


def _find_survivors(data: bytes) -> tuple[list[CodeObject], dict[Version, str]]:
    survivors, rejected = [], {}
    for version in VERSIONS:
        try:
            code = read_code(data, version)
            check(code)
        except BytecodeError as error:
            rejected[version] = error.seen
        else:
            survivors.append(code)
    return survivors, rejected


def _repair(data: bytes, survivors: list[CodeObject]) -> tuple[list[CodeObject], tuple[str, ...]]:
    found: list[CodeObject] = []
    trouble: list[str] = []
    for version in VERSIONS:
        try:
            found += repair.list_readings(data, version)
        except BytecodeError as error:
            trouble.append(error.seen)
    if trouble:
        raise BytecodeError(UNKNOWN_PYTHON, trouble[0], part="function code", next_step="Pass the function in custom_objects.")
    said = "the file was saved on Windows, where Keras replaced every byte 5C of the code by 2F; "
    if not found:
        return survivors, ()
    raw = {code.version: code.code for code in survivors}
    if all(raw.get(code.version) == code.code for code in found):
        return found, (said + "no instruction was hit",)
    return found, (said + f"{len(found)} reading(s) undo it and pass all checks",)


def _make_no_python_error(rejected: dict[Version, str], windows: bool) -> BytecodeError:
    furthest = max(rejected, key=lambda version: ("opcode" in rejected[version], version))
    seen = f"no known Python wrote this code; Python {furthest[0]}.{furthest[1]} is ruled out because {rejected[furthest]}"
    if windows:
        seen += "; it was saved on Windows, where Keras damages code"
    return BytecodeError(UNKNOWN_PYTHON, seen, part="function code", next_step="Pass the function in custom_objects.")


def _find_version_in_path(code: CodeObject) -> Version | None:
    match = _IN_PATH.search(code.filename[:500])
    return (int(match[1]), int(match[2])) if match else None


def _rank_dialects(code: CodeObject, preferred: Sequence[Version]) -> tuple[bool, int, Version]:
    place = len(preferred) - list(preferred).index(code.version) if code.version in preferred else 0
    return _find_version_in_path(code) == code.version, place, code.version


def _describe_evidence(candidates: list[CodeObject]) -> tuple[str, ...]:
    names = " or ".join(dict.fromkeys(f"{code.version[0]}.{code.version[1]}" for code in candidates))
    said = [f"format, instructions, stack depths and line table are consistent for Python {names} only"]
    named = _find_version_in_path(candidates[0])
    if named:
        said.append(f"its file name mentions Python {named[0]}.{named[1]}: {candidates[0].filename[:120]!r}")
    return tuple(said)


# The line table as a witness of the version: it covers the code differently before and from 3.10.
#
# Source: ``Objects/lnotab_notes.txt`` of CPython 3.9 and 3.10; ``Objects/locations.md`` of 3.11.


def fits_line_table(code: CodeObject) -> bool:
    """Whether the table is one that ``code.version`` would have written for instructions of this length."""
    if code.version >= (3, 11):
        return _covers_by_locations(code)
    if len(code.line_table) % 2:
        return False
    covered = sum(code.line_table[::2])
    return covered == len(code.code) if code.version >= (3, 10) else covered < len(code.code)


def _covers_by_locations(code: CodeObject) -> bool:
    """3.11+: an entry starts with a byte that has the high bit; its low three bits are its length less one."""
    units, table = 0, code.line_table
    if table and not table[0] & 0x80:
        return False
    for byte in table:
        if byte & 0x80:
            units += (byte & 7) + 1
    return 2 * units == len(code.code)
