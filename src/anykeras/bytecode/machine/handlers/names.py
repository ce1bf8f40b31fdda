"""Variables: fast slots, cells, globals, attributes, imports."""

from __future__ import annotations

from ...errors import malformed_error, unsupported_error
from ...instructions import Instruction
from .. import attributes
from ..faults import throw
from ..frame import Frame
from ..values import NULL, Cell
from .table import Table

TABLE = Table()


TABLE.load(Frame.local, "LOAD_FAST", "LOAD_FAST_CHECK", "LOAD_FAST_BORROW")
TABLE.load(Frame.cell, "LOAD_CLOSURE")


@TABLE.register("LOAD_FAST_LOAD_FAST", "LOAD_FAST_BORROW_LOAD_FAST_BORROW")
def _load_two(frame: Frame, instruction: Instruction) -> None:
    frame.push(frame.local(instruction.arg >> 4), frame.local(instruction.arg & 15))


@TABLE.register("LOAD_FAST_AND_CLEAR")
def _load_and_clear(frame: Frame, instruction: Instruction) -> None:
    frame.push(frame.slot(instruction.arg))  # may be empty: an inlined comprehension saves the outer variable
    frame.set_slot(instruction.arg, NULL)


@TABLE.register("STORE_FAST")
def _store(frame: Frame, instruction: Instruction) -> None:
    frame.set_slot(instruction.arg, frame.pop())


@TABLE.register("STORE_FAST_STORE_FAST")
def _store_two(frame: Frame, instruction: Instruction) -> None:
    frame.set_slot(instruction.arg >> 4, frame.pop())
    frame.set_slot(instruction.arg & 15, frame.pop())


@TABLE.register("STORE_FAST_LOAD_FAST")
def _store_load(frame: Frame, instruction: Instruction) -> None:
    frame.set_slot(instruction.arg >> 4, frame.pop())
    frame.push(frame.local(instruction.arg & 15))


@TABLE.register("DELETE_FAST")
def _delete(frame: Frame, instruction: Instruction) -> None:
    frame.local(instruction.arg)
    frame.set_slot(instruction.arg, NULL)


# -- cells


@TABLE.register("MAKE_CELL")
def _make_cell(frame: Frame, instruction: Instruction) -> None:
    frame.set_slot(instruction.arg, Cell(frame.slot(instruction.arg)))


@TABLE.register("COPY_FREE_VARS")
def _copy_free(frame: Frame, instruction: Instruction) -> None:
    closure = frame.function.closure
    if instruction.arg != len(closure) or instruction.arg > len(frame.slots):
        raise malformed_error("the function expects another number of free variables")
    frame.slots[len(frame.slots) - len(closure) :] = closure


@TABLE.register("LOAD_DEREF")
def _load_deref(frame: Frame, instruction: Instruction) -> None:
    content = frame.cell(instruction.arg).content
    if content is NULL:
        raise throw("NameError", "a variable of the enclosing function has no value")
    frame.push(content)


@TABLE.register("STORE_DEREF")
def _store_deref(frame: Frame, instruction: Instruction) -> None:
    frame.cell(instruction.arg).content = frame.pop()


@TABLE.register("DELETE_DEREF")
def _delete_deref(frame: Frame, instruction: Instruction) -> None:
    frame.cell(instruction.arg).content = NULL


# -- globals


@TABLE.register("LOAD_GLOBAL")
def _load_global(frame: Frame, instruction: Instruction) -> None:
    bits = int(frame.traits.global_null_bit)
    value = frame.runtime.load_global(frame.name(instruction.arg >> bits))
    push_with_null(frame, value, instruction.arg & bits)


def push_with_null(frame: Frame, value: object, wanted: int) -> None:
    if not wanted:
        frame.push(value)
    elif frame.traits.null_above:
        frame.push(value, NULL)
    else:
        frame.push(NULL, value)


@TABLE.register("STORE_GLOBAL", "DELETE_GLOBAL")
def _store_global(frame: Frame, instruction: Instruction) -> None:
    raise unsupported_error(f"the code sets the global variable {frame.name(instruction.arg)!r}")


# -- attributes


@TABLE.register("LOAD_ATTR")
def _load_attr(frame: Frame, instruction: Instruction) -> None:
    owner = frame.pop()
    bits = int(frame.traits.attr_method_bit)
    value = attributes.get(frame.runtime, owner, frame.name(instruction.arg >> bits))
    push_with_null(frame, value, instruction.arg & bits)


@TABLE.register("LOAD_METHOD")
def _load_method(frame: Frame, instruction: Instruction) -> None:
    frame.push(NULL, attributes.get(frame.runtime, frame.pop(), frame.name(instruction.arg)))


@TABLE.register("STORE_ATTR")
def _store_attr(frame: Frame, instruction: Instruction) -> None:
    owner = frame.pop()
    attributes.put(frame.runtime, owner, frame.name(instruction.arg), frame.pop())


# -- imports: a question to the domain, never an import


@TABLE.register("IMPORT_NAME")
def _import(frame: Frame, instruction: Instruction) -> None:
    level, names = frame.pops(2)
    name = frame.name(instruction.arg)
    if type(level) is not int or level not in (0, -1):
        raise unsupported_error(f"the code imports {name!r} relative to a package that is not in the file")
    wanted = name if names is not None else name.split(".")[0]
    frame.push(frame.runtime.import_module(wanted))


TABLE.load(lambda frame, arg: attributes.get(frame.runtime, frame.peek(), frame.name(arg)), "IMPORT_FROM")
TABLE.refuse("the code imports every name of a module", "IMPORT_STAR")
TABLE.refuse("the code deletes an attribute", "DELETE_ATTR")
