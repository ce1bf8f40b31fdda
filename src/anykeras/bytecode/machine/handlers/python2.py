"""What only Python 2.7 has: slices by opcode, print, backticks."""

from __future__ import annotations

from ...instructions import Instruction
from .. import formatting, items
from ..frame import Frame
from .table import Table

TABLE = Table()


def _pop_bounds(frame: Frame, which: int) -> slice:
    stop = frame.pop() if which & 2 else None
    start = frame.pop() if which & 1 else None
    return slice(start, stop)


@TABLE.register(*(f"SLICE+{which}" for which in range(4)))
def _load_slice(frame: Frame, instruction: Instruction) -> None:
    bounds = _pop_bounds(frame, int(instruction.name[-1]))
    frame.push(items.get(frame.runtime, frame.pop(), bounds))


@TABLE.register(*(f"STORE_SLICE+{which}" for which in range(4)))
def _store_slice(frame: Frame, instruction: Instruction) -> None:
    bounds = _pop_bounds(frame, int(instruction.name[-1]))
    value = frame.pop()
    items.put(frame.runtime, value, bounds, frame.pop())


@TABLE.register(*(f"DELETE_SLICE+{which}" for which in range(4)))
def _delete_slice(frame: Frame, instruction: Instruction) -> None:
    bounds = _pop_bounds(frame, int(instruction.name[-1]))
    items.delete(frame.runtime, frame.pop(), bounds)


@TABLE.register("PRINT_ITEM", "PRINT_NEWLINE_TO")
def _print(frame: Frame, instruction: Instruction) -> None:
    frame.pop()
    frame.runtime.call(frame.runtime.builtins["print"], (), {})


TABLE.compute(1, formatting.represent, "UNARY_CONVERT")
TABLE.refuse("the code prints into a file", "PRINT_ITEM_TO")
TABLE.refuse("the code runs exec on a text", "EXEC_STMT")
