"""How a message is declared: a frozen dataclass whose fields carry their number and kind on the wire.

A field that the bytes do not hold keeps its default, as protocol buffers of version 3 say.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, TypeVar, dataclass_transform

from ...registry import Registry

M = TypeVar("M")

INTEGER, SIGNED, FLOAT, DOUBLE, FIXED32, TEXT, BYTES = "integer", "signed", "float", "double", "fixed32", "text", "bytes"
"""Kinds of scalars: varint of 64 bits (two's complement), zigzag varint, and what their names say; ``bytes`` stay a view."""

DEFAULTS: dict[str, object] = {INTEGER: 0, SIGNED: 0, FLOAT: 0.0, DOUBLE: 0.0, FIXED32: 0, TEXT: "", BYTES: memoryview(b"")}

MESSAGES: Registry[str, type[Any]] = Registry("message")


@dataclass(frozen=True, slots=True)
class WireField:
    """One field of a message: its kind is a scalar or the name of a message; a mapping has a kind of key too."""

    name: str
    kind: str
    repeated: bool = False
    key: str | None = None


def one(number: int, kind: str) -> Any:
    """A field that occurs at most once; the default of a message is None."""
    return dataclasses.field(default=DEFAULTS.get(kind), metadata={"wire": (number, kind, False, None)})


def maybe(number: int, kind: str) -> Any:
    """As `one`, where it matters whether a scalar is given: it is None where it is not."""
    return dataclasses.field(default=None, metadata={"wire": (number, kind, False, None)})


def many(number: int, kind: str) -> Any:
    """A repeated field, packed or not."""
    return dataclasses.field(default=(), metadata={"wire": (number, kind, True, None)})


def mapping(number: int, key: str, kind: str) -> Any:
    """A map field."""
    return dataclasses.field(default_factory=dict, metadata={"wire": (number, kind, False, key)})


@dataclass_transform(frozen_default=True)  # whatever stands behind a field is its default
def message(cls: type[M]) -> type[M]:
    """Declare a class as the message of its name, a frozen dataclass with slots."""
    declared = dataclass(frozen=True, slots=True)(cls)
    MESSAGES.add(cls.__name__, declared)
    return declared


def list_wire_fields(kind: type[Any]) -> dict[int, WireField]:
    """The fields of a message by their number."""
    found: dict[int, WireField] = {}
    for field in dataclasses.fields(kind):
        number, scalar, repeated, key = field.metadata["wire"]
        found[number] = WireField(field.name, scalar, repeated, key)
    return found
