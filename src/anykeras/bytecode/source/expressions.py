"""Expressions of names: what the machine computes when every argument and global is only a name."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ..errors import make_unsupported_error


@dataclass(frozen=True, eq=False)
class Expression:
    """A node. ``parts`` are plain values, expressions, or containers of both.

    | kind | parts |
    |---|---|
    | ``name`` | (text,) |
    | ``import`` | (module,) |
    | ``attribute`` | (value, name) |
    | ``item`` | (value, key) |
    | ``call`` | (function, tuple of arguments, dict of keywords) |
    | ``binary``, ``compare`` | (operator, left, right) |
    | ``unary`` | (operator, value) |
    | ``and``, ``or`` | (left, right) |
    | ``choice`` | (condition, then, otherwise) |
    | ``function`` | (parameters, defaults, body) |
    """

    kind: str
    parts: tuple[object, ...]


def name(text: str) -> Expression:
    return Expression("name", (text,))


def map_items(change: Callable[[object], object], value: object) -> object:
    """``value``, where a container becomes a new one of what ``change`` makes of its items."""
    if isinstance(value, list):
        return [change(item) for item in value]
    if isinstance(value, tuple):
        return tuple(change(item) for item in value)
    if isinstance(value, dict):
        return {key: change(item) for key, item in value.items()}
    if isinstance(value, slice):
        return slice(change(value.start), change(value.stop), change(value.step))
    return value


def list_children(value: object) -> Iterator[object]:
    if isinstance(value, Expression):
        yield from value.parts
    elif isinstance(value, list | tuple | set | frozenset):
        yield from value
    elif isinstance(value, dict):
        yield from value.keys()
        yield from value.values()
    elif isinstance(value, slice):
        yield from (value.start, value.stop, value.step)


def walk(value: object) -> Iterator[Expression]:
    """Every expression in ``value`` once, by identity."""
    seen: set[int] = set()
    todo = [value]
    while todo:
        one = todo.pop()
        if isinstance(one, Expression):
            if id(one) in seen:
                continue
            seen.add(id(one))
            yield one
        todo.extend(list_children(one))


def is_same(left: object, right: object) -> bool:
    """Whether two values are written alike. Calls are alike only if they are one: a second may draw other numbers."""
    if left is right:
        return True
    if type(left) is not type(right):
        return False
    if isinstance(left, Expression) and isinstance(right, Expression):
        return left.kind == right.kind and left.kind not in ("call", "function") and is_same(left.parts, right.parts)
    if isinstance(left, list | tuple) and isinstance(right, list | tuple):
        return len(left) == len(right) and all(map(is_same, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        return list(left) == list(right) and all(is_same(left[key], right[key]) for key in left)
    if isinstance(left, slice) and isinstance(right, slice):
        return is_same((left.start, left.stop, left.step), (right.start, right.stop, right.step))
    return repr(left) == repr(right) if isinstance(left, float | complex) else left == right


def negate(condition: Expression) -> Expression:
    if condition.kind == "unary" and condition.parts[0] == "not" and isinstance(condition.parts[1], Expression):
        return condition.parts[1]
    return Expression("unary", ("not", condition))


def make_choice(condition: object, then: object, otherwise: object) -> object:
    """``then if condition else otherwise``, folded to ``and`` and ``or`` where that says the same."""
    if is_same(then, otherwise):
        return then
    if is_same(condition, otherwise):
        return Expression("and", (condition, then))
    if is_same(condition, then):
        return Expression("or", (condition, otherwise))
    if isinstance(then, Expression) and then.kind == "choice" and is_same(then.parts[2], otherwise):
        return make_choice(Expression("and", (condition, then.parts[0])), then.parts[1], otherwise)
    if isinstance(otherwise, Expression) and otherwise.kind == "choice" and is_same(otherwise.parts[1], then):
        return make_choice(Expression("or", (condition, otherwise.parts[0])), then, otherwise.parts[2])
    if then is False and otherwise is True:
        return Expression("unary", ("not", condition))
    return _move_inside(condition, then, otherwise) or Expression("choice", (condition, then, otherwise))


def _move_inside(condition: object, then: object, otherwise: object) -> object:
    """The choice moved into the one place where two containers or calls differ; ``None`` where they differ more."""
    if type(then) in (tuple, list) and type(then) is type(otherwise):
        return _move_into_sequence(condition, then, otherwise)
    return None


def _move_into_sequence(condition: object, then: object, otherwise: object) -> object:
    if not isinstance(then, list | tuple) or not isinstance(otherwise, list | tuple) or len(then) != len(otherwise):
        return None
    merged = [make_choice(condition, one, other) for one, other in zip(then, otherwise, strict=True)]
    return tuple(merged) if isinstance(then, tuple) else merged


# Expressions -> Python text.


# how tightly an operator binds ("Operator precedence", Python language reference)
LAMBDA, CHOICE, OR, AND, NOT, COMPARE, UNARY, POWER, ATOM = 0, 1, 2, 3, 4, 5, 12, 13, 15
BINARY = {"|": 6, "^": 7, "&": 8, "<<": 9, ">>": 9, "+": 10, "-": 10, "*": 11, "/": 11, "//": 11, "%": 11, "@": 11}
MAX_TEXT = 100_000


class ExpressionPrinter:
    """Writes values; expressions in ``names`` (by identity) are written as those names."""

    def __init__(self, names: dict[int, str] | None = None) -> None:
        self.names = names or {}

    def text(self, value: object, outer: int = LAMBDA) -> str:
        """``value`` as it may stand where ``outer`` binds."""
        if isinstance(value, Expression):
            if id(value) in self.names:
                return self.names[id(value)]
            written, binds = getattr(self, f"_write_{value.kind}")(*value.parts)
        else:
            written, binds = self._write_plain(value)
        if len(written) > MAX_TEXT:
            raise make_unsupported_error("the source of the code would be too long")
        return f"({written})" if binds < outer else str(written)

    # -- plain values

    def _write_plain(self, value: object) -> tuple[str, int]:
        if isinstance(value, tuple):
            inside = ", ".join(self.text(item) for item in value)
            return f"({inside},)" if len(value) == 1 else f"({inside})", ATOM
        if isinstance(value, list):
            return f"[{', '.join(self.text(item) for item in value)}]", ATOM
        if isinstance(value, dict):
            pairs = (f"{self.text(key)}: {self.text(item)}" for key, item in value.items())
            return f"{{{', '.join(pairs)}}}", ATOM
        if isinstance(value, set | frozenset):
            inside = ", ".join(sorted(self.text(item) for item in value))
            braces = f"{{{inside}}}" if value else "set()"
            return braces if isinstance(value, set) else f"frozenset({braces if value else ''})", ATOM
        if isinstance(value, slice):
            return f"slice({self.text(value.start)}, {self.text(value.stop)}, {self.text(value.step)})", ATOM
        return self._write_scalar(value)

    def _write_scalar(self, value: object) -> tuple[str, int]:
        if value is Ellipsis:
            return "...", ATOM
        if isinstance(value, float) and not math.isfinite(value):
            return f"float({str(value)!r})", ATOM
        if value is None or isinstance(value, bool | int | float | complex | str | bytes | range):
            written = repr(value)
            return written, UNARY if written.startswith("-") else ATOM
        raise make_unsupported_error(f"the source cannot show a {type(value).__name__}")

    # -- expressions: (text, how tightly it binds)

    def _write_name(self, text: str) -> tuple[str, int]:
        return text, ATOM

    def _write_import(self, module: str) -> tuple[str, int]:
        return module, ATOM  # which a line of its own imports

    def _write_attribute(self, value: object, name: str) -> tuple[str, int]:
        return f"{self.text(value, ATOM)}.{name}", ATOM

    def _write_item(self, value: object, key: object) -> tuple[str, int]:
        return f"{self.text(value, ATOM)}[{self._write_key(key)}]", ATOM

    def _write_key(self, key: object) -> str:
        if isinstance(key, tuple) and key:
            return ", ".join(map(self._write_one_key, key)) + ("," if len(key) == 1 else "")
        return self._write_one_key(key)

    def _write_one_key(self, key: object) -> str:
        if not isinstance(key, slice):
            return self.text(key)
        start, stop, step = ("" if part is None else self.text(part) for part in (key.start, key.stop, key.step))
        return f"{start}:{stop}:{step}" if step else f"{start}:{stop}"

    def _write_call(self, function: object, args: tuple[object, ...], kwargs: dict[str, object]) -> tuple[str, int]:
        inside = [self.text(arg) for arg in args] + [f"{key}={self.text(item)}" for key, item in kwargs.items()]
        return f"{self.text(function, ATOM)}({', '.join(inside)})", ATOM

    def _write_binary(self, op: str, left: object, right: object) -> tuple[str, int]:
        if op == "classic /":  # floors on integers: today's / would say something else
            return f"py2_div({self.text(left)}, {self.text(right)})", ATOM
        if op == "**":
            return f"{self.text(left, POWER + 1)} ** {self.text(right, UNARY)}", POWER
        binds = BINARY[op]
        return f"{self.text(left, binds)} {op} {self.text(right, binds + 1)}", binds

    def _write_compare(self, op: str, left: object, right: object) -> tuple[str, int]:
        return f"{self.text(left, COMPARE + 1)} {op} {self.text(right, COMPARE + 1)}", COMPARE

    def _write_unary(self, op: str, value: object) -> tuple[str, int]:
        if op != "not":
            return f"{op}{self.text(value, UNARY)}", UNARY
        if isinstance(value, Expression) and value.kind == "compare" and value.parts[0] in ("is", "in"):
            opposite = {"is": "is not", "in": "not in"}[str(value.parts[0])]
            return self._write_compare(opposite, value.parts[1], value.parts[2])
        return f"not {self.text(value, NOT)}", NOT

    def _write_and(self, left: object, right: object) -> tuple[str, int]:
        return f"{self.text(left, AND)} and {self.text(right, AND)}", AND

    def _write_or(self, left: object, right: object) -> tuple[str, int]:
        return f"{self.text(left, OR)} or {self.text(right, OR)}", OR

    def _write_choice(self, condition: object, then: object, otherwise: object) -> tuple[str, int]:
        return f"{self.text(then, OR)} if {self.text(condition, OR)} else {self.text(otherwise, CHOICE)}", CHOICE

    def _write_function(self, parameters: tuple[str, ...], defaults: tuple[object, ...], body: object) -> tuple[str, int]:
        head = f"lambda {self.parameters(parameters, defaults)}".rstrip()
        return f"{head}: {self.text(body, CHOICE)}", LAMBDA

    def parameters(self, names: tuple[str, ...], defaults: tuple[object, ...]) -> str:
        """The list of parameters; ``defaults`` belong to the last positional ones, names after ``*`` stand alone."""
        positional = names.index("*") if "*" in names else len(names)
        first = positional - len(defaults)
        return ", ".join(
            f"{name}={self.text(defaults[place - first])}" if first <= place < positional else name
            for place, name in enumerate(names)
        )
