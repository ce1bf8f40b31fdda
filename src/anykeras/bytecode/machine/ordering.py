"""Sorting, extremes, and the conversions to dict and set, with comparisons that a domain may answer."""

from __future__ import annotations

from collections.abc import Callable
from functools import cmp_to_key, partial
from typing import TypeVar

from . import items, operators, plain
from .faults import safely, throw
from .runtime import Runtime
from .values import NULL, Args, Kwargs, is_scalar

T = TypeVar("T")


def _is_less(runtime: Runtime, left: object, right: object) -> bool:
    runtime.meter.step()
    return operators.is_true(runtime, operators.compare(runtime, "<", left, right))


def sort(runtime: Runtime, values: object, args: Args, kwargs: Kwargs) -> list[object]:
    """``sorted(values, key=..., reverse=...)``; Python 2 also takes ``cmp`` first and ``key`` second."""
    options = dict(zip(("cmp", "key", "reverse"), args, strict=False)) | dict(kwargs)
    if (args and not runtime.traits.python2) or not options.keys() <= {"cmp", "key", "reverse"}:
        raise throw("TypeError", "sort() takes key and reverse only")
    unsorted = items.collect(runtime, values)
    key, order = options.get("key"), options.get("cmp")
    keys = unsorted if key is None else [runtime.call(key, (item,), {}) for item in unsorted]

    def by(left: int, right: int) -> int:
        if order is not None:
            answer = runtime.call(order, (keys[left], keys[right]), {})
            return answer if isinstance(answer, int) else 0
        return -1 if _is_less(runtime, keys[left], keys[right]) else int(_is_less(runtime, keys[right], keys[left]))

    reverse = operators.is_true(runtime, options.get("reverse"))
    places = sorted(range(len(unsorted)), key=cmp_to_key(by), reverse=reverse)
    return [unsorted[place] for place in places]


def find_extreme(name: str, runtime: Runtime, args: Args, kwargs: Kwargs) -> object:
    """``min`` and ``max``."""
    values = items.walk(runtime, args[0]) if len(args) == 1 else iter(args)
    key = kwargs.get("key")
    best: object = NULL
    best_key: object = None
    for value in values:
        by = value if key is None else runtime.call(key, (value,), {})
        pair = (by, best_key) if name == "min" else (best_key, by)
        if best is NULL or _is_less(runtime, *pair):
            best, best_key = value, by
    if best is NULL:
        if "default" in kwargs:
            return kwargs["default"]
        raise throw("ValueError", f"{name}() of an empty sequence")
    return best


def to_dict(runtime: Runtime, value: object) -> dict[object, object]:
    """``dict(value)``."""
    if type(value) is dict:
        runtime.meter.items(len(value))
        return dict(value)
    result: dict[object, object] = {}
    for pair in items.walk(runtime, value):
        both = items.collect(runtime, pair)
        if len(both) != 2:
            raise throw("ValueError", "a dict is made of pairs")
        result[plain.as_key(runtime.meter, both[0])] = both[1]
    return result


def to_set(runtime: Runtime, value: object) -> set[object]:
    """``set(value)``."""
    if type(value) is set or type(value) is frozenset:
        runtime.meter.items(len(value))
        return set(value)
    return {plain.as_key(runtime.meter, item) for item in items.collect(runtime, value)}


def call_host(run: Callable[..., T], *args: object, **kwargs: object) -> T:
    """A host builtin on plain scalars."""
    if not all(is_scalar(value) for value in (*args, *kwargs.values())):
        raise throw("TypeError", "unsupported operand type")
    return safely(partial(run, **kwargs), *args)
