"""The wire format of protocol buffers, decoded by the table of messages: bounded, without generated code.

Source: the encoding guide of Protocol Buffers (wire types 0, 1, 2 and 5; groups, which TensorFlow never writes, are refused).
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any, TypeVar

from ...errors import Malformed
from ...limits import Budget, budget
from .fields import BYTES, DOUBLE, FIXED32, FLOAT, INTEGER, MESSAGES, SIGNED, TEXT, WireField, list_wire_fields

M = TypeVar("M")

DEPTH = 64  # messages inside messages
VARINT, WIDE, LENGTH, NARROW = 0, 1, 2, 5
FIXED = {FLOAT: struct.Struct("<f"), DOUBLE: struct.Struct("<d"), FIXED32: struct.Struct("<I")}
CHARGE = 1024  # fields that are paid for at once
_PLANS: dict[type[Any], dict[int, WireField]] = {}
_EMPTY: dict[type[Any], Any] = {}  # messages of no bytes, which two bytes of another ask for: one of a kind for all
_NOTHING = memoryview(b"")  # likewise
_VIEW = 1  # for a view, which takes more memory than other values


def read_message(kind: type[M], data: bytes | memoryview, part: str) -> M:
    """A message of `kind`, one of :data:`MESSAGES`; fields that the table does not have are skipped.

    Raises Malformed (AK1150) for bytes that are no such message, LimitExceeded when the budget of the file is spent.
    `part` names the place of the bytes. Fields of kind ``bytes`` are views into `data`.
    """
    return _MessageReader(memoryview(data), part).message(kind, 0, len(data), 0)


def read_varint(view: memoryview | bytes, at: int, end: int, part: str) -> tuple[int, int]:
    """An unsigned number of at most 64 bits, and where it ends."""
    value = shift = 0
    while at < end and shift < 64:
        byte = view[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value & 0xFFFFFFFFFFFFFFFF, at
    raise make_wire_error("a number does not end", part)


def make_wire_error(seen: str, part: str) -> Malformed:
    """The refusal of bytes that are no message of their kind."""
    return Malformed(
        "AK1150", seen, part=part, next_step="Copy the file again from where it was written: it is cut off or was changed."
    )


class _MessageReader:
    """One pass over the bytes of a message and of those inside it."""

    def __init__(self, view: memoryview, part: str) -> None:
        self._view, self._part = view, part
        self._budget: Budget = budget()
        self._unpaid = 0

    def message(self, kind: type[M], at: int, end: int, depth: int) -> M:
        """The message in ``at:end``."""
        if at == end:
            empty: M = _EMPTY.get(kind) or _EMPTY.setdefault(kind, kind())
            return empty
        if depth > DEPTH:
            raise make_wire_error(f"messages lie more than {DEPTH} deep in each other", self._part)
        fields = _PLANS.get(kind) or _PLANS.setdefault(kind, list_wire_fields(kind))
        values: dict[str, Any] = {}
        while at < end:
            number, wire, at, stop = self._tag(at, end)
            field = fields.get(number)
            if field is not None:
                self._enter(values, field, wire, at, stop, depth)
            at = stop
        return kind(**{name: tuple(value) if isinstance(value, list) else value for name, value in values.items()})

    def _tag(self, at: int, end: int) -> tuple[int, int, int, int]:
        """Number and wire type of the field at `at`, and where its value begins and ends."""
        self._pay(1)
        key, at = read_varint(self._view, at, end, self._part)
        wire = key & 7
        if wire == VARINT:
            stop = read_varint(self._view, at, end, self._part)[1]
        elif wire == LENGTH:
            size, at = read_varint(self._view, at, end, self._part)
            stop = at + size
        elif wire in (WIDE, NARROW):
            stop = at + (8 if wire == WIDE else 4)
        else:
            raise make_wire_error(f"a field of wire type {wire}", self._part)
        if stop > end:
            raise make_wire_error("a field is longer than the message that it is in", self._part)
        return key >> 3, wire, at, stop

    def _pay(self, fields: int) -> None:
        self._unpaid += fields
        if self._unpaid >= CHARGE:
            self._budget.charge(self._unpaid)
            self._unpaid = 0

    def _enter(self, values: dict[str, Any], field: WireField, wire: int, at: int, stop: int, depth: int) -> None:
        if field.key is not None:
            key, value = self._entry(field, wire, at, stop, depth + 1)
            values.setdefault(field.name, {})[key] = value
        elif field.repeated:
            found = values.setdefault(field.name, [])
            packed = wire == LENGTH and (field.kind in FIXED or field.kind in (INTEGER, SIGNED))
            if packed:
                found.extend(self._read_packed(field.kind, at, stop))
            else:
                found.append(self._value(field.kind, wire, at, stop, depth))
        elif field.kind in MESSAGES and field.name in values:
            # protocol buffers merge such messages; no writer of TensorFlow splits one
            raise make_wire_error(f"the message {field.name} is given twice", self._part)
        else:
            values[field.name] = self._value(field.kind, wire, at, stop, depth)

    def _value(self, kind: str, wire: int, at: int, stop: int, depth: int) -> Any:
        expected = WIRES.get(kind, LENGTH)
        if wire != expected:
            raise make_wire_error(f"a field has wire type {wire} where {kind} has {expected}", self._part)
        if kind in (INTEGER, SIGNED):
            return _read_integer(kind, read_varint(self._view, at, stop, self._part)[0])
        if kind in FIXED:
            return FIXED[kind].unpack_from(self._view, at)[0]
        if kind == BYTES:
            self._pay(_VIEW)
            return self._view[at:stop] if at < stop else _NOTHING
        if kind == TEXT:
            return bytes(self._view[at:stop]).decode("utf-8", "surrogateescape")
        return self.message(MESSAGES[kind], at, stop, depth + 1)

    def _read_packed(self, kind: str, at: int, stop: int) -> list[Any]:
        if kind in FIXED:
            count, rest = divmod(stop - at, FIXED[kind].size)
            if rest:
                raise make_wire_error(f"a list of numbers has {rest} bytes too many", self._part)
            self._pay(count)
            return [value for (value,) in FIXED[kind].iter_unpack(self._view[at:stop])]
        found = []
        while at < stop:
            self._pay(1)
            value, at = read_varint(self._view, at, stop, self._part)
            found.append(_read_integer(kind, value))
        return found

    def _entry(self, field: WireField, wire: int, at: int, end: int, depth: int) -> tuple[Any, object]:
        """One entry of a map, which is a message of a key (field 1) and a value (field 2)."""
        if wire != LENGTH or field.key is None:
            raise make_wire_error("an entry of a map is no message", self._part)
        key: Any = "" if field.key == TEXT else 0
        value: Any = None
        while at < end:
            number, wire, at, stop = self._tag(at, end)
            if number == 1:
                key = self._value(field.key, wire, at, stop, depth)
            elif number == 2:
                value = self._value(field.kind, wire, at, stop, depth)
            at = stop
        if value is None:
            value = _find_absent(field.kind)
        return key, value


WIRES: dict[str, int] = {INTEGER: VARINT, SIGNED: VARINT, FLOAT: NARROW, FIXED32: NARROW, DOUBLE: WIDE}


def _read_integer(kind: str, value: int) -> int:
    if kind == SIGNED:
        return (value >> 1) ^ -(value & 1)
    return value - (1 << 64) if value >> 63 else value


_SCALARS: dict[str, Callable[[], object]] = {TEXT: str, BYTES: lambda: memoryview(b""), INTEGER: int, SIGNED: int}


def _find_absent(kind: str) -> Any:
    """The value of a map entry that does not give one."""
    return _SCALARS[kind]() if kind in _SCALARS else MESSAGES[kind]()
