"""Operators on plain values, each behind the guard that keeps one operation small."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from typing import Any

from anykeras.bytecode.errors import limit_error, unsupported_error
from anykeras.bytecode.machine.faults import safely, throw
from anykeras.bytecode.machine.meter import Meter
from anykeras.bytecode.machine.values import CONTAINERS, NULL, SCALARS, Instance, MachineValue, is_plain

SIZED = (str, bytes, list, tuple)
SLICED = frozenset(SIZED)


def bits(value: object) -> int:
    return value.bit_length() if isinstance(value, int) else 0


def _add(meter: Meter, left: Any, right: Any) -> None:
    if isinstance(left, str | bytes) and isinstance(right, str | bytes):
        meter.characters(len(left) + len(right))
    elif isinstance(left, SIZED) and isinstance(right, SIZED):
        meter.items(len(left) + len(right))


def _multiply(meter: Meter, left: Any, right: Any) -> None:
    if isinstance(left, int) and isinstance(right, int):
        meter.integer(bits(left) + bits(right))
        return
    for body, times in ((left, right), (right, left)):
        if isinstance(body, SIZED) and isinstance(times, int) and times > 0:
            size = len(body) * times
            if isinstance(body, str | bytes):
                meter.characters(size)
            else:
                meter.items(size)


def _power(meter: Meter, left: Any, right: Any) -> None:
    if isinstance(left, int) and isinstance(right, int):
        meter.integer(bits(left) * min(abs(right), meter.bounds.bits + 1) if bits(left) > 1 else 1)


def _shift(meter: Meter, left: Any, right: Any) -> None:
    if isinstance(left, int) and isinstance(right, int) and right > 0:
        meter.integer(bits(left) + right)


def _free(meter: Meter, left: Any, right: Any) -> None:
    return


def _classic_division(left: Any, right: Any) -> object:
    """Python 2's ``/``: floors on integers."""
    return left // right if isinstance(left, int) and isinstance(right, int) else left / right


# symbol -> (guard, operator, operator in place)
OPERATORS: dict[str, tuple[Callable[[Meter, Any, Any], None], Callable[[Any, Any], Any], Callable[[Any, Any], Any]]] = {
    "+": (_add, operator.add, operator.iadd),
    "-": (_free, operator.sub, operator.isub),
    "*": (_multiply, operator.mul, operator.imul),
    "/": (_free, operator.truediv, operator.itruediv),
    "classic /": (_free, _classic_division, _classic_division),
    "//": (_free, operator.floordiv, operator.ifloordiv),
    "%": (_free, operator.mod, operator.imod),
    "**": (_power, operator.pow, operator.ipow),
    "@": (_free, operator.matmul, operator.imatmul),
    "<<": (_shift, operator.lshift, operator.ilshift),
    ">>": (_free, operator.rshift, operator.irshift),
    "&": (_free, operator.and_, operator.iand),
    "|": (_free, operator.or_, operator.ior),
    "^": (_free, operator.xor, operator.ixor),
}
UNARY: dict[str, Callable[[Any], Any]] = {
    "-": operator.neg, "+": operator.pos, "~": operator.invert, "not": operator.not_,
}  # fmt: skip
COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt, "<=": operator.le, "==": operator.eq, "!=": operator.ne, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip


def binary(meter: Meter, op: str, left: object, right: object, inplace: bool) -> object:
    """``left op right`` on plain values; text ``%`` is formatting and does not come here."""
    if op == "%" and isinstance(left, str | bytes):
        raise unsupported_error("the code formats bytes")
    guard, run, run_inplace = OPERATORS[op]
    if type(left) in CONTAINERS:
        meter.items(len(left))  # type: ignore[arg-type]
        if isinstance(left, set | frozenset | dict):
            pure(meter, left)
    if type(left) is list and inplace and op == "+" and type(right) is not list:
        raise throw("TypeError", "can only extend a list with a list here")
    guard(meter, left, right)
    return safely(run_inplace if inplace else run, left, right)


def unary(op: str, value: object) -> object:
    return safely(UNARY[op], value)


def pure(meter: Meter, value: object) -> bool:
    """Whether ``value`` is plain all the way down. Charges for each item, shared ones each time; bounds the nesting.

    Called before the host walks a structure (hash, compare, print), so that such a walk is short.
    """
    if type(value) in SCALARS:
        return True
    clean, level, depth = True, [value], 0
    while level:
        meter.items(len(level))
        depth += 1
        if depth > meter.bounds.nesting:
            raise limit_error("the code nests containers too deeply")
        below: list[object] = []
        for item in level:
            if type(item) in SCALARS:
                continue
            clean = clean and is_plain(item)
            below.extend(_children(item))
        level = below
    return clean


def _children(value: object) -> Iterator[object]:
    if type(value) is slice:
        yield from (value.start, value.stop, value.step)
    elif type(value) is dict:
        for key, item in value.items():
            yield key
            yield item
    elif type(value) in CONTAINERS:
        yield from value  # type: ignore[misc]


def py2_rank(value: object) -> tuple[int, str]:
    """Where Python 2 sorts a value among values of other types: None, numbers, then by name of the type."""
    if value is None:
        return 0, ""
    if isinstance(value, int | float):
        return 1, ""
    return 2, {"str": "str", "bytes": "str"}.get(type(value).__name__, type(value).__name__)


def key(meter: Meter, value: object) -> Any:
    """``value`` as a dict key or set member: plain, so that hashing is short and no symbols are compared."""
    if not pure(meter, value) and not isinstance(value, MachineValue):
        raise unsupported_error("the code uses a symbol as a key of a dict or a member of a set")
    if isinstance(value, Instance) and value.kind.find("__eq__") is not NULL:
        raise unsupported_error("the code uses an object with an equality of its own as a key of a dict or a member of a set")
    safely(hash, value)
    return value
