"""Text from values: ``str``, ``repr``, ``format``, ``%``, ``str.format``; widths are bounded, fields are only names."""

from __future__ import annotations

import re
import string
from typing import TYPE_CHECKING

from anykeras.bytecode.errors import unsupported_error
from anykeras.bytecode.machine import operators, plain, special
from anykeras.bytecode.machine.faults import safely, throw
from anykeras.bytecode.machine.values import NOT_IMPLEMENTED, NULL, SCALARS, ExceptionValue, Instance, Type, is_plain

if TYPE_CHECKING:
    from anykeras.bytecode.machine.core import Machine

_DIGITS = re.compile(r"\d+")
_PERCENT = re.compile(r"%(?:\(([^()]*)\))?([#0\- +]*)(\*|\d+)?(?:\.(\*|\d+))?[hlL]?(.)", re.DOTALL)


def text(machine: Machine, value: object) -> str:
    """``str(value)``."""
    if type(value) is str:
        return value
    if isinstance(value, ExceptionValue):
        return value.message
    if machine.python2 and type(value) is float:
        return _python2_float(value)
    return _shown(machine, "str", value)


def representation(machine: Machine, value: object) -> str:
    """``repr(value)``."""
    if isinstance(value, ExceptionValue):
        return f"{value.kind.name}({', '.join(representation(machine, item) for item in value.args)})"
    return _shown(machine, "repr", value)


def _shown(machine: Machine, name: str, value: object) -> str:
    if is_plain(value):
        if not plain.pure(machine.meter, value):
            raise unsupported_error("the code makes text of a container that holds symbols")
        if type(value) in (set, frozenset, dict):
            machine.note_order(value)
        return _metered(machine, safely(repr if name == "repr" else str, value))
    if operators.foreign(machine, value):
        shown = machine.ask(machine.domain.builtin, name, (value,), {})
        if not isinstance(shown, str):
            raise unsupported_error("the code makes text of a symbol")
        return _metered(machine, shown)
    if isinstance(value, Instance) and any(value.kind.find(one) is not NULL for one in ("__str__", "__repr__")):
        return _own(machine, value, name)
    if isinstance(value, Type) and name == "repr":
        return f"<class '{value.name}'>"
    raise unsupported_error(f"the code makes text of a {type(value).__name__.lower()}")


def _own(machine: Machine, value: Instance, name: str) -> str:
    """The text that an object of the code's own class gives for itself."""
    shown = special.ask(machine, value, "__str__") if name == "str" else NOT_IMPLEMENTED
    if shown is NOT_IMPLEMENTED:
        shown = special.ask(machine, value, "__repr__")
    if shown is NOT_IMPLEMENTED:
        raise unsupported_error("the code makes text of an object by where it lies in memory")
    if type(shown) is not str:
        raise throw("TypeError", f"__{name}__ returned a value that is no text")
    return _metered(machine, shown)


def _metered(machine: Machine, shown: str) -> str:
    machine.meter.characters(len(shown))
    return shown


def _python2_float(value: float) -> str:
    """``str`` of a float had twelve digits (``Objects/floatobject.c`` of 2.7)."""
    shown = f"{value:.12g}"
    return shown if any(mark in shown for mark in ".enai") else shown + ".0"


def convert(machine: Machine, value: object, conversion: str) -> object:
    """``!s``, ``!r``, ``!a`` of a format; empty leaves the value."""
    if not conversion:
        return value
    if conversion == "s":
        return text(machine, value)
    shown = representation(machine, value)
    return shown if conversion == "r" else shown.encode("ascii", "backslashreplace").decode()


def formatted(machine: Machine, value: object, spec: str) -> object:
    """``format(value, spec)``."""
    if operators.foreign(machine, value):
        return machine.ask(machine.domain.builtin, "format", (value, spec), {})
    if not spec:
        return text(machine, value)
    if type(value) not in SCALARS:
        raise throw("TypeError", "unsupported format string")
    _check_widths(machine, spec)
    return _metered(machine, safely(format, value, spec))


def _check_widths(machine: Machine, spec: str) -> None:
    if any(len(number) > 4 or int(number) > machine.meter.bounds.width for number in _DIGITS.findall(spec)):
        raise unsupported_error("the code formats with an excessive width or precision")


def joined(machine: Machine, parts: list[object]) -> object:
    """The pieces of an f-string; a symbolic piece makes the whole a question for the domain."""
    if all(type(part) is str for part in parts):
        machine.meter.characters(sum(len(part) for part in parts if type(part) is str))
        return "".join(part for part in parts if type(part) is str)
    return machine.ask(machine.domain.builtin, "join", tuple(parts), {})


# -- % formatting


def percent(machine: Machine, template: str, given: object) -> str:
    """``template % given``."""
    pieces, position, used = [], 0, 0
    values = list(given) if type(given) is tuple else [given]
    machine.meter.characters(len(template))
    while (start := template.find("%", position)) >= 0:
        match = _PERCENT.match(template, start)
        if match is None:
            raise throw("ValueError", "incomplete format")
        pieces.append(template[position:start])
        position = match.end()
        if match[5] == "%":
            pieces.append("%")
            continue
        if match[1] is not None:
            value = operators.getitem(machine, given, match[1])
        elif used < len(values):
            value, used = values[used], used + 1
        else:
            raise throw("TypeError", "not enough arguments for format string")
        pieces.append(_one(machine, match, value))
    if used < len(values) and not isinstance(given, dict | list) and "%(" not in template:
        raise throw("TypeError", "not all arguments converted during string formatting")
    return _metered(machine, "".join([*pieces, template[position:]]))


def _one(machine: Machine, match: re.Match[str], value: object) -> str:
    flags, width, precision, kind = match[2], match[3] or "", match[4], match[5]
    if "*" in (width, precision):
        raise unsupported_error("the code formats with a width taken from a value")
    _check_widths(machine, f"{width} {precision or ''}")
    if kind in "sra":
        value = convert(machine, value, kind)
    elif kind not in "diouxXeEfFgGc" or type(value) not in (int, float, bool, str):
        raise throw("TypeError", f"%{kind} format: a number is required")
    spec = f"%{flags}{width}" + (f".{precision}" if precision is not None else "") + ("s" if kind in "ra" else kind)
    return _metered(machine, safely(spec.__mod__, (value,)))


# -- str.format


def format_method(machine: Machine, template: str, args: tuple[object, ...], kwargs: dict[str, object]) -> object:
    """``template.format(*args, **kwargs)``; fields are names or numbers, so nothing is reached through them."""
    pieces: list[object] = []
    counter = iter(range(len(args) + 1))
    for literal, field, spec, conversion in safely(lambda: list(string.Formatter().parse(template))):
        pieces.append(literal)
        if field is None:
            continue
        if "{" in (spec or ""):
            raise unsupported_error("the code formats with a nested field")
        value = _field(field, args, kwargs, counter)
        pieces.append(formatted(machine, convert(machine, value, conversion or ""), spec or ""))
    return joined(machine, pieces)


def _field(field: str, args: tuple[object, ...], kwargs: dict[str, object], counter: object) -> object:
    if field in kwargs:
        return kwargs[field]
    if field and not (field.isascii() and field.isalnum()):
        raise unsupported_error(f"the code formats with the field {field[:40]!r}")
    if field and not field.isdigit():
        raise throw("KeyError", field)
    index = int(field[:6]) if field else next(counter)  # type: ignore[call-overload]
    if index >= len(args):
        raise throw("IndexError", "Replacement index out of range")
    return args[index]
