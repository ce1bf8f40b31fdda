"""Operators on objects of the code's own classes: each is a call of the method that the class defines for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anykeras.bytecode.errors import unsupported_error
from anykeras.bytecode.machine.faults import throw
from anykeras.bytecode.machine.values import NOT_IMPLEMENTED, NULL, Instance, Iter, MachineValue, Thrown, is_plain

if TYPE_CHECKING:
    from anykeras.bytecode.machine.core import Machine

_ARITHMETIC = {
    "+": "add", "-": "sub", "*": "mul", "/": "truediv", "classic /": "div", "//": "floordiv", "%": "mod", "**": "pow",
    "@": "matmul", "<<": "lshift", ">>": "rshift", "&": "and", "|": "or", "^": "xor",
}  # fmt: skip
_UNARY = {"-": "__neg__", "+": "__pos__", "~": "__invert__"}
_COMPARED = {"<": "__lt__", "<=": "__le__", "==": "__eq__", "!=": "__ne__", ">": "__gt__", ">=": "__ge__"}
_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}

# The special methods that a class may define; each must be a function of the code.
_NAMED = "init call enter exit len getitem setitem contains iter next bool nonzero str repr"
METHODS = (
    frozenset(f"__{name}__" for name in _NAMED.split())
    | {*_UNARY.values(), *_COMPARED.values()}
    | {f"__{prefix}{name}__" for prefix in ("", "r", "i") for name in _ARITHMETIC.values()}
)


def ask(machine: Machine, owner: object, name: str, *args: object) -> object:
    """What the method ``name`` of the class of ``owner`` answers; ``NOT_IMPLEMENTED`` where there is none."""
    method = owner.kind.find(name) if isinstance(owner, Instance) else NULL
    return NOT_IMPLEMENTED if method is NULL else machine.call(method, (owner, *args), {})


def demand(machine: Machine, owner: Instance, name: str, *args: object) -> object:
    """As ``ask``; a class without the method is the code's TypeError."""
    answer = ask(machine, owner, name, *args)
    if answer is NOT_IMPLEMENTED:
        raise throw("TypeError", f"{owner.kind.name!r} object has no {name}")
    return answer


def _known(left: object, right: object) -> None:
    """A symbol on the left decides itself what happens, which nobody here knows."""
    if not (is_plain(left) or isinstance(left, MachineValue)):
        raise unsupported_error("the code computes with a symbol and an object of its own class")


def binary(machine: Machine, op: str, left: object, right: object, inplace: bool) -> object:
    """``left op right``, where one of them is an ``Instance``."""
    _known(left, right)
    name = _ARITHMETIC[op]
    if inplace and (answer := ask(machine, left, f"__i{name}__", right)) is not NOT_IMPLEMENTED:
        return answer
    tries = [(left, f"__{name}__", right)]
    if not (isinstance(left, Instance) and isinstance(right, Instance) and left.kind is right.kind):
        mirrored = (right, f"__r{name}__", left)
        tries.insert(0 if _overrides(left, right, mirrored[1]) else 1, mirrored)
    for owner, method, other in tries:
        answer = ask(machine, owner, method, other)
        if answer is not NOT_IMPLEMENTED:
            return answer
    raise throw("TypeError", f"unsupported operands for {op}")


def _overrides(left: object, right: object, mirrored: str) -> bool:
    """Whether the right side goes first: its class is derived from the left one's and answers in another way."""
    if not (isinstance(left, Instance) and isinstance(right, Instance) and right.kind.is_a(left.kind)):
        return False
    return right.kind.find(mirrored) is not left.kind.find(mirrored)


def unary(machine: Machine, op: str, value: Instance) -> object:
    """``-value``, ``+value``, ``~value``."""
    return demand(machine, value, _UNARY[op])


def compare(machine: Machine, op: str, left: object, right: object) -> object:
    """``left op right``, where one of them is an ``Instance``."""
    _known(left, right)
    tries = [(left, op, right), (right, _MIRRORED[op], left)]
    if _overrides(left, right, _COMPARED[_MIRRORED[op]]):
        tries.reverse()
    for owner, symbol, other in tries:
        answer = _compared(machine, symbol, owner, other)
        if answer is not NOT_IMPLEMENTED:
            return answer
    if op in ("==", "!="):
        return (left is right) is (op == "==")
    if machine.python2:
        raise unsupported_error("the code orders objects by where they lie in memory")
    raise throw("TypeError", f"{op} not supported between these values")


def _compared(machine: Machine, symbol: str, owner: object, other: object) -> object:
    answer = ask(machine, owner, _COMPARED[symbol], other)
    if answer is NOT_IMPLEMENTED and symbol == "!=" and not machine.python2:
        answer = ask(machine, owner, "__eq__", other)
        return answer if answer is NOT_IMPLEMENTED else machine.negated(answer)
    return answer


def truth(machine: Machine, value: Instance) -> object:
    """What ``bool(value)`` goes by."""
    answer = ask(machine, value, "__nonzero__" if machine.python2 else "__bool__")
    if answer is NOT_IMPLEMENTED:
        answer = ask(machine, value, "__len__")
    if answer is not NOT_IMPLEMENTED and type(answer) not in (bool, int):
        raise throw("TypeError", "__bool__ should return bool")
    return answer is NOT_IMPLEMENTED or answer


def iterator(machine: Machine, value: Instance) -> Iter:
    """``iter(value)``."""
    made = demand(machine, value, "__iter__")
    if isinstance(made, Iter):
        return made
    if not isinstance(made, Instance):
        raise throw("TypeError", "iter() returned a value that is no iterator")
    return Steps(machine, made)


class Steps(Iter):
    """The values that ``__next__`` of an object gives."""

    __slots__ = ("machine", "owner")

    def __init__(self, machine: Machine, owner: Instance) -> None:
        self.machine, self.owner = machine, owner

    def advance(self) -> object:
        try:
            return demand(self.machine, self.owner, "next" if self.machine.python2 else "__next__")
        except Thrown as thrown:
            if thrown.value.kind.name != "StopIteration":
                raise
            return NULL
