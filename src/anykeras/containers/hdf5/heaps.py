"""Indexes of HDF5 files: trees of both versions, and the heap in which a group or object with many entries keeps them.

Written after the HDF5 File Format Specification 3.0 (III.A, III.G). How far a tree or heap goes is bounded by the reader.
"""

from __future__ import annotations

import struct
from bisect import bisect_right
from collections.abc import Iterator

from ..source import CountingReader
from .structures import UNDEFINED, read_at

GROUPS, CHUNKS = 0, 1  # what a tree of version 1 is about
HUGE, GROUP_NAMES, ATTRIBUTE_NAMES = 1, 5, 8  # types of records of version 2
_ID = {GROUP_NAMES: slice(4, 11), ATTRIBUTE_NAMES: slice(0, 8)}  # where they have the number of an object in a heap
_ROWS = 64  # of blocks that double in size

_NODE = struct.Struct("<4sBBH16x")  # signature, type, level, entries; siblings (III.A.1)
_TREE = struct.Struct("<4sxBIHHxxQH")  # signature, type, bytes of a node and of a record, depth, root, its records (III.A.2)
_HEAP = struct.Struct("<4sBHH1xI8xQ80xHQQHxxQH")
"""Signature, version, bytes of a number, of filters, of the largest object; the tree of huge objects; width, first and last
size of blocks, bits of an offset, root, its rows (III.G)."""


def walk_tree(meter: CountingReader, address: int, kind: int, entry: struct.Struct) -> Iterator[tuple[int, ...]]:
    """The entries of the leaves of a tree of version 1; the last number of an entry is an address."""
    nodes, level = [address], None
    while True:
        below: list[tuple[int, ...]] = []
        for node in nodes:
            signature, found_kind, found, count = _NODE.unpack(read_at(meter, node, _NODE.size))
            if signature != b"TREE" or found_kind != kind or level not in (None, found):
                raise ValueError("no node of a tree where one should be")
            level = found
            data = meter.read(count * entry.size)
            if len(data) != count * entry.size:
                raise ValueError("a tree is cut off")
            below += entry.iter_unpack(data)
        if not level:
            yield from below
            return
        nodes, level = [item[-1] for item in below], level - 1


def walk_records(meter: CountingReader, address: int, kind: int) -> Iterator[bytes]:
    """The records of a tree of version 2."""
    head = read_at(meter, address, _TREE.size)
    signature, found, node_size, size, depth, root, count = _TREE.unpack(head)
    if signature != b"BTHD" or found != kind or depth > _ROWS:
        raise ValueError("no tree where one should be")
    widths = _find_pointer_widths(node_size, size, depth)
    waiting = [(root, count, depth)]
    while waiting:
        node, count, level = waiting.pop()
        few, width = widths[level]
        data = read_at(meter, node, 6 + count * size + (count + 1) * width)
        if data[:4] != (b"BTIN" if level else b"BTLF") or data[5] != kind or len(data) < 6 + count * size:
            raise ValueError("no node of a tree where one should be")
        yield from (data[6 + i * size : 6 + (i + 1) * size] for i in range(count))
        for at in range(6 + count * size, len(data), width) if width else ():
            below = struct.unpack_from("<Q", data, at)[0]
            waiting.append((below, int.from_bytes(data[at + 8 : at + 8 + few], "little"), level - 1))


def _find_pointer_widths(node_size: int, size: int, depth: int) -> list[tuple[int, int]]:
    """By level of a tree: bytes of the number of records below a pointer, and of the whole pointer."""
    most = total = (node_size - 10) // size
    widths = [(0, 0)]
    for level in range(1, depth + 1):
        few = _count_bytes(most)
        width = 8 + few + (_count_bytes(total) if level > 1 else 0)
        widths.append((few, width))
        most = (node_size - 10 - width) // (size + width)
        total *= most
    return widths


def _count_bytes(number: int) -> int:
    return (max(number.bit_length(), 1) + 7) // 8


class FractalHeap:
    """Objects by number: in blocks that double in size, alone where they are huge, in the number itself where they are tiny."""

    def __init__(self, meter: CountingReader, address: int) -> None:
        """Read the blocks. Raises ValueError, NotImplementedError for compressed heaps."""
        self._meter = meter
        head = _HEAP.unpack(read_at(meter, address, _HEAP.size))
        signature, version, self._id, filters, largest, self._tree, width, first, last, bits, root, rows = head
        if signature != b"FRHP" or version or filters or rows > _ROWS or not first or not width:
            if filters:
                raise NotImplementedError("a compressed heap")
            raise ValueError("no heap where one should be")
        self._at = (bits + 7) // 8
        self._length = _count_bytes(min(last, largest))
        self._huge: dict[int, tuple[int, int]] | None = None
        self._width, self._first, self._direct = width, first, last.bit_length() - first.bit_length() + 2
        self._blocks: list[tuple[int, bytes]] = sorted(self._read_blocks(root, rows)) if root != UNDEFINED else []
        self._starts = [start for start, _ in self._blocks]

    def _read_blocks(self, root: int, rows: int) -> Iterator[tuple[int, bytes]]:
        waiting = [(root, self._first, rows)]
        while waiting:
            address, size, rows = waiting.pop()
            if not rows:
                data = read_at(self._meter, address, size)
                if data[:4] != b"FHDB":
                    raise ValueError("no block of a heap where one should be")
                yield int.from_bytes(data[13 : 13 + self._at], "little"), data
                continue
            count = rows * self._width
            data = read_at(self._meter, address, 13 + self._at + 8 * count)
            if data[:4] != b"FHIB":
                raise ValueError("no block of a heap where one should be")
            for i, below in enumerate(struct.unpack_from(f"<{count}Q", data, 13 + self._at)):
                row = i // self._width
                size = self._first << max(row - 1, 0)
                if below != UNDEFINED:
                    inner = (size // (self._first * self._width)).bit_length() if row >= self._direct else 0
                    waiting.append((below, size, inner))

    def find(self, number: bytes) -> bytes:
        """One object. Raises ValueError where it is not there."""
        kind = number[0] >> 4
        if kind == 0:
            start = int.from_bytes(number[1 : 1 + self._at], "little")
            length = int.from_bytes(number[1 + self._at : 1 + self._at + self._length], "little")
            block = bisect_right(self._starts, start) - 1
            if block >= 0:
                start -= self._starts[block]
                data = self._blocks[block][1][start : start + length]
                if len(data) == length:
                    return data
        elif kind == 1:
            return self._find_huge(number)
        elif kind == 2:
            long = self._id > 18  # the length takes a byte more then
            length = (number[0] & 15) << 8 | number[1] if long else number[0] & 15
            return number[2 if long else 1 :][: length + 1]
        raise ValueError("an entry of the index leads nowhere")

    def _find_huge(self, number: bytes) -> bytes:
        if self._id >= 17:  # address and length are in the number
            return read_at(self._meter, *struct.unpack_from("<QQ", number, 1))
        if self._huge is None:
            records = walk_records(self._meter, self._tree, HUGE)
            self._huge = {key: (at, size) for at, size, key in (struct.unpack_from("<QQQ", record) for record in records)}
        return read_at(self._meter, *self._huge[int.from_bytes(number[1:9], "little")])


def walk_heap(meter: CountingReader, heap_address: int, tree_address: int, kind: int) -> Iterator[bytes]:
    """The objects of a heap that a tree of names lists."""
    heap = FractalHeap(meter, heap_address)
    for record in walk_records(meter, tree_address, kind):
        yield heap.find(record[_ID[kind]])
