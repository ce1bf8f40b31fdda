"""The line table as a witness of the version: it covers the code differently before and from 3.10.

Source: ``Objects/lnotab_notes.txt`` of CPython 3.9 and 3.10; ``Objects/locations.md`` of 3.11.
"""

from __future__ import annotations

from .code import CodeObject


def fits(code: CodeObject) -> bool:
    """Whether the table is one that ``code.version`` would have written for instructions of this length."""
    if code.version >= (3, 11):
        return _locations_cover(code)
    if len(code.line_table) % 2:
        return False
    covered = sum(code.line_table[::2])
    return covered == len(code.code) if code.version >= (3, 10) else covered < len(code.code)


def _locations_cover(code: CodeObject) -> bool:
    """3.11+: an entry starts with a byte that has the high bit; its low three bits are its length less one."""
    units, table = 0, code.line_table
    if table and not table[0] & 0x80:
        return False
    for byte in table:
        if byte & 0x80:
            units += (byte & 7) + 1
    return 2 * units == len(code.code)
