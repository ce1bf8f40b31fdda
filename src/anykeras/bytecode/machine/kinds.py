"""What a value is and what it has, asked by name: the builtin types, ``isinstance``, ``getattr`` and their kin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from anykeras.bytecode.errors import limit_error, unsupported_error
from anykeras.bytecode.machine import attributes, operators
from anykeras.bytecode.machine.faults import throw
from anykeras.bytecode.machine.values import (
    NULL,
    Bound,
    Builtin,
    Class,
    ExceptionType,
    ExceptionValue,
    Function,
    Instance,
    MachineValue,
    Method,
    Thrown,
    Type,
    is_plain,
)

if TYPE_CHECKING:
    from anykeras.bytecode.machine.core import Machine

MAX_FLATTEN = 1000

TYPES: dict[str, Type] = {
    **{
        kind.__name__: Type(kind.__name__, (kind,))
        for kind in (bool, complex, float, str, bytes, list, tuple, dict, set, frozenset, range, slice)
    },
    "int": Type("int", (int,)),
    "object": Type("object", ()),
    "NoneType": Type("NoneType", (type(None),)),
    "ellipsis": Type("ellipsis", (type(Ellipsis),)),
}


def _flatten(machine: Machine, kinds: object) -> list[object]:
    flat, todo = [], [kinds]
    while todo:
        kind = todo.pop()
        if type(kind) is tuple:
            todo.extend(kind)
        else:
            flat.append(kind)
        if len(flat) + len(todo) > MAX_FLATTEN:
            raise limit_error("isinstance() with too many classes")
    return flat


def isinstance_(machine: Machine, args: tuple[Any, ...], kwargs: dict[str, Any]) -> object:
    value, kinds = args
    flat = _flatten(machine, kinds)
    if operators.foreign(machine, value) or any(operators.foreign(machine, kind) for kind in flat):
        named = tuple(kind.name if isinstance(kind, Type | ExceptionType) else kind for kind in flat)
        if any(_is_a(value, kind) for kind in flat):
            return True
        return machine.ask(machine.domain.builtin, "isinstance", (value, named), {})
    return any(_is_a(value, kind) for kind in flat)


def _is_a(value: object, kind: object) -> bool:
    if isinstance(kind, Type):
        return (is_plain(value) and isinstance(value, kind.hosts)) or kind.name == "object"
    if isinstance(kind, Class):
        return isinstance(value, Instance) and value.kind.is_a(kind)
    return isinstance(value, ExceptionValue) and value.kind.is_a(kind)


def issubclass_(machine: Machine, args: tuple[Any, ...], kwargs: dict[str, Any]) -> object:
    kind, kinds = args
    if isinstance(kind, ExceptionType):
        return any(kind.is_a(other) for other in _flatten(machine, kinds))
    if isinstance(kind, Class):
        return any(kind.is_a(other) or other is TYPES["object"] for other in _flatten(machine, kinds))
    raise unsupported_error("the code uses issubclass()")


def type_(machine: Machine, args: tuple[Any, ...], kwargs: dict[str, Any]) -> object:
    if len(args) != 1:
        raise unsupported_error("the code makes a class with type()")
    value = args[0]
    if isinstance(value, ExceptionValue):
        return value.kind
    if isinstance(value, Instance):
        return value.kind
    if isinstance(value, MachineValue):
        raise unsupported_error("the code takes the type of a function or iterator")
    if operators.foreign(machine, value):
        return machine.ask(machine.domain.builtin, "type", args, {})
    return next(kind for kind in TYPES.values() if kind.hosts == (type(value),))


def getattr_(machine: Machine, args: tuple[Any, ...], kwargs: dict[str, Any]) -> object:
    if len(args) < 2 or type(args[1]) is not str:
        raise throw("TypeError", "getattr() takes a name")
    try:
        return attributes.get(machine, args[0], args[1])
    except Thrown as thrown:
        if len(args) > 2 and thrown.value.kind.name == "AttributeError":
            return args[2]
        raise


def hasattr_(machine: Machine, args: tuple[Any, ...], kwargs: dict[str, Any]) -> object:
    return getattr_(machine, (*args, NULL), {}) is not NULL


def setattr_(machine: Machine, args: tuple[Any, ...], kwargs: dict[str, Any]) -> object:
    owner, name, value = args
    if type(name) is not str:
        raise throw("TypeError", "setattr() takes a name")
    attributes.put(machine, owner, name, value)
    return None


def callable_(machine: Machine, args: tuple[Any, ...], kwargs: dict[str, Any]) -> object:
    (value,) = args
    if isinstance(value, Instance):
        return value.kind.find("__call__") is not NULL
    if operators.foreign(machine, value):
        return machine.ask(machine.domain.is_function, value)
    return isinstance(value, Function | Builtin | Bound | Method | Class | Type | ExceptionType)
