"""Jumps, loops and returns."""

from __future__ import annotations

from collections.abc import Callable

from ...errors import malformed_error
from ...instructions import Instruction
from .. import items, operators
from ..frame import Frame, Signal
from ..runtime import Runtime
from ..values import NULL, Iter
from .table import Handler, Table

TABLE = Table()


@TABLE.register("JUMP_FORWARD", "JUMP_ABSOLUTE", "JUMP_BACKWARD", "JUMP_BACKWARD_NO_INTERRUPT")
def _jump(frame: Frame, instruction: Instruction) -> None:
    frame.jump(instruction)


def _is_none(runtime: Runtime, value: object) -> bool:
    return operators.is_true(runtime, operators.identical(runtime, value, None))


def _is_not_none(runtime: Runtime, value: object) -> bool:
    return operators.is_true(runtime, operators.identical(runtime, value, None, negate=True))


def _jump_if(test: Callable[[Runtime, object], bool], wanted: bool = True, keep: bool = False) -> Handler:
    """Pops and jumps where ``test`` is as ``wanted``; ``keep`` leaves the value when it jumps."""

    def handler(frame: Frame, instruction: Instruction) -> None:
        jumps = test(frame.runtime, frame.peek()) is wanted
        if not (keep and jumps):
            frame.pop()
        if jumps:
            frame.jump(instruction)

    return handler


_CONDITIONS = {
    "TRUE": _jump_if(operators.is_true),
    "FALSE": _jump_if(operators.is_true, wanted=False),
    "NONE": _jump_if(_is_none),
    "NOT_NONE": _jump_if(_is_not_none),
}
for _condition, _handler in _CONDITIONS.items():
    TABLE.register(*(f"POP_JUMP_{direction}IF_{_condition}" for direction in ("", "FORWARD_", "BACKWARD_")))(_handler)
TABLE.register("JUMP_IF_TRUE_OR_POP")(_jump_if(operators.is_true, keep=True))
TABLE.register("JUMP_IF_FALSE_OR_POP")(_jump_if(operators.is_true, wanted=False, keep=True))


@TABLE.register("FOR_ITER")
def _for(frame: Frame, instruction: Instruction) -> None:
    iterator = frame.peek()
    if not isinstance(iterator, Iter):
        raise malformed_error("a loop over something that is no iterator")
    value = items.advance(frame.runtime, iterator)
    if value is not NULL:
        frame.push(value)
        return
    frame.jump(instruction)
    if frame.traits.for_end != "keep, skip":
        frame.pop()
    if frame.traits.for_end != "pop":
        frame.index += 1


@TABLE.register("RETURN_VALUE")
def _return(frame: Frame, instruction: Instruction) -> Signal:
    value = frame.pop()
    if value is NULL:
        raise malformed_error("a return without a value")
    return Signal("return", value)


@TABLE.register("RETURN_CONST")
def _return_const(frame: Frame, instruction: Instruction) -> Signal:
    return Signal("return", frame.const(instruction.arg))


@TABLE.register("BREAK_LOOP")
def _break(frame: Frame, instruction: Instruction) -> Signal:
    return Signal("break")


@TABLE.register("CONTINUE_LOOP")
def _continue(frame: Frame, instruction: Instruction) -> Signal:
    return Signal("continue", instruction.target)
