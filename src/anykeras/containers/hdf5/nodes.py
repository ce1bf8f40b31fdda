"""The tree of an HDF5 file: groups, attributes and stored arrays, by hard links only.

`structures` and `heaps` decode; this module decides what may be followed. Everything is visited once
before anything is used, so that a link out of the file or a declared terabyte is found wherever it hides.
Whatever a damaged structure makes them raise is one Malformed with the part named.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from ... import limits
from ...errors import AnyKerasError, LimitExceeded, Malformed
from ..guard import guard_decoding
from ..source import ByteSource, CountingReader, limit_error
from . import SIGNATURE
from .metadata import NameBudget, Report, make_outside_link_error, read_attributes, read_links
from .storage import Stored, describe_array
from .structures import (
    DATATYPE,
    EXTERNAL_FILES,
    FILL,
    FILTERS,
    LAYOUT,
    SPACE,
    GlobalHeaps,
    Message,
    Value,
    find_message,
    find_root,
    read_header,
)

SHARED = 2  # a flag of messages
V = TypeVar("V")


@dataclass
class StoredNode:
    """A group (``children``) or an array (``stored``) at `path`, with its attributes."""

    path: str
    messages: list[Message] = field(repr=False)
    children: dict[str, StoredNode] = field(default_factory=dict, repr=False)
    stored: Stored | None = None
    attributes: dict[str, Value] = field(default_factory=dict, repr=False)

    def find(self, path: str, root: StoredNode) -> StoredNode | None:
        """The node at `path` below this one (below `root` when the path starts with a slash, as HDF5 has it)."""
        node: StoredNode | None = root if path.startswith("/") else self
        for name in path.split("/"):
            if node is not None and name not in ("", "."):
                node = node.children.get(name)
        return node

    def walk(self) -> Iterator[StoredNode]:
        """This node and all below, in the order of their names."""
        stack = [self]
        while stack:
            node = stack.pop()
            yield node
            stack.extend(reversed(node.children.values()))


def open_tree(source: ByteSource, report: Report | None = None) -> StoredNode:
    """Visit all of an HDF5 file. Raises Malformed, LimitExceeded, Unsupported (AK1003, AK1103 to AK1108).

    With `report`, what is wrong with one object is reported, and the others are visited all the same.
    """
    _check_end(source)
    with guard_decoding("superblock"):
        address = find_root(source)
    return _Visit(source, CountingReader(source), report).tree(address)


def _check_end(source: ByteSource) -> None:
    """Compare the end that the superblock declares with the size of the file (truncated downloads)."""
    head = source.read(0, 64)
    if head[:8] != SIGNATURE:
        raise Malformed("AK1103", "the bytes do not start with the signature of HDF5", part="superblock")
    at = {0: 40, 1: 44, 2: 28, 3: 28}.get(head[8] if len(head) > 8 else -1)
    if at is None or len(head) < at + 8:
        raise Malformed(
            "AK1104" if at is not None or len(head) <= 8 else "AK1103",
            "the first block of the HDF5 file is cut off or of an unknown version",
            part="superblock",
            next_step="Get the file again from its source.",
        )
    end = struct.unpack_from("<Q", head, at)[0]
    if end > source.size:
        raise Malformed(
            "AK1104",
            f"the file is cut off: {end:,} bytes long by its header, {source.size:,} bytes are here",
            part="superblock",
            next_step="Download or copy the file again.",
        )


class _Visit:
    def __init__(self, source: ByteSource, meter: CountingReader, report: Report | None = None) -> None:
        self.source, self.meter, self.report = source, meter, report
        self.heaps = GlobalHeaps(meter)
        self.budget = NameBudget(source.size)
        self.nodes: dict[int, StoredNode] = {}  # by address
        self.bounds = limits.current()
        self.count = self.declared = self.held = self.unstored = 0

    def tree(self, address: int) -> StoredNode:
        root = self._node("", address)
        queue = [(root, 0)]
        while queue:
            node, depth = queue.pop()
            if node.stored is not None:
                continue
            if depth > self.bounds.links:
                raise limit_error("groups inside groups", depth, self.bounds.links, node.path, "links")
            for name, target in self._try(partial(self._links, node)) or []:
                child = self._try(partial(self._node, f"{node.path}/{name}" if node.path else name, target))
                if child is not None:
                    node.children[name] = child
                    queue.append((child, depth + 1))
        return root

    def _try(self, visit: Callable[[], V]) -> V | None:
        """What `visit` gives; None where it refuses something and that is to be reported."""
        if self.report is None:
            return visit()
        try:
            return visit()
        except LimitExceeded as error:
            if error.code == "AK1003":  # what counts for the whole file ends the visit
                raise
            self.report(error)
        except AnyKerasError as error:
            self.report(error)
        return None

    def _links(self, node: StoredNode) -> list[tuple[str, int]]:
        part = node.path or "/"
        with guard_decoding(part):
            found = list(read_links(node.messages, self.meter, self.budget, part, self.report))
        if len({name for name, _ in found}) != len(found):
            raise Malformed("AK1103", "the group lists a name twice", part=part)
        for name, _ in found:
            if not name or "/" in name or "\0" in name:
                raise Malformed("AK1103", f"a link is named {name[:80]!r}", part=part)
        return sorted(found)

    def _node(self, path: str, address: int) -> StoredNode:
        self.count += 1
        self.budget.take(len(path), path[:80])
        if self.count > self.bounds.objects:
            raise limit_error("groups and arrays", self.count, self.bounds.objects, path, "objects")
        known = self.nodes.get(address)
        if known is not None:
            if known.stored is None:
                raise Malformed(
                    "AK1103",
                    f"the group {known.path or '/'!r} is also linked here: groups would contain each other",
                    part=path,
                )
            return StoredNode(path, known.messages, stored=known.stored, attributes=known.attributes)
        with guard_decoding(path or "/"):
            messages = read_header(self.meter, address)
            attributes = read_attributes(messages, self.meter, self.heaps, self.budget, path or "/")
            node = StoredNode(path, messages, attributes=attributes)
            if find_message(messages, SPACE) is not None:
                node.stored = self._describe_stored(path, node)
        self.nodes[address] = node
        return node

    def _describe_stored(self, path: str, node: StoredNode) -> Stored:
        messages = node.messages
        if find_message(messages, EXTERNAL_FILES) is not None:
            raise make_outside_link_error(path, "external storage (the numbers lie in another file)")
        if any(m.flags & SHARED for m in messages if m.kind in (SPACE, DATATYPE, FILL, LAYOUT, FILTERS)):
            raise NotImplementedError("a datatype or layout shared between arrays")
        stored = describe_array(self.source, self.meter, path, messages, node.attributes.get("dtype"))
        self.declared += stored.declared
        self.held += stored.held
        self.unstored += max(0, stored.declared - stored.covered)
        if self.declared > self.bounds.tensor_bytes:
            raise limit_error("bytes of arrays declared", self.declared, self.bounds.tensor_bytes, path, "tensor_bytes")
        if self.unstored > self.bounds.unstored_bytes:
            raise LimitExceeded(
                "AK1108",
                f"{self.unstored:,} bytes are declared beyond what the file stores (a shape bomb?)",
                part=path,
                key="unstored_bytes",
                next_step="If you trust the file, raise the limit with anykeras.limits.override(unstored_bytes=...).",
            )
        if self.held > self.source.size:
            raise Malformed("AK1103", "the arrays of the file overlap", part=path)
        return stored


def read_text(value: object) -> str | None:
    """An attribute that is text, stored as bytes or str, fixed or of variable length; None when it is something else.

    Raises UnicodeDecodeError for bytes that are not UTF-8.
    """
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, bytes):
        return value.decode("utf-8")
    return value if isinstance(value, str) else None
