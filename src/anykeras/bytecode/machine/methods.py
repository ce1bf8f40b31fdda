"""The listed methods of plain values: ``METHODS[type][name](machine, owner, args, kwargs)``."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from anykeras.bytecode.errors import unsupported_error
from anykeras.bytecode.machine import formatting, operators, ordering, plain
from anykeras.bytecode.machine.faults import safely, throw
from anykeras.bytecode.machine.generators import Generator
from anykeras.bytecode.machine.values import NULL, SCALARS, ExceptionType, ExceptionValue, View

if TYPE_CHECKING:
    from anykeras.bytecode.machine.core import Machine


def _words(text: str) -> list[str]:
    return text.split()


Method = Callable[["Machine", Any, tuple[Any, ...], dict[str, Any]], object]
MISSING = object()


# -- text


def _native(name: str) -> Method:
    """A method whose result is no longer than a few times its owner."""

    def run(machine: Machine, owner: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> object:
        values = (*args, *kwargs.values())
        if not all(type(value) in SCALARS or (type(value) is tuple and plain.pure(machine.meter, value)) for value in values):
            raise throw("TypeError", f"{name}() takes plain values")
        result = safely(lambda: getattr(owner, name)(*args, **kwargs))
        if isinstance(result, str | bytes):
            machine.meter.characters(len(result))
        elif isinstance(result, list | tuple):
            machine.meter.items(len(result))
        return result

    return run


def _padded(name: str) -> Method:
    native = _native(name)

    def run(machine: Machine, owner: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> object:
        if not args or type(args[0]) is not int or args[0] > machine.meter.bounds.width:
            raise unsupported_error(f"the code pads text with {name} to an excessive width")
        return native(machine, owner, args, kwargs)

    return run


def _replace(machine: Machine, owner: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> object:
    if len(args) < 2 or type(args[0]) is not type(owner) or type(args[1]) is not type(owner):
        raise throw("TypeError", "replace() takes two texts")
    machine.meter.characters(len(owner) + owner.count(args[0]) * len(args[1]))
    return _native("replace")(machine, owner, args, kwargs)


def _join(machine: Machine, owner: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> object:
    parts: list[Any] = operators.collect(machine, *args)
    if not all(type(part) is type(owner) for part in parts):
        raise throw("TypeError", "join() takes texts")
    machine.meter.characters(sum(len(part) + len(owner) for part in parts))
    return owner.join(parts)


def _format(machine: Machine, owner: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> object:
    return formatting.format_method(machine, owner, args, kwargs)


def _length(machine: Machine, owner: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> object:
    return operators.length(machine, owner)


def _item(machine: Machine, owner: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> object:
    return operators.getitem(machine, owner, *args)


_BOTH = _words(
    """capitalize count endswith find index isalnum isalpha isdigit islower isspace istitle isupper lower
lstrip partition rfind rindex rpartition rsplit rstrip split splitlines startswith strip swapcase
title upper"""
)
_TEXT_ONLY = ["casefold", "encode", "isdecimal", "isidentifier", "isnumeric", "removeprefix", "removesuffix"]

TEXT: dict[str, Method] = {
    **{name: _native(name) for name in _BOTH},
    **{name: _padded(name) for name in ("center", "ljust", "rjust", "zfill")},
    "replace": _replace,
    "join": _join,
}


# -- lists


def _append(machine: Machine, owner: list[Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> object:
    machine.meter.items(1)
    owner.append(*args)
    return None


def _extend(machine: Machine, owner: list[Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> object:
    owner.extend(operators.collect(machine, *args))
    return None


def _insert(machine: Machine, owner: list[Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> object:
    machine.meter.items(1 + len(owner) // 64)
    owner.insert(*args)
    return None


def _list_pop(machine: Machine, owner: list[Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> object:
    return owner.pop(*args)


def _position(machine: Machine, owner: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> int:
    for place, item in enumerate(operators.collect(machine, owner)):
        if operators.equal(machine, item, args[0]):
            return place
    raise throw("ValueError", "the value is not in the list")


def _remove(machine: Machine, owner: list[Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> object:
    place = _position(machine, owner, args, kwargs)
    del owner[place]
    return None


def _count(machine: Machine, owner: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> object:
    return sum(int(operators.equal(machine, item, args[0])) for item in operators.collect(machine, owner))


def _copy(machine: Machine, owner: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> object:
    machine.meter.items(len(owner))
    return owner.copy()


def _clear(machine: Machine, owner: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> object:
    return owner.clear()


def _reverse(machine: Machine, owner: list[Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> object:
    machine.meter.items(len(owner))
    owner.reverse()
    return None


def _sort(machine: Machine, owner: list[Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> object:
    owner[:] = ordering.ordered(machine, owner, args, kwargs)
    return None


# -- dicts


def _get(machine: Machine, owner: dict[Any, Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> object:
    return owner.get(plain.key(machine.meter, args[0]), *args[1:])


def _dict_pop(machine: Machine, owner: dict[Any, Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> object:
    return owner.pop(plain.key(machine.meter, args[0]), *args[1:])


def _setdefault(machine: Machine, owner: dict[Any, Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> object:
    machine.meter.items(1)
    return owner.setdefault(plain.key(machine.meter, args[0]), *args[1:])


def _update(machine: Machine, owner: dict[Any, Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> object:
    for given in args:
        owner.update(ordering.mapping(machine, given))
    owner.update(kwargs)
    return None


def _view(kind: str) -> Method:
    def run(machine: Machine, owner: dict[Any, Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> object:
        return View(owner, kind)

    return run


def _listed(kind: str) -> Method:
    """Python 2: ``keys`` and the like are lists."""

    def run(machine: Machine, owner: dict[Any, Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> object:
        return operators.collect(machine, View(owner, kind))

    return run


def _iterated(kind: str) -> Method:
    def run(machine: Machine, owner: dict[Any, Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> object:
        return operators.iterator(machine, View(owner, kind))

    return run


def _has_key(machine: Machine, owner: dict[Any, Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> object:
    return plain.key(machine.meter, args[0]) in owner


# -- sets


def _add(machine: Machine, owner: set[Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> object:
    machine.meter.items(1)
    owner.add(plain.key(machine.meter, args[0]))
    return None


def _discard(machine: Machine, owner: set[Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> object:
    owner.discard(plain.key(machine.meter, args[0]))
    return None


def _set_remove(machine: Machine, owner: set[Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> object:
    owner.remove(plain.key(machine.meter, args[0]))
    return None


def _with_set(name: str) -> Method:
    def run(machine: Machine, owner: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> object:
        machine.meter.items(len(owner))
        return getattr(owner, name)(*(ordering.members(machine, given) for given in args))

    return run


_SET = _words("""difference intersection isdisjoint issubset issuperset symmetric_difference union""")


def _guarded(run: Method) -> Method:
    """Wrong arguments are the code's TypeError, a missing key its KeyError."""

    def guarded(machine: Machine, owner: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> object:
        return safely(run, machine, owner, args, kwargs)

    return guarded


def _all(**methods: Method) -> dict[str, Method]:
    return {name: _guarded(run) for name, run in {**methods, "__len__": _length, "__getitem__": _item}.items()}


def _numbers(*names: str) -> dict[str, Method]:
    return {name: _guarded(_native(name)) for name in names}


METHODS: dict[type, dict[str, Method]] = {
    str: _all(**TEXT, **{name: _native(name) for name in _TEXT_ONLY}, format=_format),
    bytes: _all(**TEXT, decode=_native("decode")),
    list: _all(
        append=_append, extend=_extend, insert=_insert, pop=_list_pop, remove=_remove, index=_position, count=_count,
        copy=_copy, clear=_clear, reverse=_reverse, sort=_sort,
    ),
    tuple: _all(index=_position, count=_count),
    range: _all(index=_position),
    dict: _all(
        get=_get, pop=_dict_pop, setdefault=_setdefault, update=_update, copy=_copy, clear=_clear,
        keys=_view("keys"), values=_view("values"), items=_view("items"),
    ),
    set: _all(
        **{name: _with_set(name) for name in (*_SET, "update", "difference_update", "intersection_update")},
        add=_add, discard=_discard, remove=_set_remove, copy=_copy, clear=_clear,
    ),
    frozenset: _all(**{name: _with_set(name) for name in _SET}, copy=_copy),
    int: _numbers("bit_length", "conjugate"),
    bool: _numbers("bit_length", "conjugate"),
    float: _numbers("is_integer", "conjugate"),
    complex: _numbers("conjugate"),
    slice: _numbers("indices"),
}  # fmt: skip

PYTHON2_METHODS: dict[type, dict[str, Method]] = {
    dict: {
        "has_key": _guarded(_has_key),
        **{kind: _guarded(_listed(kind)) for kind in ("keys", "values", "items")},
        **{f"iter{kind}": _guarded(_iterated(kind)) for kind in ("keys", "values", "items")},
    },
    str: {"decode": _guarded(lambda machine, owner, args, kwargs: owner)},
}


# -- generators


def _next(machine: Machine, owner: Generator, args: tuple[Any, ...], kwargs: dict[str, Any]) -> object:
    return _or_stop(owner, owner.send(args[0] if args else None))


def _or_stop(owner: Generator, value: object) -> object:
    if value is NULL:
        raise throw("StopIteration", *([] if owner.result is None else [owner.result]))
    return value


def _throw(machine: Machine, owner: Generator, args: tuple[Any, ...], kwargs: dict[str, Any]) -> object:
    error = args[0] if args else None
    if isinstance(error, ExceptionType):
        error = ExceptionValue(error, args[1:2])
    if not isinstance(error, ExceptionValue):
        raise throw("TypeError", "throw() takes an exception")
    return _or_stop(owner, owner.send(None, error))


def _close(machine: Machine, owner: Generator, args: tuple[Any, ...], kwargs: dict[str, Any]) -> object:
    owner.close()
    return None


GENERATOR_METHODS: dict[str, Method] = {
    "next": _next, "__next__": _next, "send": _next, "throw": _throw, "close": _close,
}  # fmt: skip
