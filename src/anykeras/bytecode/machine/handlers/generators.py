"""Generators and ``yield from``."""

from __future__ import annotations

from anykeras.bytecode.errors import malformed_error
from anykeras.bytecode.instructions import Instruction
from anykeras.bytecode.machine import items
from anykeras.bytecode.machine.frame import Frame, Signal
from anykeras.bytecode.machine.generators import Generator
from anykeras.bytecode.machine.handlers.table import Table
from anykeras.bytecode.machine.values import NULL, Iter

TABLE = Table()


@TABLE.register("RETURN_GENERATOR")
def _return_generator(frame: Frame, instruction: Instruction) -> None:
    frame.push(None)  # the call made the generator already; a POP_TOP follows


@TABLE.register("YIELD_VALUE")
def _yield(frame: Frame, instruction: Instruction) -> Signal:
    return Signal("yield", frame.pop())


TABLE.compute(1, items.iterate, "GET_ITER", "GET_YIELD_FROM_ITER")
TABLE.compute(2, lambda runtime, receiver, result: result, "END_SEND")


def _send(frame: Frame, receiver: object, value: object) -> tuple[object, object]:
    """The next value or ``NULL``, and what the receiver returned."""
    if not isinstance(receiver, Iter):
        raise malformed_error("a value is sent to something that is no iterator")
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
