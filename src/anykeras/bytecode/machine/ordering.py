"""Sorting, extremes, and the conversions to dict and set, with comparisons that a domain may answer."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cmp_to_key
from typing import TYPE_CHECKING, Any

from anykeras.bytecode.machine import operators, plain
from anykeras.bytecode.machine.faults import safely, throw
from anykeras.bytecode.machine.values import NULL, SCALARS

if TYPE_CHECKING:
    from anykeras.bytecode.machine.core import Machine


def _less(machine: Machine, left: object, right: object) -> bool:
    machine.meter.step()
    return operators.truth(machine, operators.compare(machine, "<", left, right))


def ordered(machine: Machine, values: object, args: tuple[object, ...], kwargs: Mapping[str, object]) -> list[object]:
    """``sorted(values, key=..., reverse=...)``; Python 2 also takes ``cmp`` first and ``key`` second."""
    given = dict(zip(("cmp", "key", "reverse"), args, strict=False)) | dict(kwargs)
    if (args and not machine.python2) or not given.keys() <= {"cmp", "key", "reverse"}:
        raise throw("TypeError", "sort() takes key and reverse only")
    items = operators.collect(machine, values)
    key, order = given.get("key"), given.get("cmp")
    keys = items if key is None else [machine.call(key, (item,), {}) for item in items]

    def by(left: int, right: int) -> int:
        if order is not None:
            answer = machine.call(order, (keys[left], keys[right]), {})
            return answer if isinstance(answer, int) else 0
        return -1 if _less(machine, keys[left], keys[right]) else int(_less(machine, keys[right], keys[left]))

    reverse = operators.truth(machine, given.get("reverse"))
    places = sorted(range(len(items)), key=cmp_to_key(by), reverse=reverse)
    return [items[place] for place in places]


def extreme(machine: Machine, name: str, args: tuple[object, ...], kwargs: dict[str, Any]) -> object:
    """``min`` and ``max``."""
    values = operators.walk(machine, args[0]) if len(args) == 1 else iter(args)
    key = kwargs.get("key")
    best: object = NULL
    best_key: object = None
    for value in values:
        by = value if key is None else machine.call(key, (value,), {})
        if best is not NULL:
            better = _less(machine, by, best_key) if name == "min" else _less(machine, best_key, by)
        if best is NULL or better:
            best, best_key = value, by
    if best is NULL:
        if "default" in kwargs:
            return kwargs["default"]
        raise throw("ValueError", f"{name}() of an empty sequence")
    return best


def mapping(machine: Machine, value: object) -> dict[Any, object]:
    """``dict(value)``."""
    if type(value) is dict:
        machine.meter.items(len(value))
        return dict(value)
    made: dict[Any, object] = {}
    for pair in operators.walk(machine, value):
        both = operators.collect(machine, pair)
        if len(both) != 2:
            raise throw("ValueError", "a dict is made of pairs")
        made[plain.key(machine.meter, both[0])] = both[1]
    return made


def members(machine: Machine, value: object) -> set[Any]:
    """``set(value)``."""
    if type(value) in (set, frozenset):
        machine.meter.items(len(value))  # type: ignore[arg-type]
        return set(value)  # type: ignore[call-overload, no-any-return]
    return {plain.key(machine.meter, item) for item in operators.collect(machine, value)}


def scalar(value: object) -> bool:
    return type(value) in SCALARS


def host(run: Any, *args: object) -> object:
    """A host builtin on plain scalars."""
    if not all(scalar(value) for value in args):
        raise throw("TypeError", "unsupported operand type")
    return safely(run, *args)
