"""The listed builtin functions and types, each written over the machine's operators."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from anykeras.bytecode.errors import limit_error, unsupported_error
from anykeras.bytecode.machine import classes, formatting, iterators, kinds, operators, ordering, plain
from anykeras.bytecode.machine.faults import EXCEPTIONS, safely, throw
from anykeras.bytecode.machine.kinds import TYPES
from anykeras.bytecode.machine.values import (
    NOT_IMPLEMENTED,
    NULL,
    Builtin,
    Iter,
    Type,
)

if TYPE_CHECKING:
    from anykeras.bytecode.machine.core import Machine


def _words(text: str) -> list[str]:
    return text.split()


Run = Callable[["Machine", tuple[Any, ...], dict[str, Any]], object]


def _host(run: Callable[..., object], largest: int = 400) -> Run:
    """A host function of scalars; symbols go to the domain under its name."""
    name = run.__name__

    def on_values(machine: Machine, args: tuple[Any, ...], kwargs: dict[str, Any]) -> object:
        if any(operators.foreign(machine, value) for value in args):
            return machine.ask(machine.domain.builtin, name, args, kwargs)
        if kwargs:
            raise throw("TypeError", f"{name}() takes no keyword arguments here")
        return ordering.host(run, *args)

    return on_values


def _round(machine: Machine, args: tuple[Any, ...], kwargs: dict[str, Any]) -> object:
    args = (*args, *kwargs.values())
    if operators.foreign(machine, args[0] if args else None):
        return machine.ask(machine.domain.builtin, "round", args, {})
    if len(args) == 2 and (type(args[1]) not in (int, type(None)) or abs(args[1] or 0) > 400):
        raise unsupported_error("the code rounds to an excessive number of digits")
    return ordering.host(_round_away if machine.python2 else round, *args)


def _round_away(value: Any, digits: int = 0) -> float:
    """Python 2 rounds halves away from zero and always gives a float."""
    scale = 10.0**digits
    scaled = abs(float(value)) * scale
    return math.copysign(math.floor(scaled + 0.5) / scale, value) if math.isfinite(scaled) else float(value)


def _pow(machine: Machine, args: tuple[Any, ...], kwargs: dict[str, Any]) -> object:
    if len(args) == 3:
        return _host(pow)(machine, args, kwargs)
    if len(args) != 2:
        raise throw("TypeError", "pow() takes two or three arguments")
    return operators.binary(machine, "**", *args)


def _divmod(machine: Machine, args: tuple[Any, ...], kwargs: dict[str, Any]) -> object:
    return operators.binary(machine, "//", *args), operators.binary(machine, "%", *args)


def _len(machine: Machine, args: tuple[Any, ...], kwargs: dict[str, Any]) -> object:
    return operators.length(machine, *args)


def _sum(machine: Machine, args: tuple[Any, ...], kwargs: dict[str, Any]) -> object:
    total: object = args[1] if len(args) > 1 else kwargs.get("start", 0)
    for item in operators.walk(machine, args[0]):
        total = operators.binary(machine, "+", total, item)
    return total


def _any(machine: Machine, args: tuple[Any, ...], kwargs: dict[str, Any]) -> object:
    return any(operators.truth(machine, item) for item in operators.walk(machine, *args))


def _all(machine: Machine, args: tuple[Any, ...], kwargs: dict[str, Any]) -> object:
    return all(operators.truth(machine, item) for item in operators.walk(machine, *args))


def _extreme(name: str) -> Run:
    return lambda machine, args, kwargs: ordering.extreme(machine, name, args, kwargs)


def _sorted(machine: Machine, args: tuple[Any, ...], kwargs: dict[str, Any]) -> object:
    return ordering.ordered(machine, args[0], args[1:], kwargs)


def _repr(machine: Machine, args: tuple[Any, ...], kwargs: dict[str, Any]) -> object:
    return formatting.representation(machine, *args)


def _format(machine: Machine, args: tuple[Any, ...], kwargs: dict[str, Any]) -> object:
    spec = args[1] if len(args) > 1 else ""
    if type(spec) is not str:
        raise throw("TypeError", "a format is not text")
    return formatting.formatted(machine, args[0], spec)


def _print(machine: Machine, args: tuple[Any, ...], kwargs: dict[str, Any]) -> object:
    note = "the code prints; nothing is printed"
    if note not in machine.notes:
        machine.notes.append(note)
    return None


# -- iterators


def _iter(machine: Machine, args: tuple[Any, ...], kwargs: dict[str, Any]) -> object:
    if len(args) != 1:
        raise unsupported_error("the code uses iter() with a sentinel")
    return operators.iterator(machine, args[0])


def _next(machine: Machine, args: tuple[Any, ...], kwargs: dict[str, Any]) -> object:
    if not isinstance(args[0], Iter):
        raise throw("TypeError", "the value is not an iterator")
    value = operators.advance(machine, args[0])
    if value is not NULL:
        return value
    if len(args) > 1:
        return args[1]
    raise throw("StopIteration")


def _lazy(kind: Callable[..., Iter]) -> Run:
    return lambda machine, args, kwargs: kind(machine, args, kwargs)


def _eager(kind: Callable[..., Iter]) -> Run:
    """Python 2: map, zip and filter give lists."""
    return lambda machine, args, kwargs: operators.collect(machine, kind(machine, args, kwargs))


def _py2_filter(machine: Machine, args: tuple[Any, ...], kwargs: dict[str, Any]) -> object:
    kept = operators.collect(machine, iterators.Filter(machine, args, kwargs))
    if type(args[1]) is str:
        return "".join(item for item in kept if isinstance(item, str))
    return tuple(kept) if type(args[1]) is tuple else kept


def _py2_map(machine: Machine, args: tuple[Any, ...], kwargs: dict[str, Any]) -> object:
    if args and args[0] is None:
        rows = operators.collect(machine, iterators.Zip(machine, args[1:], {}))
        return [row[0] for row in rows if isinstance(row, tuple)] if len(args) == 2 else rows
    return operators.collect(machine, iterators.Map(machine, args, kwargs))


def _reduce(machine: Machine, args: tuple[Any, ...], kwargs: dict[str, Any]) -> object:
    items = operators.walk(machine, args[1])
    total = args[2] if len(args) > 2 else next(items, NULL)
    if total is NULL:
        raise throw("TypeError", "reduce() of an empty sequence")
    for item in items:
        total = machine.call(args[0], (total, item), {})
    return total


def _cmp(machine: Machine, args: tuple[Any, ...], kwargs: dict[str, Any]) -> object:
    left, right = args
    if operators.equal(machine, left, right):
        return 0
    return -1 if operators.truth(machine, operators.compare(machine, "<", left, right)) else 1


# -- types


def _number(kind: type) -> Run:
    name = kind.__name__

    def make(machine: Machine, args: tuple[Any, ...], kwargs: dict[str, Any]) -> object:
        if any(operators.foreign(machine, value) for value in args):
            return machine.ask(machine.domain.builtin, name, args, kwargs)
        if any(isinstance(value, str | bytes) and len(value) > 3000 for value in args):
            raise limit_error("the code reads a number from a long text")
        return ordering.host(kind, *args, *kwargs.values())

    return make


def _bool(machine: Machine, args: tuple[Any, ...], kwargs: dict[str, Any]) -> object:
    return operators.truth(machine, *args) if args else False


def _str(machine: Machine, args: tuple[Any, ...], kwargs: dict[str, Any]) -> object:
    if len(args) + len(kwargs) > 1:
        raise unsupported_error("the code decodes bytes with str()")
    return formatting.text(machine, *args) if args else ""


def _bytes(machine: Machine, args: tuple[Any, ...], kwargs: dict[str, Any]) -> object:
    if machine.python2:
        return _str(machine, args, kwargs)
    if args and type(args[0]) is str:
        return safely(lambda: args[0].encode(*args[1:], **kwargs))
    numbers = operators.collect(machine, args[0]) if args and type(args[0]) is not int else [0] * _small(machine, args)
    return safely(bytes, numbers)


def _small(machine: Machine, args: tuple[Any, ...]) -> int:
    size = args[0] if args else 0
    if size < 0:
        raise throw("ValueError", "negative count")
    machine.meter.characters(size)
    return int(size)


def _collected(kind: Callable[[list[object]], object]) -> Run:
    return lambda machine, args, kwargs: kind(operators.collect(machine, *args) if args else [])


def _dict(machine: Machine, args: tuple[Any, ...], kwargs: dict[str, Any]) -> object:
    return {**(ordering.mapping(machine, *args) if args else {}), **kwargs}


def _set(machine: Machine, args: tuple[Any, ...], kwargs: dict[str, Any]) -> object:
    return ordering.members(machine, *args) if args else set()


def _frozenset(machine: Machine, args: tuple[Any, ...], kwargs: dict[str, Any]) -> object:
    return frozenset(ordering.members(machine, *args)) if args else frozenset()


def _range(machine: Machine, args: tuple[Any, ...], kwargs: dict[str, Any]) -> object:
    if any(operators.foreign(machine, value) for value in args):
        return machine.ask(machine.domain.builtin, "range", args, kwargs)
    return ordering.host(range, *args)


def _slice(machine: Machine, args: tuple[Any, ...], kwargs: dict[str, Any]) -> object:
    return safely(slice, *args)


def _refuse(name: str) -> Run:
    def run(machine: Machine, args: tuple[Any, ...], kwargs: dict[str, Any]) -> object:
        raise unsupported_error(f"the code calls {name}()")

    return run


def make_type(machine: Machine, kind: Type, args: tuple[Any, ...], kwargs: dict[str, Any]) -> object:
    """Calls a type: ``int("3")``, ``list(x)``."""
    return arguments(CONSTRUCTORS[kind.name])(machine, args, kwargs)


CONSTRUCTORS: dict[str, Run] = {
    **{kind.__name__: _number(kind) for kind in (int, float, complex)},
    "bool": _bool, "str": _str, "bytes": _bytes, "list": _collected(list), "tuple": _collected(tuple), "dict": _dict,
    "set": _set, "frozenset": _frozenset, "range": _range, "slice": _slice, "object": _refuse("object"),
    "NoneType": _refuse("NoneType"), "ellipsis": _refuse("ellipsis"),
}  # fmt: skip

FUNCTIONS: dict[str, Run] = {
    **{run.__name__: _host(run) for run in (abs, bin, chr, hex, oct, ord)},
    "round": _round, "pow": _pow, "divmod": _divmod, "len": _len, "sum": _sum, "any": _any, "all": _all,
    "min": _extreme("min"), "max": _extreme("max"), "sorted": _sorted, "repr": _repr, "format": _format,
    "print": _print,
    "iter": _iter, "next": _next, "map": _lazy(iterators.Map), "zip": _lazy(iterators.Zip),
    "filter": _lazy(iterators.Filter), "enumerate": _lazy(iterators.Enumerate), "reversed": _lazy(iterators.Reversed),
    "isinstance": kinds.isinstance_, "issubclass": kinds.issubclass_, "type": kinds.type_, "getattr": kinds.getattr_,
    "hasattr": kinds.hasattr_, "setattr": kinds.setattr_, "callable": kinds.callable_,
    "property": classes.make_property, "staticmethod": classes.make_static, "classmethod": classes.make_class_method,
    "super": classes.make_super,
    **{
        name: _refuse(name)
        for name in _words(
"""eval exec compile open input __import__ globals locals vars dir delattr hash id
memoryview bytearray breakpoint help exit quit"""
)
    },
}  # fmt: skip

PYTHON2: dict[str, Run] = {
    "map": _py2_map, "zip": _eager(iterators.Zip), "filter": _py2_filter, "reduce": _reduce, "cmp": _cmp,
    "unichr": _host(chr),
    "range": lambda machine, args, kwargs: operators.collect(machine, _range(machine, args, kwargs)),
    **{name: _refuse(name) for name in _words("execfile file raw_input reload apply intern buffer coerce")},
}  # fmt: skip

_CONSTANTS: dict[str, object] = {
    "True": True, "False": False, "Ellipsis": Ellipsis,  # Python 2 reads them as names
    "NotImplemented": NOT_IMPLEMENTED,
}  # fmt: skip


def arguments(run: Run) -> Run:
    """``run``, where a wrong number or kind of arguments is the code's TypeError."""
    return lambda machine, args, kwargs: safely(run, machine, args, kwargs)


def builtin_names(python2: bool) -> dict[str, object]:
    """Every builtin name that stored code of that Python can read."""
    names: dict[str, object] = {**_CONSTANTS, **EXCEPTIONS, **TYPES}
    names.update((name, Builtin(name, arguments(run))) for name, run in FUNCTIONS.items())
    del names["NoneType"], names["ellipsis"]
    if python2:
        names.update((name, Builtin(name, arguments(run))) for name, run in PYTHON2.items())
        names.update({"unicode": TYPES["str"], "basestring": TYPES["str"], "long": TYPES["int"], "xrange": TYPES["range"]})
        names["bytes"] = TYPES["str"]
    return names


__all__ = ["TYPES", "builtin_names", "make_type", "plain"]
