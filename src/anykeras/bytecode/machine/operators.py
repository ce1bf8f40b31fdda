"""Operators on values of any kind, sorting and conversions: plain values here, the rest asked of the domain."""

from __future__ import annotations

import operator
from collections.abc import Callable
from functools import cmp_to_key, partial
from typing import TypeVar

from ..errors import make_unsupported_error
from . import formatting, items, plain, special
from .meter import run_safely, throw
from .runtime import Runtime, ask, is_symbol
from .values import NOT_IMPLEMENTED, NULL, Args, Instance, Kwargs, View, is_plain, is_scalar, is_unordered


def apply_binary(runtime: Runtime, op: str, left: object, right: object, inplace: bool = False) -> object:
    """``left op right``, or ``left op= right``."""
    if op == "%" and type(left) is str:
        return formatting.format_percent(runtime, left, right)
    if inplace and op == "+" and type(left) is list and not is_symbol(runtime, right) and not isinstance(right, Instance):
        left.extend(items.collect(runtime, right))
        return left
    if is_plain(left) and is_plain(right):
        return plain.compute_binary(runtime.meter, op, left, right, inplace)
    if isinstance(left, Instance) or isinstance(right, Instance):
        return special.call_binary(runtime, op, left, right, inplace)
    if is_symbol(runtime, left) or is_symbol(runtime, right):
        return ask(runtime.domain.inplace if inplace else runtime.domain.binary, op, left, right)
    if isinstance(left, View) or isinstance(right, View):
        return apply_binary(runtime, op, _as_set(runtime, left), _as_set(runtime, right))
    raise special.refuse_operands(op)


def _as_set(runtime: Runtime, value: object) -> object:
    if not isinstance(value, View):
        return value
    return {plain.as_key(runtime.meter, item) for item in items.collect(runtime, value)}


def apply_unary(runtime: Runtime, op: str, value: object) -> object:
    """``-value``, ``+value``, ``~value``, ``not value``."""
    if is_plain(value):
        return plain.compute_unary(op, value)
    if is_symbol(runtime, value):
        return ask(runtime.domain.unary, op, value)
    if op == "not":
        return not is_true(runtime, value)
    if isinstance(value, Instance):
        return special.call_unary(runtime, op, value)
    raise throw("TypeError", f"bad operand for unary {op}")


def is_true(runtime: Runtime, value: object) -> bool:
    """``bool(value)``."""
    if is_plain(value):
        return bool(value)
    if is_symbol(runtime, value):
        return bool(ask(runtime.domain.truth, value))
    if isinstance(value, Instance):
        return bool(special.ask_truth(runtime, value))
    return bool(value.owner) if isinstance(value, View) else True


def is_identical(runtime: Runtime, left: object, right: object, negate: bool = False) -> object:
    """``is`` and ``is not``; small constants of one value are one object, as in CPython."""
    if not (is_symbol(runtime, left) or is_symbol(runtime, right)):
        return (left is right or _are_same_constant(left, right)) is not negate
    answer = ask(runtime.domain.compare, "is", left, right)
    return apply_unary(runtime, "not", answer) if negate else answer


def _are_same_constant(left: object, right: object) -> bool:
    if type(left) is int and type(right) is int:
        return left == right and -5 <= left <= 256
    return type(left) is str and type(right) is str and left == right


def compare(runtime: Runtime, op: str, left: object, right: object) -> object:
    """``left op right`` for ``< <= == != > >=``."""
    if is_scalar(left) and is_scalar(right):
        return plain.compare(op, left, right, runtime.traits.python2)
    if isinstance(left, Instance) or isinstance(right, Instance):
        return special.compare(runtime, op, left, right)
    if is_symbol(runtime, left) or is_symbol(runtime, right):
        return ask(runtime.domain.compare, op, left, right)
    if is_plain(left) and is_plain(right):
        if plain.is_pure(runtime.meter, left) & plain.is_pure(runtime.meter, right):
            return plain.compare(op, left, right, runtime.traits.python2)
        return _compare_items(runtime, op, left, right)
    if isinstance(left, View) or isinstance(right, View):
        return compare(runtime, op, _as_set(runtime, left), _as_set(runtime, right))
    if op in ("==", "!="):
        return (left is right) is (op == "==")
    raise special.refuse_comparison(op)


def _compare_items(runtime: Runtime, op: str, left: object, right: object) -> object:
    """Containers that hold domain values: item by item, as CPython does, identity first."""
    equality = op in ("==", "!=")
    if isinstance(left, dict) and isinstance(right, dict):
        if not equality:
            raise throw("TypeError", f"{op} not supported between dicts")
        alike = left.keys() == right.keys() and all(are_equal(runtime, left[key], right[key]) for key in left)
        return alike is (op == "==")
    if (isinstance(left, list) and isinstance(right, list)) or (isinstance(left, tuple) and isinstance(right, tuple)):
        for one, other in zip(left, right, strict=False):
            if not are_equal(runtime, one, other):
                return op == "!=" if equality else compare(runtime, op, one, other)
        return plain.COMPARE[op](len(left), len(right))
    if equality and type(left) is not type(right):
        return op == "!="
    raise make_unsupported_error(f"the code compares a {type(left).__name__} that holds symbols")


def are_equal(runtime: Runtime, left: object, right: object) -> bool:
    return left is right or is_true(runtime, compare(runtime, "==", left, right))


def contains(runtime: Runtime, item: object, container: object, negate: bool = False) -> object:
    """``item in container``, or ``item not in container``."""
    if is_symbol(runtime, container) or (is_plain(container) and is_symbol(runtime, item)):
        answer = ask(runtime.domain.contains, item, container)
        return apply_unary(runtime, "not", answer) if negate else answer
    return _contains(runtime, item, container) is not negate


def _contains(runtime: Runtime, item: object, container: object) -> bool:
    if isinstance(container, Instance):
        answer = special.call_method(runtime, container, "__contains__", item)
        if answer is not NOT_IMPLEMENTED:
            return is_true(runtime, answer)
    if is_unordered(container):
        return plain.as_key(runtime.meter, item) in container
    if type(container) is range and isinstance(item, int):
        return item in container
    if type(container) is str or type(container) is bytes:
        runtime.meter.scan(len(container))
        return run_safely(operator.contains, container, item)
    return any(are_equal(runtime, item, other) for other in items.walk(runtime, container))


# Sorting, extremes, and the conversions to dict and set, with comparisons that a domain may answer.


T = TypeVar("T")


def _is_less(runtime: Runtime, left: object, right: object) -> bool:
    runtime.meter.step()
    return is_true(runtime, compare(runtime, "<", left, right))


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

    reverse = is_true(runtime, options.get("reverse"))
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
    return run_safely(partial(run, **kwargs), *args)
