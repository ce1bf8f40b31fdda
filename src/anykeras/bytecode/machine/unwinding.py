"""Which handler takes over: the block stack up to Python 3.10, the exception table from 3.11.

Source: ``Python/ceval.c`` (fast_block_end, exception_unwind) of 2.7, 3.4, 3.8, 3.10 and 3.11.
"""

from __future__ import annotations

from ..errors import malformed_error
from .frame import Block, Frame, Signal
from .values import ExceptionType, ExceptionValue


def handle(frame: Frame, error: ExceptionValue) -> bool:
    """Whether a handler of ``frame`` takes ``error``; the frame then stands at it."""
    if frame.traits.handlers == "table":
        return _by_table(frame, error)
    return leave_blocks(frame, Signal("raise", error))


def _by_table(frame: Frame, error: ExceptionValue) -> bool:
    here = frame.index - 1
    for region in frame.body.regions:
        if region.start <= here < region.end:
            if len(frame.stack) < region.depth:
                raise malformed_error("the exception table expects a deeper stack")
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
        raise malformed_error("a block expects a deeper stack")
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
        raise malformed_error("an exception is missing on the stack")
    return value


def matches(kind: object, wanted: object) -> bool:
    """Whether an exception class is one of ``wanted`` (a class or a tuple of them)."""
    if not isinstance(kind, ExceptionType):
        raise malformed_error("an exception match without an exception")
    classes = wanted if type(wanted) is tuple else (wanted,)
    return any(kind.is_a(one) for one in classes)
