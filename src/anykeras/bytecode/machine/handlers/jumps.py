"""Jumps, loops and returns."""

from __future__ import annotations

from collections.abc import Callable

from anykeras.bytecode.errors import malformed_error
from anykeras.bytecode.instructions import Instruction
from anykeras.bytecode.machine import operators
from anykeras.bytecode.machine.frame import Frame, Signal
from anykeras.bytecode.machine.handlers.table import Handler, Table
from anykeras.bytecode.machine.values import NULL, Iter

TABLE = Table()


@TABLE.on("JUMP_FORWARD", "JUMP_ABSOLUTE", "JUMP_BACKWARD", "JUMP_BACKWARD_NO_INTERRUPT")
def _jump(frame: Frame, instruction: Instruction) -> None:
    frame.jump(instruction)


def _is_true(frame: Frame, value: object) -> bool:
    return operators.truth(frame.machine, value)


def _is_false(frame: Frame, value: object) -> bool:
    return not operators.truth(frame.machine, value)


def _is_none(frame: Frame, value: object) -> bool:
    return operators.truth(frame.machine, operators.same(frame.machine, value, None, negate=False))


def _is_not_none(frame: Frame, value: object) -> bool:
    return operators.truth(frame.machine, operators.same(frame.machine, value, None, negate=True))


def _conditional(test: Callable[[Frame, object], bool], keep: bool) -> Handler:
    """Pops and jumps where ``test`` holds; ``keep`` leaves the value when it jumps."""

    def handler(frame: Frame, instruction: Instruction) -> None:
        taken = test(frame, frame.peek())
        if not (keep and taken):
            frame.pop()
        if taken:
            frame.jump(instruction)

    return handler


for _condition, _test in {"TRUE": _is_true, "FALSE": _is_false, "NONE": _is_none, "NOT_NONE": _is_not_none}.items():
    for _direction in ("", "FORWARD_", "BACKWARD_"):
        TABLE.on(f"POP_JUMP_{_direction}IF_{_condition}")(_conditional(_test, keep=False))
TABLE.on("JUMP_IF_TRUE_OR_POP")(_conditional(_is_true, keep=True))
TABLE.on("JUMP_IF_FALSE_OR_POP")(_conditional(_is_false, keep=True))


@TABLE.on("GET_ITER")
def _get_iter(frame: Frame, instruction: Instruction) -> None:
    frame.push(operators.iterator(frame.machine, frame.pop()))


@TABLE.on("FOR_ITER")
def _for(frame: Frame, instruction: Instruction) -> None:
    items = frame.peek()
    if not isinstance(items, Iter):
        raise malformed_error("a loop over something that is no iterator")
    value = operators.advance(frame.machine, items)
    if value is not NULL:
        frame.push(value)
        return
    frame.jump(instruction)
    if frame.traits.for_end != "keep, skip":
        frame.pop()
    if frame.traits.for_end != "pop":
        frame.index += 1


@TABLE.on("RETURN_VALUE")
def _return(frame: Frame, instruction: Instruction) -> Signal:
    value = frame.pop()
    if value is NULL:
        raise malformed_error("a return without a value")
    return Signal("return", value)


@TABLE.on("RETURN_CONST")
def _return_const(frame: Frame, instruction: Instruction) -> Signal:
    return Signal("return", frame.const(instruction.arg))


@TABLE.on("BREAK_LOOP")
def _break(frame: Frame, instruction: Instruction) -> Signal:
    return Signal("break")


@TABLE.on("CONTINUE_LOOP")
def _continue(frame: Frame, instruction: Instruction) -> Signal:
    return Signal("continue", instruction.target)
