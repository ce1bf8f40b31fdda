"""Attributes by exact type: what stored code can reach on plain values and the machine's own. Nothing else exists."""

from __future__ import annotations

from ..errors import unsupported_error
from . import classes
from .generators import Generator
from .meter import throw
from .methods import GENERATOR_METHODS, METHODS, PYTHON2_METHODS
from .runtime import Bound, Builtin, Library, Runtime, ask, is_symbol
from .values import (
    Class,
    ContextCall,
    ExceptionType,
    ExceptionValue,
    Function,
    Instance,
    MachineValue,
    Property,
    Super,
    Template,
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
        raise unsupported_error(f"the code reads the attribute {name}")
    return ask(runtime.domain.getattr, value, name)


def _get_from_plain(runtime: Runtime, value: object, name: str) -> object:
    kind = type(value)
    if name in DATA.get(kind, ()):
        return getattr(value, name)
    run = PYTHON2_METHODS.get(kind, {}).get(name) if runtime.traits.python2 else None
    run = run or METHODS.get(kind, {}).get(name)
    if run is not None:
        return Bound(value, name, run)
    if name.startswith("__") or hasattr(kind, name):
        raise unsupported_error(f"the code reads the attribute {name} of a {kind.__name__}, which is not listed")
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
        raise unsupported_error(f"the code uses {value.name}.{name}")
    return _get_from_machine(value, name)


def _get_from_machine(value: MachineValue, name: str) -> object:
    for kind, attribute, member in _MEMBERS:
        if isinstance(value, kind) and name == attribute:
            return getattr(value, member)
    if isinstance(value, Generator) and name in GENERATOR_METHODS:
        return Bound(value, name, GENERATOR_METHODS[name])
    if isinstance(value, Function) and name in ("__name__", "func_name"):
        return value.code.name
    raise unsupported_error(f"the code reads the attribute {name} of a {type(value).__name__.lower()}")


def put(runtime: Runtime, value: object, name: str, item: object) -> None:
    """``value.name = item``: on objects of the code's own classes, and where the domain allows it."""
    if isinstance(value, Instance | Class):
        classes.put(runtime, value, name, item)
        return
    if name.startswith("__") or not is_symbol(runtime, value):
        raise unsupported_error(f"the code sets the attribute {name}")
    ask(runtime.domain.setattr, value, name, item)
