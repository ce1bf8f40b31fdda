"""Reads marshalled code objects of CPython 2.7 and 3.0 to 3.14, bounded in size, depth, count and time.

Nothing is executed and nothing is built but the plain constants that a compiler writes: ``None``, booleans, numbers,
text, bytes, ``...``, tuples, frozensets, slices and code. Lists, dicts and sets can be marshalled, but no compiler puts
them into a code object, so they are refused.

A reference is counted with the full size of what it points to. A short chain of tuples that each hold the previous one
twice therefore ends at the limit, instead of costing every later walk (hash, compare, print) exponential time.

Source: ``Python/marshal.c`` of CPython 2.7.18, 3.0, 3.4.10, 3.8.18, 3.11.7, 3.14.2.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from .. import limits
from ..errors import AnyKerasError
from .code import VARARGS, VARKEYWORDS, CodeObject, Version
from .errors import limit_error, make_malformed_error

T = TypeVar("T")

FLAG_REF = 0x80
LOCAL, CELL, FREE = 0x20, 0x40, 0x80  # kinds of a fast slot, Include/internal/pycore_code.h (3.11)
MAX_DEPTH = 64  # genuine code nests a few levels
MAX_NODES = 200_000
MAX_HASHED = 2_000  # numbers in one frozenset: their hashes can be chosen to be alike
MAX_DIGITS = 800  # 15-bit digits of one integer constant: no more bits than the machine computes with

_END = object()  # marshal's NULL
_UNFINISHED = object()
_SINGLETONS: dict[str, object] = {"0": _END, "N": None, "F": False, "T": True, ".": Ellipsis}


@dataclass(frozen=True)
class CodeLayout:
    """Which fields a version's format has."""

    python2: bool
    references: bool  # FLAG_REF, from 3.4
    kwonly: bool  # from 3.0
    posonly: bool  # from 3.8
    localsplus: bool  # from 3.11: also qualname and exception table, no nlocals

    @classmethod
    def of(cls, version: Version) -> CodeLayout:
        return cls(
            python2=version < (3, 0),
            references=version >= (3, 4),
            kwonly=version >= (3, 0),
            posonly=version >= (3, 8),
            localsplus=version >= (3, 11),
        )


def read_code(data: bytes, version: Version) -> CodeObject:
    """The code object in ``data``, read as ``version`` wrote it.

    Raises:
        BytecodeError: the bytes are anything else than one complete code object of that format.
    """
    if len(data) > limits.current().code_bytes:
        raise limit_error(f"the code is {len(data)} bytes long")
    reader = _MarshalReader(data, version)
    value = reader.value(0)
    if not isinstance(value, CodeObject):
        raise make_malformed_error("the bytes hold a value that is not a code object")
    if reader.position != len(data):
        raise make_malformed_error(f"{len(data) - reader.position} bytes follow the code object")
    return value


class _MarshalReader:
    def __init__(self, data: bytes, version: Version) -> None:
        self.data, self.version, self.layout = data, version, CodeLayout.of(version)
        self.position = 0
        self.nodes = 0
        self.references: list[tuple[object, int]] = []
        self.interned: list[bytes] = []

    # -- bytes

    def take(self, count: int) -> bytes:
        end = self.position + count
        if count < 0 or end > len(self.data):
            raise make_malformed_error("the code ends early, or holds an impossible size")
        chunk = self.data[self.position : end]
        self.position = end
        return chunk

    def byte(self) -> int:
        return self.take(1)[0]

    def int32(self) -> int:
        return int(struct.unpack("<i", self.take(4))[0])

    def count(self, short: bool) -> int:
        """A number of items that follow: each takes a byte at least, so the bytes left are a bound."""
        number = self.byte() if short else self.int32()
        if not 0 <= number <= len(self.data) - self.position:
            raise make_malformed_error("the code holds an impossible size")
        return number

    def charge(self, nodes: int) -> None:
        self.nodes += nodes
        if self.nodes > MAX_NODES:
            raise limit_error("the code holds too many constants, counting shared ones as often as they are used")

    # -- values

    def value(self, depth: int, raw: bool = False) -> object:
        """The next value; ``raw`` asks for bytes where Python 2 has one type for bytes and text."""
        if depth > MAX_DEPTH:
            raise limit_error("the code is nested too deeply")
        start = self.nodes
        self.charge(1)
        tag = self.byte()
        slot = self._reserve() if tag & FLAG_REF else None
        kind = chr(tag & ~FLAG_REF)
        if kind == "r":
            return self._resolve_reference()
        read = _READERS.get(kind)
        if read is None:
            raise make_malformed_error(f"unknown marshal type {kind!r}")
        value = read(self, kind, depth + 1, raw)
        if slot is not None:
            self.references[slot] = (value, self.nodes - start)
        return value

    def _reserve(self) -> int:
        if not self.layout.references:
            raise make_malformed_error("references came with Python 3.4")
        self.references.append((_UNFINISHED, 0))
        return len(self.references) - 1

    def _resolve_reference(self) -> object:
        index = self.int32()
        if not 0 <= index < len(self.references) or self.references[index][0] is _UNFINISHED:
            raise make_malformed_error("a reference points nowhere or to itself")
        value, nodes = self.references[index]
        self.charge(nodes)
        return value

    def items(self, count: int, depth: int) -> tuple[object, ...]:
        values = tuple(self.value(depth) for _ in range(count))
        if any(value is _END for value in values):
            raise make_malformed_error("an end mark inside a tuple")
        return values

    def text(self, raw: bytes) -> str:
        """Text of a Python 2 string: UTF-8 where it is, else Latin-1, which loses nothing."""
        try:
            return raw.decode("utf-8", "surrogatepass")
        except UnicodeDecodeError:
            return raw.decode("latin-1")


def _read_singleton(reader: _MarshalReader, kind: str, depth: int, raw: bool) -> object:
    return _SINGLETONS[kind]


def _read_integer(reader: _MarshalReader, kind: str, depth: int, raw: bool) -> object:
    return reader.int32() if kind == "i" else int(struct.unpack("<q", reader.take(8))[0])


def _read_long(reader: _MarshalReader, kind: str, depth: int, raw: bool) -> object:
    digits = reader.int32()
    if abs(digits) > MAX_DIGITS:
        raise limit_error("an integer constant is too long")
    value = 0
    for position, (digit,) in enumerate(struct.iter_unpack("<H", reader.take(2 * abs(digits)))):
        if digit >> 15:
            raise make_malformed_error("a digit of an integer is out of range")
        value |= digit << (15 * position)
    return -value if digits < 0 else value


def _read_float(reader: _MarshalReader, kind: str, depth: int, raw: bool) -> object:
    if kind == "g":
        return float(struct.unpack("<d", reader.take(8))[0])
    if kind == "y":
        return complex(*struct.unpack("<dd", reader.take(16)))
    return complex(_read_decimal(reader), _read_decimal(reader)) if kind == "x" else _read_decimal(reader)


def _read_decimal(reader: _MarshalReader) -> float:
    try:
        return float(reader.take(reader.byte()).decode("ascii"))
    except AnyKerasError:
        raise
    except ValueError as error:
        raise make_malformed_error("a float is not a number") from error


def _read_bytes(reader: _MarshalReader, kind: str, depth: int, raw: bool) -> object:
    content = reader.take(reader.count(short=False))
    return reader.text(content) if reader.layout.python2 and not raw else content


def _read_interned(reader: _MarshalReader, kind: str, depth: int, raw: bool) -> object:
    content = reader.take(reader.count(short=False))
    reader.interned.append(content)
    return content if raw else reader.text(content)


def _repeat_interned(reader: _MarshalReader, kind: str, depth: int, raw: bool) -> object:
    index = reader.int32()
    if not reader.layout.python2 or not 0 <= index < len(reader.interned):
        raise make_malformed_error("a string reference points nowhere")
    return reader.interned[index] if raw else reader.text(reader.interned[index])


def _read_unicode(reader: _MarshalReader, kind: str, depth: int, raw: bool) -> object:
    try:
        return reader.take(reader.count(short=False)).decode("utf-8", "surrogatepass")
    except UnicodeDecodeError as error:
        raise make_malformed_error("a text constant is not UTF-8") from error


def _read_ascii(reader: _MarshalReader, kind: str, depth: int, raw: bool) -> object:
    if not reader.layout.references:
        raise make_malformed_error("short text came with Python 3.4")
    return reader.take(reader.count(short=kind in "zZ")).decode("latin-1")


def _read_tuple(reader: _MarshalReader, kind: str, depth: int, raw: bool) -> object:
    return reader.items(reader.count(short=kind == ")"), depth)


def _read_frozenset(reader: _MarshalReader, kind: str, depth: int, raw: bool) -> object:
    items = reader.items(reader.count(short=False), depth)
    if sum(isinstance(item, int | float | complex | tuple | frozenset) for item in items) > MAX_HASHED:
        raise limit_error("a frozenset holds too many numbers")
    try:
        return frozenset(items)
    except TypeError as error:  # slices cannot be hashed before Python 3.12
        raise make_malformed_error("a frozenset holds a value that no set can hold") from error


def _slice(reader: _MarshalReader, kind: str, depth: int, raw: bool) -> object:
    return slice(*reader.items(3, depth))


def _refuse_always(reader: _MarshalReader, kind: str, depth: int, raw: bool) -> object:
    raise make_malformed_error(f"marshal type {kind!r} never occurs in code")


def _read_code(reader: _MarshalReader, kind: str, depth: int, raw: bool) -> object:
    return _CodeFields(reader, depth).read()


class _CodeFields:
    """The fields of one code object, in the order in which they are written."""

    def __init__(self, reader: _MarshalReader, depth: int) -> None:
        self.reader, self.depth = reader, depth

    def small(self, what: str) -> int:
        number = self.reader.int32()
        if not 0 <= number <= 0xFFFF:
            raise make_malformed_error(f"{what} of a code object is {number}")
        return number

    def value(self, what: str, kind: type[T]) -> T:
        value = self.reader.value(self.depth, raw=kind is bytes)
        if not isinstance(value, kind):
            raise make_malformed_error(f"{what} of a code object is not {kind.__name__}")
        return value

    def names(self, what: str) -> tuple[str, ...]:
        values: tuple[object, ...] = self.value(what, tuple)
        names = tuple(value for value in values if isinstance(value, str))
        if len(names) != len(values):
            raise make_malformed_error(f"{what} of a code object holds something else than names")
        return names

    def read(self) -> CodeObject:
        layout = self.reader.layout
        argcount = self.small("argcount")
        posonly = self.small("posonlyargcount") if layout.posonly else 0
        kwonly = self.small("kwonlyargcount") if layout.kwonly else 0
        nlocals = None if layout.localsplus else self.small("nlocals")
        stacksize, flags = self.small("stacksize"), self.reader.int32()
        code, consts, names = self.value("co_code", bytes), self.value("co_consts", tuple), self.names("co_names")
        slots, cellvars, freevars = self._plus() if layout.localsplus else self._separate(nlocals or 0)
        filename, name = self.value("co_filename", str), self.value("co_name", str)
        qualname = self.value("co_qualname", str) if layout.localsplus else name
        firstlineno = self.reader.int32()
        line_table = self.value("line table", bytes)
        exception_table = self.value("exception table", bytes) if layout.localsplus else b""
        stars = bool(flags & VARARGS) + bool(flags & VARKEYWORDS)
        if posonly > argcount or argcount + kwonly + stars > len(slots):
            raise make_malformed_error("a code object has more parameters than local variables")
        return CodeObject(
            self.reader.version, name, qualname, filename, firstlineno, argcount, posonly, kwonly, stacksize, flags,
            code, consts, names, slots, cellvars, freevars, line_table, exception_table,
        )  # fmt: skip

    def _separate(self, nlocals: int) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
        varnames, freevars, cellvars = self.names("co_varnames"), self.names("co_freevars"), self.names("co_cellvars")
        if nlocals != len(varnames):
            raise make_malformed_error("co_nlocals is not the number of local variables")
        return varnames, cellvars, freevars

    def _plus(self) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
        names, kinds = self.names("co_localsplusnames"), self.value("co_localspluskinds", bytes)
        if len(names) != len(kinds):
            raise make_malformed_error("co_localspluskinds does not fit co_localsplusnames")
        pairs = tuple(zip(names, kinds, strict=True))
        free = tuple(name for name, kind in pairs if kind & FREE)
        if names[len(names) - len(free) :] != free:
            raise make_malformed_error("free variables are not the last slots")
        return names, tuple(name for name, kind in pairs if kind & CELL), free


_READERS: dict[str, Callable[[_MarshalReader, str, int, bool], object]] = {
    **dict.fromkeys(_SINGLETONS, _read_singleton),
    **dict.fromkeys("iI", _read_integer),
    "l": _read_long,
    **dict.fromkeys("gyfx", _read_float),
    "s": _read_bytes,
    "t": _read_interned,
    "R": _repeat_interned,
    "u": _read_unicode,
    **dict.fromkeys("aAzZ", _read_ascii),
    **dict.fromkeys("()", _read_tuple),
    ">": _read_frozenset,
    ":": _slice,
    "c": _read_code,
    **dict.fromkeys("[{<S", _refuse_always),
}
