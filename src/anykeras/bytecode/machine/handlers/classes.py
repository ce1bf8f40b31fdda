"""Class statements: the variables of their bodies, the class made of them, ``super()``."""

from __future__ import annotations

from ...errors import malformed_error
from ...instructions import Instruction
from .. import attributes, classes
from ..faults import throw
from ..frame import Frame
from ..runtime import Builtin
from ..values import NULL, Locals
from .names import push_with_null
from .table import Table

TABLE = Table()
_STATEMENT = Builtin("__build_class__", classes.run_statement)


TABLE.load(lambda frame, arg: _STATEMENT, "LOAD_BUILD_CLASS")


@TABLE.register("BUILD_CLASS")
def _build_class(frame: Frame, instruction: Instruction) -> None:
    name, bases, body = frame.pops(3)
    if type(name) is not str or type(bases) is not tuple or not isinstance(body, Locals):
        raise malformed_error("a class is made of something else than a name, bases and a body")
    frame.push(classes.build(frame.runtime, name, bases, body))


# -- the variables of a class body


def _class_names(frame: Frame) -> dict[str, object]:
    if frame.locals is None:
        raise malformed_error("a function reads its variables as a class body does")
    return frame.locals.names


def _load_global(frame: Frame, name: str) -> object:
    return "__main__" if name == "__name__" else frame.runtime.load_global(name)  # which module it was is not stored


@TABLE.register("LOAD_NAME")
def _load_name(frame: Frame, instruction: Instruction) -> None:
    name, names = frame.name(instruction.arg), _class_names(frame)
    frame.push(names[name] if name in names else _load_global(frame, name))


@TABLE.register("STORE_NAME")
def _store_name(frame: Frame, instruction: Instruction) -> None:
    _class_names(frame)[frame.name(instruction.arg)] = frame.pop()
    frame.runtime.meter.items(1)


@TABLE.register("DELETE_NAME")
def _delete_name(frame: Frame, instruction: Instruction) -> None:
    if _class_names(frame).pop(frame.name(instruction.arg), NULL) is NULL:
        raise throw("NameError", f"name {frame.name(instruction.arg)!r} is not defined")


@TABLE.register("LOAD_LOCALS")
def _load_locals(frame: Frame, instruction: Instruction) -> None:
    _class_names(frame)
    frame.push(frame.locals)


@TABLE.register("SETUP_ANNOTATIONS")
def _setup_annotations(frame: Frame, instruction: Instruction) -> None:
    _class_names(frame).setdefault("__annotations__", {})


def _cell_name(frame: Frame, index: int) -> str:
    code = frame.function.code
    names = code.slots if frame.traits.cells_in_slots else (*code.cellvars, *code.freevars)
    if index >= len(names):
        raise malformed_error("a cell index is out of range")
    return names[index]


def _push_enclosed(frame: Frame, instruction: Instruction, names: dict[str, object]) -> None:
    name = _cell_name(frame, instruction.arg)
    content = names[name] if name in names else frame.cell(instruction.arg).content
    if content is NULL:
        raise throw("NameError", f"the variable {name!r} of the enclosing function has no value")
    frame.push(content)


@TABLE.register("LOAD_CLASSDEREF")
def _load_class_deref(frame: Frame, instruction: Instruction) -> None:
    _push_enclosed(frame, instruction, _class_names(frame))


def _pop_names(frame: Frame) -> dict[str, object]:
    found = frame.pop()
    if not isinstance(found, Locals):
        raise malformed_error("a variable is looked for in something that is no class body")
    return found.names


@TABLE.register("LOAD_FROM_DICT_OR_DEREF")
def _load_from_dict_or_deref(frame: Frame, instruction: Instruction) -> None:
    _push_enclosed(frame, instruction, _pop_names(frame))


@TABLE.register("LOAD_FROM_DICT_OR_GLOBALS")
def _load_from_dict_or_globals(frame: Frame, instruction: Instruction) -> None:
    name, names = frame.name(instruction.arg), _pop_names(frame)
    frame.push(names[name] if name in names else _load_global(frame, name))


# -- super


@TABLE.register("LOAD_SUPER_ATTR")
def _load_super_attr(frame: Frame, instruction: Instruction) -> None:
    """``super().name`` from 3.12 on: the builtin, the class and the object lie on the stack."""
    called, kind, owner = frame.pops(3)
    bound = frame.runtime.call(called, (kind, owner), {})
    push_with_null(frame, attributes.get(frame.runtime, bound, frame.name(instruction.arg >> 2)), instruction.arg & 1)
