"""The domain of names: every operation on a name gives a larger expression; every branch is a question."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ..errors import limit_error, unsupported_error
from ..machine import Domain, Function
from ..machine.builtins import builtin_names
from ..machine.values import MachineValue, Type
from .expressions import Expression, map_items, name, same

MAX_EXPRESSIONS = 20_000
# Built-in functions that are shown and never computed.
OUTSIDE = frozenset({"__import__", "eval", "exec", "open", "compile", "globals", "locals", "vars", "input", "breakpoint"})


class Names(Domain):
    """One run along known ``decisions``; further branches are taken as true and remembered in ``asked``."""

    def __init__(self, decisions: tuple[bool, ...], python2: bool, nested: Callable[[Function], Expression]) -> None:
        super().__init__()
        self.decisions, self.python2, self.nested = decisions, python2, nested
        self.builtins = builtin_names(python2)
        self.asked: list[Expression] = []
        self.taken: list[bool] = []
        self.calls: list[Expression] = []
        self.globals: dict[str, Expression] = {}
        self.count = 0

    def make(self, kind: str, *parts: object) -> Expression:
        self.count += 1
        if self.count > MAX_EXPRESSIONS:
            raise limit_error("the source of the code would be too long")
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
            raise unsupported_error(f"the source cannot show a {type(value).__name__.lower()}")
        return map_items(self.write, value)

    # -- answers

    def is_symbol(self, value: object) -> bool:
        return isinstance(value, Expression)

    def load_global(self, wanted: str) -> object:
        if wanted in self.builtins and wanted not in OUTSIDE:
            raise LookupError(wanted)
        return self.globals.setdefault(wanted, name(wanted))

    def import_module(self, wanted: str) -> object:
        raise unsupported_error("the source of code with imports is not shown")

    def binary(self, op: str, left: object, right: object) -> object:
        if op == "classic /" and any(isinstance(side, float) for side in (left, right)):
            op = "/"
        return self.make("binary", op, left, right)

    def inplace(self, op: str, left: object, right: object) -> object:
        if isinstance(left, list):
            raise unsupported_error("the code changes a list by a value that is not known")
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
            if same(known, value):
                return self.taken[place]
        decision = self.decisions[len(self.asked)] if len(self.asked) < len(self.decisions) else True
        self.asked.append(value)
        self.taken.append(decision)
        return decision

    def length(self, value: object) -> object:
        return self.make("call", name("len"), (value,), {})

    def iterate(self, value: object) -> Iterable[object]:
        raise unsupported_error("the code loops over a value that is not known")

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
            raise unsupported_error("the source of formatted text is not shown")
        return self.make("call", name(wanted), args, kwargs)
