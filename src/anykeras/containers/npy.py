"""The header of an array that NumPy stores (numpy/lib/format.py 1.8 to 2.4), read without NumPy."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

from ..errors import Malformed
from .source import ByteSource

MAGIC: Final = b"\x93NUMPY"
OBJECT: Final = "|O"
_HEADER: Final = re.compile(
    r"\{'descr': '([<>|][biuf][1248]|\|O)', 'fortran_order': (False|True), 'shape': \(([\d, ]{0,200})\), \} *\n?\Z"
)
_LONGEST: Final = 4096
_WIDTHS: Final = {1: 2, 2: 4, 3: 4}  # of the length of a header, by the major version of the format


@dataclass(frozen=True)
class Header:
    """`start` is where the values are, or the pickle of an array of objects."""

    dtype: str
    order: Literal["C", "F"]
    shape: tuple[int, ...]
    start: int


def read_header(data: ByteSource, part: str) -> Header:
    """Raises Malformed (AK1114): the bytes are no array, or of a type that holds neither numbers nor lists."""
    head = data.read(0, 12)
    width = _WIDTHS.get(head[len(MAGIC)] if len(head) == 12 else 0)
    if not head.startswith(MAGIC) or width is None:
        raise Malformed("AK1114", "the bytes are no NumPy array", part=part)
    size = int.from_bytes(head[8 : 8 + width], "little")
    said = _HEADER.match(data.exactly(8 + width, min(size, _LONGEST), part).decode("latin-1"))
    if said is None:
        raise Malformed("AK1114", "the header of the array is none that NumPy writes for numbers or lists", part=part)
    shape = tuple(int(word) for word in said[3].split(",") if word.strip())
    return Header(said[1], "F" if said[2] == "True" else "C", shape, 8 + width + size)
