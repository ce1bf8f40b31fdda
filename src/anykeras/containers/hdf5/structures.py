"""Single structures of an HDF5 file: headers of objects, what their messages say, values of attributes.

Written after the HDF5 File Format Specification 3.0; section numbers are its own. Loops here run over bytes that were read,
so that they end; what is read is counted by the reader. Damage shows as any exception (`guard_decoding` makes one of it).
No array library is needed to know names, shapes and types.
"""

from __future__ import annotations

import struct
import sys
from array import array
from collections.abc import Iterator, Sequence
from typing import NamedTuple, TypeAlias

from ... import limits
from ..source import ByteSource, CountingReader

UNDEFINED = 0xFFFFFFFFFFFFFFFF
SPACE, LINK_INFO, DATATYPE, FILL, LINK, EXTERNAL_FILES, LAYOUT = 1, 2, 3, 5, 6, 7, 8
FILTERS, ATTRIBUTE, CONTINUATION, SYMBOL_TABLE, ATTRIBUTE_INFO = 11, 12, 16, 17, 21
FIXED, FLOAT, STRING, OPAQUE, COMPOUND, REFERENCE, ENUM, VARIABLE = 0, 1, 3, 5, 6, 7, 8, 9

Value: TypeAlias = "bytes | int | float | list[bytes | None] | array[int] | array[float] | bytearray | None"
"""Of an attribute: a text, a number, a list of texts, an array of numbers, or the bytes of what is neither; None where the
type has no meaning here."""

_HEADER = struct.Struct("<BxHIIxxxx")  # version, messages, references, bytes of messages (IV.A.1.a)
_MESSAGE = struct.Struct("<HHBxxx")  # type, size, flags
_MESSAGE_2 = struct.Struct("<BHB")
_INTEGERS = {(1, 0): "B", (2, 0): "H", (4, 0): "I", (8, 0): "Q", (1, 8): "b", (2, 8): "h", (4, 8): "i", (8, 8): "q"}
_FLOATS = {4: "f", 8: "d"}


class Message(NamedTuple):
    """One message of an object's header."""

    kind: int
    flags: int
    data: bytes


def read_at(meter: CountingReader, address: int, count: int) -> bytes:
    """Up to `count` bytes."""
    meter.seek(address)
    return meter.read(count)


def find_root(source: ByteSource) -> int:
    """The address of the root group (II.A). Raises ValueError, NotImplementedError."""
    head = source.read(0, 128)
    version = head[8]
    sizes, base, root = {0: (13, 24, 64), 1: (13, 28, 68)}.get(version, (9, 12, 36))
    if head[sizes : sizes + 2] != b"\x08\x08":
        raise NotImplementedError("addresses of another size than 64 bits")
    if struct.unpack_from("<Q", head, base)[0]:
        raise ValueError("the addresses are not relative to the start of the file")
    return int(struct.unpack_from("<Q", head, root)[0])


def read_header(meter: CountingReader, address: int) -> list[Message]:
    """The messages of an object."""
    head = read_at(meter, address, _HEADER.size)
    if head[:1] == b"\x01":
        return _read_header_1(meter, head)
    if head[:5] == b"OHDR\x02":
        return _read_header_2(meter, address, head[5])
    raise ValueError("no object where one should be")


class _Continuations:
    """The further blocks of one object's header: each is read once, and all together are no more than attributes may be."""

    def __init__(self, meter: CountingReader) -> None:
        self._meter, self._seen, self._left = meter, set[int](), limits.current().attribute_bytes

    def read(self, data: bytes | bytearray, at: int) -> bytes:
        """The block that the message at this place leads to. Raises ValueError."""
        address, size = struct.unpack_from("<QQ", data, at)
        if address in self._seen or size > self._left:
            raise ValueError("an object that continues in itself, or without an end")
        self._seen.add(address)
        self._left -= size
        return read_at(self._meter, address, size)


def _read_header_1(meter: CountingReader, head: bytes) -> list[Message]:
    _, count, _, size = _HEADER.unpack(head)
    data, at, messages, further = bytearray(meter.read(size)), 0, [], _Continuations(meter)
    for _ in range(count):
        kind, length, flags = _MESSAGE.unpack_from(data, at)
        at += _MESSAGE.size
        messages.append(Message(kind, flags, bytes(data[at : at + length])))
        if kind == CONTINUATION:
            data += further.read(data, at)
        at += length
    return messages


def _read_header_2(meter: CountingReader, address: int, flags: int) -> list[Message]:
    """Times (bit 5), bounds of attributes (bit 4) and the size of the first block stand before it (IV.A.1.b)."""
    width, order = 1 << (flags & 3), 2 if flags & 4 else 0
    start = address + 6 + (16 if flags & 32 else 0) + (4 if flags & 16 else 0)
    size = int.from_bytes(read_at(meter, start, width), "little")
    blocks, messages, further = [meter.read(size)], [], _Continuations(meter)
    for data in blocks:  # continuations join them meanwhile
        at = 0
        while at + _MESSAGE_2.size + order <= len(data):
            kind, length, marks = _MESSAGE_2.unpack_from(data, at)
            at += _MESSAGE_2.size + order
            messages.append(Message(kind, marks, data[at : at + length]))
            if kind == CONTINUATION:
                more = further.read(data, at)
                if more[:4] != b"OCHK":
                    raise ValueError("no continuation of an object where one should be")
                blocks.append(more[4:-4])  # a checksum ends it
            at += length
    return messages


def find_message(messages: Sequence[Message], kind: int) -> bytes | None:
    """The data of the first message of a kind."""
    return next((message.data for message in messages if message.kind == kind), None)


def read_shape(space: bytes) -> tuple[int, ...] | None:
    """The shape in a dataspace message (IV.A.2.b); None for a space without elements."""
    version, rank = space[0], space[1]
    if version not in (1, 2):
        raise ValueError(f"version {version} of dataspaces")
    if version == 2 and space[3] == 2:
        return None
    return struct.unpack_from(f"<{rank}Q", space, 8 if version == 1 else 4)


class StorageLayout(NamedTuple):
    """Where an array lies (IV.A.2.i): its kind, its address (of its index where it is chunked), chunks, bytes in the header."""

    kind: int
    address: int = UNDEFINED
    chunk: tuple[int, ...] = ()
    compact: bytes = b""


COMPACT, CONTIGUOUS, CHUNKED = 0, 1, 2


def read_layout(data: bytes) -> StorageLayout:
    """Where the bytes of an array lie. Raises NotImplementedError for layouts that Keras does not write."""
    version = data[0]
    if version not in (1, 2, 3, 4):
        raise ValueError(f"version {version} of layouts")
    kind, at = (data[2], 8) if version < 3 else (data[1], 2)
    if kind == COMPACT and version > 2:
        count = struct.unpack_from("<H", data, at)[0]
        return StorageLayout(kind, compact=data[at + 2 : at + 2 + count])
    if kind == CONTIGUOUS:
        return StorageLayout(kind, struct.unpack_from("<Q", data, at)[0])
    if kind == CHUNKED and version < 4:
        rank, at = (data[2], 3) if version == 3 else (data[1], 8)
        address, *sizes = struct.unpack_from(f"<Q{rank - 1}I", data, at)
        return StorageLayout(kind, address, tuple(sizes))
    what = "a virtual dataset reads other files" if kind > CHUNKED else f"of version {version}"
    raise NotImplementedError(f"storage layout {kind} ({what})")


def read_filters(data: bytes | None) -> list[int]:
    """The numbers of the filters of a chunked array, in the order in which they were applied (IV.A.2.l)."""
    if data is None:
        return []
    version, count, found = data[0], data[1], []
    if version not in (1, 2):
        raise NotImplementedError(f"version {version} of filters")
    at = 8 if version == 1 else 2
    for _ in range(count):
        number = struct.unpack_from("<H", data, at)[0]
        named = version == 1 or number > 255
        length = struct.unpack_from("<H", data, at + 2)[0] if named else 0
        at += 4 if named else 2
        values = struct.unpack_from("<H", data, at + 2)[0]
        at += 4 + (length + 7) // 8 * 8 if version == 1 else 4 + length
        at += 4 * (values + values % 2 if version == 1 else values)
        found.append(number)
    return found


class GlobalHeaps:
    """The heaps in which texts of variable length lie, each read once for the whole file (III.E)."""

    def __init__(self, meter: CountingReader) -> None:
        self._meter = meter
        self._heaps: dict[int, dict[int, bytes]] = {}

    def find(self, address: int, index: int) -> bytes:
        """One object of a heap."""
        if address not in self._heaps:
            self._heaps[address] = dict(self._objects(address))
        return self._heaps[address][index]

    def _objects(self, address: int) -> Iterator[tuple[int, bytes]]:
        signature, size = struct.unpack("<4s4xQ", read_at(self._meter, address, 16))
        data, at = self._meter.read(size - 16), 0
        if signature != b"GCOL" or len(data) != size - 16:
            raise ValueError("no global heap where one should be")
        while at + 16 <= len(data):
            index, length = struct.unpack_from("<H6xQ", data, at)
            if not index:
                return
            if at + 16 + length > len(data):
                raise ValueError("an object reaches beyond its heap")
            yield index, data[at + 16 : at + 16 + length]
            at += 16 + (length + 7) // 8 * 8


def read_attribute(data: bytes, heaps: GlobalHeaps) -> tuple[str, Value]:
    """The name and the value of an attribute (IV.A.2.m)."""
    version, flags, *sizes = struct.unpack_from("<BBHHH", data)
    if version not in (1, 2, 3):
        raise NotImplementedError(f"version {version} of attributes")
    at, parts = 9 if version == 3 else 8, []
    for size in sizes:
        parts.append(data[at : at + size])
        at += (size + 7) // 8 * 8 if version == 1 else size
    name = parts[0].strip(b"\0").decode("utf-8")
    if version > 1 and flags & 3:  # a type or space that lies elsewhere
        return name, None
    shape = read_shape(parts[2])
    if shape is None:
        return name, None
    count = 1
    for size in shape:
        count *= size
    values = _read_values(parts[1], count, data[at:], heaps)
    return name, values[0] if shape == () and isinstance(values, list | array) else values


def _read_values(kind: bytes, count: int, data: bytes, heaps: GlobalHeaps) -> Value:
    number, size = kind[0] & 15, struct.unpack_from("<I", kind, 4)[0]
    if count and (not size or count * size > len(data)):
        raise ValueError("an attribute reaches beyond its object")
    data = data[: count * size]
    if number in (FIXED, FLOAT):
        code = _FLOATS.get(size) if number == FLOAT else _INTEGERS.get((size, kind[1] & 8))
        if code is None:
            return None
        numbers = array(code, data)
        if bool(kind[1] & 1) != (sys.byteorder == "big"):
            numbers.byteswap()
        return numbers
    if number == ENUM:
        return _read_values(kind[8:], count, data, heaps)
    if number == STRING:
        return [data[at : at + size].rstrip(b"\0") for at in range(0, len(data), size or 1)]
    if number == VARIABLE and kind[1] & 1:  # its bytes, by the address of their heap and their number in it
        places = struct.iter_unpack("<4xQI", data)
        return [heaps.find(address, index) if address else None for address, index in places]
    return bytearray(data) if number in (OPAQUE, COMPOUND, REFERENCE) else None
