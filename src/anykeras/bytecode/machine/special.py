"""Operators on objects of the code's own classes: each is a call of the method that the class defines for it."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import make_unsupported_error
from .meter import throw
from .runtime import Runtime
from .values import NOT_IMPLEMENTED, NULL, Instance, Iter, MachineValue, Thrown, is_plain

_ARITHMETIC = {
    "+": "add", "-": "sub", "*": "mul", "/": "truediv", "classic /": "div", "//": "floordiv", "%": "mod", "**": "pow",
    "@": "matmul", "<<": "lshift", ">>": "rshift", "&": "and", "|": "or", "^": "xor",
}  # fmt: skip
_UNARY = {"-": "__neg__", "+": "__pos__", "~": "__invert__"}
_COMPARISONS = {"<": "__lt__", "<=": "__le__", "==": "__eq__", "!=": "__ne__", ">": "__gt__", ">=": "__ge__"}
_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}

# The special methods that a class may define; each must be a function of the code.
_NAMED = "init call enter exit len getitem setitem contains iter next bool nonzero str repr"
METHODS = (
    frozenset(f"__{name}__" for name in _NAMED.split())
    | {*_UNARY.values(), *_COMPARISONS.values()}
    | {f"__{prefix}{name}__" for prefix in ("", "r", "i") for name in _ARITHMETIC.values()}
)


def call_method(runtime: Runtime, owner: object, name: str, *args: object) -> object:
    """What the method ``name`` of the class of ``owner`` answers; ``NOT_IMPLEMENTED`` where there is none."""
    method = owner.kind.find(name) if isinstance(owner, Instance) else NULL
    return NOT_IMPLEMENTED if method is NULL else runtime.call(method, (owner, *args), {})


def call_required(runtime: Runtime, owner: Instance, name: str, *args: object) -> object:
    """As ``call_method``; a class without the method is the code's TypeError."""
    answer = call_method(runtime, owner, name, *args)
    if answer is NOT_IMPLEMENTED:
        raise throw("TypeError", f"{owner.kind.name!r} object has no {name}")
    return answer


def _refuse_symbol(left: object, right: object) -> None:
    """A symbol on the left decides itself what happens, which is not known here."""
    if not (is_plain(left) or isinstance(left, MachineValue)):
        raise make_unsupported_error("the code computes with a symbol and an object of its own class")


def call_binary(runtime: Runtime, op: str, left: object, right: object, inplace: bool) -> object:
    """``left op right``, where one of them is an ``Instance``."""
    _refuse_symbol(left, right)
    name = _ARITHMETIC[op]
    if inplace and (answer := call_method(runtime, left, f"__i{name}__", right)) is not NOT_IMPLEMENTED:
        return answer
    tries = [(left, f"__{name}__", right)]
    if not (isinstance(left, Instance) and isinstance(right, Instance) and left.kind is right.kind):
        mirrored = (right, f"__r{name}__", left)
        tries.insert(0 if _is_overridden(left, right, mirrored[1]) else 1, mirrored)
    for owner, method, other in tries:
        answer = call_method(runtime, owner, method, other)
        if answer is not NOT_IMPLEMENTED:
            return answer
    raise refuse_operands(op)


def refuse_operands(op: str) -> Thrown:
    return throw("TypeError", f"unsupported operands for {op}")


def refuse_comparison(op: str) -> Thrown:
    return throw("TypeError", f"{op} not supported between these values")


def _is_overridden(left: object, right: object, mirrored: str) -> bool:
    """Whether the right side is asked first: its class is derived from the left one's and answers in another way."""
    if not (isinstance(left, Instance) and isinstance(right, Instance) and right.kind.is_a(left.kind)):
        return False
    return right.kind.find(mirrored) is not left.kind.find(mirrored)


def call_unary(runtime: Runtime, op: str, value: Instance) -> object:
    """``-value``, ``+value``, ``~value``."""
    return call_required(runtime, value, _UNARY[op])


def compare(runtime: Runtime, op: str, left: object, right: object) -> object:
    """``left op right``, where one of them is an ``Instance``."""
    _refuse_symbol(left, right)
    tries = [(left, op, right), (right, _MIRRORED[op], left)]
    if _is_overridden(left, right, _COMPARISONS[_MIRRORED[op]]):
        tries.reverse()
    for owner, symbol, other in tries:
        answer = _compare_once(runtime, symbol, owner, other)
        if answer is not NOT_IMPLEMENTED:
            return answer
    if op in ("==", "!="):
        return (left is right) is (op == "==")
    if runtime.traits.python2:
        raise make_unsupported_error("the code orders objects by where they lie in memory")
    raise refuse_comparison(op)


def _compare_once(runtime: Runtime, symbol: str, owner: object, other: object) -> object:
    answer = call_method(runtime, owner, _COMPARISONS[symbol], other)
    if answer is NOT_IMPLEMENTED and symbol == "!=" and not runtime.traits.python2:
        answer = call_method(runtime, owner, "__eq__", other)
        return answer if answer is NOT_IMPLEMENTED else runtime.negate(answer)
    return answer


def ask_truth(runtime: Runtime, value: Instance) -> object:
    """What ``bool(value)`` goes by."""
    answer = call_method(runtime, value, "__nonzero__" if runtime.traits.python2 else "__bool__")
    if answer is NOT_IMPLEMENTED:
        answer = call_method(runtime, value, "__len__")
    if answer is not NOT_IMPLEMENTED and type(answer) not in (bool, int):
        raise throw("TypeError", "__bool__ should return bool")
    return answer is NOT_IMPLEMENTED or answer


def iterate(runtime: Runtime, value: Instance) -> Iter:
    """``iter(value)``."""
    iterator = call_required(runtime, value, "__iter__")
    if isinstance(iterator, Iter):
        return iterator
    if not isinstance(iterator, Instance):
        raise throw("TypeError", "iter() returned a value that is no iterator")
    return InstanceIter(runtime, iterator)


@dataclass(slots=True, eq=False, repr=False)
class InstanceIter(Iter):
    """The values that ``__next__`` of an object gives."""

    runtime: Runtime
    owner: Instance

    def advance(self) -> object:
        try:
            return call_required(self.runtime, self.owner, "next" if self.runtime.traits.python2 else "__next__")
        except Thrown as thrown:
            if thrown.value.kind.name != "StopIteration":
                raise
            return NULL
