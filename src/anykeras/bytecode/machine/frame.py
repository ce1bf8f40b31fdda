"""One call of a stored function: variables, stack, blocks, place; how arguments fill it, and which handler takes over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from ..code import OPTIMIZED, VARARGS, VARKEYWORDS
from ..errors import make_malformed_error
from ..instructions import DecodedCode, Instruction
from .meter import throw
from .runtime import Runtime
from .values import NULL, Args, Cell, ExceptionType, ExceptionValue, Function, Kwargs, Locals

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

    def __init__(self, runtime: Runtime, function: Function, body: DecodedCode, slots: list[object]) -> None:
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
            raise make_malformed_error("the operand stack grows without end")
        self.stack.extend(values)

    def pop(self) -> object:
        if not self.stack:
            raise make_malformed_error("the operand stack is empty")
        return self.stack.pop()

    def pops(self, count: int) -> list[object]:
        """The top ``count`` values, deepest first."""
        if not 0 <= count <= len(self.stack):
            raise make_malformed_error("the operand stack is too short")
        cut = len(self.stack) - count
        values = self.stack[cut:]
        del self.stack[cut:]
        return values

    def peek(self, depth: int = 1) -> object:
        if not 1 <= depth <= len(self.stack):
            raise make_malformed_error("the operand stack is too short")
        return self.stack[-depth]

    def replace(self, depth: int, value: object) -> None:
        self.peek(depth)
        self.stack[-depth] = value

    # -- tables of the code object

    def const(self, index: int) -> object:
        return _take_entry(self.function.code.consts, index, "constant")

    def name(self, index: int) -> str:
        return _take_entry(self.function.code.names, index, "name")

    def local(self, index: int) -> object:
        value = self.slot(index)
        if value is NULL:
            raise throw("UnboundLocalError", f"local variable {self.function.code.slots[index]!r} has no value")
        return value

    def slot(self, index: int) -> object:
        return _take_entry(self.slots, index, "variable")

    def set_slot(self, index: int, value: object) -> None:
        self.slot(index)
        self.slots[index] = value

    def cell(self, index: int) -> Cell:
        cells: list[object] | list[Cell] = self.slots if self.traits.cells_in_slots else self.cells
        found = cells[index] if index < len(cells) else None
        if not isinstance(found, Cell):
            raise make_malformed_error("a cell index is out of range")
        return found

    # -- control

    def jump(self, instruction: Instruction) -> None:
        if instruction.target < 0:
            raise make_malformed_error(f"{instruction.name} has no target")
        self.index = instruction.target

    def next(self) -> Instruction:
        if self.index >= len(self.body.instructions):
            raise make_malformed_error("the instructions end without a return")
        self.current = self.body.instructions[self.index]
        self.index += 1
        return self.current


def _take_entry(table: Sequence[T], index: int, what: str) -> T:
    if index >= len(table):
        raise make_malformed_error(f"a {what} index is out of range")
    return table[index]


# Arguments of a call -> the fast slots of the called function (``Python/ceval.c``: initialize_locals).


def bind(function: Function, args: Args, kwargs: Kwargs) -> list[object]:
    """The slots, with ``NULL`` in those of other local variables. Raises ``Thrown`` TypeError as Python does."""
    code = function.code
    slots: list[object] = [NULL] * len(code.slots)
    named = code.argcount + code.kwonlyargcount
    slots[: min(len(args), code.argcount)] = args[: code.argcount]
    extra = args[code.argcount :]
    place = named
    if code.flags & VARARGS:
        slots[place] = extra
        place += 1
    elif extra:
        raise throw("TypeError", f"{code.name}() takes {code.argcount} positional arguments but {len(args)} were given")
    rest = _bind_keywords(function, slots, kwargs)
    if code.flags & VARKEYWORDS:
        slots[place] = rest
    elif rest:
        raise throw("TypeError", f"{code.name}() got an unexpected keyword argument {next(iter(rest))!r}")
    _fill_defaults(function, slots)
    return slots


def _bind_keywords(function: Function, slots: list[object], kwargs: Kwargs) -> dict[object, object]:
    code = function.code
    places = {code.slots[i]: i for i in range(code.posonlyargcount, code.argcount + code.kwonlyargcount)}
    rest: dict[object, object] = {}
    for name, value in kwargs.items():
        place = places.get(name)
        if place is None:
            rest[name] = value
        elif slots[place] is not NULL:
            raise throw("TypeError", f"{code.name}() got multiple values for argument {name!r}")
        else:
            slots[place] = value
    return rest


def _fill_defaults(function: Function, slots: list[object]) -> None:
    code = function.code
    first = code.argcount - len(function.defaults)
    for place in range(code.argcount + code.kwonlyargcount):
        if slots[place] is not NULL:
            continue
        name = code.slots[place]
        if place < code.argcount and place >= first:
            slots[place] = function.defaults[place - first]
        elif place >= code.argcount and name in function.kwdefaults:
            slots[place] = function.kwdefaults[name]
        else:
            raise throw("TypeError", f"{code.name}() missing a required argument: {name!r}")


# Which handler takes over: the block stack up to Python 3.10, the exception table from 3.11.


def handle(frame: Frame, error: ExceptionValue) -> bool:
    """Whether a handler of ``frame`` takes ``error``; the frame then stands at it."""
    if frame.traits.handlers == "table":
        return _find_by_table(frame, error)
    return leave_blocks(frame, Signal("raise", error))


def _find_by_table(frame: Frame, error: ExceptionValue) -> bool:
    here = frame.index - 1
    for region in frame.body.regions:
        if region.start <= here < region.end:
            if len(frame.stack) < region.depth:
                raise make_malformed_error("the exception table expects a deeper stack")
            del frame.stack[region.depth :]
            if region.push_offset:
                frame.push(here)
            frame.push(error)
            frame.index = region.target
            return True
    return False


def leave_blocks(frame: Frame, signal: Signal) -> bool:
    """Pops blocks until one takes ``signal`` over."""
    while frame.blocks:
        block = frame.blocks[-1]
        if block.kind == "loop" and signal.kind == "continue" and isinstance(signal.value, int):
            frame.index = signal.value
            return True
        frame.blocks.pop()
        if block.kind == "handler":
            end_handler(frame, block)
            continue
        cut(frame, block.level)
        if block.kind == "loop":
            if signal.kind == "break":
                frame.index = block.target
                return True
        elif signal.kind == "raise" and isinstance(signal.value, ExceptionValue):
            _enter_handler(frame, block, signal.value)
            return True
        elif block.kind == "finally" and frame.traits.why_codes:
            if signal.kind in ("return", "continue"):
                frame.push(signal.value)
            frame.push(Signal(signal.kind))
            frame.index = block.target
            return True
    return False


def cut(frame: Frame, level: int) -> None:
    if len(frame.stack) < level:
        raise make_malformed_error("a block expects a deeper stack")
    del frame.stack[level:]


def end_handler(frame: Frame, block: Block) -> None:
    """The exception handled before becomes the current one again (EXCEPT_HANDLER block, 3.0 to 3.10)."""
    saved = frame.stack[block.level + 1] if len(frame.stack) > block.level + 1 else None
    frame.handled = saved if isinstance(saved, ExceptionValue) else None
    cut(frame, block.level)


def _enter_handler(frame: Frame, block: Block, error: ExceptionValue) -> None:
    if frame.traits.raised_values == 6:
        frame.blocks.append(Block("handler", -1, len(frame.stack)))
        frame.push(None, frame.handled, kind_of(frame.handled))
    frame.handled = error
    frame.push(None, error, error.kind)
    frame.index = block.target


def kind_of(error: ExceptionValue | None) -> ExceptionType | None:
    return error.kind if error else None


def expect_exception(value: object) -> ExceptionValue:
    """``value``, where the stack must hold an exception."""
    if not isinstance(value, ExceptionValue):
        raise make_malformed_error("an exception is missing on the stack")
    return value


def matches(kind: object, wanted: object) -> bool:
    """Whether an exception class is one of ``wanted`` (a class or a tuple of them)."""
    if not isinstance(kind, ExceptionType):
        raise make_malformed_error("an exception match without an exception")
    classes = wanted if type(wanted) is tuple else (wanted,)
    return any(kind.is_a(one) for one in classes)
