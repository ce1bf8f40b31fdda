"""Values on their way between stored code and the function tables.

The machine computes with plain Python values and treats everything else as opaque; the tables compute with tensors,
numpy arrays and sizes. `Held` is the one opaque box in which the machine sees the latter.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from .. import limits
from ..bytecode import make_unsupported_error
from ..bytecode.machine.values import Class, Function, Instance, MachineValue, Method
from ..tensors import from_rows
from .functions import Entry, Operand

SCALARS = (bool, int, float, complex, str, bytes, type(None), type(Ellipsis))


@dataclass(frozen=True, eq=False)
class Held:
    """Any value of the tables, as the machine sees it."""

    value: Operand


@dataclass(frozen=True, eq=False)
class Module:
    """A module that code names, as a dotted path."""

    path: str


@dataclass(frozen=True, eq=False)
class Bound:
    """A method of a value."""

    entry: Entry
    owner: Operand


@dataclass(frozen=True, eq=False)
class LegacySize:
    """A ``Dimension`` of TensorFlow 1: a number with a ``value``."""

    number: Operand


def hold(value: Operand) -> Operand:
    """A value of the tables as the machine takes it."""
    if type(value) in SCALARS or isinstance(value, Held | MachineValue):
        return value
    if type(value) is slice:
        return slice(hold(value.start), hold(value.stop), hold(value.step))
    if type(value) in (tuple, list, dict):
        limits.budget().charge(len(value))
    if type(value) in (tuple, list):
        return type(value)(hold(item) for item in value)
    if type(value) is dict:
        return {key: hold(item) for key, item in value.items()}
    return Held(value)


def release(value: Operand) -> Operand:
    """A value of the machine as the tables take it: a tree, in which what was shared is repeated, and paid for.

    Tables go through such a tree a few times.
    """
    if isinstance(value, Held):
        return value.value.number if isinstance(value.value, LegacySize) else value.value
    if isinstance(value, Function | Method):
        return _wrap_function(value)
    if isinstance(value, Instance | Class):
        return _as_function(value)
    if type(value) is slice:
        return slice(release(value.start), release(value.stop), release(value.step))
    if type(value) in (tuple, list, dict):
        limits.budget().charge(4 * len(value))
    if type(value) in (tuple, list):
        return type(value)(release(item) for item in value)
    if type(value) is dict:
        return {key: release(item) for key, item in value.items()}
    return value


def _as_function(value: Instance | Class) -> Callable[..., Operand]:
    """An object of the code's own class where a library takes a function."""
    function = value.kind.find("__call__") if isinstance(value, Instance) else None
    if not isinstance(function, Function):
        raise make_unsupported_error("the code hands an object of its own class to a function of a library")
    return _wrap_function(Method(function, value))


def _wrap_function(function: Function | Method) -> Callable[..., Operand]:
    def call(*args: Operand, **kwargs: Operand) -> Operand:
        given = {key: hold(value) for key, value in kwargs.items()}
        return release(function.invoke(*(hold(arg) for arg in args), **given))

    return call


def constant(value: Operand) -> Operand:
    """A constant of a configuration: nested lists stay, ``__numpy__`` and ndarray forms become arrays."""
    if isinstance(value, Mapping):
        kind = value.get("type") or value.get("class_name")
        body = value.get("value", value.get("config"))
        if kind in ("ndarray", "__ndarray__", "__numpy__") and body is not None:
            return _make_array(body)
        return {key: constant(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [constant(item) for item in value]
    return value


def _make_array(body: Operand) -> Operand:
    dtype = str(body.get("dtype", "float32")) if isinstance(body, Mapping) else None
    try:
        array = from_rows(body.get("value") if isinstance(body, Mapping) else body, dtype)
        return array if dtype is None else array.astype(dtype)
    except (TypeError, ValueError) as error:
        raise make_unsupported_error(f"a constant of the configuration is no array of numbers: {error}"[:200]) from None
