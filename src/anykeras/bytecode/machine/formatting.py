"""Text from values: ``str``, ``repr``, ``format``, ``%``, ``str.format``; widths are bounded, fields are only names."""

from __future__ import annotations

import re
import string
from collections.abc import Iterator

from ..errors import make_unsupported_error
from . import items, plain, special
from .meter import run_safely, throw
from .runtime import Runtime, ask, is_symbol
from .values import NOT_IMPLEMENTED, NULL, Args, ExceptionValue, Instance, Kwargs, Type, is_plain, is_scalar

_DIGITS = re.compile(r"\d+")
_PERCENT = re.compile(r"%(?:\(([^()]*)\))?([#0\- +]*)(\*|\d+)?(?:\.(\*|\d+))?[hlL]?(.)", re.DOTALL)


def show(runtime: Runtime, value: object) -> str:
    """``str(value)``."""
    if type(value) is str:
        return value
    if isinstance(value, ExceptionValue):
        return value.message
    if runtime.traits.python2 and type(value) is float:
        return _show_float_of_python2(value)
    return _show(runtime, "str", value)


def represent(runtime: Runtime, value: object) -> str:
    """``repr(value)``."""
    if isinstance(value, ExceptionValue):
        return f"{value.kind.name}({', '.join(represent(runtime, item) for item in value.args)})"
    return _show(runtime, "repr", value)


def _show(runtime: Runtime, name: str, value: object) -> str:
    if is_plain(value):
        if not plain.is_pure(runtime.meter, value):
            raise make_unsupported_error("the code makes text of a container that holds symbols")
        items.note_order(runtime, value)
        return _charge(runtime, run_safely(repr if name == "repr" else str, value))
    if is_symbol(runtime, value):
        shown = ask(runtime.domain.builtin, name, (value,), {})
        if not isinstance(shown, str):
            raise make_unsupported_error("the code makes text of a symbol")
        return _charge(runtime, shown)
    if isinstance(value, Instance) and any(value.kind.find(one) is not NULL for one in ("__str__", "__repr__")):
        return _show_instance(runtime, value, name)
    if isinstance(value, Type) and name == "repr":
        return f"<class '{value.name}'>"
    raise make_unsupported_error(f"the code makes text of a {type(value).__name__.lower()}")


def _show_instance(runtime: Runtime, value: Instance, name: str) -> str:
    """The text that an object of the code's own class gives for itself."""
    shown = special.call_method(runtime, value, "__str__") if name == "str" else NOT_IMPLEMENTED
    if shown is NOT_IMPLEMENTED:
        shown = special.call_method(runtime, value, "__repr__")
    if shown is NOT_IMPLEMENTED:
        raise make_unsupported_error("the code makes text of an object by where it lies in memory")
    if type(shown) is not str:
        raise throw("TypeError", f"__{name}__ returned a value that is no text")
    return _charge(runtime, shown)


def _charge(runtime: Runtime, shown: str) -> str:
    runtime.meter.characters(len(shown))
    return shown


def _show_float_of_python2(value: float) -> str:
    """``str`` of a float had twelve digits (``Objects/floatobject.c`` of 2.7)."""
    shown = f"{value:.12g}"
    return shown if any(mark in shown for mark in ".enai") else shown + ".0"


def convert(runtime: Runtime, value: object, conversion: str) -> object:
    """``!s``, ``!r``, ``!a`` of a format; empty leaves the value."""
    if not conversion:
        return value
    if conversion == "s":
        return show(runtime, value)
    shown = represent(runtime, value)
    return shown if conversion == "r" else shown.encode("ascii", "backslashreplace").decode()


def format_value(runtime: Runtime, value: object, spec: str) -> object:
    """``format(value, spec)``."""
    if is_symbol(runtime, value):
        return ask(runtime.domain.builtin, "format", (value, spec), {})
    if not spec:
        return show(runtime, value)
    if not is_scalar(value):
        raise throw("TypeError", "unsupported format string")
    _check_widths(runtime, spec)
    return _charge(runtime, run_safely(format, value, spec))


def _check_widths(runtime: Runtime, spec: str) -> None:
    if any(len(number) > 4 or int(number) > runtime.meter.bounds.width for number in _DIGITS.findall(spec)):
        raise make_unsupported_error("the code formats with an excessive width or precision")


def join(runtime: Runtime, parts: list[object]) -> object:
    """The pieces of an f-string; a symbolic piece makes the whole a question for the domain."""
    if all(type(part) is str for part in parts):
        runtime.meter.characters(sum(len(part) for part in parts if type(part) is str))
        return "".join(part for part in parts if type(part) is str)
    return ask(runtime.domain.builtin, "join", tuple(parts), {})


# -- % formatting


def format_percent(runtime: Runtime, template: str, argument: object) -> str:
    """``template % argument``."""
    pieces, position, used = [], 0, 0
    values = list(argument) if type(argument) is tuple else [argument]
    runtime.meter.characters(len(template))
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
            value = items.get(runtime, argument, match[1])
        elif used < len(values):
            value, used = values[used], used + 1
        else:
            raise throw("TypeError", "not enough arguments for format string")
        pieces.append(_format_one(runtime, match, value))
    if used < len(values) and not isinstance(argument, dict | list) and "%(" not in template:
        raise throw("TypeError", "not all arguments converted during string formatting")
    return _charge(runtime, "".join([*pieces, template[position:]]))


def _format_one(runtime: Runtime, match: re.Match[str], value: object) -> str:
    flags, width, precision, kind = match[2], match[3] or "", match[4], match[5]
    if "*" in (width, precision):
        raise make_unsupported_error("the code formats with a width taken from a value")
    _check_widths(runtime, f"{width} {precision or ''}")
    if kind in "sra":
        value = convert(runtime, value, kind)
    elif kind not in "diouxXeEfFgGc" or type(value) not in (int, float, bool, str):
        raise throw("TypeError", f"%{kind} format: a number is required")
    spec = f"%{flags}{width}" + (f".{precision}" if precision is not None else "") + ("s" if kind in "ra" else kind)
    return _charge(runtime, run_safely(spec.__mod__, (value,)))


# -- str.format


def format_fields(runtime: Runtime, template: str, args: Args, kwargs: Kwargs) -> object:
    """``template.format(*args, **kwargs)``; fields are names or numbers, so nothing is reached through them."""
    pieces: list[object] = []
    counter = iter(range(len(args) + 1))
    for literal, field, spec, conversion in run_safely(lambda: list(string.Formatter().parse(template))):
        pieces.append(literal)
        if field is None:
            continue
        if "{" in (spec or ""):
            raise make_unsupported_error("the code formats with a nested field")
        value = _find_field(field, args, kwargs, counter)
        pieces.append(format_value(runtime, convert(runtime, value, conversion or ""), spec or ""))
    return join(runtime, pieces)


def _find_field(field: str, args: Args, kwargs: Kwargs, counter: Iterator[int]) -> object:
    if field in kwargs:
        return kwargs[field]
    if field and not (field.isascii() and field.isalnum()):
        raise make_unsupported_error(f"the code formats with the field {field[:40]!r}")
    if field and not field.isdigit():
        raise throw("KeyError", field)
    index = int(field[:6]) if field else next(counter)
    if index >= len(args):
        raise throw("IndexError", "Replacement index out of range")
    return args[index]
