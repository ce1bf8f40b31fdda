"""Bytes of a text file as text: UTF-8 with or without a mark, UTF-16 by its mark or by its zero bytes."""

from __future__ import annotations

from ..errors import Malformed

MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


def detect_encoding(head: bytes) -> str:
    """The encoding that the first bytes speak for."""
    for mark, name in MARKS:
        if head.startswith(mark):
            return name
    if len(head) > 3 and head[0] and head[2] and not head[1] and not head[3]:
        return "utf-16-le"
    if len(head) > 3 and head[1] and head[3] and not head[0] and not head[2]:
        return "utf-16-be"
    return "utf-8"


def decode_text(data: bytes, part: str) -> str:
    """The text. Raises Malformed (AK1125) when the bytes are no text in that encoding."""
    try:
        return data.decode(detect_encoding(data))
    except UnicodeDecodeError as error:
        raise Malformed(
            "AK1125",
            f"the bytes are not text ({error.encoding}, at byte {error.start:,})",
            part=part,
            next_step="Get the file again from its source, or export it as UTF-8.",
        ) from None
