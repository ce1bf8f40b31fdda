"""Arrays of an HDF5 file: where the bytes lie, how many are really there, and the reading of them.

Reading is ours and allocates from the bytes that are stored: contiguous and compact arrays are taken as they lie,
chunks go through a bounded inflate. What makes arrays of them is imported with the first that is read.
"""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from ... import limits
from ...errors import Malformed
from ...lazily import np
from ...tensors import Array, Tensor
from ..guard import guard_decoding
from ..source import ByteSource, CountingReader, limit_error
from .dtypes import decode
from .heaps import CHUNKS, walk_tree
from .structures import (
    CHUNKED,
    COMPACT,
    CONTIGUOUS,
    DATATYPE,
    FILL,
    FILTERS,
    LAYOUT,
    SPACE,
    UNDEFINED,
    VARIABLE,
    Message,
    StorageLayout,
    find_message,
    read_filters,
    read_layout,
    read_shape,
)

GZIP, SHUFFLE, FLETCHER32 = 1, 2, 3
EXPANSION = 16  # inflated bytes that one stored byte may stand for before they count as not stored
ELSEWHERE = f"datatype class {VARIABLE}"
"""The kind of arrays that hold references to their values."""
FLOATS_OF_ML = ("bfloat16", "float8_e4m3fn", "float8_e5m2")


@cache
def _read_dtype(name: str) -> Any:
    if name not in FLOATS_OF_ML:
        return np.dtype(name)
    import ml_dtypes

    return np.dtype(getattr(ml_dtypes, name))


@dataclass(frozen=True)
class Stored:
    """An array in the file.

    `declared` bytes are what its shape asks for, `held` what it occupies, `covered` how many declared bytes those
    account for. `dtype` is None (and `kind` says what it is) where no weight can have that type.
    """

    path: str
    shape: tuple[int, ...]
    dtype: str | None
    kind: str
    declared: int
    held: int
    covered: int
    load: Callable[[], Array] = field(repr=False)
    stream: Callable[[], Iterator[bytes | memoryview]] | None = field(default=None, repr=False)

    def tensor(self, prefix: str) -> Tensor:
        """The array as a lazy tensor. Raises Malformed (AK1107) when its type is not one of numbers."""
        if self.dtype is None:
            raise Malformed(
                "AK1107",
                f"an array of {self.kind} where numbers are expected",
                part=self.path,
                next_step="Only integers, floats and booleans can be weights.",
            )
        return Tensor(self.shape, self.dtype, prefix + self.path, self.load, stream=self.stream)


def describe_array(source: ByteSource, meter: CountingReader, path: str, messages: Sequence[Message], mark: object) -> Stored:
    """Describe one dataset; `mark` is its attribute ``dtype``.

    Raises Malformed, LimitExceeded, NotImplementedError and whatever the decoding of damage raises.
    """
    shape = read_shape(_find_message(messages, SPACE))
    message = _find_message(messages, DATATYPE)
    size = struct.unpack_from("<I", message, 4)[0]
    if shape is None:  # a null dataspace: no elements
        shape = (0,)
    if len(shape) > limits.current().tensor_rank:
        raise limit_error("dimensions", len(shape), limits.current().tensor_rank, path, "tensor_rank")
    decoded = decode(message, mark.decode("latin-1") if isinstance(mark, bytes) else None)
    declared = math.prod(shape) * size
    pieces = _list_pieces(source, meter, path, messages, shape, size)
    name, swapped = (decoded[0], decoded[1] == ">") if decoded else (None, False)

    def load() -> Array:
        source.require_sound()
        with guard_decoding(path):
            flat = pieces.read()
            if name is None:
                return np.frombuffer(flat, np.uint8)  # whatever it is
            if name == "bool":
                return np.frombuffer(flat, np.uint8).astype(np.bool_).reshape(shape)
            dtype = _read_dtype(name)
            array = np.frombuffer(flat, dtype.newbyteorder(">") if swapped else dtype)
            return array.astype(dtype, copy=False).reshape(shape)

    def stream() -> Iterator[bytes | memoryview]:
        source.require_sound()
        with guard_decoding(path):
            yield from pieces.stream()

    kind = f"datatype class {message[0] & 15}"
    as_it_is = name in FLOATS_OF_ML or (name is not None and name != "bool" and not swapped)
    return Stored(path, shape, name, kind, declared, pieces.held, pieces.covered, load, stream if as_it_is else None)


@dataclass(frozen=True)
class _Pieces:
    held: int
    covered: int
    read: Callable[[], bytes | bytearray | Array]
    parts: Callable[[], Iterator[bytes | memoryview]] | None = None  # the same a part at a time

    def stream(self) -> Iterator[bytes | memoryview]:
        """The bytes, a part at a time where the layout has parts."""
        if self.parts is not None:
            return self.parts()
        data = self.read()
        return iter((data.data if isinstance(data, np.ndarray) else memoryview(data),))


def _find_message(messages: Sequence[Message], kind: int) -> bytes:
    data = find_message(messages, kind)
    if data is None:
        raise ValueError(f"an array without a message {kind}")
    return data


def _list_pieces(
    source: ByteSource, meter: CountingReader, path: str, messages: Sequence[Message], shape: tuple[int, ...], size: int
) -> _Pieces:
    fill, layout, declared = _fill(messages, size), read_layout(_find_message(messages, LAYOUT)), math.prod(shape) * size
    if layout.kind == COMPACT:
        data = layout.compact
        if len(data) < declared:
            raise Malformed("AK1103", f"{len(data)} bytes are stored of {declared}", part=path)
        return _Pieces(0, declared, lambda: data[:declared])
    if layout.kind == CONTIGUOUS:
        address = layout.address
        if address == UNDEFINED or not declared:
            return _Pieces(0, 0, lambda: _repeat_fill(fill, declared))
        if address + declared > source.size:
            raise Malformed(
                "AK1104",
                f"the array ends at byte {address + declared:,} of a file of {source.size:,}",
                part=path,
                next_step="Download or copy the file again.",
            )
        return _Pieces(
            declared,
            declared,
            lambda: source.hold(address, declared, path),
            lambda: source.blocks(address, declared, path),
        )
    assert layout.kind == CHUNKED  # as `read_layout` gives no other
    filters = read_filters(find_message(messages, FILTERS))
    return _plan_chunks(source, meter, path, shape, layout, filters, size, fill)


def _fill(messages: Sequence[Message], size: int) -> bytes:
    """The value of elements that were never written, empty for zero (File Format Specification IV.A.2.f)."""
    message = find_message(messages, FILL)
    if message is None:
        return b""
    defined, at = (message[1] & 0x20, 2) if message[0] == 3 else (message[3], 4)
    if not defined or len(message) < at + 4:
        return b""
    count = struct.unpack_from("<I", message, at)[0]
    value = message[at + 4 : at + 4 + count]
    return value if count == size == len(value) and any(value) else b""


def _repeat_fill(fill: bytes, count: int) -> bytes:
    return fill * (count // len(fill)) if fill else bytes(count)


@dataclass(frozen=True)
class _Chunk:
    start: tuple[int, ...]
    address: int
    size: int
    mask: int


def _plan_chunks(
    source: ByteSource,
    meter: CountingReader,
    path: str,
    shape: tuple[int, ...],
    layout: StorageLayout,
    numbers: Sequence[int],
    size: int,
    fill: bytes,
) -> _Pieces:
    chunk = layout.chunk
    if len(chunk) != len(shape) or not all(chunk):
        raise Malformed("AK1103", f"chunks of shape {chunk} for an array of shape {shape}", part=path)
    filters = [(number, i) for i, number in enumerate(numbers)]
    unknown = [number for number, _ in filters if number not in (GZIP, SHUFFLE, FLETCHER32)]
    if unknown or len(filters) > 8:
        raise NotImplementedError(f"compression filter {unknown[:1] or len(filters)}")
    area = math.prod(chunk) * size
    chunks = _index(source, meter, path, layout, shape)
    if not filters and any(c.size != area for c in chunks):
        raise Malformed("AK1103", "a chunk is not of the size that its shape asks for", part=path)
    held = sum(c.size for c in chunks)
    edge = math.prod(shape) * size
    covered = min(edge, sum(min(area, EXPANSION * c.size) for c in chunks))
    if area > max(edge, limits.current().unstored_bytes):
        raise limit_error("bytes in one chunk", area, limits.current().unstored_bytes, path, "unstored_bytes")

    def fill_band(of: Sequence[_Chunk], first: int, rows: int) -> bytearray:
        """The rows from `first` on, of the chunks that lie in them."""
        buffer = bytearray(_repeat_fill(fill, edge // shape[0] * rows if shape else edge))
        out = np.frombuffer(buffer, f"V{size}").reshape((rows, *shape[1:]))
        for c in of:
            data = _undo_filters(source.exactly(c.address, c.size, path), filters, c.mask, size, area, path)
            block = np.frombuffer(data, f"V{size}").reshape(chunk)
            inside = tuple(slice(0, min(n, s - at)) for n, s, at in zip(chunk, shape, c.start, strict=True))
            start = (c.start[0] - first, *c.start[1:])
            outside = tuple(slice(at, at + w.stop) for at, w in zip(start, inside, strict=True))
            out[outside] = block[inside]
        return buffer

    def bands() -> Iterator[memoryview]:
        """One row of chunks after the other."""
        found: dict[int, list[_Chunk]] = {}
        for c in chunks:
            found.setdefault(c.start[0], []).append(c)
        for first in range(0, shape[0], chunk[0]):
            yield memoryview(fill_band(found.get(first, []), first, min(chunk[0], shape[0] - first)))

    if not shape or not edge:
        return _Pieces(held, covered, lambda: _repeat_fill(fill, edge))
    return _Pieces(held, covered, lambda: fill_band(chunks, 0, shape[0]), bands)


def _index(source: ByteSource, meter: CountingReader, path: str, layout: StorageLayout, shape: Sequence[int]) -> list[_Chunk]:
    """The chunks that are stored, each inside the array, on the grid, and once."""
    if layout.address == UNDEFINED or not math.prod(shape):
        return []
    rank = len(layout.chunk)
    entry = struct.Struct(f"<II{rank}Q8xQ")  # size, filters left out, where it starts, an unused dimension, address (III.A.1)
    found: dict[tuple[int, ...], _Chunk] = {}
    for size, mask, *offsets, at in walk_tree(meter, layout.address, CHUNKS, entry):
        start = tuple(offsets)
        on_grid = all(a % c == 0 and a < n for a, c, n in zip(start, layout.chunk, shape, strict=True))
        if not on_grid or start in found or at + size > source.size:
            raise Malformed("AK1103", f"the chunk at {start} lies outside the array or the file", part=path)
        found[start] = _Chunk(start, at, size, mask)
    return list(found.values())


def _undo_filters(
    data: bytes | bytearray, filters: Sequence[tuple[int, int]], mask: int, size: int, area: int, path: str
) -> bytes | bytearray:
    """Undo the filters of one chunk, last first; `area` bytes are what must come out."""
    for number, position in reversed(filters):
        if mask & (1 << position):
            continue
        if number == GZIP:
            inflater = zlib.decompressobj()
            data = inflater.decompress(data, area + 8)
        elif number == SHUFFLE:
            whole = len(data) - len(data) % size
            data = np.frombuffer(data[:whole], np.uint8).reshape(size, -1).T.tobytes() + data[whole:]
        else:
            data = _check_fletcher32(data)
    if len(data) != area:
        raise Malformed("AK1103", f"a chunk gives {len(data)} bytes instead of {area}", part=path)
    return data


def _check_fletcher32(data: bytes | bytearray) -> bytes | bytearray:
    """The bytes before their checksum (H5checksum.c, `H5_checksum_fletcher32`). Raises ValueError where it is another."""
    body = bytes(data[:-4])
    words = np.frombuffer(body + bytes(len(body) % 2), ">u2").astype(np.uint64)
    weights = np.arange(len(words), 0, -1, dtype=np.uint64) % 65535
    sums = int(words.sum()) % 65535, int((words * weights).sum()) % 65535
    stored = struct.unpack("<HH", data[-4:])
    if sums != tuple(number % 65535 for number in stored):  # zero can also be stored as 65535
        raise ValueError("a checksum is another than that of its bytes")
    return data[:-4]
