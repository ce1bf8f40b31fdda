"""A zip archive read the strict way: every program must see the same members in it, or it is refused.

Members lie one after the other from byte 0, the central directory follows, the end record closes the file; local
headers and directory agree; names are plain relative paths; nothing is a link or encrypted; inflating stops at a cap.
Format: PKWARE APPNOTE 6.3.10, sections 4.3 and 4.5.
"""

from __future__ import annotations

import stat
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace

from ... import limits
from ...errors import LimitExceeded, Malformed
from ..checksums import compute_crc32
from ..source import BLOCK, ByteSource, limit_error, spool

LOCAL, CENTRAL, END = b"PK\3\4", b"PK\1\2", b"PK\5\6"
END64, LOCATOR64 = b"PK\6\6", b"PK\6\7"
STORED, DEFLATED = 0, 8
ENCRYPTED, DESCRIPTOR, STRONG, UTF8, MASKED = 1, 1 << 3, 1 << 6, 1 << 11, 1 << 13
CHECKED_AT_ONCE = 16 << 20  # bytes; the checksum of a larger member waits until its content is read
FULL32, FULL16 = 0xFFFFFFFF, 0xFFFF
RATIO = 32  # inflated bytes for one stored byte, beyond `unstored_bytes`, that a genuine model file stays under


@dataclass(frozen=True)
class ArchiveMember:
    """One file of the archive; `size` is inflated, `stored` as it lies, `data` where its bytes start."""

    name: str
    method: int
    flags: int
    crc: int
    stored: int
    size: int
    header: int
    data: int = 0


def list_members(source: ByteSource) -> dict[str, ArchiveMember]:
    """The members by name. Raises Malformed (AK1104, AK1110, AK1111) or LimitExceeded."""
    count, size, start = _read_end(source)
    bounds = limits.current()
    if count > bounds.archive_members:
        raise limit_error("files in the archive", count, bounds.archive_members, source.name, "archive_members")
    listed = _read_directory(source.exactly(start, size, "central directory"), count)
    found: dict[str, ArchiveMember] = {}
    position = 0
    for entry in sorted(listed, key=lambda m: m.header):
        if entry.header != position:
            raise _make_hiding_error("bytes that belong to no file, or to two", entry.name)
        member, position = _locate(source, entry)
        if member.name in found:
            raise _make_hiding_error(
                f"Two members named {member.name}: a known way to hide content from scanners.", member.name
            )
        found[member.name] = member
    if position != start:
        raise _make_hiding_error("bytes between the last file and the directory that belong to no file", source.name)
    return {entry.name: found[entry.name] for entry in listed}


def open_member(source: ByteSource, member: ArchiveMember, limit: int) -> ByteSource:
    """The content of a member: a window of the file when it is stored as it is, else inflated within `limit`.

    The checksum is compared: at once, or for a large member when its content is asked for. Raises Malformed, LimitExceeded.
    """
    part = member.name
    if member.size > limit:
        raise limit_error("bytes in one file of the archive", member.size, limit, part)
    if member.method == STORED:
        window = source.window(member.data, member.size, part)
        if source.sound:
            return window
        if member.size <= CHECKED_AT_ONCE:
            _check(window, member)
        else:
            window.check_before_content(lambda: _check(window, member))
        return window
    allowed = limits.current().unstored_bytes + RATIO * member.stored
    if member.size > allowed:
        raise limit_error("bytes inflated from a much smaller file", member.size, allowed, part, "unstored_bytes")
    data = spool(_inflate(source, member, part), part)
    _check(data, member)
    return data


def _read_end(source: ByteSource) -> tuple[int, int, int]:
    """(members, bytes of the directory, where it starts) from the end record, which must close the file."""
    tail = source.read(max(0, source.size - 22), 22)
    if tail[:4] != END or tail[20:] != b"\0\0":
        raise Malformed(
            "AK1104" if END not in source.read(max(0, source.size - 66_000), 66_000) else "AK1110",
            "the archive does not end with its end record: it is cut off, or bytes were appended",
            part=source.name,
            next_step="Get the file again from its source.",
        )
    disk, first_disk, here, count, size, start = struct.unpack_from("<HHHHII", tail, 4)
    if (disk, first_disk, here) != (0, 0, count):
        raise _make_hiding_error("an archive over several disks", source.name)
    end = source.size - 22
    if count == FULL16 or FULL32 in (size, start):
        count, size, start, end = _read_end64(source, end)
    if start + size != end:
        raise _make_hiding_error("the directory is not where the end record says", source.name)
    return count, size, start


def _read_end64(source: ByteSource, end: int) -> tuple[int, int, int, int]:
    locator = source.read(end - 20, 20)
    if locator[:4] != LOCATOR64:
        raise _make_hiding_error("the large-file end record is missing", source.name)
    at = struct.unpack_from("<Q", locator, 8)[0]
    record = source.read(at, 56)
    if len(record) < 56 or record[:4] != END64 or at + 56 != end - 20:
        raise _make_hiding_error("the large-file end record is not where it must be", source.name)
    disk, first_disk, here, count, size, start = struct.unpack_from("<IIQQQQ", record, 16)
    if (disk, first_disk, here) != (0, 0, count):
        raise _make_hiding_error("an archive over several disks", source.name)
    return count, size, start, at


def _read_directory(data: bytes, count: int) -> list[ArchiveMember]:
    entries, at = [], 0
    for _ in range(count):
        if data[at : at + 4] != CENTRAL or len(data) < at + 46:
            raise _make_hiding_error("the directory of the archive is damaged", "central directory")
        flags, method = struct.unpack_from("<HH", data, at + 8)
        crc, stored, size, name_size, extra_size, comment_size, disk = struct.unpack_from("<IIIHHHH", data, at + 16)
        mode, header = struct.unpack_from("<II", data, at + 38)
        name = _read_name(data[at + 46 : at + 46 + name_size], flags)
        extra = data[at + 46 + name_size : at + 46 + name_size + extra_size]
        if disk:
            raise _make_hiding_error("an archive over several disks", name)
        _check_mode(mode >> 16, name)
        size, stored, header = _widen(extra, [size, stored, header], name)
        entries.append(ArchiveMember(name, method, flags, crc, stored, size, header))
        at += 46 + name_size + extra_size + comment_size
    if at != len(data):
        raise _make_hiding_error("the directory of the archive is longer than its files", "central directory")
    return entries


def _widen(extra: bytes, values: list[int], name: str) -> list[int]:
    """Values with those that do not fit into 32 bits taken from the extra field 1 (APPNOTE 4.5.3)."""
    at, wide = 0, b""
    while at + 4 <= len(extra):
        tag, length = struct.unpack_from("<HH", extra, at)
        if tag == 1:
            wide = extra[at + 4 : at + 4 + length]
        at += 4 + length
    found, position = [], 0
    for value in values:
        if value == FULL32:
            if len(wide) < position + 8:
                raise _make_hiding_error("a size is missing from the directory", name)
            value, position = struct.unpack_from("<Q", wide, position)[0], position + 8
        found.append(value)
    return found


def _locate(source: ByteSource, entry: ArchiveMember) -> tuple[ArchiveMember, int]:
    """The member with its data found, checked against its local header, and where the next one starts."""
    head = source.exactly(entry.header, 30, entry.name)
    if head[:4] != LOCAL:
        raise _make_hiding_error("the directory points at something that is no file", entry.name)
    flags, method = struct.unpack_from("<HH", head, 6)
    crc, stored, size, name_size, extra_size = struct.unpack_from("<IIIHH", head, 14)
    rest = source.exactly(entry.header + 30, name_size + extra_size, entry.name)
    size, stored = _widen(rest[name_size:], [size, stored], entry.name)
    local = replace(entry, name=_read_name(rest[:name_size], flags), method=method, flags=flags)
    if not flags & DESCRIPTOR:
        local = replace(local, crc=crc, stored=stored, size=size)
    if local != entry:
        raise _make_hiding_error("the file's own header and the directory of the archive disagree", entry.name)
    if flags & (ENCRYPTED | STRONG | MASKED) or method not in (STORED, DEFLATED):
        raise _make_hiding_error("encrypted, or compressed in a way that Keras never uses", entry.name)
    if method == STORED and entry.stored != entry.size:
        raise _make_hiding_error("a file that is stored as it is has two sizes", entry.name)
    data = entry.header + 30 + name_size + extra_size
    end = data + entry.stored
    if end > source.size:
        raise _make_hiding_error("a file ends beyond the archive", entry.name)
    return replace(entry, data=data), end + (_read_descriptor(source, end, entry) if flags & DESCRIPTOR else 0)


def _read_descriptor(source: ByteSource, at: int, entry: ArchiveMember) -> int:
    """Bytes of the data descriptor behind a file that was written as a stream (APPNOTE 4.3.9)."""
    tail = source.read(at, 24)
    for mark in (b"PK\7\x08", b""):
        for sizes in ("<III", "<IQQ"):
            length = len(mark) + struct.calcsize(sizes)
            if len(tail) >= length and tail.startswith(mark):
                values = struct.unpack_from(sizes, tail, len(mark))
                if values == (entry.crc, entry.stored, entry.size):
                    return length
    raise _make_hiding_error("the sizes behind the file and those in the directory disagree", entry.name)


def _read_name(raw: bytes, flags: int) -> str:
    try:
        name = raw.decode("utf-8" if flags & UTF8 else "cp437")
    except UnicodeDecodeError:
        raise _make_hiding_error("a file name that is not text", repr(raw[:80])) from None
    parts = name.removesuffix("/").split("/")
    drive = len(parts[0]) > 1 and parts[0][1] == ":"
    if drive or "\\" in name or "\0" in name or any(part in ("", ".", "..") for part in parts):
        raise _make_hiding_error("a file name that leads out of the archive", repr(name[:80]))
    return name


def _check_mode(mode: int, name: str) -> None:
    kind = stat.S_IFMT(mode)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise _make_hiding_error("a link or device instead of a file", name)


def _inflate(source: ByteSource, member: ArchiveMember, part: str) -> Iterator[bytes]:
    inflater, total = zlib.decompressobj(-15), 0
    for at in range(0, member.stored, BLOCK):
        pending = source.read(member.data + at, min(BLOCK, member.stored - at))
        while pending:
            try:
                block = inflater.decompress(pending, BLOCK)
            except zlib.error as error:
                raise Malformed("AK1110", f"the compressed bytes are damaged: {error}", part=part) from None
            pending = inflater.unconsumed_tail
            total += len(block)
            if total > member.size:
                raise LimitExceeded("AK1003", f"the file inflates beyond the {member.size:,} bytes that it declares", part=part)
            yield block
            if inflater.eof or (not block and not pending):
                break
    if total != member.size or not inflater.eof:
        raise Malformed("AK1110", f"{total:,} bytes come out where {member.size:,} are declared", part=part)


def _check(content: ByteSource, member: ArchiveMember) -> None:
    crc = 0
    for block in content.scan():
        crc = compute_crc32(block, crc)
    if crc != member.crc:
        raise Malformed(
            "AK1110",
            "the checksum of the file in the archive is wrong: its bytes changed since it was written",
            part=content.name,
            next_step="Get the file again from its source.",
        )


def _make_hiding_error(what: str, part: str) -> Malformed:
    return Malformed(
        "AK1111",
        what,
        part=part,
        next_step="Do not load this file: Keras writes no such archive.",
    )
