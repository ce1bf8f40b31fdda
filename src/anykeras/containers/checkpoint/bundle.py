"""A tensor bundle, TensorFlow's checkpoint of format 2: the table NAME.index and the data files NAME.data-N-of-M.

Source: ``tensorflow/core/util/tensor_bundle/tensor_bundle.cc`` (2.21). The names of the data files are built from the
numbers of the index, so that no name in it leads anywhere.
"""

from __future__ import annotations

import itertools
import math
import struct
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import ml_dtypes
import numpy as np

from ... import limits
from ...errors import Malformed, Unsupported
from ...tensors import Array, Tensor
from ..checksums import compute_crc32c, unmask_crc32c
from ..source import ByteSource
from ..wire import read_message
from ..wire.messages import BundleEntry, BundleHeader, Extent
from ..wire.reader import make_wire_error, read_varint
from .table import MOST_BYTES, read_table

STRING = 7
DTYPES: Mapping[int, np.dtype[np.generic]] = {
    number: np.dtype(dtype)
    for number, dtype in {
        1: "<f4", 2: "<f8", 3: "<i4", 4: "u1", 5: "<i2", 6: "i1", 8: "<c8", 9: "<i8", 10: "?", 17: "<u2", 18: "<c16",
        19: "<f2", 22: "<u4", 23: "<u8", 14: ml_dtypes.bfloat16, 24: ml_dtypes.float8_e5m2, 25: ml_dtypes.float8_e4m3fn,
    }.items()
}  # fmt: skip
"""``tensorflow.DataType`` (types.proto); resources, variants and quantized numbers are not tensors of a model."""

MOST_SHARDS = 10_000
CHECKED_BYTES = limits.MIB  # tensors up to this size are compared with their checksum whenever they are read

OpenShard = Callable[[int, int], ByteSource]


@dataclass(frozen=True)
class Bundle:
    """The entries of an index by key, and the way to their bytes; no data file is opened before a tensor is read."""

    entries: Mapping[str, BundleEntry]
    parts: Mapping[bytes, BundleEntry]
    shards: int
    open_shard: OpenShard = field(repr=False)
    name: str

    def tensor(self, key: str) -> Tensor:
        """The tensor under `key`, read when its values are asked for; text is an array of objects, bytes each.

        Raises Malformed (AK1150) for a shape that its bytes do not fill, Unsupported (AK1151) for a kind of value that
        is no tensor.
        """
        entry = self.entries[key]
        if entry.dtype != STRING and not entry.slices:
            self._check_size(key, entry)
        dtype = "object" if entry.dtype == STRING else str(self._dtype(key, entry))
        large = entry.dtype != STRING and not entry.slices and entry.size > CHECKED_BYTES and sys.byteorder == "little"
        return Tensor(
            entry.sizes,
            dtype,
            key,
            lambda: self._read(key, entry),
            stream=(lambda: self._stream(key, entry)) if large else None,
        )

    def text(self, key: str) -> bytes:
        """The single text under `key`."""
        found: bytes = self.tensor(key).read().reshape(-1)[0]
        return found

    def _dtype(self, key: str, entry: BundleEntry) -> np.dtype[np.generic]:
        if entry.dtype not in DTYPES:
            raise Unsupported(
                "AK1151", f"a value of kind {entry.dtype} is no tensor of numbers or text", part=self.name, key=key
            )
        return DTYPES[entry.dtype]

    def _check_size(self, key: str, entry: BundleEntry) -> None:
        expected = math.prod(entry.sizes) * self._dtype(key, entry).itemsize
        if any(size < 0 for size in entry.sizes) or expected != entry.size:
            raise make_wire_error(f"{key}: {entry.size} bytes where the shape {entry.sizes} takes {expected}", self.name)

    def _read(self, key: str, entry: BundleEntry) -> Array:
        if entry.slices:
            return self._join(key, entry)
        data = self._bytes(key, entry)
        if entry.dtype == STRING:
            return _read_texts(data, entry, f"{self.name}/{key}")
        if entry.size <= CHECKED_BYTES:
            _check(data, entry, f"{self.name}/{key}")
        return np.frombuffer(data, self._dtype(key, entry)).reshape(entry.sizes)

    def _stream(self, key: str, entry: BundleEntry) -> Iterator[bytes]:
        """The bytes of a large tensor, so many at a time."""
        for at in range(0, entry.size, CHECKED_BYTES):
            yield self._bytes(key, replace(entry, offset=entry.offset + at, size=min(CHECKED_BYTES, entry.size - at)))

    def _bytes(self, key: str, entry: BundleEntry) -> bytes:
        if not 0 <= entry.shard < self.shards:
            raise make_wire_error(f"{key} lies in data file {entry.shard} of {self.shards}", self.name)
        if entry.size > limits.current().tensor_bytes:
            raise make_wire_error(f"{key} takes {entry.size} bytes", self.name)
        return self.open_shard(entry.shard, self.shards).exactly(entry.offset, entry.size, key)

    def _join(self, key: str, entry: BundleEntry) -> Array:
        """A variable that was saved in parts: each part has a key of its own."""
        sizes = entry.sizes
        found = [self._part(key, piece.extents, sizes) for piece in entry.slices]
        if sum(math.prod(part.sizes) for _, part in found) != math.prod(sizes):
            raise make_wire_error(f"{key}: its parts do not fill the shape {sizes}", self.name)
        result = np.empty(sizes, self._dtype(key, entry))
        for place, part in found:
            self._check_size(key, part)
            result[place] = self._read(key, part)
        return result

    def _part(self, key: str, extents: Sequence[Extent], sizes: tuple[int, ...]) -> tuple[tuple[slice, ...], BundleEntry]:
        """Where a part belongs, and its entry."""
        known = self.parts.get(encode_slice_key(key, extents))
        if known is None or known.slices or len(extents) != len(sizes):
            raise make_wire_error(f"{key}: a part of it is not in the index", self.name)
        place = tuple(
            slice(extent.start, size if extent.length < 0 else extent.start + extent.length)
            for extent, size in zip(extents, sizes, strict=True)
        )
        if known.sizes != tuple(piece.stop - piece.start for piece in place) or any(
            not 0 <= piece.start <= piece.stop <= size for piece, size in zip(place, sizes, strict=True)
        ):
            raise make_wire_error(f"{key}: a part has another shape than its place", self.name)
        return place, known


def read_bundle(index: ByteSource, open_shard: OpenShard) -> Bundle:
    """The bundle of an index. Raises Malformed (AK1150) and LimitExceeded (AK1003)."""
    name = index.name
    rows = dict(read_table(index.whole(MOST_BYTES, name), name))
    header = read_message(BundleHeader, rows.pop(b"", b""), name)
    if header.endianness:
        raise Unsupported("AK1151", "the checkpoint was written by a machine of big-endian order", part=name)
    if not 0 <= header.shards <= MOST_SHARDS:
        raise make_wire_error(f"{header.shards} data files", name)
    entries, parts = {}, {}
    for key, value in rows.items():
        entry = read_message(BundleEntry, value, name)
        if key.startswith(b"\x00"):
            parts[key] = entry
        else:
            entries[key.decode("utf-8", "surrogateescape")] = entry
    return Bundle(entries, parts, header.shards, open_shard, name)


def _read_texts(data: bytes, entry: BundleEntry, part: str) -> Array:
    """Texts: the length of each as a varint, the checksum of the lengths, then the texts."""
    count = math.prod(entry.sizes)
    if any(size < 0 for size in entry.sizes) or count > len(data):
        raise make_wire_error(f"{count} texts in {len(data)} bytes", part)
    limits.budget().charge(count)
    lengths, at = [], 0
    for _ in range(count):
        length, at = read_varint(data, at, len(data), part)
        lengths.append(length)
    summed = b"".join(struct.pack("<I" if length < 1 << 32 else "<Q", length) for length in lengths)
    if at + 4 + sum(lengths) != len(data):
        raise make_wire_error("the lengths of texts do not add up to their bytes", part)
    _check(summed + data[at:], entry, part)
    ends = list(itertools.accumulate(lengths, initial=at + 4))
    result = np.empty(count, object)
    result[:] = [data[start:end] for start, end in itertools.pairwise(ends)]
    return result.reshape(entry.sizes)


def _check(data: bytes, entry: BundleEntry, part: str) -> None:
    if unmask_crc32c(entry.crc32c) != compute_crc32c(data):
        raise Malformed(
            "AK1152",
            "the checksum of a tensor does not fit its bytes",
            part=part,
            next_step="Copy the checkpoint again: its data file was changed or belongs to another index.",
        )


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
