"""The block stack up to 3.10 (``Python/ceval.c``, 2.7 to 3.8); raising, matching and leaving handlers; ``with``."""

from __future__ import annotations

from ...errors import make_malformed_error, make_unsupported_error
from ...instructions import Instruction
from .. import attributes, items, operators
from ..frame import Block, Frame, Signal, cut, end_handler, expect_exception, matches
from ..meter import EXCEPTIONS, throw
from ..values import NULL, ExceptionType, ExceptionValue, Thrown
from .table import Handler, HandlerTable

TABLE = HandlerTable()
MAX_BLOCKS = 20  # CO_MAXBLOCKS


def _push(frame: Frame, kind: str, instruction: Instruction) -> None:
    if len(frame.blocks) >= 2 * MAX_BLOCKS:
        raise make_malformed_error("too many nested blocks")
    frame.blocks.append(Block(kind, instruction.target, len(frame.stack)))


def _make_setup(kind: str) -> Handler:
    return lambda frame, instruction: _push(frame, kind, instruction)


TABLE.register("SETUP_LOOP")(_make_setup("loop"))
TABLE.register("SETUP_EXCEPT")(_make_setup("except"))
TABLE.register("SETUP_FINALLY")(_make_setup("finally"))


def _pop_block(frame: Frame) -> Block:
    if not frame.blocks:
        raise make_malformed_error("a block ends that never began")
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
        raise make_malformed_error("a finally body ends on a value that is no reason")
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


# Raising, matching and leaving handlers; ``with`` from 3.9.


@TABLE.register("RAISE_VARARGS")
def _raise(frame: Frame, instruction: Instruction) -> None:
    values = frame.pops(instruction.arg)
    if not values:
        raise Thrown(frame.handled) if frame.handled else throw("RuntimeError", "No active exception to reraise")
    raised = values[0]
    if isinstance(raised, ExceptionType):
        args = _list_python2_arguments(values[1]) if frame.traits.python2 and len(values) > 1 else ()
        raised = frame.runtime.call(raised, args, {})
    if not isinstance(raised, ExceptionValue):
        raise make_unsupported_error("the code raises something that is no builtin exception")
    raise Thrown(raised)


def _list_python2_arguments(value: object) -> tuple[object, ...]:
    """``raise KeyError, value``."""
    if value is None:
        return ()
    return value if type(value) is tuple else (value,)


@TABLE.register("RERAISE")
def _reraise(frame: Frame, instruction: Instruction) -> None:
    if frame.traits.handlers == "table":
        raise Thrown(expect_exception(frame.pop()))
    raise Thrown(expect_exception(frame.pops(3)[1]))


@TABLE.register("JUMP_IF_NOT_EXC_MATCH")
def _jump_if_no_match(frame: Frame, instruction: Instruction) -> None:
    kind, wanted = frame.pops(2)
    if not matches(kind, wanted):
        frame.jump(instruction)


@TABLE.register("PUSH_EXC_INFO")
def _push_exc_info(frame: Frame, instruction: Instruction) -> None:
    error = expect_exception(frame.pop())
    frame.push(frame.handled, error)
    frame.handled = error


@TABLE.register("CHECK_EXC_MATCH")
def _check_match(frame: Frame, instruction: Instruction) -> None:
    wanted = frame.pop()
    frame.push(matches(expect_exception(frame.peek()).kind, wanted))


# -- with


@TABLE.register("BEFORE_WITH")
def _before_with(frame: Frame, instruction: Instruction) -> None:
    manager = frame.pop()
    frame.push(attributes.get(frame.runtime, manager, "__exit__"))
    frame.push(frame.runtime.call(attributes.get(frame.runtime, manager, "__enter__"), (), {}))


@TABLE.register("LOAD_SPECIAL")
def _load_special(frame: Frame, instruction: Instruction) -> None:
    names = frame.body.dialect.special_methods
    if instruction.arg >= len(names):
        raise make_malformed_error("a special method is out of range")
    frame.push(attributes.get(frame.runtime, frame.pop(), names[instruction.arg]), NULL)


@TABLE.register("WITH_EXCEPT_START")
def _with_except_start(frame: Frame, instruction: Instruction) -> None:
    if frame.traits.handlers == "blocks":
        error, leave = expect_exception(frame.peek(2)), frame.peek(7)
    else:
        error, leave = expect_exception(frame.peek()), frame.peek(5 if frame.traits.exit_and_self else 4)
    frame.push(frame.runtime.call(leave, (error.kind, error, None), {}))


# -- exception groups


@TABLE.register("CHECK_EG_MATCH")
def _check_group_match(frame: Frame, instruction: Instruction) -> None:
    raised, wanted = frame.pops(2)
    error = expect_exception(raised)
    members = error.members if error.members else (error,)
    matching = tuple(one for one in members if matches(one.kind, wanted))
    rest = tuple(one for one in members if not matches(one.kind, wanted))
    frame.push(_make_group(rest), _make_group(matching))
    if matching:
        frame.handled = _make_group(matching)


def _make_group(members: tuple[ExceptionValue, ...]) -> ExceptionValue | None:
    if not members:
        return None
    return ExceptionValue(EXCEPTIONS["ExceptionGroup"], ("", list(members)), members)


@TABLE.register("PREP_RERAISE_STAR", "CALL_INTRINSIC_2")
def _prepare_reraise(frame: Frame, instruction: Instruction) -> None:
    names = frame.body.dialect.intrinsics2
    if instruction.name == "CALL_INTRINSIC_2" and names[instruction.arg : instruction.arg + 1] != (
        "INTRINSIC_PREP_RERAISE_STAR",
    ):
        raise make_unsupported_error("the code uses generic type parameters")
    _, results = frame.pops(2)
    left = [item for item in items.collect(frame.runtime, results) if isinstance(item, ExceptionValue)]
    members = tuple(one for item in left for one in (item.members or (item,)))
    frame.push(_make_group(members))


@TABLE.register("CLEANUP_THROW")
def _cleanup_throw(frame: Frame, instruction: Instruction) -> None:
    """After ``throw()`` into a delegated generator: StopIteration gives the value of ``yield from``."""
    error = expect_exception(frame.peek())
    if error.kind is not EXCEPTIONS["StopIteration"]:
        raise Thrown(error)
    frame.pops(3)
    frame.push(None, error.args[0] if error.args else None)


TABLE.refuse(
    "the code is asynchronous",
    "BEFORE_ASYNC_WITH", "SETUP_ASYNC_WITH", "END_ASYNC_FOR", "GET_AITER", "GET_ANEXT", "GET_AWAITABLE",
    "ASYNC_GEN_WRAP",
)  # fmt: skip
