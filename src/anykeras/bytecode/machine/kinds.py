"""What a value is and what it has, asked by name: the builtin types, ``isinstance``, ``getattr`` and their kin."""

from __future__ import annotations

from ..errors import limit_error, unsupported_error
from . import attributes
from .meter import throw
from .runtime import Bound, Builtin, Runtime, ask, is_symbol
from .values import NULL, Class, ExceptionType, ExceptionValue, Function, Instance, MachineValue, Method, Thrown, Type, is_plain

MAX_FLATTEN = 1000

TYPES: dict[str, Type] = {
    **{
        kind.__name__: Type(kind.__name__, (kind,))
        for kind in (bool, int, complex, float, str, bytes, list, tuple, dict, set, frozenset, range, slice)
    },
    "object": Type("object", ()),
    "NoneType": Type("NoneType", (type(None),)),
    "ellipsis": Type("ellipsis", (type(Ellipsis),)),
}


def _flatten(kinds: object) -> list[object]:
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


def is_instance(runtime: Runtime, value: object, kinds: object) -> object:
    """``isinstance(value, kinds)``."""
    flat = _flatten(kinds)
    about_symbols = is_symbol(runtime, value) or any(is_symbol(runtime, kind) for kind in flat)
    if any(_is_a(value, kind) for kind in flat):
        return True
    if not about_symbols:
        return False
    names = tuple(kind.name if isinstance(kind, Type | ExceptionType) else kind for kind in flat)
    return ask(runtime.domain.builtin, "isinstance", (value, names), {})


def _is_a(value: object, kind: object) -> bool:
    if isinstance(kind, Type):
        return (is_plain(value) and isinstance(value, kind.hosts)) or kind.name == "object"
    if isinstance(kind, Class):
        return isinstance(value, Instance) and value.kind.is_a(kind)
    return isinstance(value, ExceptionValue) and value.kind.is_a(kind)


def is_subclass(runtime: Runtime, kind: object, kinds: object) -> object:
    """``issubclass(kind, kinds)``."""
    if not isinstance(kind, ExceptionType | Class):
        raise unsupported_error("the code uses issubclass()")
    any_object = TYPES["object"] if isinstance(kind, Class) else None
    return any(kind.is_a(other) or other is any_object for other in _flatten(kinds))


def get_type(runtime: Runtime, *args: object) -> object:
    """``type(value)``."""
    if len(args) != 1:
        raise unsupported_error("the code makes a class with type()")
    value = args[0]
    if isinstance(value, ExceptionValue | Instance):
        return value.kind
    if isinstance(value, MachineValue):
        raise unsupported_error("the code takes the type of a function or iterator")
    if is_symbol(runtime, value):
        return ask(runtime.domain.builtin, "type", args, {})
    return next(kind for kind in TYPES.values() if kind.hosts == (type(value),))


def get_attribute(runtime: Runtime, owner: object, name: object, *default: object) -> object:
    """``getattr(owner, name, default)``."""
    if type(name) is not str:
        raise throw("TypeError", "getattr() takes a name")
    try:
        return attributes.get(runtime, owner, name)
    except Thrown as thrown:
        if default and thrown.value.kind.name == "AttributeError":
            return default[0]
        raise


def has_attribute(runtime: Runtime, owner: object, name: object) -> object:
    """``hasattr(owner, name)``."""
    return get_attribute(runtime, owner, name, NULL) is not NULL


def set_attribute(runtime: Runtime, owner: object, name: object, value: object) -> None:
    """``setattr(owner, name, value)``."""
    if type(name) is not str:
        raise throw("TypeError", "setattr() takes a name")
    attributes.put(runtime, owner, name, value)


def is_callable(runtime: Runtime, value: object) -> object:
    """``callable(value)``."""
    if isinstance(value, Instance):
        return value.kind.find("__call__") is not NULL
    if is_symbol(runtime, value):
        return ask(runtime.domain.is_function, value)
    return isinstance(value, Function | Builtin | Bound | Method | Class | Type | ExceptionType)
