"""Keys of the parts of a partitioned variable, in the ordered code that the index sorts them by.

Source: ``tensorflow/core/util/saved_tensor_slice_util.cc`` and ``tensorflow/core/lib/strings/ordered_code.cc`` (2.21).
"""

from __future__ import annotations

from collections.abc import Sequence

from ..wire.messages import Extent

ESCAPED = {0x00: b"\x00\xff", 0xFF: b"\xff\x00"}
END = b"\x00\x01"
HEADS = (0x00, 0x80, 0xC0, 0xE0, 0xF0, 0xF8, 0xFC, 0xFE, 0xFF, 0xFF, 0xFF)
"""First byte of a signed number of so many bytes: as many leading ones as there are bytes."""


def encode_slice_key(name: str, extents: Sequence[Extent]) -> bytes:
    """The key of the part of the variable `name` that `extents` say, one an axis."""
    text = b"".join(ESCAPED.get(byte, bytes([byte])) for byte in name.encode("utf-8", "surrogateescape"))
    numbers = b"".join(_write_signed(extent.start) + _write_signed(extent.length) for extent in extents)
    return _write_unsigned(0) + text + END + _write_unsigned(len(extents)) + numbers


def _write_unsigned(value: int) -> bytes:
    data = value.to_bytes((value.bit_length() + 7) // 8, "big")
    return bytes([len(data)]) + data


def _write_signed(value: int) -> bytes:
    magnitude = ~value if value < 0 else value
    if magnitude < 64:
        return bytes([(0x80 ^ value) & 0xFF])
    size = next(n for n in range(2, 11) if n == 10 or magnitude < 1 << (7 * n - 1))
    data = bytearray((value & ((1 << 80) - 1)).to_bytes(10, "big")[10 - size :])
    data[0] ^= HEADS[size]
    if size >= 9:
        data[1] ^= 0x80 if size == 9 else 0xC0
    return bytes(data)
