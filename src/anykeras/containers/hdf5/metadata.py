"""Links of a group and attributes of an object, within bounds.

A crafted file can list one long name or value a million times: what is taken out is counted against the size of the file
(File Format Specification 3.0, III and IV).
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Sequence

from ... import limits
from ...errors import AnyKerasError, LimitExceeded, Unsupported
from ..source import CountingReader
from .heaps import ATTRIBUTE_NAMES, GROUP_NAMES, GROUPS, walk_heap, walk_tree
from .structures import (
    ATTRIBUTE,
    ATTRIBUTE_INFO,
    LINK,
    LINK_INFO,
    SYMBOL_TABLE,
    UNDEFINED,
    GlobalHeaps,
    Message,
    Value,
    read_at,
    read_attribute,
)

HARD, EXTERNAL = 0, 64
SOFT_ENTRY = 2  # cache type of a soft link in a symbol table
LONGEST = 1 << 16  # bytes of a name

_TABLE = struct.Struct("<4sxxH")  # signature, version, entries (III.B)
_ENTRY = struct.Struct("<QQI20x")  # name in the heap, address, cache type; scratch (III.C)
_HEAP = struct.Struct("<4sBxxxQ8xQ")  # signature, version, size, address (III.D)
_CHILD = struct.Struct("<8xQ")  # of a tree of groups: a key, the address below it


class NameBudget:
    """Bytes of names and values that may still be taken out of one file."""

    def __init__(self, size: int) -> None:
        self.left = 8 * size + limits.MIB

    def take(self, count: int, part: str) -> None:
        """Count `count` bytes. Raises LimitExceeded when they are more than a genuine file holds."""
        self.left -= count
        if self.left < 0:
            raise LimitExceeded(
                "AK1003",
                "the names and attributes of the file add up to many times its size",
                part=part,
                next_step="Do not load this file unless you know who made it.",
            )


Report = Callable[[AnyKerasError], None]


def read_links(
    messages: Sequence[Message], meter: CountingReader, budget: NameBudget, part: str, report: Report | None = None
) -> Iterator[tuple[str, int]]:
    """(name, address) of the hard links of a group.

    Raises Unsupported (AK1106) for links of any other kind; with `report`, they are reported and left out.
    """
    for kind, _, data in messages:
        if kind == SYMBOL_TABLE:
            yield from _read_table(data, meter, budget, part, report)
        elif kind == LINK:
            yield from _read_message(data, budget, part, report)
        elif kind == LINK_INFO:
            for item in _list_items(data, 8, meter, GROUP_NAMES):
                yield from _read_message(item, budget, part, report)


def _list_items(data: bytes, number: int, meter: CountingReader, kind: int) -> Iterator[bytes]:
    """What lies in the heap that a message names; `number` bytes follow its flags where the order of creation is kept."""
    heap, names = struct.unpack_from("<QQ", data, 2 + (number if data[1] & 1 else 0))
    if UNDEFINED not in (heap, names):
        yield from walk_heap(meter, heap, names, kind)


def _refuse_outside(part: str, what: str, report: Report | None) -> None:
    if report is None:
        raise make_outside_link_error(part, what)
    report(make_outside_link_error(part, what))


def _read_table(
    data: bytes, meter: CountingReader, budget: NameBudget, part: str, report: Report | None
) -> Iterator[tuple[str, int]]:
    tree, heap = struct.unpack_from("<QQ", data)
    names = _read_heap(meter, heap)
    for (table,) in walk_tree(meter, tree, GROUPS, _CHILD):
        signature, count = _TABLE.unpack(read_at(meter, table, _TABLE.size))
        entries = meter.read(count * _ENTRY.size)
        if signature != b"SNOD" or len(entries) != count * _ENTRY.size:
            raise ValueError("no symbol table where one should be")
        for start, address, kind in _ENTRY.iter_unpack(entries):
            if kind == SOFT_ENTRY:
                _refuse_outside(part, "a soft link", report)
                continue
            end = names.index(b"\0", start, start + LONGEST)
            budget.take(end - start + 64, part)
            yield names[start:end].decode("utf-8"), address


def _read_heap(meter: CountingReader, address: int) -> bytes:
    """The names of a group, each ended by a zero."""
    signature, version, size, start = _HEAP.unpack(read_at(meter, address, _HEAP.size))
    if signature != b"HEAP" or version != 0:
        raise ValueError("no local heap where one should be")
    return read_at(meter, start, size)


def _read_message(data: bytes, budget: NameBudget, part: str, report: Report | None) -> Iterator[tuple[str, int]]:
    """The link in a message: version, flags, kind (bit 3 of the flags), order (bit 2), characters (bit 4), name."""
    version, flags = data[0], data[1]
    if version != 1:
        raise NotImplementedError(f"version {version} of links")
    at = 2
    kind = data[at] if flags & 8 else HARD
    if kind != HARD:
        _refuse_outside(part, _name_outside(data) if kind == EXTERNAL else "a soft link", report)
        return
    at += (1 if flags & 8 else 0) + (8 if flags & 4 else 0) + (1 if flags & 16 else 0)
    width = 1 << (flags & 3)
    size = int.from_bytes(data[at : at + width], "little")
    at += width
    budget.take(size + 64, part)
    yield data[at : at + size].decode("utf-8"), struct.unpack_from("<Q", data, at + size)[0]


def _name_outside(data: bytes) -> str:
    """An external link with the file that it names: the last two texts of the message, each ended by a zero."""
    parts = data.rstrip(b"\0").split(b"\0")
    return f"an external link into {parts[-2][-80:].decode('utf-8', 'replace')!r}" if len(parts) > 1 else "an external link"


def read_attributes(
    messages: Sequence[Message], meter: CountingReader, heaps: GlobalHeaps, budget: NameBudget, part: str
) -> dict[str, Value]:
    """The attributes of an object, of both kinds of storage."""
    found: dict[str, Value] = {}
    for item in _list_attribute_messages(messages, meter):
        budget.take(len(item), part)
        name, value = read_attribute(item, heaps)
        if name in found:
            raise ValueError(f"the attribute {name!r} is there twice")
        found[name] = value
    return found


def _list_attribute_messages(messages: Sequence[Message], meter: CountingReader) -> Iterator[bytes]:
    for kind, _, data in messages:
        if kind == ATTRIBUTE:
            yield data
        elif kind == ATTRIBUTE_INFO:
            yield from _list_items(data, 2, meter, ATTRIBUTE_NAMES)


def make_outside_link_error(part: str, what: str) -> Unsupported:
    """The refusal of whatever leads out of the file."""
    return Unsupported(
        "AK1106",
        f"{what}: AnyKeras follows only hard links inside the file",
        part=part,
        next_step="If you trust the file, copy it with h5py into one that holds its own data.",
    )
