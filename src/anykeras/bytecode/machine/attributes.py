"""Attributes by exact type: what stored code can reach on plain values and the machine's own. Nothing else exists."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anykeras.bytecode.errors import unsupported_error
from anykeras.bytecode.machine import classes, operators
from anykeras.bytecode.machine.faults import throw
from anykeras.bytecode.machine.generators import Generator
from anykeras.bytecode.machine.methods import GENERATOR_METHODS, METHODS, PYTHON2_METHODS
from anykeras.bytecode.machine.values import (
    Bound,
    Builtin,
    Class,
    ContextCall,
    ExceptionType,
    ExceptionValue,
    Function,
    Instance,
    Library,
    MachineValue,
    Property,
    Super,
    Template,
    Type,
    is_plain,
)

if TYPE_CHECKING:
    from anykeras.bytecode.machine.core import Machine

DATA: dict[type, frozenset[str]] = {
    int: frozenset({"real", "imag"}),
    bool: frozenset({"real", "imag"}),
    float: frozenset({"real", "imag"}),
    complex: frozenset({"real", "imag"}),
    slice: frozenset({"start", "stop", "step"}),
    range: frozenset({"start", "stop", "step"}),
}


def get(machine: Machine, value: object, name: str) -> object:
    """``value.name``. Raises ``Thrown`` AttributeError where Python would, refuses what is not listed."""
    if is_plain(value):
        return _of_plain(machine, value, name)
    if isinstance(value, MachineValue):
        return _of_own_class(machine, value, name)
    operators.foreign(machine, value)
    if name in ("__enter__", "__exit__"):
        return ContextCall(value, leaving=name == "__exit__")
    if name.startswith("__"):
        raise unsupported_error(f"the code reads the attribute {name}")
    return machine.ask(machine.domain.getattr, value, name)


def _of_plain(machine: Machine, value: object, name: str) -> object:
    kind = type(value)
    if name in DATA.get(kind, ()):
        return getattr(value, name)
    run = PYTHON2_METHODS.get(kind, {}).get(name) if machine.python2 else None
    run = run or METHODS.get(kind, {}).get(name)
    if run is not None:
        return Bound(value, name, run)
    if name.startswith("__") or hasattr(kind, name):
        raise unsupported_error(f"the code reads the attribute {name} of a {kind.__name__}, which is not listed")
    raise throw("AttributeError", f"{kind.__name__!r} object has no attribute {name!r}")


def _of_own_class(machine: Machine, value: MachineValue, name: str) -> object:
    if isinstance(value, Instance):
        return classes.of_instance(machine, value, name)
    if isinstance(value, Class):
        return classes.of_class(machine, value, name)
    if isinstance(value, Super):
        return classes.of_super(machine, value, name)
    if isinstance(value, Property):
        return classes.of_property(value, name)
    if isinstance(value, Library | Builtin) and name in value.members:
        return value.members[name]
    if isinstance(value, Library):
        raise unsupported_error(f"the code uses {value.name}.{name}")
    return _of_machine(value, name)


def _of_machine(value: MachineValue, name: str) -> object:
    if isinstance(value, ExceptionValue) and name == "args":
        return value.args
    if isinstance(value, ExceptionValue) and name == "exceptions":
        return value.members
    if isinstance(value, ExceptionValue) and name == "message":
        return value.message
    if isinstance(value, Template) and name in ("strings", "values"):
        return getattr(value, name)
    if isinstance(value, Generator) and name in GENERATOR_METHODS:
        return Bound(value, name, GENERATOR_METHODS[name])
    if isinstance(value, Function) and name in ("__name__", "func_name"):
        return value.code.name
    if isinstance(value, Type | ExceptionType) and name == "__name__":
        return value.name
    raise unsupported_error(f"the code reads the attribute {name} of a {type(value).__name__.lower()}")


def put(machine: Machine, value: object, name: str, item: object) -> None:
    """``value.name = item``: on objects of the code's own classes, and where the domain allows it."""
    if isinstance(value, Instance | Class):
        classes.put(machine, value, name, item)
        return
    if name.startswith("__") or not operators.foreign(machine, value):
        raise unsupported_error(f"the code sets the attribute {name}")
    machine.ask(machine.domain.setattr, value, name, item)
