"""Jumps, loops, returns, generators and ``yield from``."""

from __future__ import annotations

from collections.abc import Callable

from ...errors import make_malformed_error
from ...instructions import Instruction
from .. import items, operators
from ..frame import Frame, Signal
from ..generators import Generator
from ..runtime import Runtime
from ..values import NULL, Iter
from .table import Handler, HandlerTable

TABLE = HandlerTable()


@TABLE.register("JUMP_FORWARD", "JUMP_ABSOLUTE", "JUMP_BACKWARD", "JUMP_BACKWARD_NO_INTERRUPT")
def _jump(frame: Frame, instruction: Instruction) -> None:
    frame.jump(instruction)


def _is_none(runtime: Runtime, value: object) -> bool:
    return operators.is_true(runtime, operators.is_identical(runtime, value, None))


def _is_not_none(runtime: Runtime, value: object) -> bool:
    return operators.is_true(runtime, operators.is_identical(runtime, value, None, negate=True))


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
        raise make_malformed_error("a loop over something that is no iterator")
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
        raise make_malformed_error("a return without a value")
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


# Generators and ``yield from``.


TABLE.load(lambda frame, arg: None, "RETURN_GENERATOR")  # the call made the generator already; a POP_TOP follows


@TABLE.register("YIELD_VALUE")
def _yield(frame: Frame, instruction: Instruction) -> Signal:
    return Signal("yield", frame.pop())


TABLE.compute(1, items.iterate, "GET_ITER", "GET_YIELD_FROM_ITER")
TABLE.compute(2, lambda runtime, receiver, result: result, "END_SEND")


def _send(frame: Frame, receiver: object, value: object) -> tuple[object, object]:
    """The next value or ``NULL``, and what the receiver returned."""
    if not isinstance(receiver, Iter):
        raise make_malformed_error("a value is sent to something that is no iterator")
    if isinstance(receiver, Generator):
        frame.runtime.meter.step()
        return receiver.send(value), receiver.result
    return items.advance(frame.runtime, receiver), None


@TABLE.register("YIELD_FROM")
def _yield_from(frame: Frame, instruction: Instruction) -> Signal | None:
    value = frame.pop()
    item, result = _send(frame, frame.peek(), value)
    if item is NULL:
        frame.replace(1, result)
        return None
    frame.index -= 1  # comes back here with the next value sent
    return Signal("yield", item)


@TABLE.register("SEND")
def _send_on(frame: Frame, instruction: Instruction) -> None:
    value = frame.pop()
    item, result = _send(frame, frame.peek(), value)
    if item is not NULL:
        frame.push(item)
        return
    if frame.traits.send_keeps_receiver:
        frame.push(result)
    else:
        frame.replace(1, result)
    frame.jump(instruction)
