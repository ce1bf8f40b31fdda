"""A code object as data: what every CPython's marshal format holds, in one neutral frozen form."""

from __future__ import annotations

from dataclasses import dataclass

Version = tuple[int, int]

OPTIMIZED = 0x01  # variables are in slots: a function, and no class body
VARARGS, VARKEYWORDS = 0x04, 0x08
GENERATOR, COROUTINE, ASYNC_GENERATOR = 0x20, 0x80, 0x200


@dataclass(frozen=True, eq=False, repr=False)
class CodeObject:
    """One code object.

    Attributes:
        version: the Python whose format it was read as.
        slots: names of the fast-local slots: ``co_varnames`` up to 3.10, ``co_localsplusnames`` from 3.11.
        cellvars, freevars: as in CPython; from 3.11 derived from ``co_localspluskinds``.
        code: the instruction bytes.
        exception_table: the bytes of ``co_exceptiontable`` (3.11+), else empty.

    Source: ``Python/marshal.c`` and ``Objects/codeobject.c`` of CPython 2.7 and 3.0 to 3.14.
    """

    version: Version
    name: str
    qualname: str
    filename: str
    firstlineno: int
    argcount: int
    posonlyargcount: int
    kwonlyargcount: int
    stacksize: int
    flags: int
    code: bytes
    consts: tuple[object, ...]
    names: tuple[str, ...]
    slots: tuple[str, ...]
    cellvars: tuple[str, ...]
    freevars: tuple[str, ...]
    line_table: bytes
    exception_table: bytes

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names of all parameters: positional, keyword-only, then ``*args`` and ``**kwargs`` where present."""
        stars = bool(self.flags & VARARGS) + bool(self.flags & VARKEYWORDS)
        return self.slots[: self.argcount + self.kwonlyargcount + stars]

    def __repr__(self) -> str:
        return f"<code {self.name} of Python {self.version[0]}.{self.version[1]}>"
