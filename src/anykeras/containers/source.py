"""Bytes of one file, opened once, read-only, by position; a window of them reads like a file of its own."""

from __future__ import annotations

import io
import os
import stat
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING, TypeVar, cast

from .. import limits
from ..errors import LimitExceeded, Malformed, MissingFile, NotAModel

if TYPE_CHECKING:
    from ..tensors import Array
    from . import memory

T = TypeVar("T")

BLOCK = 1 << 20
PAGE = 1 << 15
PAGES = 64
IN_MEMORY = 64 * limits.MIB  # inflated bytes beyond go to the disk


class ByteSource:
    """Random access to `size` bytes. `name` addresses them in messages (``model.keras/model.weights.h5``)."""

    def __init__(
        self,
        name: str,
        size: int,
        fetch: Callable[[int, int], bytes],
        sound: bool = False,
        file: memory.File | None = None,
        offset: int = 0,
    ) -> None:
        """`sound` says that checksums were compared already; `file` is the one whose bytes from `offset` on these are."""
        self.name, self.size, self._fetch, self.sound = name, size, fetch, sound
        self._file, self._offset = file, offset
        self._check: Callable[[], None] | None = None
        self._found: dict[object, object] = {}

    def find_once(self, find: Callable[[ByteSource], T]) -> T:
        """What `find` finds in these bytes: once, however many ask. It raises nothing, and nobody changes what it gives."""
        if find not in self._found:
            self._found[find] = find(self)
        return cast("T", self._found[find])

    def check_before_content(self, check: Callable[[], None]) -> None:
        """Compare a checksum when the content is asked for that it is about, as it takes reading all of it."""
        self._check = check

    def require_sound(self) -> None:
        """Called before content is read, as opposed to structure. Raises Malformed where the bytes changed."""
        if self._check is not None:
            self._check()
            self._check = None

    def blocks(self, start: int, count: int, part: str) -> Iterator[bytes]:
        """`count` bytes from `start`, a megabyte at a time. Raises Malformed when the file ends before."""
        for at in range(start, start + count, BLOCK):
            yield self.exactly(at, min(BLOCK, start + count - at), part)

    def read(self, start: int, count: int) -> bytes:
        """Up to `count` bytes from `start`; fewer at the end, none beyond it."""
        if start < 0 or start >= self.size or count <= 0:
            return b""
        return self._fetch(start, min(count, self.size - start))

    def exactly(self, start: int, count: int, part: str) -> bytes:
        """`count` bytes from `start`. Raises Malformed when the file ends before."""
        data = self.read(start, count) if count else b""
        if len(data) != count:
            raise Malformed(
                "AK1104",
                f"{count} bytes are expected at {start} and the file ends before",
                part=part,
                next_step="Download or copy the file again: it is cut off.",
            )
        return data

    def hold(self, start: int, count: int, part: str) -> bytes | Array:
        """The same, as memory to keep where a live model is being filled (`memory.Memory`)."""
        from . import memory  # loaded only where content is read

        held = memory.measure_in_use()
        if self._file is None or held is None or not 0 < count <= self.size - start:
            return self.exactly(start, count, part)
        data = held.take(self._file, self._offset + start, count)
        return data if len(data) == count else self.exactly(start, count, part)

    def scan(self) -> Iterator[bytes | memoryview]:
        """All bytes, some at a time; of what is mapped for a live model, those that it will have."""
        from . import memory

        held = memory.measure_in_use()
        mapped = held.scan(self._file, self._offset, self.size) if held is not None and self._file is not None else None
        return mapped if mapped is not None else (self.read(at, BLOCK) for at in range(0, self.size, BLOCK))

    def window(self, start: int, size: int, name: str) -> ByteSource:
        """The bytes ``start : start + size`` as a source of their own."""
        fetch = self._fetch
        inside = min(size, self.size - start) if start >= 0 else 0  # a window may be declared beyond the file

        def fetch_inside(at: int, count: int) -> bytes:
            return fetch(start + at, min(count, inside - at)) if at < inside else b""

        file = self._file if inside == size else None
        return ByteSource(name, size, fetch_inside, False, file, self._offset + start)

    def whole(self, limit: int, part: str) -> bytes:
        """All bytes. Raises LimitExceeded when there are more than `limit`."""
        if self.size > limit:
            raise limit_error("bytes", self.size, limit, part)
        return self.read(0, self.size)


def limit_error(what: str, seen: int, limit: int, part: str, key: str | None = None) -> LimitExceeded:
    """The refusal of a file that has more of something than a limit allows."""
    return limits.limit_error(f"{seen:,} {what} where at most {limit:,} are allowed", key, part)


def wrap_bytes(data: bytes, name: str) -> ByteSource:
    """A source over bytes in memory."""
    return ByteSource(name, len(data), lambda at, count: data[at : at + count])


def open_source(path: str) -> ByteSource:
    """Open a regular file for reading; it is closed when the last reader of it is gone.

    Raises NotAModel (AK1001 nothing there, AK1002 not a regular file that we may read).
    """
    try:
        # Without O_NONBLOCK, opening a pipe without a writer would block for ever.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except (FileNotFoundError, NotADirectoryError):
        raise make_missing_file_error(path) from None
    except (OSError, ValueError) as error:
        raise NotAModel("AK1002", f"the file cannot be opened: {error}", part=path) from None
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        os.close(descriptor)
        raise NotAModel(
            "AK1002",
            "this is not a regular file (a pipe, device or folder)",
            part=path,
            next_step="Give the path of a model file.",
        )
    return _copy_descriptor(descriptor, path, status.st_size)


def spool(blocks: Iterator[bytes], name: str) -> ByteSource:
    """Bytes that come one after the other as a source: in memory while they are few, else in a file without a name."""
    held: list[bytes] = []
    size = 0
    for block in blocks:
        held.append(block)
        size += len(block)
        if size > IN_MEMORY:
            return _write_spool(held, blocks, name)
    return wrap_bytes(b"".join(held), name)


def _write_spool(held: list[bytes], blocks: Iterator[bytes], name: str) -> ByteSource:
    import tempfile  # most files fit into memory

    with tempfile.TemporaryFile(buffering=0) as file:
        for kept in (held, blocks):
            for block in kept:
                file.write(block)
        size = file.tell()
        return _copy_descriptor(os.dup(file.fileno()), name, size)


def _copy_descriptor(descriptor: int, name: str, size: int) -> ByteSource:
    """A source over an open file, which is closed when the last reader of it is gone."""
    file = _OpenFile(descriptor, name)
    weakref.finalize(file, os.close, descriptor)
    return ByteSource(name, size, file.fetch, file=file)


def make_missing_file_error(path: str) -> MissingFile:
    """The refusal of a path where there is no file."""
    folder, name = os.path.split(path)
    near: list[str] = []
    with suppress(OSError), os.scandir(folder or ".") as held:
        from difflib import get_close_matches  # for this message alone

        near = get_close_matches(name, [one.name for one in islice(held, 1000)], 1, 0.8)
    advice = f"Did you mean {os.path.join(folder, near[0])}?" if near else None
    return MissingFile("AK1001", f"No such file: {path} (current directory: {os.getcwd()})", part=path, next_step=advice)


class _OpenFile:
    """Reads of an open file. Small ones come from pages of it, as the structure of an HDF5 file is tens of thousands of them.

    At most PAGES pages of PAGE bytes are held, the longest unused one goes first; a large read goes past them.
    """

    def __init__(self, descriptor: int, path: str) -> None:
        self.descriptor, self._path = descriptor, path
        self._lock = threading.Lock()
        self._pages: dict[int, bytes] = {}

    def fetch(self, start: int, count: int) -> bytes:
        """Up to `count` bytes from `start`; fewer at the end of the file."""
        number, offset = divmod(start, PAGE)
        with self._lock:
            if offset + count <= PAGE:
                return self._page(number)[offset : offset + count]
            if count > PAGE:
                return self._read(start, count)
            return self._page(number)[offset:] + self._page(number + 1)[: offset + count - PAGE]

    def fill(self, start: int, buffer: memoryview) -> int:
        """Read into a buffer; how many bytes there were. Raises NotAModel (AK1002) where the file cannot be read."""
        if len(buffer) <= PAGE:
            data = self.fetch(start, len(buffer))
            buffer[: len(data)] = data
            return len(data)
        done = 0
        try:
            with self._lock, open(self.descriptor, "rb", buffering=0, closefd=False) as file:
                file.seek(start)
                while done < len(buffer) and (count := file.readinto(buffer[done:])):
                    done += count
        except OSError as error:
            raise self._unreadable(error) from None
        return done

    def _unreadable(self, error: OSError) -> NotAModel:
        return NotAModel("AK1002", f"the file cannot be read: {error}", part=self._path)

    def _page(self, number: int) -> bytes:
        data = self._pages.pop(number, None)
        if data is None:
            data = self._read(number * PAGE, PAGE)
            if len(self._pages) >= PAGES:
                del self._pages[next(iter(self._pages))]
        # a dict keeps the order of entering, so the page used last stands last
        self._pages[number] = data
        return data

    def _read(self, start: int, count: int) -> bytes:
        blocks = []
        try:
            os.lseek(self.descriptor, start, os.SEEK_SET)
            while count > 0 and (block := os.read(self.descriptor, min(count, 64 * BLOCK))):
                blocks.append(block)
                count -= len(block)
        except OSError as error:
            raise self._unreadable(error) from None
        return blocks[0] if len(blocks) == 1 else b"".join(blocks)


class CountingReader(io.RawIOBase):
    """A read-only file object over a source that counts, so that structures that point back at themselves end.

    A genuine structure is read once or a few times; a crafted one until the budget is spent: AK1003.
    """

    def __init__(self, source: ByteSource) -> None:
        self._source, self._at = source, 0
        self._reads = 200_000 + source.size // 4
        self._bytes = 4 * source.size + 16 * limits.MIB

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move; positions beyond the end read nothing."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._source.size}[whence]
        if base + offset < 0:
            raise ValueError("a position before the start of the file")
        self._at = base + offset
        return self._at

    def tell(self) -> int:
        """The position."""
        return self._at

    def readable(self) -> bool:
        """Always."""
        return True

    def read(self, size: int | None = -1) -> bytes:
        """Up to `size` bytes. Raises LimitExceeded when the budget of this file is spent."""
        count = self._source.size - self._at if size is None or size < 0 else size
        data = self._source.read(self._at, count)
        self._reads -= 1
        self._bytes -= len(data)
        if self._reads < 0 or self._bytes < 0:
            raise LimitExceeded(
                "AK1003",
                "the structures of the file point at themselves or at each other",
                part=self._source.name,
                next_step="Do not load this file unless you know who made it.",
            )
        self._at += len(data)
        return data
