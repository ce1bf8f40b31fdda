"""The domain of names, and the way back: expressions -> values over any domain, by which a shown source is checked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from ..errors import limit_error, make_unsupported_error
from ..machine import Domain, Function, Machine, attributes, items, operators
from ..machine.builtins import list_builtin_names
from ..machine.runtime import Builtin, Runtime
from ..machine.values import Args, Kwargs, MachineValue, Type
from .expressions import Expression, is_same, map_items, name

MAX_EXPRESSIONS = 20_000
# Built-in functions that are shown and never computed.
OUTSIDE = frozenset({"__import__", "eval", "exec", "open", "compile", "globals", "locals", "vars", "input", "breakpoint"})


class Names(Domain):
    """One run along known ``decisions``; further branches are taken as true and remembered in ``asked``."""

    def __init__(self, decisions: tuple[bool, ...], python2: bool, nested: Callable[[Function], Expression]) -> None:
        self.decisions, self.python2, self.nested = decisions, python2, nested
        self.builtins = list_builtin_names(python2)
        self.asked: list[Expression] = []
        self.taken: list[bool] = []
        self.calls: list[Expression] = []
        self.globals: dict[str, Expression] = {}
        self.count = 0

    def make(self, kind: str, *parts: object) -> Expression:
        self._count(1)
        expression = Expression(kind, tuple(self.write(part) for part in parts))
        if kind == "call":
            self.calls.append(expression)
        return expression

    def write(self, value: object) -> object:
        """``value`` with its functions turned into expressions and its containers copied."""
        if isinstance(value, Function):
            return self.nested(value)
        if isinstance(value, Type):
            return name(value.name)
        if isinstance(value, MachineValue):
            raise make_unsupported_error(f"the source cannot show a {type(value).__name__.lower()}")
        if isinstance(value, list | tuple | dict):
            self._count(len(value))  # what containers share is written out in each of them
        return map_items(self.write, value)

    def _count(self, more: int) -> None:
        self.count += more
        if self.count > MAX_EXPRESSIONS:
            raise limit_error("the source of the code would be too long")

    # -- answers

    def is_symbol(self, value: object) -> bool:
        return isinstance(value, Expression)

    def load_global(self, wanted: str) -> object:
        if wanted in self.builtins and wanted not in OUTSIDE:
            raise LookupError(wanted)
        return self.globals.setdefault(wanted, name(wanted))

    def import_module(self, wanted: str) -> object:
        return self.make("import", wanted)

    def binary(self, op: str, left: object, right: object) -> object:
        if op == "classic /" and any(isinstance(side, float) for side in (left, right)):
            op = "/"
        return self.make("binary", op, left, right)

    def inplace(self, op: str, left: object, right: object) -> object:
        if isinstance(left, list):
            raise make_unsupported_error("the code changes a list by a value that is not known")
        return self.binary(op, left, right)

    def unary(self, op: str, value: object) -> object:
        return self.make("unary", op, value)

    def compare(self, op: str, left: object, right: object) -> object:
        return self.make("compare", op, left, right)

    def contains(self, item: object, container: object) -> object:
        return self.make("compare", "in", item, container)

    def truth(self, value: object) -> bool:
        if not isinstance(value, Expression):
            return True
        if value.kind == "unary" and value.parts[0] == "not":
            return not self.truth(value.parts[1])
        for place, known in enumerate(self.asked):
            if is_same(known, value):
                return self.taken[place]
        decision = self.decisions[len(self.asked)] if len(self.asked) < len(self.decisions) else True
        self.asked.append(value)
        self.taken.append(decision)
        return decision

    def length(self, value: object) -> object:
        return self.make("call", name("len"), (value,), {})

    def iterate(self, value: object) -> Iterable[object]:
        raise make_unsupported_error("the code loops over a value that is not known")

    def unpack(self, value: object, count: int) -> Iterable[object]:
        return [self.make("item", value, place) for place in range(count)]

    def getattr(self, value: object, wanted: str) -> object:
        return self.make("attribute", value, wanted)

    def getitem(self, value: object, key: object) -> object:
        return self.make("item", value, key)

    def call(self, function: object, args: tuple[object, ...], kwargs: dict[str, object]) -> object:
        return self.make("call", function, args, kwargs)

    def builtin(self, wanted: str, args: tuple[object, ...], kwargs: dict[str, object]) -> object:
        if wanted == "isinstance" and isinstance(args[1], tuple):
            kinds = tuple(name(kind) if isinstance(kind, str) else kind for kind in args[1])
            args = (args[0], kinds[0] if len(kinds) == 1 else kinds)
        if wanted in ("join", "format", "type"):
            raise make_unsupported_error("the source of formatted text is not shown")
        return self.make("call", name(wanted), args, kwargs)


# Expressions -> values over any domain: the second route by which a shown source is checked against a trace.


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

    def imported(self, module: str) -> object:
        return self.machine.import_module(module)

    def attribute(self, value: object, name: str) -> object:
        return attributes.get(self.machine, self.value(value), name)

    def item(self, value: object, key: object) -> object:
        return items.get(self.machine, self.value(value), self.value(key))

    def call(self, function: object, args: Args, kwargs: Kwargs) -> object:
        called = self.value(function)
        return self.machine.call(called, tuple(map(self.value, args)), {name: self.value(kwargs[name]) for name in kwargs})

    def binary(self, op: str, left: object, right: object) -> object:
        return operators.apply_binary(self.machine, op, self.value(left), self.value(right))

    def compare(self, op: str, left: object, right: object) -> object:
        first, second = self.value(left), self.value(right)
        if op == "is":
            return operators.is_identical(self.machine, first, second)
        if op == "in":
            return operators.contains(self.machine, first, second)
        return operators.compare(self.machine, op, first, second)

    def unary(self, op: str, value: object) -> object:
        return operators.apply_unary(self.machine, op, self.value(value))

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
    "name": _Evaluation.name, "import": _Evaluation.imported,
    "attribute": _Evaluation.attribute, "item": _Evaluation.item, "call": _Evaluation.call,
    "binary": _Evaluation.binary, "compare": _Evaluation.compare, "unary": _Evaluation.unary, "and": _Evaluation.both,
    "or": _Evaluation.either, "choice": _Evaluation.choice, "function": _Evaluation.function,
}  # fmt: skip
