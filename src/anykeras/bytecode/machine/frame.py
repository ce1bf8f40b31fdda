"""One call of a stored function: its variables, stack, blocks and place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from ..code import OPTIMIZED
from ..errors import malformed_error
from ..instructions import Body, Instruction
from .faults import throw
from .runtime import Runtime
from .values import NULL, Cell, ExceptionValue, Function, Locals

T = TypeVar("T")
MAX_STACK = 10_000


@dataclass(frozen=True, slots=True)
class Signal:
    """Why a frame stops or unwinds: ``return``, ``yield``, ``break`` or ``continue`` (its target in ``value``)."""

    kind: str
    value: object = None


@dataclass(frozen=True, slots=True)
class Block:
    """An entry of the block stack (up to 3.10): ``loop``, ``except``, ``finally`` or ``handler`` (one being run)."""

    kind: str
    target: int
    level: int


class Frame:
    __slots__ = (
        "blocks", "body", "cells", "current", "function", "handled", "index", "keywords", "locals", "runtime", "slots", "stack",
        "traits",
    )  # fmt: skip

    def __init__(self, runtime: Runtime, function: Function, body: Body, slots: list[object]) -> None:
        self.runtime, self.function, self.body, self.slots = runtime, function, body, slots
        self.traits = body.dialect.traits
        self.stack: list[object] = []
        self.blocks: list[Block] = []
        self.index = 0
        self.current: Instruction = body.instructions[0]
        self.handled: ExceptionValue | None = None
        self.keywords: tuple[object, ...] = ()
        self.locals = None if function.code.flags & OPTIMIZED else Locals()  # of a class body
        self.cells: list[Cell] = [] if self.traits.cells_in_slots else self._make_cells()

    def _make_cells(self) -> list[Cell]:
        code = self.function.code
        places = {name: place for place, name in enumerate(code.slots)}
        own = [Cell(self.slots[places[name]]) if name in places else Cell() for name in code.cellvars]
        return own + list(self.function.closure)

    # -- the stack

    def push(self, *values: object) -> None:
        if len(self.stack) > MAX_STACK:
            raise malformed_error("the operand stack grows without end")
        self.stack.extend(values)

    def pop(self) -> object:
        if not self.stack:
            raise malformed_error("the operand stack is empty")
        return self.stack.pop()

    def pops(self, count: int) -> list[object]:
        """The top ``count`` values, deepest first."""
        if not 0 <= count <= len(self.stack):
            raise malformed_error("the operand stack is too short")
        cut = len(self.stack) - count
        values = self.stack[cut:]
        del self.stack[cut:]
        return values

    def peek(self, depth: int = 1) -> object:
        if not 1 <= depth <= len(self.stack):
            raise malformed_error("the operand stack is too short")
        return self.stack[-depth]

    def replace(self, depth: int, value: object) -> None:
        self.peek(depth)
        self.stack[-depth] = value

    # -- tables of the code object

    def const(self, index: int) -> object:
        return _entry(self.function.code.consts, index, "constant")

    def name(self, index: int) -> str:
        return _entry(self.function.code.names, index, "name")

    def local(self, index: int) -> object:
        value = self.slot(index)
        if value is NULL:
            raise throw("UnboundLocalError", f"local variable {self.function.code.slots[index]!r} has no value")
        return value

    def slot(self, index: int) -> object:
        return _entry(self.slots, index, "variable")

    def set_slot(self, index: int, value: object) -> None:
        self.slot(index)
        self.slots[index] = value

    def cell(self, index: int) -> Cell:
        cells: list[object] | list[Cell] = self.slots if self.traits.cells_in_slots else self.cells
        found = cells[index] if index < len(cells) else None
        if not isinstance(found, Cell):
            raise malformed_error("a cell index is out of range")
        return found

    # -- control

    def jump(self, instruction: Instruction) -> None:
        if instruction.target < 0:
            raise malformed_error(f"{instruction.name} has no target")
        self.index = instruction.target

    def next(self) -> Instruction:
        if self.index >= len(self.body.instructions):
            raise malformed_error("the instructions end without a return")
        self.current = self.body.instructions[self.index]
        self.index += 1
        return self.current


def _entry(table: Sequence[T], index: int, what: str) -> T:
    if index >= len(table):
        raise malformed_error(f"a {what} index is out of range")
    return table[index]
