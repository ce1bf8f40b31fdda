"""Tar archives: nothing is unpacked, members are windows of the archive.

Format: POSIX.1-2001 pax (ustar with extended headers), and the long names of GNU tar.
"""

from __future__ import annotations

from collections.abc import Iterator

from .. import limits
from ..errors import Malformed
from .base import Match, Raw
from .folder import Box
from .foreign import make_foreign_error
from .packed import read_packed
from .source import ByteSource, limit_error

USTAR = b"ustar"
RECORD = 512
LONGEST = 1 << 16  # bytes of an extended header
REGULAR, FOLDER, LONG_NAME, EXTENDED, SHARED = b"0\0", b"5", b"L", b"x", b"g"


class Tar:
    """A SavedModel or checkpoint folder that was packed with tar."""

    name = "tar"

    def match(self, path: str, head: bytes) -> str | None:
        """By the mark of tar in its first record."""
        return "tar mark in the first record" if head[257:262] == USTAR else None

    def read(self, match: Match) -> Raw:
        """What is in its folder. Raises Malformed (AK1104, AK1111), LimitExceeded, or NotAModel (AK1141) for other archives."""
        source = match.require_source()
        windows = dict(_list_members(source))
        sizes = {name: window.size for name, window in windows.items()}
        found = read_packed(Box(sizes, lambda name, limit: _check_size(windows[name], limit)), match)
        if found is None:
            shown = ", ".join(list(windows)[:5]) or "nothing"
            raise make_foreign_error("AK1141", f"this is a tar archive; it holds {shown}", match.path)
        return found


def _check_size(window: ByteSource, limit: int) -> ByteSource:
    if window.size > limit:
        raise limit_error("bytes in one file of the archive", window.size, limit, window.name)
    return window


def _list_members(source: ByteSource) -> Iterator[tuple[str, ByteSource]]:
    """The regular files of the archive. Raises Malformed (AK1104, AK1111) and LimitExceeded."""
    at, name, size, seen = 0, "", -1, set[str]()
    while at < source.size:
        record = source.read(at, RECORD)
        if not any(record):
            return
        if len(record) < RECORD:
            raise _make_truncated_error(source.name)
        kind, at = record[156:157], at + RECORD
        stored = _number(record[124:136], source.name)
        _check_sum(record, source.name)
        length = stored if size < 0 or kind in LONG_NAME + EXTENDED + SHARED else size
        if at + length > source.size:
            raise _make_truncated_error(source.name)
        if kind in LONG_NAME + EXTENDED:
            name, size = _read_extended(kind, _read_text(source, at, length), name, size)
        elif kind not in SHARED + FOLDER:
            path = _read_path(name or _read_own_name(record))
            if kind not in REGULAR:
                raise _make_hiding_error("a link or device instead of a file", path)
            if path in seen:
                raise _make_hiding_error(f"two files named {path}", path)
            seen.add(path)
            if len(seen) > limits.current().archive_members:
                bound = limits.current().archive_members
                raise limit_error("files in the archive", len(seen), bound, source.name, "archive_members")
            yield path, source.window(at, length, path)
        if kind not in LONG_NAME + EXTENDED + SHARED:
            name, size = "", -1
        at += -(-length // RECORD) * RECORD


def _read_extended(kind: bytes, text: bytes, name: str, size: int) -> tuple[str, int]:
    """Name and size (-1 where they are not given) that stand before the record of a file."""
    if kind in LONG_NAME:
        return text.rstrip(b"\0").decode("utf-8", "surrogateescape"), size
    while text:
        length, _, _ = text.partition(b" ")
        if not length.isdigit() or len(length) > 6 or not len(length) < int(length) <= len(text):
            raise _make_hiding_error("an extended header that contradicts itself", name)
        key, _, value = text[len(length) + 1 : int(length) - 1].partition(b"=")
        text = text[int(length) :]
        if key == b"path":
            name = value.decode("utf-8", "surrogateescape")
        elif key == b"size" and value.isdigit() and len(value) < 20:
            size = int(value)
        elif key.startswith(b"GNU.sparse"):
            raise _make_hiding_error("a file with holes", name)
    return name, size


def _read_text(source: ByteSource, at: int, length: int) -> bytes:
    if length > LONGEST:
        raise limit_error("bytes of a header", length, LONGEST, source.name)
    limits.budget().charge(length // 64 + 1)
    return source.exactly(at, length, source.name)


def _read_own_name(record: bytes) -> str:
    name, prefix = record[:100].partition(b"\0")[0], record[345:500].partition(b"\0")[0]
    posix = record[257:263] == b"ustar\0"  # GNU tar keeps times where POSIX has the prefix
    return (prefix + b"/" + name if prefix and posix else name).decode("utf-8", "surrogateescape")


def _read_path(name: str) -> str:
    """A name as a plain path below the archive."""
    pieces = [piece for piece in name.split("/") if piece != "."]
    drive = len(pieces[0]) > 1 and pieces[0][1] == ":" if pieces else True
    if drive or "\\" in name or "\0" in name or any(piece in ("", "..") for piece in pieces):
        raise _make_hiding_error("a file name that leads out of the archive", repr(name[:80]))
    return "/".join(pieces)


def _number(field: bytes, part: str) -> int:
    """Octal digits, or the bytes of a number behind 0x80 (GNU)."""
    if field[:1] == b"\x80":
        return int.from_bytes(field[1:], "big")
    digits = field.strip(b" \0")
    if any(digit not in b"01234567" for digit in digits):
        raise _make_hiding_error("a size that is no number", part)
    return int(digits or b"0", 8)


def _check_sum(record: bytes, part: str) -> None:
    expected = _number(record[148:156], part)
    if expected != sum(record[:148]) + 8 * 32 + sum(record[156:]):
        raise Malformed("AK1110", "the checksum of a record of the archive is wrong", part=part)


def _make_truncated_error(part: str) -> Malformed:
    return Malformed(
        "AK1104", "the archive ends in the middle of a file", part=part, next_step="Download or copy the file again."
    )


def _make_hiding_error(what: str, part: str) -> Malformed:
    return Malformed("AK1111", what, part=part, next_step="Pack the folder itself again, without links, or give the folder.")
