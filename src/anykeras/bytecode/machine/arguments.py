"""Arguments of a call -> the fast slots of the called function (``Python/ceval.c``: initialize_locals)."""

from __future__ import annotations

from ..code import VARARGS, VARKEYWORDS
from .faults import throw
from .values import NULL, Args, Function, Kwargs


def bind(function: Function, args: Args, kwargs: Kwargs) -> list[object]:
    """The slots, with ``NULL`` in those of other local variables. Raises ``Thrown`` TypeError as Python does."""
    code = function.code
    slots: list[object] = [NULL] * len(code.slots)
    named = code.argcount + code.kwonlyargcount
    slots[: min(len(args), code.argcount)] = args[: code.argcount]
    extra = args[code.argcount :]
    place = named
    if code.flags & VARARGS:
        slots[place] = extra
        place += 1
    elif extra:
        raise throw("TypeError", f"{code.name}() takes {code.argcount} positional arguments but {len(args)} were given")
    rest = _bind_keywords(function, slots, kwargs)
    if code.flags & VARKEYWORDS:
        slots[place] = rest
    elif rest:
        raise throw("TypeError", f"{code.name}() got an unexpected keyword argument {next(iter(rest))!r}")
    _fill_defaults(function, slots)
    return slots


def _bind_keywords(function: Function, slots: list[object], kwargs: Kwargs) -> dict[object, object]:
    code = function.code
    places = {code.slots[i]: i for i in range(code.posonlyargcount, code.argcount + code.kwonlyargcount)}
    rest: dict[object, object] = {}
    for name, value in kwargs.items():
        place = places.get(name)
        if place is None:
            rest[name] = value
        elif slots[place] is not NULL:
            raise throw("TypeError", f"{code.name}() got multiple values for argument {name!r}")
        else:
            slots[place] = value
    return rest


def _fill_defaults(function: Function, slots: list[object]) -> None:
    code = function.code
    first = code.argcount - len(function.defaults)
    for place in range(code.argcount + code.kwonlyargcount):
        if slots[place] is not NULL:
            continue
        name = code.slots[place]
        if place < code.argcount and place >= first:
            slots[place] = function.defaults[place - first]
        elif place >= code.argcount and name in function.kwdefaults:
            slots[place] = function.kwdefaults[name]
        else:
            raise throw("TypeError", f"{code.name}() missing a required argument: {name!r}")
