"""Moving values on the stack, and constants."""

from __future__ import annotations

from ...errors import malformed_error
from ...instructions import Instruction
from ..builtins import builtin_names
from ..faults import EXCEPTIONS
from ..frame import Frame
from ..values import NULL
from .table import Handler, Table

TABLE = Table()
_BUILTINS = builtin_names(python2=False)


@TABLE.register("NOP", "RESUME", "NOT_TAKEN", "PRECALL", "EXIT_INIT_CHECK", "PRINT_NEWLINE")
def _do_nothing(frame: Frame, instruction: Instruction) -> None:
    return


@TABLE.register("POP_TOP", "END_FOR", "POP_ITER", "GEN_START", "PRINT_EXPR", "STORE_ANNOTATION")
def _pop(frame: Frame, instruction: Instruction) -> None:
    frame.pop()


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


TABLE.load(Frame.peek, "COPY")


@TABLE.register("SWAP")
def _swap(frame: Frame, instruction: Instruction) -> None:
    top, other = frame.peek(), frame.peek(instruction.arg)
    frame.replace(1, other)
    frame.replace(instruction.arg, top)


TABLE.load(Frame.const, "LOAD_CONST")
TABLE.load(lambda frame, arg: arg, "LOAD_SMALL_INT")
TABLE.load(lambda frame, arg: EXCEPTIONS["AssertionError"], "LOAD_ASSERTION_ERROR")
TABLE.load(lambda frame, arg: NULL, "PUSH_NULL", "BEGIN_FINALLY")


@TABLE.register("LOAD_COMMON_CONSTANT")
def _load_common_constant(frame: Frame, instruction: Instruction) -> None:
    names = frame.body.dialect.common_constants
    if instruction.arg >= len(names) or names[instruction.arg] not in _BUILTINS:
        raise malformed_error("a common constant is out of range")
    frame.push(_BUILTINS[names[instruction.arg]])
