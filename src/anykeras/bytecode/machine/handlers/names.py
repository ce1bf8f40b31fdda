"""Moving values: constants, the stack, fast slots, cells, globals, attributes, imports, and the slices of Python 2.7."""

from __future__ import annotations

from ...errors import make_malformed_error, make_unsupported_error
from ...instructions import Instruction
from .. import attributes, formatting, items
from ..builtins import list_builtin_names
from ..frame import Frame
from ..meter import EXCEPTIONS, throw
from ..values import NULL, Cell
from .table import Handler, HandlerTable

TABLE = HandlerTable()
_BUILTINS = list_builtin_names(python2=False)


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


def _make_duplicate(count: int | None = None) -> Handler:
    """The top ``count`` values come once more; ``None``: the argument says how many."""

    def handler(frame: Frame, instruction: Instruction) -> None:
        values = frame.pops(instruction.arg if count is None else count)
        frame.push(*values, *values)

    return handler


for _name, _count in {"ROT_TWO": 2, "ROT_THREE": 3, "ROT_FOUR": 4, "ROT_N": None}.items():
    TABLE.register(_name)(_rotate(_count))
for _name, _count in {"DUP_TOP": 1, "DUP_TOP_TWO": 2, "DUP_TOPX": None}.items():
    TABLE.register(_name)(_make_duplicate(_count))


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
        raise make_malformed_error("a common constant is out of range")
    frame.push(_BUILTINS[names[instruction.arg]])


# Variables: fast slots, cells, globals, attributes, imports.


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
        raise make_malformed_error("the function expects another number of free variables")
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
    raise make_unsupported_error(f"the code sets the global variable {frame.name(instruction.arg)!r}")


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
        raise make_unsupported_error(f"the code imports {name!r} relative to a package that is not in the file")
    wanted = name if names is not None else name.split(".")[0]
    frame.push(frame.runtime.import_module(wanted))


TABLE.load(lambda frame, arg: attributes.get(frame.runtime, frame.peek(), frame.name(arg)), "IMPORT_FROM")
TABLE.refuse("the code imports every name of a module", "IMPORT_STAR")
TABLE.refuse("the code deletes an attribute", "DELETE_ATTR")


# What only Python 2.7 has: slices by opcode, print, backticks.


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
