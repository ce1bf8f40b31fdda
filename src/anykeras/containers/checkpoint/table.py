"""A sorted table of keys and values, the format of LevelDB that the index of a checkpoint is in.

Source: table_format.md of google/leveldb; ``tensorflow/core/lib/io/table.cc`` and ``format.cc`` of TensorFlow 2.21.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from ... import limits
from ..checksums import compute_crc32c, unmask_crc32c
from ..source import limit_error
from ..wire.reader import make_wire_error, read_varint

MAGIC = struct.pack("<Q", 0xDB4775248B80FB57)
FOOTER, TRAILER = 48, 5  # bytes: two handles and the magic number; kind of compression and checksum of a block
MOST_BYTES = 64 * limits.MIB  # of a table, and of all its blocks inflated
MOST_KEY = 1 << 16


def read_table(data: bytes, part: str) -> Iterator[tuple[bytes, bytes]]:
    """Keys and values, in order. Raises Malformed (AK1150) and LimitExceeded (AK1003)."""
    if len(data) > MOST_BYTES:
        raise limit_error("bytes of an index", len(data), MOST_BYTES, part)
    if len(data) < FOOTER or not data.endswith(MAGIC):
        raise make_wire_error("the end of the index is missing", part)
    at = len(data) - FOOTER
    for _ in range(2):  # the handle of the meta index, which nobody writes
        _, at = read_varint(data, at, len(data), part)
    total, last = 0, None
    for _, handle in _read_entries(_read_block(data, data[at:], part), part):
        block = _read_block(data, handle, part)
        total += len(block)
        if total > MOST_BYTES:
            raise limit_error("bytes of blocks", total, MOST_BYTES, part)
        for key, value in _read_entries(block, part):
            if last is not None and key <= last:
                raise make_wire_error("the keys of the index are out of order", part)
            last = key
            yield key, value


def _read_block(data: bytes, handle: bytes, part: str) -> bytes:
    """The block that a handle (offset and size) names, its checksum compared."""
    offset, at = read_varint(handle, 0, len(handle), part)
    size, _ = read_varint(handle, at, len(handle), part)
    end = offset + size
    if end + TRAILER > len(data):
        raise make_wire_error("a block lies outside of the index", part)
    (masked,) = struct.unpack_from("<I", data, end + 1)
    if unmask_crc32c(masked) != compute_crc32c(data[offset : end + 1]):
        raise make_wire_error("the checksum of a block of the index does not fit its bytes", part)
    kind = data[end]
    if kind > 1:
        raise make_wire_error(f"a block of the index is compressed in an unknown way ({kind})", part)
    return inflate_snappy(data[offset:end], MOST_BYTES, part) if kind else data[offset:end]


def _read_entries(block: bytes, part: str) -> Iterator[tuple[bytes, bytes]]:
    """The entries of a block: each key says how much of it it shares with the key before."""
    budget = limits.budget()
    restarts = int.from_bytes(block[-4:], "little")
    end = len(block) - 4 - 4 * restarts
    if end < 0:
        raise make_wire_error("a block of the index is too short", part)
    at, key = 0, b""
    while at < end:
        budget.charge(4)
        shared, at = read_varint(block, at, end, part)
        own, at = read_varint(block, at, end, part)
        size, at = read_varint(block, at, end, part)
        if shared > len(key) or shared + own > MOST_KEY or at + own + size > end:
            raise make_wire_error("an entry of the index does not fit its block", part)
        key = key[:shared] + block[at : at + own]
        at += own
        yield key, block[at : at + size]
        at += size


def inflate_snappy(data: bytes, limit: int, part: str) -> bytes:
    """The bytes that were compressed, at most `limit`. Raises Malformed (AK1150)."""
    size, at = read_varint(data, 0, len(data), part)
    if size > limit:
        raise make_wire_error(f"a block says that it inflates to {size:,} bytes", part)
    result = bytearray()
    while at < len(data):
        tag = data[at]
        kind, at = tag & 3, at + 1
        if kind == 0:
            length, at = _read_literal_length(data, tag, at)
            piece = data[at : at + length]
            at += length
        else:
            length = 1 + (tag >> 2) if kind > 1 else 4 + (tag >> 2 & 7)
            width = (0, 1, 2, 4)[kind]
            back = int.from_bytes(data[at : at + width], "little") | ((tag >> 5) << 8 if kind == 1 else 0)
            at += width
            if not 0 < back <= len(result):
                raise make_wire_error("a block repeats bytes from before its start", part)
            start = len(result) - back
            piece = bytes(result[start : start + length])
            if back < length:  # a copy may reach into what it writes itself
                piece = (piece * (length // back + 1))[:length]
        if len(piece) != length or len(result) + length > size:
            raise make_wire_error("a compressed block has another size than it says", part)
        result += piece
    if len(result) != size:
        raise make_wire_error("a compressed block has another size than it says", part)
    return bytes(result)


def _read_literal_length(data: bytes, tag: int, at: int) -> tuple[int, int]:
    length = tag >> 2
    if length < 60:
        return length + 1, at
    width = length - 59
    return int.from_bytes(data[at : at + width], "little") + 1, at + width
