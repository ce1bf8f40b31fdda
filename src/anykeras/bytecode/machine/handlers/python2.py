"""What only Python 2.7 has: slices by opcode, print, backticks."""

from __future__ import annotations

from anykeras.bytecode.instructions import Instruction
from anykeras.bytecode.machine import formatting, operators
from anykeras.bytecode.machine.frame import Frame
from anykeras.bytecode.machine.handlers.table import Handler, Table

TABLE = Table()


def _bounds(frame: Frame, which: int) -> slice:
    stop = frame.pop() if which & 2 else None
    start = frame.pop() if which & 1 else None
    return slice(start, stop)


def _load_slice(which: int) -> Handler:
    def handler(frame: Frame, instruction: Instruction) -> None:
        bounds = _bounds(frame, which)
        frame.push(operators.getitem(frame.machine, frame.pop(), bounds))

    return handler


def _store_slice(which: int) -> Handler:
    def handler(frame: Frame, instruction: Instruction) -> None:
        bounds = _bounds(frame, which)
        value = frame.pop()
        operators.setitem(frame.machine, value, bounds, frame.pop())

    return handler


def _delete_slice(which: int) -> Handler:
    def handler(frame: Frame, instruction: Instruction) -> None:
        bounds = _bounds(frame, which)
        operators.delitem(frame.machine, frame.pop(), bounds)

    return handler


for _which in range(4):
    TABLE.on(f"SLICE+{_which}")(_load_slice(_which))
    TABLE.on(f"STORE_SLICE+{_which}")(_store_slice(_which))
    TABLE.on(f"DELETE_SLICE+{_which}")(_delete_slice(_which))


@TABLE.on("UNARY_CONVERT")
def _backticks(frame: Frame, instruction: Instruction) -> None:
    frame.push(formatting.representation(frame.machine, frame.pop()))


@TABLE.on("PRINT_ITEM", "PRINT_NEWLINE_TO")
def _print(frame: Frame, instruction: Instruction) -> None:
    frame.pop()
    frame.machine.call(frame.machine.builtins["print"], (), {})


@TABLE.on("PRINT_NEWLINE")
def _print_newline(frame: Frame, instruction: Instruction) -> None:
    return


TABLE.refuse("the code prints into a file", "PRINT_ITEM_TO")
TABLE.refuse("the code runs exec on a text", "EXEC_STMT")
