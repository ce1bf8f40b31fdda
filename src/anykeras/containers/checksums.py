"""Checksums: CRC-32C (Castagnoli, RFC 3720) as tables and tensor bundles of TensorFlow carry it, and CRC-32 of ZIP.

CRC-32C: long data is cut into lanes that advance together, two bytes a step; the lanes are joined by the linear map that a run
of zero bytes is on the state (Mark Adler's ``crc32_combine`` of zlib does the same with one matrix at a time).

CRC-32, of long data in two thirds of the time that zlib takes: the checksum is what remains of the data, a polynomial over
GF(2), on division by P of degree 32 (RFC 1952, 8). P divides x^91639 + x^41678 + 1, and so x^(32 * 91639) + x^(32 * 41678) + 1:
a byte counts where it stands as it counts both `_FAR` and `_NEAR` bytes behind. So all but the last `_FAR` bytes are added
(XOR) to what follows them, a piece at a time, and zlib divides the rest (S. Russell, "Chorba: A novel CRC32 implementation",
2024).
"""

from __future__ import annotations

import functools
import zlib
from typing import TYPE_CHECKING

from ..lazily import np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    U32 = NDArray[np.uint32]


POLYNOMIAL = 0x82F63B78  # bits reversed
MASK_DELTA = 0xA282EAD8  # tensorflow/core/lib/hash/crc32c.h
SHORT = 4096  # bytes below which lanes cost more than they save
LANES = 1 << 15


def compute_crc32c(data: bytes | memoryview) -> int:
    """The checksum of `data`."""
    values = np.frombuffer(data, np.uint8)
    state = 0xFFFFFFFF
    if values.size >= SHORT:
        lanes = min(LANES, 1 << (values.size // 256).bit_length() - 1)
        width = values.size // lanes & ~1
        state, values = _advance_lanes(values[: lanes * width].reshape(lanes, width)), values[lanes * width :]
    table = _make_byte_list()
    for byte in values.tolist():
        state = table[(state ^ byte) & 255] ^ (state >> 8)
    return state ^ 0xFFFFFFFF


def unmask_crc32c(masked: int) -> int:
    """The checksum that was stored as ``rotate_right(crc, 15) + MASK_DELTA``."""
    rotated = (masked - MASK_DELTA) & 0xFFFFFFFF
    return ((rotated >> 17) | (rotated << 15)) & 0xFFFFFFFF


def _advance_lanes(rows: NDArray[np.uint8]) -> int:
    """The state after all rows, one after the other, from the initial state."""
    lanes, width = rows.shape
    table = _make_pair_table()
    columns = np.ascontiguousarray(rows).view("<u2").T.astype(np.uint32)
    states = np.zeros(lanes, np.uint32)
    states[0] = 0xFFFFFFFF
    for column in columns:
        states = (states >> np.uint32(16)) ^ table[(states ^ column) & np.uint32(0xFFFF)]
    while states.size > 1:
        states = _apply(_make_zeros_matrix(width), states[0::2]) ^ states[1::2]
        width *= 2
    return int(states[0])


@functools.cache
def _make_byte_table() -> U32:
    table = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        table = np.where(table & 1, (table >> 1) ^ np.uint32(POLYNOMIAL), table >> 1).astype(np.uint32)
    return table


@functools.cache
def _make_byte_list() -> list[int]:
    found: list[int] = _make_byte_table().tolist()
    return found


@functools.cache
def _make_pair_table() -> U32:
    return _add_zero_byte(_add_zero_byte(np.arange(1 << 16, dtype=np.uint32)))


def _add_zero_byte(states: U32) -> U32:
    found: U32 = (states >> np.uint32(8)) ^ _make_byte_table()[states & np.uint32(255)]
    return found


@functools.lru_cache(maxsize=64)
def _make_zeros_matrix(count: int) -> U32:
    """What `count` zero bytes make of a state, as the images of the 32 single bits."""
    step = _add_zero_byte(np.uint32(1) << np.arange(32, dtype=np.uint32))
    found: U32 | None = None
    while count:
        if count & 1:
            found = step if found is None else _apply(step, found)
        step = _apply(step, step)
        count >>= 1
    return step if found is None else found


def _apply(matrix: U32, states: U32) -> U32:
    result = np.zeros_like(states)
    for bit in range(32):
        result ^= np.where((states >> np.uint32(bit)) & np.uint32(1), matrix[bit], np.uint32(0))
    return result


_FAR = 32 * 91639 // 8
_NEAR = _FAR - 32 * 41678 // 8
_PIECE = 1 << 17  # with the ring, it stays in the second cache of a core
_LONG = 16 << 20  # bytes from which on that is faster
_ALL = 0xFFFFFFFF


def compute_crc32(data: bytes | memoryview, value: int = 0) -> int:
    """What ``zlib.crc32`` gives: the checksum of `data` behind data whose checksum is `value`."""
    if len(data) < _LONG:
        return zlib.crc32(data, value)
    head = len(data) - _FAR
    values = np.frombuffer(data, np.uint8)
    ring = np.zeros(_FAR, np.uint8)  # the last `_FAR` bytes before `at`, with what was added to them, from `far` on
    ring[:4] = np.frombuffer((value ^ _ALL).to_bytes(4, "little"), np.uint8)  # begins as if before
    mixed = np.empty(_PIECE, np.uint8)
    at, far, near = 0, 0, _FAR - _NEAR
    while at < head:
        size = min(_PIECE, head - at, _FAR - far, _FAR - near)
        here = ring[far : far + size]
        np.bitwise_xor(here, np.bitwise_xor(values[at : at + size], ring[near : near + size], out=mixed[:size]), out=here)
        at, far, near = at + size, (far + size) % _FAR, (near + size) % _FAR
    last = np.concatenate([ring[far:], ring[:far]])
    rest = last ^ values[head:]
    rest[:_NEAR] ^= last[_FAR - _NEAR :]
    return zlib.crc32(rest.data, _ALL)  # with a register of zeros
