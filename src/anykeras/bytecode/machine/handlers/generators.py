"""Generators and ``yield from``."""

from __future__ import annotations

from ...errors import malformed_error
from ...instructions import Instruction
from .. import items
from ..frame import Frame, Signal
from ..generators import Generator
from ..values import NULL, Iter
from .table import Table

TABLE = Table()


TABLE.load(lambda frame, arg: None, "RETURN_GENERATOR")  # the call made the generator already; a POP_TOP follows


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
