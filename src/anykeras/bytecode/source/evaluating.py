"""Expressions -> values over any domain: the second route by which a shown source is checked against a trace."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from anykeras.bytecode.machine import Machine
from anykeras.bytecode.machine import operators as ops
from anykeras.bytecode.machine.values import Builtin
from anykeras.bytecode.source.expressions import Expression


def evaluate(
    machine: Machine,
    parameters: Sequence[str],
    body: object,
    args: Sequence[object],
    kwargs: Mapping[str, object] | None = None,
) -> object:
    """The value of ``body`` over ``machine.domain``, each shared expression computed once.

    Raises:
        BytecodeError, Thrown: as the machine does.
    """
    positional = [name for name in parameters if name != "*"]
    variables = {**dict(zip(positional, args, strict=False)), **(kwargs or {})}
    return _Evaluation(machine, variables).value(body)


class _Evaluation:
    def __init__(self, machine: Machine, variables: Mapping[str, object]) -> None:
        self.machine, self.variables = machine, variables
        self.known: dict[int, object] = {}

    def value(self, one: object) -> Any:
        self.machine.meter.step()
        if isinstance(one, Expression):
            if id(one) not in self.known:
                self.known[id(one)] = _KINDS[one.kind](self, *one.parts)
            return self.known[id(one)]
        if isinstance(one, tuple):
            return tuple(self.value(item) for item in one)
        if isinstance(one, list):
            return [self.value(item) for item in one]
        if isinstance(one, dict):
            return {key: self.value(item) for key, item in one.items()}
        if isinstance(one, slice):
            return slice(self.value(one.start), self.value(one.stop), self.value(one.step))
        return one

    # -- kinds

    def name(self, text: str) -> object:
        return self.variables[text] if text in self.variables else self.machine.load_global(text)

    def attribute(self, value: object, name: str) -> object:
        return self.machine.getattr(self.value(value), name)

    def item(self, value: object, key: object) -> object:
        return ops.getitem(self.machine, self.value(value), self.value(key))

    def call(self, function: object, args: tuple[object, ...], kwargs: dict[str, object]) -> object:
        called = self.value(function)
        return self.machine.call(called, self.value(args), self.value(kwargs))

    def binary(self, op: str, left: object, right: object) -> object:
        return ops.binary(self.machine, op, self.value(left), self.value(right))

    def compare(self, op: str, left: object, right: object) -> object:
        first, second = self.value(left), self.value(right)
        if op == "is":
            return ops.same(self.machine, first, second, negate=False)
        if op == "in":
            return ops.contains(self.machine, first, second, negate=False)
        return ops.compare(self.machine, op, first, second)

    def unary(self, op: str, value: object) -> object:
        return ops.unary(self.machine, op, self.value(value))

    def both(self, left: object, right: object) -> object:
        first = self.value(left)
        return self.value(right) if ops.truth(self.machine, first) else first

    def either(self, left: object, right: object) -> object:
        first = self.value(left)
        return first if ops.truth(self.machine, first) else self.value(right)

    def choice(self, condition: object, then: object, otherwise: object) -> object:
        return self.value(then if ops.truth(self.machine, self.value(condition)) else otherwise)

    def function(self, parameters: tuple[str, ...], defaults: tuple[object, ...], body: object) -> object:
        positional = parameters[: parameters.index("*")] if "*" in parameters else parameters
        given = dict(zip(positional[len(positional) - len(defaults) :], self.value(defaults), strict=True))

        def run(machine: Machine, args: tuple[object, ...], kwargs: dict[str, object]) -> object:
            variables = {**self.variables, **given, **dict(zip(positional, args, strict=False)), **kwargs}
            return _Evaluation(machine, variables).value(body)

        return Builtin("<lambda>", run)


_KINDS: dict[str, Callable[..., object]] = {
    "name": _Evaluation.name, "attribute": _Evaluation.attribute, "item": _Evaluation.item, "call": _Evaluation.call,
    "binary": _Evaluation.binary, "compare": _Evaluation.compare, "unary": _Evaluation.unary, "and": _Evaluation.both,
    "or": _Evaluation.either, "choice": _Evaluation.choice, "function": _Evaluation.function,
}  # fmt: skip
