"""Raising, matching and leaving handlers; ``with`` from 3.9."""

from __future__ import annotations

from ...errors import malformed_error, unsupported_error
from ...instructions import Instruction
from .. import attributes, items
from ..faults import EXCEPTIONS, throw
from ..frame import Frame
from ..unwinding import expect_exception, matches
from ..values import NULL, ExceptionType, ExceptionValue, Thrown
from .table import Table

TABLE = Table()


@TABLE.register("RAISE_VARARGS")
def _raise(frame: Frame, instruction: Instruction) -> None:
    values = frame.pops(instruction.arg)
    if not values:
        raise Thrown(frame.handled) if frame.handled else throw("RuntimeError", "No active exception to reraise")
    raised = values[0]
    if isinstance(raised, ExceptionType):
        args = _python2_args(values[1]) if frame.traits.python2 and len(values) > 1 else ()
        raised = frame.runtime.call(raised, args, {})
    if not isinstance(raised, ExceptionValue):
        raise unsupported_error("the code raises something that is no builtin exception")
    raise Thrown(raised)


def _python2_args(value: object) -> tuple[object, ...]:
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
        raise malformed_error("a special method is out of range")
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
        raise unsupported_error("the code uses generic type parameters")
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
