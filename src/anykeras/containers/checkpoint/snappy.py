"""The Snappy format, for blocks of a table that were compressed (source: format_description.txt of google/snappy)."""

from __future__ import annotations

from ..wire.reader import read_varint, wire_error


def inflate_snappy(data: bytes, limit: int, part: str) -> bytes:
    """The bytes that were compressed, at most `limit`. Raises Malformed (AK1150)."""
    size, at = read_varint(data, 0, len(data), part)
    if size > limit:
        raise wire_error(f"a block says that it inflates to {size:,} bytes", part)
    result = bytearray()
    while at < len(data):
        tag = data[at]
        kind, at = tag & 3, at + 1
        if kind == 0:
            length, at = _literal_length(data, tag, at)
            piece = data[at : at + length]
            at += length
        else:
            length = 1 + (tag >> 2) if kind > 1 else 4 + (tag >> 2 & 7)
            width = (0, 1, 2, 4)[kind]
            back = int.from_bytes(data[at : at + width], "little") | ((tag >> 5) << 8 if kind == 1 else 0)
            at += width
            if not 0 < back <= len(result):
                raise wire_error("a block repeats bytes from before its start", part)
            start = len(result) - back
            piece = bytes(result[start : start + length])
            if back < length:  # a copy may reach into what it writes itself
                piece = (piece * (length // back + 1))[:length]
        if len(piece) != length or len(result) + length > size:
            raise wire_error("a compressed block has another size than it says", part)
        result += piece
    if len(result) != size:
        raise wire_error("a compressed block has another size than it says", part)
    return bytes(result)


def _literal_length(data: bytes, tag: int, at: int) -> tuple[int, int]:
    length = tag >> 2
    if length < 60:
        return length + 1, at
    width = length - 59
    return int.from_bytes(data[at : at + width], "little") + 1, at + width
