"""The block stack up to 3.10: loops, try, with (``Python/ceval.c`` of 2.7, 3.4, 3.7, 3.8, 3.10)."""

from __future__ import annotations

from ...errors import malformed_error
from ...instructions import Instruction
from .. import attributes, operators
from ..frame import Block, Frame, Signal
from ..unwinding import cut, end_handler, expect_exception
from ..values import NULL, ExceptionType, ExceptionValue, Thrown
from .table import Handler, Table

TABLE = Table()
MAX_BLOCKS = 20  # CO_MAXBLOCKS


def _push(frame: Frame, kind: str, instruction: Instruction) -> None:
    if len(frame.blocks) >= 2 * MAX_BLOCKS:
        raise malformed_error("too many nested blocks")
    frame.blocks.append(Block(kind, instruction.target, len(frame.stack)))


def _setup(kind: str) -> Handler:
    return lambda frame, instruction: _push(frame, kind, instruction)


TABLE.register("SETUP_LOOP")(_setup("loop"))
TABLE.register("SETUP_EXCEPT")(_setup("except"))
TABLE.register("SETUP_FINALLY")(_setup("finally"))


def _pop_block(frame: Frame) -> Block:
    if not frame.blocks:
        raise malformed_error("a block ends that never began")
    return frame.blocks.pop()


@TABLE.register("POP_BLOCK")
def _end_block(frame: Frame, instruction: Instruction) -> None:
    block = _pop_block(frame)
    if frame.traits.pop_block_cuts:
        cut(frame, block.level)


@TABLE.register("SETUP_WITH")
def _setup_with(frame: Frame, instruction: Instruction) -> None:
    manager = frame.pop()
    frame.push(attributes.get(frame.runtime, manager, "__exit__"))
    entered = frame.runtime.call(attributes.get(frame.runtime, manager, "__enter__"), (), {})
    _push(frame, "finally", instruction)
    frame.push(entered)


# -- the end of a finally body


@TABLE.register("END_FINALLY")
def _end_finally(frame: Frame, instruction: Instruction) -> Signal | None:
    reason = frame.pop()
    if reason is None or reason is NULL:
        return None
    if isinstance(reason, Signal):
        return Signal(reason.kind, frame.pop() if reason.kind in ("return", "continue") else None)
    if type(reason) is int:  # 3.8: CALL_FINALLY left the place to go back to
        frame.index = reason
        return None
    if not isinstance(reason, ExceptionType):
        raise malformed_error("a finally body ends on a value that is no reason")
    error, _ = frame.pop(), frame.pop()
    raise Thrown(expect_exception(error))


@TABLE.register("CALL_FINALLY")
def _call_finally(frame: Frame, instruction: Instruction) -> None:
    frame.push(frame.index)
    frame.jump(instruction)


@TABLE.register("POP_FINALLY")
def _pop_finally(frame: Frame, instruction: Instruction) -> None:
    result = frame.pop() if instruction.arg else None
    reason = frame.pop()
    if reason is not NULL and type(reason) is not int:
        frame.pops(2)
        _pop_block(frame)
        _restore(frame, frame.pops(3))
    if instruction.arg:
        frame.push(result)


def _restore(frame: Frame, saved: list[object]) -> None:
    frame.handled = saved[1] if isinstance(saved[1], ExceptionValue) else None


@TABLE.register("POP_EXCEPT")
def _pop_except(frame: Frame, instruction: Instruction) -> None:
    if frame.traits.handlers == "table":
        previous = frame.pop()
        frame.handled = previous if isinstance(previous, ExceptionValue) else None
        return
    block = _pop_block(frame)
    if frame.traits.pop_block_cuts:
        end_handler(frame, block)
    else:
        _restore(frame, frame.pops(3))


# -- with, up to 3.8


@TABLE.register("WITH_CLEANUP", "WITH_CLEANUP_START")
def _with_cleanup(frame: Frame, instruction: Instruction) -> None:
    reason, above, error = frame.peek(), 1, None
    if isinstance(reason, ExceptionType):
        above, error = frame.traits.raised_values, expect_exception(frame.peek(2))
    elif isinstance(reason, Signal) and reason.kind in ("return", "continue"):
        above = 2
    values = frame.pops(above)
    leave = frame.pop()
    frame.push(*values)
    if above == 6 and frame.blocks:  # the handler block lies one deeper now
        frame.blocks[-1] = Block(frame.blocks[-1].kind, frame.blocks[-1].target, frame.blocks[-1].level - 1)
    swallowed = frame.runtime.call(leave, (error.kind if error else None, error, None), {})
    if instruction.name == "WITH_CLEANUP_START":
        frame.push(error, swallowed)
    else:
        _swallow(frame, error, swallowed)


@TABLE.register("WITH_CLEANUP_FINISH")
def _with_cleanup_finish(frame: Frame, instruction: Instruction) -> None:
    error, swallowed = frame.pops(2)
    _swallow(frame, error, swallowed)


def _swallow(frame: Frame, error: object, swallowed: object) -> None:
    if error is None or not operators.is_true(frame.runtime, swallowed):
        return
    if frame.traits.python2:
        frame.pops(3)
        frame.push(None)
        return
    end_handler(frame, _pop_block(frame))
    frame.push(None if frame.traits.why_codes else NULL)
