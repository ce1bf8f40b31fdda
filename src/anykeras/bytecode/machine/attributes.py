"""Attributes by exact type: what stored code can reach on plain values and the machine's own. Nothing else exists."""

from __future__ import annotations

from ..errors import limit_error, make_unsupported_error
from . import classes
from .generators import Generator
from .meter import throw
from .methods import GENERATOR_METHODS, METHODS, PYTHON2_METHODS
from .runtime import BoundMethod, Builtin, Library, Runtime, ask, is_symbol
from .values import (
    NULL,
    Class,
    ContextCall,
    ExceptionType,
    ExceptionValue,
    Function,
    Instance,
    MachineValue,
    Method,
    Property,
    Super,
    Template,
    Thrown,
    Type,
    is_plain,
)

_PARTS_OF_NUMBERS = frozenset({"real", "imag"})
_PARTS_OF_RANGES = frozenset({"start", "stop", "step"})
DATA: dict[type, frozenset[str]] = {
    **dict.fromkeys((int, bool, float, complex), _PARTS_OF_NUMBERS),
    **dict.fromkeys((slice, range), _PARTS_OF_RANGES),
}
# type, attribute as the code names it, attribute of the machine's value
_MEMBERS: tuple[tuple[type | tuple[type, ...], str, str], ...] = (
    (ExceptionValue, "args", "args"),
    (ExceptionValue, "exceptions", "members"),
    (ExceptionValue, "message", "message"),
    (Template, "strings", "strings"),
    (Template, "values", "values"),
    ((Type, ExceptionType), "__name__", "name"),
)


def get(runtime: Runtime, value: object, name: str) -> object:
    """``value.name``. Raises ``Thrown`` AttributeError where Python would, refuses what is not listed."""
    if is_plain(value):
        return _get_from_plain(runtime, value, name)
    if isinstance(value, MachineValue):
        return _get_from_own_class(runtime, value, name)
    is_symbol(runtime, value)
    if name in ("__enter__", "__exit__"):
        return ContextCall(value, leaving=name == "__exit__")
    if name.startswith("__"):
        raise make_unsupported_error(f"the code reads the attribute {name}")
    return ask(runtime.domain.getattr, value, name)


def _get_from_plain(runtime: Runtime, value: object, name: str) -> object:
    kind = type(value)
    if name in DATA.get(kind, ()):
        return getattr(value, name)
    run = PYTHON2_METHODS.get(kind, {}).get(name) if runtime.traits.python2 else None
    run = run or METHODS.get(kind, {}).get(name)
    if run is not None:
        return BoundMethod(value, name, run)
    if name.startswith("__") or hasattr(kind, name):
        raise make_unsupported_error(f"the code reads the attribute {name} of a {kind.__name__}, which is not listed")
    raise throw("AttributeError", f"{kind.__name__!r} object has no attribute {name!r}")


def _get_from_own_class(runtime: Runtime, value: MachineValue, name: str) -> object:
    if isinstance(value, Instance):
        return classes.get_from_instance(runtime, value, name)
    if isinstance(value, Class):
        return classes.get_from_class(runtime, value, name)
    if isinstance(value, Super):
        return classes.get_from_super(runtime, value, name)
    if isinstance(value, Property):
        return classes.get_from_property(value, name)
    if isinstance(value, Library | Builtin) and name in value.members:
        return value.members[name]
    if isinstance(value, Library):
        raise make_unsupported_error(f"the code uses {value.name}.{name}")
    return _get_from_machine(value, name)


def _get_from_machine(value: MachineValue, name: str) -> object:
    for kind, attribute, member in _MEMBERS:
        if isinstance(value, kind) and name == attribute:
            return getattr(value, member)
    if isinstance(value, Generator) and name in GENERATOR_METHODS:
        return BoundMethod(value, name, GENERATOR_METHODS[name])
    if isinstance(value, Function) and name in ("__name__", "func_name"):
        return value.code.name
    raise make_unsupported_error(f"the code reads the attribute {name} of a {type(value).__name__.lower()}")


def put(runtime: Runtime, value: object, name: str, item: object) -> None:
    """``value.name = item``: on objects of the code's own classes, and where the domain allows it."""
    if isinstance(value, Instance | Class):
        classes.put(runtime, value, name, item)
        return
    if name.startswith("__") or not is_symbol(runtime, value):
        raise make_unsupported_error(f"the code sets the attribute {name}")
    ask(runtime.domain.setattr, value, name, item)


# What a value is and what it has, asked by name: the builtin types, ``isinstance``, ``getattr`` and their kin.


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
        raise make_unsupported_error("the code uses issubclass()")
    any_object = TYPES["object"] if isinstance(kind, Class) else None
    return any(kind.is_a(other) or other is any_object for other in _flatten(kinds))


def get_type(runtime: Runtime, *args: object) -> object:
    """``type(value)``."""
    if len(args) != 1:
        raise make_unsupported_error("the code makes a class with type()")
    value = args[0]
    if isinstance(value, ExceptionValue | Instance):
        return value.kind
    if isinstance(value, MachineValue):
        raise make_unsupported_error("the code takes the type of a function or iterator")
    if is_symbol(runtime, value):
        return ask(runtime.domain.builtin, "type", args, {})
    return next(kind for kind in TYPES.values() if kind.hosts == (type(value),))


def get_attribute(runtime: Runtime, owner: object, name: object, *default: object) -> object:
    """``getattr(owner, name, default)``."""
    if type(name) is not str:
        raise throw("TypeError", "getattr() takes a name")
    try:
        return get(runtime, owner, name)
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
    put(runtime, owner, name, value)


def is_callable(runtime: Runtime, value: object) -> object:
    """``callable(value)``."""
    if isinstance(value, Instance):
        return value.kind.find("__call__") is not NULL
    if is_symbol(runtime, value):
        return ask(runtime.domain.is_function, value)
    return isinstance(value, Function | Builtin | BoundMethod | Method | Class | Type | ExceptionType)
