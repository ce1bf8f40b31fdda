"""Zip and tar archives: what their members are called, what they hide, and how much they unpack to.

The strict reader refuses what two programs could see differently; its refusal is a risk here, and the archive is then read
as Python's own ``zipfile`` does, which is what Keras uses. Nothing is unpacked to disk.
"""

from __future__ import annotations

import io
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from typing import Final

from .. import limits
from ..containers.keras_zip import archive
from ..containers.source import ByteSource, wrap_bytes
from ..errors import AnyKerasError
from . import loading
from .contents import Kept, judge_member, judge_name
from .projects import is_project, judge_listed
from .risks import Collector, Severity

Examine = Callable[[Collector, ByteSource, str, int], None]

MOST_MEMBERS: Final = 20_000
_EXAMINED: Final = 64 * limits.MIB  # of an inflated member that is looked into
_BYTES: Final = 64  # beyond the size of the archive, for a step of work: they are made, and searched
_FIELDS: Final = frozenset({1, 0x000A, 0x5455, 0x5855, 0x7875})  # of large files, times and owners (APPNOTE 4.5.2)
_RATIO: Final = 200  # inflated bytes for one stored byte


class _File(io.RawIOBase):
    """A source as a file object, for `zipfile` and `tarfile`."""

    def __init__(self, source: ByteSource) -> None:
        self._source, self._at = source, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._source.size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer)  # type: ignore[arg-type]
        data = self._source.read(self._at, len(view))
        view[: len(data)] = data
        self._at += len(data)
        return len(data)


def find_archive(source: ByteSource) -> bool:
    """Whether Python's `zipfile` takes the bytes for an archive: its end record may stand behind anything."""
    tail = source.read(max(0, source.size - 66_000), 66_000)
    return archive.END in tail and zipfile.is_zipfile(io.BufferedReader(_File(source)))


def starts_member(source: ByteSource, at: int) -> bool:
    """Whether a member that is stored as it is begins there, so that what its bytes are is no second kind of the file."""
    before = source.read(max(0, at - 600), min(at, 600))
    head = before[(start := before.rfind(archive.LOCAL)) :][:30]
    sizes = int.from_bytes(head[26:28], "little") + int.from_bytes(head[28:30], "little")
    return start >= 0 and source.read(0, 4) == archive.LOCAL and start + 30 + sizes == len(before)


def audit_zip(found: Collector, source: ByteSource, part: str, depth: int, examine: Examine) -> None:
    """Audit an archive and, by `examine`, each of its members."""
    try:
        archive.list_members(source)
    except AnyKerasError as error:
        severity = Severity.HIGH if error.code == "AK1111" else Severity.MEDIUM
        where = f"{part}/{error.part}" if error.part and error.part != source.name else part
        found.add("AK8009", severity, where, f"an archive that Keras does not write: {error.seen}", loading.ARCHIVE)
    try:
        with zipfile.ZipFile(io.BufferedReader(_File(source), 1 << 16)) as opened:
            infos = opened.infolist()
            if len(infos) > MOST_MEMBERS:
                seen = f"{len(infos):,} files in one archive, of which {MOST_MEMBERS:,} were looked at"
                found.add("AK8011", Severity.MEDIUM, part, seen, loading.BOMB)
            _judge_sizes(found, infos[:MOST_MEMBERS], source.size, part)
            names = {info.filename for info in infos}
            of_keras = "config.json" in names and any(name.startswith("model.weights.") for name in names)
            free = source.size
            for info in infos[:MOST_MEMBERS]:
                size = info.file_size if info.compress_type == zipfile.ZIP_STORED else min(_EXAMINED, info.file_size)
                limits.budget().charge(max(0, size - free) // _BYTES)
                free = max(0, free - size)
                _audit_member(
                    found, opened, info, source, Kept(part, of_keras, is_project(part) and not of_keras), depth, examine
                )
    except (zipfile.BadZipFile, ValueError, OSError, EOFError, NotImplementedError, RuntimeError, KeyError) as error:
        seen = f"an archive that cannot be read: {str(error)[:100]}"
        found.add("AK8014", Severity.MEDIUM, part, seen, loading.UNJUDGED)


def _judge_sizes(found: Collector, infos: list[zipfile.ZipInfo], held: int, part: str) -> None:
    declared = sum(info.file_size for info in infos)
    if declared > _RATIO * held + limits.current().unstored_bytes:
        seen = f"{declared:,} bytes come out of an archive of {held:,}"
        found.add("AK8011", Severity.HIGH, part, seen, loading.BOMB)


def _audit_member(
    found: Collector,
    opened: zipfile.ZipFile,
    info: zipfile.ZipInfo,
    source: ByteSource,
    kept: Kept,
    depth: int,
    examine: Examine,
) -> None:
    where = f"{kept.part}/{info.filename}"
    judge_member(found, info.orig_filename, where, info.external_attr >> 16)
    _judge_extra(found, info.extra, where)
    if info.comment:
        found.add("AK8009", Severity.MEDIUM, where, f"a comment beside the file: {info.comment[:60]!r}", loading.ARCHIVE)
    if info.is_dir() or info.flag_bits & 1:
        judge_name(found, info.filename, where, kept)
        return
    held = _open(opened, info, source)
    if judge_listed(found, held, info.filename, where, kept):
        examine(found, held, where, depth + 1)


def _judge_extra(found: Collector, extra: bytes, where: str) -> None:
    """Fields beside a member, of which some give it another name, and others can hold anything."""
    at = 0
    while at + 4 <= len(extra):
        if (tag := int.from_bytes(extra[at : at + 2], "little")) not in _FIELDS:
            seen = f"a field 0x{tag:04x} beside the file, which can rename it or hold anything"
            found.add("AK8009", Severity.MEDIUM, where, seen, loading.ARCHIVE)
        at += 4 + int.from_bytes(extra[at + 2 : at + 4], "little")


def _open(opened: zipfile.ZipFile, info: zipfile.ZipInfo, source: ByteSource) -> ByteSource:
    """The content: where it lies if it is stored as it is, else inflated, the first part of it."""
    if info.compress_type == zipfile.ZIP_STORED:
        head = source.read(info.header_offset, 30)
        if head[:4] == archive.LOCAL and len(head) == 30:
            start = info.header_offset + 30 + int.from_bytes(head[26:28], "little") + int.from_bytes(head[28:30], "little")
            return source.window(start, info.file_size, info.filename)
    with opened.open(info) as stream:
        try:
            data = stream.read(_EXAMINED)
        except zlib.error as error:
            raise zipfile.BadZipFile(str(error)) from None
    return wrap_bytes(data, info.filename)


def audit_tar(found: Collector, data: bytes, part: str, depth: int, examine: Examine) -> None:
    """The names in a tar archive; where a layer or a download unpacks one, they decide where its files go."""
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as opened:
        for number, member in enumerate(opened):
            if number >= MOST_MEMBERS:
                break
            where = f"{part}/{member.name}"
            judge_member(found, member.name, where, member.mode & 0o7777)
            if member.issym() or member.islnk() or member.isdev():
                seen = f"a link to {member.linkname[:120]!r}" if not member.isdev() else "a device"
                found.add("AK8009", Severity.HIGH, where, seen, loading.ARCHIVE)
            if member.isreg() and (stream := opened.extractfile(member)) is not None:
                held = wrap_bytes(stream.read(_EXAMINED), member.name)
                if judge_listed(found, held, member.name, where, Kept(part, project=is_project(part))):
                    examine(found, held, where, depth + 1)
        end = opened.offset
    if data[end:].strip(b"\0"):
        seen = "bytes behind the end of a tar archive"
        found.add("AK8009", Severity.MEDIUM, part, seen, loading.ARCHIVE)
