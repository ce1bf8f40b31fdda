"""Operators on values of any kind: plain ones here, the rest asked of the domain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from anykeras.bytecode.errors import limit_error, unsupported_error
from anykeras.bytecode.machine import formatting, plain, special
from anykeras.bytecode.machine.faults import safely, throw
from anykeras.bytecode.machine.values import (
    CONTAINERS,
    NOT_IMPLEMENTED,
    NULL,
    SCALARS,
    HostIter,
    Instance,
    Iter,
    MachineValue,
    View,
    is_plain,
)

if TYPE_CHECKING:
    from anykeras.bytecode.machine.core import Machine


def foreign(machine: Machine, value: object) -> bool:
    """Whether ``value`` is the domain's; ends the run at a value that nobody knows."""
    if is_plain(value) or isinstance(value, MachineValue):
        return False
    if not machine.domain.is_symbol(value):
        raise unsupported_error(f"the code reached a value of the type {type(value).__name__}, which is not listed")
    return True


def binary(machine: Machine, op: str, left: object, right: object, inplace: bool = False) -> object:
    if op == "%" and type(left) is str:
        return formatting.percent(machine, left, right)
    if is_plain(left) and is_plain(right):
        if inplace and op == "+" and type(left) is list:
            left.extend(collect(machine, right))
            return left
        return plain.binary(machine.meter, op, left, right, inplace)
    if isinstance(left, Instance) or isinstance(right, Instance):
        return special.binary(machine, op, left, right, inplace)
    if foreign(machine, left) or foreign(machine, right):
        return machine.ask(machine.domain.inplace if inplace else machine.domain.binary, op, left, right)
    if isinstance(left, View) or isinstance(right, View):
        return binary(machine, op, _as_set(machine, left), _as_set(machine, right))
    if inplace and op == "+" and type(left) is list:
        left.extend(collect(machine, right))
        return left
    raise throw("TypeError", f"unsupported operands for {op}")


def _as_set(machine: Machine, value: object) -> object:
    return {plain.key(machine.meter, item) for item in collect(machine, value)} if isinstance(value, View) else value


def unary(machine: Machine, op: str, value: object) -> object:
    if is_plain(value):
        return plain.unary(op, value)
    if foreign(machine, value):
        return machine.ask(machine.domain.unary, op, value)
    if op == "not":
        return not truth(machine, value)
    if isinstance(value, Instance):
        return special.unary(machine, op, value)
    raise throw("TypeError", f"bad operand for unary {op}")


def truth(machine: Machine, value: object) -> bool:
    if is_plain(value):
        return bool(value)
    if foreign(machine, value):
        return bool(machine.ask(machine.domain.truth, value))
    if isinstance(value, Instance):
        return bool(special.truth(machine, value))
    return bool(value.owner) if isinstance(value, View) else True


def same(machine: Machine, left: object, right: object, negate: bool) -> object:
    """``is`` and ``is not``; small constants of one value are one object, as in CPython."""
    if not (foreign(machine, left) or foreign(machine, right)):
        return (left is right or _same_constant(left, right)) is not negate
    answer = machine.ask(machine.domain.compare, "is", left, right)
    return unary(machine, "not", answer) if negate else answer


def _same_constant(left: object, right: object) -> bool:
    if type(left) is not type(right) or type(left) not in (int, str):
        return False
    return left == right and (type(left) is str or -5 <= int(left) <= 256)  # type: ignore[call-overload]


def compare(machine: Machine, op: str, left: object, right: object) -> object:
    if type(left) in SCALARS and type(right) in SCALARS:
        return _plain_compare(machine, op, left, right)
    if isinstance(left, Instance) or isinstance(right, Instance):
        return special.compare(machine, op, left, right)
    if foreign(machine, left) or foreign(machine, right):
        return machine.ask(machine.domain.compare, op, left, right)
    if is_plain(left) and is_plain(right):
        clean = plain.pure(machine.meter, left) & plain.pure(machine.meter, right)
        return _plain_compare(machine, op, left, right) if clean else _mixed(machine, op, left, right)
    if isinstance(left, View) or isinstance(right, View):
        return compare(machine, op, _as_set(machine, left), _as_set(machine, right))
    if op in ("==", "!="):
        return (left is right) is (op == "==")
    raise throw("TypeError", f"{op} not supported between these values")


def _plain_compare(machine: Machine, op: str, left: object, right: object) -> object:
    if not machine.python2 or op in ("==", "!="):
        return safely(plain.COMPARE[op], left, right)
    return plain.COMPARE[op](_py2_order(left, right), 0)


def _py2_order(left: Any, right: Any) -> int:
    """Python 2's ``cmp`` of plain values that hold plain values, any type against any."""
    if type(left) is type(right) and isinstance(left, list | tuple):
        for one, other in zip(left, right, strict=False):
            if one != other:
                return _py2_order(one, other)
        return (len(left) > len(right)) - (len(left) < len(right))
    ranks = plain.py2_rank(left), plain.py2_rank(right)
    if ranks[0] != ranks[1]:
        return -1 if ranks[0] < ranks[1] else 1
    if left is None:
        return 0
    return int(safely(lambda: (left > right) - (left < right)))


def _mixed(machine: Machine, op: str, left: Any, right: Any) -> object:
    """Containers that hold domain values: item by item, as CPython does, identity first."""
    if type(left) is not type(right) or type(left) not in (list, tuple, dict):
        if op in ("==", "!=") and type(left) is not type(right):
            return op == "!="
        raise unsupported_error(f"the code compares a {type(left).__name__} that holds symbols")
    if type(left) is dict:
        if op not in ("==", "!="):
            raise throw("TypeError", f"{op} not supported between dicts")
        alike = left.keys() == right.keys() and all(equal(machine, left[key], right[key]) for key in left)
        return alike is (op == "==")
    for one, other in zip(left, right, strict=False):
        if not equal(machine, one, other):
            return op == "!=" if op in ("==", "!=") else compare(machine, op, one, other)
    return plain.COMPARE[op](len(left), len(right))


def equal(machine: Machine, left: object, right: object) -> bool:
    return left is right or truth(machine, compare(machine, "==", left, right))


def contains(machine: Machine, item: object, container: object, negate: bool) -> object:
    if foreign(machine, container) or (is_plain(container) and foreign(machine, item)):
        answer = machine.ask(machine.domain.contains, item, container)
        return unary(machine, "not", answer) if negate else answer
    return _contains(machine, item, container) is not negate


def _contains(machine: Machine, item: object, container: object) -> bool:
    kind = type(container)
    if isinstance(container, Instance):
        answer = special.ask(machine, container, "__contains__", item)
        if answer is not NOT_IMPLEMENTED:
            return truth(machine, answer)
    if kind in (dict, set, frozenset):
        return plain.key(machine.meter, item) in container  # type: ignore[operator]
    if kind is range and type(item) in (int, bool):
        return item in container  # type: ignore[operator]
    if kind in (str, bytes):
        return safely(lambda: item in container)  # type: ignore[operator]
    return any(equal(machine, item, other) for other in walk(machine, container))


# -- iteration


def iterator(machine: Machine, value: object) -> Iter:
    """``iter(value)``."""
    if isinstance(value, Iter):
        return value
    if is_plain(value):
        if type(value) in (dict, set, frozenset):
            machine.note_order(value)
        return HostIter(safely(iter, value))
    if foreign(machine, value):
        return HostIter(iter(machine.ask(lambda: list(machine.domain.iterate(value)))))
    if isinstance(value, View):
        machine.note_order(value.owner)
        return HostIter(iter(value.snapshot()))
    if isinstance(value, Instance):
        return special.iterator(machine, value)
    raise throw("TypeError", "the value is not iterable")


def walk(machine: Machine, value: object) -> Any:
    """A host iterator over ``value``: one step and one value charged for each item."""
    items = iterator(machine, value)
    while True:
        item = advance(machine, items)
        if item is NULL:
            return
        machine.meter.items(1)
        yield item


def advance(machine: Machine, items: Iter) -> object:
    machine.meter.step()
    try:
        return items.advance()
    except RecursionError as error:
        raise limit_error("the code nests iterators too deeply") from error
    except RuntimeError as error:  # "dictionary changed size during iteration"
        raise throw("RuntimeError", str(error)) from error


def collect(machine: Machine, value: object) -> list[object]:
    """``list(value)``."""
    if type(value) in (list, tuple):
        machine.meter.items(len(value))  # type: ignore[arg-type]
        return list(value)  # type: ignore[call-overload, no-any-return]
    return list(walk(machine, value))


def unpacked(machine: Machine, value: object, count: int) -> list[object]:
    """The values of ``a, b = value``; the caller checks their number."""
    if foreign(machine, value):
        return machine.ask(lambda: list(machine.domain.unpack(value, count)))
    return collect(machine, value)


# -- items


def getitem(machine: Machine, value: object, key: object) -> object:
    if isinstance(value, Instance):
        return special.demand(machine, value, "__getitem__", key)
    if foreign(machine, value) or holds_foreign(machine, key):
        return machine.ask(machine.domain.getitem, value, key)
    if not is_plain(value):
        raise throw("TypeError", "the value cannot be indexed")
    if type(value) is dict:
        key = plain.key(machine.meter, key)
    elif type(key) is slice and type(value) in plain.SLICED:
        machine.meter.items(len(value))  # type: ignore[arg-type]
    return safely(lambda: value[key])  # type: ignore[index]


def holds_foreign(machine: Machine, key: object) -> bool:
    if type(key) is slice:
        return any(foreign(machine, part) for part in (key.start, key.stop, key.step))
    return type(key) not in CONTAINERS and foreign(machine, key)


def setitem(machine: Machine, value: object, key: object, item: object) -> None:
    if foreign(machine, value):
        machine.ask(machine.domain.setitem, value, key, item)
    elif isinstance(value, Instance):
        special.demand(machine, value, "__setitem__", key, item)
    elif type(value) is dict:
        value[plain.key(machine.meter, key)] = item
        machine.meter.items(1)
    elif type(value) is list:
        if type(key) is slice:
            item = collect(machine, item)
        safely(value.__setitem__, key, item)
    else:
        raise throw("TypeError", "the value does not support item assignment")


def delitem(machine: Machine, value: object, key: object) -> None:
    if type(value) is dict:
        safely(value.__delitem__, plain.key(machine.meter, key))
    elif type(value) is list:
        safely(value.__delitem__, key)
    elif foreign(machine, value):
        raise unsupported_error("the code deletes an item of a symbol")
    else:
        raise throw("TypeError", "the value does not support item deletion")


def length(machine: Machine, value: object) -> object:
    if foreign(machine, value):
        return machine.ask(machine.domain.length, value)
    if isinstance(value, View):
        return len(value.owner)
    if isinstance(value, Instance):
        return special.demand(machine, value, "__len__")
    if not is_plain(value):
        raise throw("TypeError", "the value has no len()")
    return safely(len, value)
