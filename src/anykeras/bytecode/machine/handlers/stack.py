"""Moving values on the stack, and constants."""

from __future__ import annotations

from anykeras.bytecode.errors import malformed_error
from anykeras.bytecode.instructions import Instruction
from anykeras.bytecode.machine.builtins import builtin_names
from anykeras.bytecode.machine.faults import EXCEPTIONS
from anykeras.bytecode.machine.frame import Frame
from anykeras.bytecode.machine.handlers.table import Table
from anykeras.bytecode.machine.values import NULL

TABLE = Table()
_BUILTINS = builtin_names(python2=False)


@TABLE.on("NOP", "RESUME", "NOT_TAKEN", "PRECALL", "EXIT_INIT_CHECK")
def _nothing(frame: Frame, instruction: Instruction) -> None:
    return


@TABLE.on("POP_TOP", "END_FOR", "POP_ITER", "GEN_START", "PRINT_EXPR", "STORE_ANNOTATION")
def _pop(frame: Frame, instruction: Instruction) -> None:
    frame.pop()


@TABLE.on("PUSH_NULL")
def _null(frame: Frame, instruction: Instruction) -> None:
    frame.push(NULL)


def _rotate(frame: Frame, count: int) -> None:
    values = frame.pops(count)
    frame.push(*values[-1:], *values[:-1])


@TABLE.on("ROT_TWO")
def _rot_two(frame: Frame, instruction: Instruction) -> None:
    _rotate(frame, 2)


@TABLE.on("ROT_THREE")
def _rot_three(frame: Frame, instruction: Instruction) -> None:
    _rotate(frame, 3)


@TABLE.on("ROT_FOUR")
def _rot_four(frame: Frame, instruction: Instruction) -> None:
    _rotate(frame, 4)


@TABLE.on("ROT_N")
def _rot_n(frame: Frame, instruction: Instruction) -> None:
    _rotate(frame, instruction.arg)


@TABLE.on("DUP_TOP")
def _dup(frame: Frame, instruction: Instruction) -> None:
    frame.push(frame.peek())


@TABLE.on("DUP_TOP_TWO")
def _dup_two(frame: Frame, instruction: Instruction) -> None:
    frame.push(frame.peek(2), frame.peek(1))


@TABLE.on("DUP_TOPX")
def _dup_x(frame: Frame, instruction: Instruction) -> None:
    values = frame.pops(instruction.arg)
    frame.push(*values, *values)


@TABLE.on("COPY")
def _copy(frame: Frame, instruction: Instruction) -> None:
    frame.push(frame.peek(instruction.arg))


@TABLE.on("SWAP")
def _swap(frame: Frame, instruction: Instruction) -> None:
    top, other = frame.peek(), frame.peek(instruction.arg)
    frame.replace(1, other)
    frame.replace(instruction.arg, top)


@TABLE.on("LOAD_CONST")
def _const(frame: Frame, instruction: Instruction) -> None:
    frame.push(frame.const(instruction.arg))


@TABLE.on("LOAD_SMALL_INT")
def _small_int(frame: Frame, instruction: Instruction) -> None:
    frame.push(instruction.arg)


@TABLE.on("LOAD_ASSERTION_ERROR")
def _assertion_error(frame: Frame, instruction: Instruction) -> None:
    frame.push(EXCEPTIONS["AssertionError"])


@TABLE.on("LOAD_COMMON_CONSTANT")
def _common(frame: Frame, instruction: Instruction) -> None:
    listed = frame.body.dialect.common_constants
    if instruction.arg >= len(listed) or listed[instruction.arg] not in _BUILTINS:
        raise malformed_error("a common constant is out of range")
    frame.push(_BUILTINS[listed[instruction.arg]])
