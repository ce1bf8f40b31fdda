"""Undoes what Keras on Windows did to stored code: ``func_dump`` replaced every byte 0x5C by 0x2F.

It is still there in Keras 3.15.1 (``keras/src/utils/python_utils.py``). 0x5C is UNPACK_SEQUENCE up to Python 3.12,
LOAD_NAME in 3.13, LOAD_GLOBAL in 3.14; 0x2F is no instruction before 3.13. So an instruction 0x2F was 0x5C up to 3.12;
later, and for arguments and numbers, every reading that passes the static checks is kept, and the caller runs them all.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import replace
from itertools import product

from .checks import check, indexes
from .code import CodeObject, Version
from .dialects import dialect
from .errors import BytecodeError, make_malformed_error
from .instructions import decode
from .unmarshal import read_code

SLASH, BACKSLASH = 0x2F, 0x5C
_DRIVE = re.compile(rb"[A-Za-z]:/")
MAX_CHOICES = 10  # places where both bytes may be right
MAX_READINGS = 16
MAX_FLIPS = 200
MAX_WORK = 150_000  # bytes of code checked for one version, all readings together


class _RepairBudget:
    """What one repair may still check."""

    def __init__(self) -> None:
        self.left = MAX_WORK

    def spend(self, size: int) -> None:
        self.left -= size
        if self.left < 0:
            raise make_malformed_error("the code was damaged when it was saved on Windows, in too many places to undo")


def is_saved_on_windows(data: bytes) -> bool:
    """Whether the bytes hold a path with a drive, and no backslash at all."""
    return BACKSLASH not in data and _DRIVE.search(data) is not None


def may_be_damaged(data: bytes) -> bool:
    return BACKSLASH not in data and SLASH in data


def list_readings(data: bytes, version: Version) -> list[CodeObject]:
    """Every reading of damaged ``data`` as ``version`` that passes the checks, the unchanged one first if it does."""
    found: list[CodeObject] = []
    budget = _RepairBudget()
    for code in _parse(data, version, budget):
        found += _restore(code, budget)
        if len(found) > MAX_READINGS:
            raise make_malformed_error("the code was damaged when it was saved on Windows, and too many readings undo it")
        if found:
            break
    return found


def _parse(data: bytes, version: Version, budget: _RepairBudget) -> Iterator[CodeObject]:
    """The code as it reads, else with one size or index byte put back."""
    try:
        yield read_code(data, version)
        return
    except BytecodeError:
        places = [place for place, byte in enumerate(data) if byte == SLASH][:MAX_FLIPS]
    for place in places:
        budget.spend(len(data))
        try:
            yield read_code(data[:place] + bytes([BACKSLASH]) + data[place + 1 :], version)
        except BytecodeError:
            continue


def _restore(code: CodeObject, budget: _RepairBudget) -> list[CodeObject]:
    """Readings of one code object and of those in it."""
    versions: list[list[object]] = [_find_constant(value, budget) for value in code.consts]
    readings_of_code = [replace(code, code=raw) for raw in _list_instructions(code)]
    if _make_too_many_error(versions, readings_of_code):
        raise make_malformed_error("the code was damaged when it was saved on Windows, in too many places to undo")
    found = []
    for reading, consts in product(readings_of_code, product(*versions)):
        candidate = reading if all(map(_is_same, consts, code.consts)) else replace(reading, consts=consts)
        budget.spend(len(candidate.code))
        if _passes_checks(candidate):
            found.append(candidate)
    fewest = min(map(_count_unused, found), default=0)
    return [candidate for candidate in found if _count_unused(candidate) == fewest]


def _count_unused(code: CodeObject) -> int:
    """Entries of the tables that no instruction uses. A compiler makes few; a changed index leaves one behind."""
    body = decode(code)
    used = {(body.dialect.indexes[one.name], index) for one in body.instructions for index in indexes(body, one)}
    parameters = len(code.parameters)
    every = [("name", i) for i in range(len(code.names))] + [("const", i) for i in range(len(code.consts))]
    every += [("local", i) for i in range(parameters, len(code.slots))]
    return sum(entry not in used for entry in every)


def _is_same(left: object, right: object) -> bool:
    return left is right


def _make_too_many_error(versions: list[list[object]], others: list[CodeObject]) -> bool:
    count = len(others)
    for values in versions:
        count *= max(1, len(values))
    return count > 1 << MAX_CHOICES


def _passes_checks(code: CodeObject) -> bool:
    try:
        check(code)
    except BytecodeError:
        return False
    return True


# -- instructions


def _list_instructions(code: CodeObject) -> Iterator[bytes]:
    forced, open_places = _find_places(code)
    if len(open_places) > MAX_CHOICES:
        raise make_malformed_error("the code was damaged when it was saved on Windows, in too many places to undo")
    for chosen in product((False, True), repeat=len(open_places)):
        raw = bytearray(code.code)
        for place in (*forced, *(place for place, put in zip(open_places, chosen, strict=True) if put)):
            raw[place] = BACKSLASH
        yield bytes(raw)


def _find_places(code: CodeObject) -> tuple[list[int], list[int]]:
    """Where 0x2F must have been 0x5C, and where it may."""
    table, raw = dialect(code.version), code.code
    known = table.opcodes[SLASH] is not None
    forced: list[int] = []
    open_places: list[int] = []
    place = 0
    while place < len(raw):
        opcode = raw[place]
        if opcode == SLASH:
            (open_places if known else forced).append(place)
            opcode = SLASH if known else BACKSLASH
        size = 2 if table.traits.wordcode else 3 if opcode >= table.have_argument else 1
        arguments = range(place + 1, min(place + size, len(raw)))
        open_places += [at for at in arguments if raw[at] == SLASH]
        place += size
    return forced, open_places


# -- constants


def _find_constant(value: object, budget: _RepairBudget) -> list[object]:
    """What a constant may have been, as it is now first."""
    if isinstance(value, CodeObject):
        return list(_restore(value, budget))
    if type(value) is int and -(1 << 31) <= value < 1 << 31:
        return [value, *(struct.unpack("<i", raw)[0] for raw in _put_back(struct.pack("<i", value)))]
    if type(value) is float:
        return list(_keep_likely([value, *(struct.unpack("<d", raw)[0] for raw in _put_back(struct.pack("<d", value)))]))
    return [value]


def _put_back(raw: bytes) -> list[bytes]:
    """``raw`` with every choice of one or more of its 2F bytes put back."""
    places = [place for place, byte in enumerate(raw) if byte == SLASH][:3]
    found = []
    for chosen in product((False, True), repeat=len(places)):
        changed = bytearray(raw)
        for place, put in zip(places, chosen, strict=True):
            changed[place] = BACKSLASH if put else SLASH
        found.append(bytes(changed))
    return found[1:]


def _keep_likely(values: list[float]) -> list[float]:
    """People write short numbers; a changed byte gives a long one."""
    shortest = min(len(repr(value)) for value in values)
    return [value for value in values if len(repr(value)) < shortest + 4]
