"""A function as its names, constants and instructions: what is shown of one that has no Python text."""

from __future__ import annotations

from collections.abc import Iterator
from reprlib import Repr

from ..errors import AnyKerasError
from .code import CodeObject
from .instructions import decode

_LONGEST = 500  # instructions, or characters of a value, that are shown
# Constants may share their parts, so that their whole text would be far larger than they are.
_REPR = Repr()
_REPR.maxlevel, _REPR.maxstring, _REPR.maxother = 3, _LONGEST, _LONGEST


def describe_constant(value: object) -> str:
    """A stored value as Python text, shortened."""
    return _REPR.repr(value)


def list_code(function: CodeObject) -> Iterator[str]:
    """The names, constants and instructions of a function and of those inside it."""
    left: list[CodeObject] = [function]
    while left:
        code = left.pop(0)
        left += [held for held in code.consts if isinstance(held, CodeObject)]
        yield f"# {code.name}({', '.join(code.slots[: code.argcount + code.kwonlyargcount])})"
        yield f"names: {_shorten(', '.join(code.names))}"
        plain = [held for held in code.consts if not isinstance(held, CodeObject)]
        yield f"constants: {_shorten(', '.join(map(describe_constant, plain)))}"
        try:
            instructions = decode(code).instructions
        except AnyKerasError as error:
            yield f"# {error.seen}"
            continue
        yield from (f"{step.offset:6} {step.name} {step.arg}" for step in instructions[:_LONGEST])


def _shorten(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}... ({len(text)} characters)"
