"""Links of a group and attributes of an object, within bounds.

pyfive decodes single structures; the loops over them are here, since a crafted file can list one long name or value
a million times: what is taken out is counted against the size of the file (File Format Specification 3.0, III and IV).
Of the structures that every layer of a model has several of, each is read whole and unpacked in one step.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator

from pyfive.btree import BTreeV2AttrNames, BTreeV2GroupNames
from pyfive.core import UNDEFINED_ADDRESS
from pyfive.dataobjects import DataObjects
from pyfive.misc_low_level import FractalHeap

from ... import limits
from ...errors import AnyKerasError, LimitExceeded, Unsupported
from ..source import CountingReader

LINK_INFO, LINK, ATTRIBUTE, SYMBOL_TABLE, ATTRIBUTE_INFO = 2, 6, 12, 17, 21
HARD, EXTERNAL = 0, 64
SOFT_ENTRY = 2  # cache type of a soft link in a symbol table
LONGEST = 1 << 16  # bytes of a name
CONTINUATION = 16

_HEADER = struct.Struct("<BxHIIxxxx")  # version, messages, references, bytes of messages (IV.A.1.a)
_MESSAGE = struct.Struct("<HHBxxx")  # type, size, flags
_TREE = struct.Struct("<4sBBH16x")  # signature, type, level, entries; siblings (III.A.1)
_TABLE = struct.Struct("<4sxxH")  # signature, version, entries (III.B)
_ENTRY = struct.Struct("<QQI20x")  # name in the heap, address, cache type; scratch (III.C)
_HEAP = struct.Struct("<4sBxxxQ8xQ")  # signature, version, size, address (III.D)


class ObjectHeader(DataObjects):  # type: ignore[misc]  # pyfive has no types
    """The messages of an object."""

    @staticmethod
    def _parse_v1_objects(meter: CountingReader) -> tuple[list[dict[str, int]], bytes, dict[str, int]]:
        _, count, references, size = _HEADER.unpack(meter.read(_HEADER.size))
        data, at, messages = meter.read(size), 0, []
        for _ in range(count):
            kind, length, flags = _MESSAGE.unpack_from(data, at)
            at += _MESSAGE.size
            messages.append({"type": kind, "size": length, "flags": flags, "offset_to_message": at})
            if kind == CONTINUATION:
                address, more = struct.unpack_from("<QQ", data, at)
                data += _read_at(meter, address, more)
            at += length
        return messages, data, {"version": 1, "object_reference_count": references}


def _read_at(meter: CountingReader, address: int, count: int) -> bytes:
    meter.seek(address)
    return meter.read(count)


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
    objects: DataObjects, meter: CountingReader, budget: NameBudget, part: str, report: Report | None = None
) -> Iterator[tuple[str, int]]:
    """(name, address) of the hard links of a group.

    Raises Unsupported (AK1106) for links of any other kind; with `report`, they are reported and left out.
    """
    for message in objects.msgs:
        start = message["offset_to_message"]
        data = objects.msg_data[start : start + message["size"]]
        if message["type"] == SYMBOL_TABLE:
            yield from _from_table(data, meter, budget, part, report)
        elif message["type"] == LINK:
            yield from _from_message(data, budget, part, report)
        elif message["type"] == LINK_INFO:
            addresses = DataObjects._decode_link_info_msg(data, 0)
            if addresses["name_btree_address"] is not None:
                for item in _heap_items(meter, addresses["heap_address"], addresses["name_btree_address"], False):
                    yield from _from_message(item, budget, part, report)


def _refuse_outside(part: str, what: str, report: Report | None) -> None:
    if report is None:
        raise outside_link_error(part, what)
    report(outside_link_error(part, what))


def _from_table(
    data: bytes, meter: CountingReader, budget: NameBudget, part: str, report: Report | None
) -> Iterator[tuple[str, int]]:
    tree, heap = struct.unpack_from("<QQ", data)
    names = _read_heap(meter, heap)
    for table in _table_addresses(meter, tree):
        signature, count = _TABLE.unpack(_read_at(meter, table, _TABLE.size))
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
    signature, version, size, start = _HEAP.unpack(_read_at(meter, address, _HEAP.size))
    if signature != b"HEAP" or version != 0:
        raise ValueError("no local heap where one should be")
    return _read_at(meter, start, size)


def _table_addresses(meter: CountingReader, address: int) -> list[int]:
    """The symbol tables of a group: the leaves of a tree, of which each level says how far below it they are."""
    nodes, level = [address], None
    while True:
        below: list[int] = []
        for node in nodes:
            signature, kind, found, count = _TREE.unpack(_read_at(meter, node, _TREE.size))
            if signature != b"TREE" or kind != 0 or level not in (None, found):
                raise ValueError("no node of a tree of groups where one should be")
            level = found
            below += struct.unpack(f"<{2 * count + 1}Q", meter.read(16 * count + 8))[1::2]
        if not level:
            return below
        nodes, level = below, level - 1


def _from_message(data: bytes, budget: NameBudget, part: str, report: Report | None) -> Iterator[tuple[str, int]]:
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


def _heap_items(meter: CountingReader, heap_address: int, tree_address: int, attributes: bool) -> Iterator[bytes]:
    heap = FractalHeap(meter, heap_address)
    tree = (BTreeV2AttrNames if attributes else BTreeV2GroupNames)(meter, tree_address)
    for record in tree.iter_records():
        item = heap.get_data(record["heapid"])
        if item is None:
            raise ValueError("an entry of the index leads nowhere")
        yield item


def read_attributes(objects: DataObjects, meter: CountingReader, budget: NameBudget, part: str) -> dict[str, object]:
    """The attributes of an object, of both kinds of storage, as pyfive decodes each."""
    found: dict[str, object] = {}
    for item in _attribute_messages(objects, meter):
        budget.take(len(item), part)
        name, value = objects._parse_attribute_msg(item, 0)
        if name in found:
            raise ValueError(f"the attribute {name!r} is there twice")
        found[name] = value
    return found


def _attribute_messages(objects: DataObjects, meter: CountingReader) -> Iterator[bytes]:
    for message in objects.msgs:
        start = message["offset_to_message"]
        data = objects.msg_data[start : start + message["size"]]
        if message["type"] == ATTRIBUTE:
            yield data
        elif message["type"] == ATTRIBUTE_INFO:
            at = 4 if data[1] & 1 else 2  # a number follows the flags when the order of creation is kept
            heap, names = struct.unpack_from("<QQ", data, at)
            if heap != UNDEFINED_ADDRESS:
                yield from _heap_items(meter, heap, names, True)


def outside_link_error(part: str, what: str) -> Unsupported:
    """The refusal of whatever leads out of the file."""
    return Unsupported(
        "AK1106",
        f"{what}: AnyKeras follows only hard links inside the file",
        part=part,
        next_step="If you trust the file, copy it with h5py into one that holds its own data.",
    )
