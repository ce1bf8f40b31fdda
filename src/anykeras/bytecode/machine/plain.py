"""Operators on plain values, each behind the guard that keeps one operation small."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator

from ..errors import limit_error, make_unsupported_error
from .meter import StepMeter, run_safely
from .values import NULL, Instance, MachineValue, Plain, is_container, is_plain, is_scalar, is_unordered

SIZED = (str, bytes, list, tuple)


def count_bits(value: object) -> int:
    return value.bit_length() if isinstance(value, int) else 0


def _guard_add(meter: StepMeter, left: object, right: object) -> None:
    if isinstance(left, str | bytes) and isinstance(right, str | bytes):
        meter.characters(len(left) + len(right))
    elif isinstance(left, SIZED) and isinstance(right, SIZED):
        meter.items(len(left) + len(right))


def _guard_multiply(meter: StepMeter, left: object, right: object) -> None:
    if isinstance(left, int) and isinstance(right, int):
        bits = count_bits(left) + count_bits(right)
        meter.integer(bits)
        meter.scan(bits)
        return
    for body, times in ((left, right), (right, left)):
        if isinstance(body, SIZED) and isinstance(times, int) and times > 0:
            size = len(body) * times
            if isinstance(body, str | bytes):
                meter.characters(size)
            else:
                meter.items(size)


def _guard_power(meter: StepMeter, left: object, right: object) -> None:
    if isinstance(left, int) and isinstance(right, int):
        bits = count_bits(left)
        bits = bits * min(abs(right), meter.bounds.bits + 1) if bits > 1 else 1
        meter.integer(bits)
        meter.scan(bits)


def _guard_shift(meter: StepMeter, left: object, right: object) -> None:
    if isinstance(left, int) and isinstance(right, int) and right > 0:
        meter.integer(count_bits(left) + right)


def _guard_nothing(meter: StepMeter, left: object, right: object) -> None:
    meter.scan(count_bits(left) + count_bits(right))


def _divide_classic(left: object, right: object) -> object:
    """Python 2's ``/``: floors on integers."""
    divide = operator.floordiv if isinstance(left, int) and isinstance(right, int) else operator.truediv
    return divide(left, right)


# symbol -> (guard, operator, operator in place)
OPERATORS: dict[str, tuple[Callable[[StepMeter, object, object], None], Callable[..., object], Callable[..., object]]] = {
    "+": (_guard_add, operator.add, operator.iadd),
    "-": (_guard_nothing, operator.sub, operator.isub),
    "*": (_guard_multiply, operator.mul, operator.imul),
    "/": (_guard_nothing, operator.truediv, operator.itruediv),
    "classic /": (_guard_nothing, _divide_classic, _divide_classic),
    "//": (_guard_nothing, operator.floordiv, operator.ifloordiv),
    "%": (_guard_nothing, operator.mod, operator.imod),
    "**": (_guard_power, operator.pow, operator.ipow),
    "@": (_guard_nothing, operator.matmul, operator.imatmul),
    "<<": (_guard_shift, operator.lshift, operator.ilshift),
    ">>": (_guard_nothing, operator.rshift, operator.irshift),
    "&": (_guard_nothing, operator.and_, operator.iand),
    "|": (_guard_nothing, operator.or_, operator.ior),
    "^": (_guard_nothing, operator.xor, operator.ixor),
}
UNARY: dict[str, Callable[..., object]] = {
    "-": operator.neg, "+": operator.pos, "~": operator.invert, "not": operator.not_,
}  # fmt: skip
COMPARE: dict[str, Callable[..., bool]] = {
    "<": operator.lt, "<=": operator.le, "==": operator.eq, "!=": operator.ne, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip


def compute_binary(meter: StepMeter, op: str, left: Plain, right: Plain, inplace: bool) -> object:
    """``left op right`` on plain values; text ``%`` is formatting and does not come here."""
    if op == "%" and isinstance(left, str | bytes):
        raise make_unsupported_error("the code formats bytes")
    guard, run, run_inplace = OPERATORS[op]
    if is_container(left):
        meter.items(len(left))
        if is_unordered(left):
            is_pure(meter, left)
    guard(meter, left, right)
    return run_safely(run_inplace if inplace else run, left, right)


def compute_unary(op: str, value: Plain) -> object:
    return run_safely(UNARY[op], value)


def is_pure(meter: StepMeter, value: object) -> bool:
    """Whether ``value`` is plain all the way down. Charges for each item, shared ones each time; bounds the nesting.

    Called before the host walks a structure (hash, compare, print), so that such a walk is short.
    """
    if is_scalar(value):
        return True
    pure, level, depth = True, [value], 0
    meter.items(1)
    while level:
        depth += 1
        if depth > meter.bounds.nesting:
            raise limit_error("the code nests containers too deeply")
        below: list[object] = []
        for item in level:
            if is_scalar(item):
                continue
            pure = pure and is_plain(item)
            meter.items(_count_children(item))
            below.extend(_list_children(item))
        level = below
    return pure


def _count_children(value: object) -> int:
    if type(value) is slice:
        return 3
    if type(value) is dict:
        return 2 * len(value)
    return len(value) if is_container(value) else 0


def _list_children(value: object) -> Iterator[object]:
    if type(value) is slice:
        yield from (value.start, value.stop, value.step)
    elif type(value) is dict:
        for key, item in value.items():
            yield key
            yield item
    elif is_container(value):
        yield from value


def as_key(meter: StepMeter, value: object) -> object:
    """``value`` as a dict key or set member: plain, so that hashing is short and no symbols are compared."""
    if not is_pure(meter, value) and not isinstance(value, MachineValue):
        raise make_unsupported_error("the code uses a symbol as a key of a dict or a member of a set")
    if isinstance(value, Instance) and value.kind.find("__eq__") is not NULL:
        raise make_unsupported_error(
            "the code uses an object with an equality of its own as a key of a dict or a member of a set"
        )
    run_safely(meter.key, value)
    return value


# -- comparison


def compare(op: str, left: Plain, right: Plain, python2: bool) -> bool:
    """``left op right`` on plain values that hold plain values; Python 2 orders any type against any."""
    if not python2 or op in ("==", "!="):
        return run_safely(COMPARE[op], left, right)
    return COMPARE[op](_order_of_python2(left, right), 0)


def _order_of_python2(left: object, right: object) -> int:
    """Python 2's ``cmp``."""
    if type(left) is type(right) and isinstance(left, list | tuple) and isinstance(right, list | tuple):
        for one, other in zip(left, right, strict=False):
            if one != other:
                return _order_of_python2(one, other)
        return (len(left) > len(right)) - (len(left) < len(right))
    rank, other_rank = _rank_of_python2(left), _rank_of_python2(right)
    if rank != other_rank:
        return -1 if rank < other_rank else 1
    if left is None:
        return 0
    return run_safely(COMPARE[">"], left, right) - run_safely(COMPARE["<"], left, right)


def _rank_of_python2(value: object) -> tuple[int, str]:
    """Where Python 2 sorts a value among values of other types: None, numbers, then by name of the type."""
    if value is None:
        return 0, ""
    if isinstance(value, int | float):
        return 1, ""
    return 2, "str" if type(value) is bytes else type(value).__name__
