"""Expressions -> values over any domain: the second route by which a shown source is checked against a trace."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from ..machine import Machine, attributes, items, operators
from ..machine.runtime import Builtin, Runtime
from ..machine.values import Args, Kwargs
from .expressions import Expression, map_items


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
    def __init__(self, machine: Runtime, variables: Mapping[str, object]) -> None:
        self.machine, self.variables = machine, variables
        self.known: dict[int, object] = {}

    def value(self, one: object) -> object:
        self.machine.meter.step()
        if not isinstance(one, Expression):
            return map_items(self.value, one)
        if id(one) not in self.known:
            self.known[id(one)] = _KINDS[one.kind](self, *one.parts)
        return self.known[id(one)]

    # -- kinds

    def name(self, text: str) -> object:
        return self.variables[text] if text in self.variables else self.machine.load_global(text)

    def attribute(self, value: object, name: str) -> object:
        return attributes.get(self.machine, self.value(value), name)

    def item(self, value: object, key: object) -> object:
        return items.get(self.machine, self.value(value), self.value(key))

    def call(self, function: object, args: Args, kwargs: Kwargs) -> object:
        called = self.value(function)
        return self.machine.call(called, tuple(map(self.value, args)), {name: self.value(kwargs[name]) for name in kwargs})

    def binary(self, op: str, left: object, right: object) -> object:
        return operators.binary(self.machine, op, self.value(left), self.value(right))

    def compare(self, op: str, left: object, right: object) -> object:
        first, second = self.value(left), self.value(right)
        if op == "is":
            return operators.identical(self.machine, first, second)
        if op == "in":
            return operators.contains(self.machine, first, second)
        return operators.compare(self.machine, op, first, second)

    def unary(self, op: str, value: object) -> object:
        return operators.unary(self.machine, op, self.value(value))

    def both(self, left: object, right: object) -> object:
        first = self.value(left)
        return self.value(right) if operators.is_true(self.machine, first) else first

    def either(self, left: object, right: object) -> object:
        first = self.value(left)
        return first if operators.is_true(self.machine, first) else self.value(right)

    def choice(self, condition: object, then: object, otherwise: object) -> object:
        return self.value(then if operators.is_true(self.machine, self.value(condition)) else otherwise)

    def function(self, parameters: tuple[str, ...], defaults: tuple[object, ...], body: object) -> object:
        positional = parameters[: parameters.index("*")] if "*" in parameters else parameters
        defaulted = dict(zip(positional[len(positional) - len(defaults) :], map(self.value, defaults), strict=True))

        def run(runtime: Runtime, args: Args, kwargs: Kwargs) -> object:
            variables = {**self.variables, **defaulted, **dict(zip(positional, args, strict=False)), **kwargs}
            return _Evaluation(runtime, variables).value(body)

        return Builtin("<lambda>", run)


_KINDS: dict[str, Callable[..., object]] = {
    "name": _Evaluation.name, "attribute": _Evaluation.attribute, "item": _Evaluation.item, "call": _Evaluation.call,
    "binary": _Evaluation.binary, "compare": _Evaluation.compare, "unary": _Evaluation.unary, "and": _Evaluation.both,
    "or": _Evaluation.either, "choice": _Evaluation.choice, "function": _Evaluation.function,
}  # fmt: skip
