"""One file inside a compressed stream: a tar archive, or what ``joblib.dump(..., compress=3)`` and ``gzip.open`` wrote.

Inflated bytes beyond what memory should hold go into a file without a name, which the system removes with the process.
"""

from __future__ import annotations

import bz2
import lzma
import re
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, Protocol

from .. import limits
from ..errors import Malformed
from .base import Match, Raw
from .foreign import make_foreign_error
from .source import BLOCK, ByteSource, limit_error, spool


class Inflater(Protocol):
    """What a decompressor of the standard library offers: the next bytes of a stream, and no more of them than asked."""

    @property
    def eof(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, /, max_length: int = ...) -> bytes: ...


@dataclass(frozen=True)
class Compression:
    """How a stream begins, by its bytes alone, and what inflates it.

    `ratio` is how many bytes may come out for one of the file, beyond `unstored_bytes`: a genuine model stays under it, and
    the slow ones stay within the time that a file may take.
    """

    start: re.Pattern[bytes]
    inflater: Callable[[], Inflater]
    ratio: int = 8


_MEMORY: Final = 64 * limits.MIB  # of a decompressor
COMPRESSIONS: Final = {
    "gzip": Compression(re.compile(rb"\x1f\x8b"), lambda: zlib.decompressobj(31), 32),
    "zlib": Compression(re.compile(rb"\x78[\x01\x5e\x9c\xda]"), zlib.decompressobj, 32),
    "bzip2": Compression(re.compile(rb"BZh[1-9]\x31\x41\x59"), bz2.BZ2Decompressor),
    "xz": Compression(re.compile(rb"\xfd7zXZ\0"), lambda: lzma.LZMADecompressor(memlimit=_MEMORY)),
    "lzma": Compression(re.compile(rb"\x5d\0\0..[\xff\0]", re.DOTALL), lambda: lzma.LZMADecompressor(memlimit=_MEMORY)),
}
"""Those that joblib, pickle and numpy read through a decompressor, by name."""
DAMAGE: Final = (zlib.error, lzma.LZMAError, OSError, EOFError)
"""What inflating raises."""


class Compressed:
    """A file of any other kind in a compressed stream."""

    name = "compressed"

    def match(self, path: str, head: bytes) -> str | None:
        """By how the stream begins: bzip2 gives nothing before its first block is whole."""
        return find_compression(head)

    def read(self, match: Match) -> Raw:
        """What is inside. Raises Malformed (AK1104, AK1110), LimitExceeded, NotAModel (AK1141), and what its kind does."""
        from .table import HEAD, list_containers

        source = match.require_source()
        inside = spool(_inflate(source), source.name)
        head = inside.read(0, HEAD)
        for container in list_containers():
            evidence = container.match(match.path, head) if container.name != self.name else None
            if evidence is not None:
                return container.read(Match(container.name, match.path, evidence, container, inside))
        raise make_foreign_error("AK1141", f"this is a file compressed by {match.evidence}, and no model inside", match.path)


def find_compression(head: bytes) -> str | None:
    """The name of what compressed a file with these first bytes; None where nothing did."""
    return next((name for name, compression in COMPRESSIONS.items() if compression.start.match(head)), None)


def _inflate(source: ByteSource) -> Iterator[bytes]:
    """The bytes inside, which may be several streams one after the other."""
    compression = COMPRESSIONS[find_compression(source.read(0, 16)) or ""]
    allowed = min(limits.current().unstored_bytes + compression.ratio * source.size, limits.current().tensor_bytes)
    inflater, total, at, pending = compression.inflater(), 0, 0, b""
    while at < source.size or pending or _holds_back(inflater):
        if not pending and not _holds_back(inflater):
            pending = source.read(at, BLOCK)
            at += len(pending)
        if inflater.eof:
            if not pending.strip(b"\0"):  # padding
                pending = b""
                continue
            inflater = compression.inflater()
        try:
            block = inflater.decompress(pending, BLOCK)
        except DAMAGE as error:
            raise Malformed("AK1110", f"the compressed bytes are damaged: {error}", part=source.name) from None
        total += len(block)
        if total > allowed:
            raise limit_error("bytes inflated from a much smaller file", total, allowed, source.name, "unstored_bytes")
        yield block
        pending = inflater.unused_data if inflater.eof else getattr(inflater, "unconsumed_tail", b"")
    if not inflater.eof:
        raise Malformed(
            "AK1104", "the compressed stream ends too early", part=source.name, next_step="Download or copy the file again."
        )


def _holds_back(inflater: Inflater) -> bool:
    """Whether there is more to come of what it was given: zlib hands that back, others keep it."""
    return not inflater.eof and not getattr(inflater, "needs_input", True)
