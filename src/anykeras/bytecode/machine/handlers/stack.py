"""Moving values on the stack, and constants."""

from __future__ import annotations

from anykeras.bytecode.errors import malformed_error
from anykeras.bytecode.instructions import Instruction
from anykeras.bytecode.machine.builtins import builtin_names
from anykeras.bytecode.machine.faults import EXCEPTIONS
from anykeras.bytecode.machine.frame import Frame
from anykeras.bytecode.machine.handlers.table import Handler, Table
from anykeras.bytecode.machine.values import NULL

TABLE = Table()
_BUILTINS = builtin_names(python2=False)


@TABLE.register("NOP", "RESUME", "NOT_TAKEN", "PRECALL", "EXIT_INIT_CHECK", "PRINT_NEWLINE")
def _do_nothing(frame: Frame, instruction: Instruction) -> None:
    return


@TABLE.register("POP_TOP", "END_FOR", "POP_ITER", "GEN_START", "PRINT_EXPR", "STORE_ANNOTATION")
def _pop(frame: Frame, instruction: Instruction) -> None:
    frame.pop()


@TABLE.register("PUSH_NULL")
def _push_null(frame: Frame, instruction: Instruction) -> None:
    frame.push(NULL)


def _rotate(count: int | None = None) -> Handler:
    """The top value goes below ``count - 1`` others; ``None``: the argument says how many."""

    def handler(frame: Frame, instruction: Instruction) -> None:
        values = frame.pops(instruction.arg if count is None else count)
        frame.push(*values[-1:], *values[:-1])

    return handler


def _duplicate(count: int | None = None) -> Handler:
    """The top ``count`` values come once more; ``None``: the argument says how many."""

    def handler(frame: Frame, instruction: Instruction) -> None:
        values = frame.pops(instruction.arg if count is None else count)
        frame.push(*values, *values)

    return handler


for _name, _count in {"ROT_TWO": 2, "ROT_THREE": 3, "ROT_FOUR": 4, "ROT_N": None}.items():
    TABLE.register(_name)(_rotate(_count))
for _name, _count in {"DUP_TOP": 1, "DUP_TOP_TWO": 2, "DUP_TOPX": None}.items():
    TABLE.register(_name)(_duplicate(_count))


@TABLE.register("COPY")
def _copy(frame: Frame, instruction: Instruction) -> None:
    frame.push(frame.peek(instruction.arg))


@TABLE.register("SWAP")
def _swap(frame: Frame, instruction: Instruction) -> None:
    top, other = frame.peek(), frame.peek(instruction.arg)
    frame.replace(1, other)
    frame.replace(instruction.arg, top)


@TABLE.register("LOAD_CONST")
def _load_const(frame: Frame, instruction: Instruction) -> None:
    frame.push(frame.const(instruction.arg))


@TABLE.register("LOAD_SMALL_INT")
def _load_small_int(frame: Frame, instruction: Instruction) -> None:
    frame.push(instruction.arg)


@TABLE.register("LOAD_ASSERTION_ERROR")
def _load_assertion_error(frame: Frame, instruction: Instruction) -> None:
    frame.push(EXCEPTIONS["AssertionError"])


@TABLE.register("LOAD_COMMON_CONSTANT")
def _load_common_constant(frame: Frame, instruction: Instruction) -> None:
    names = frame.body.dialect.common_constants
    if instruction.arg >= len(names) or names[instruction.arg] not in _BUILTINS:
        raise malformed_error("a common constant is out of range")
    frame.push(_BUILTINS[names[instruction.arg]])
