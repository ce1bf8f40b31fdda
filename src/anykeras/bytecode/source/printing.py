"""Expressions -> Python text."""

from __future__ import annotations

import math

from ..errors import unsupported_error
from .expressions import Expression

# how tightly an operator binds ("Operator precedence", Python language reference)
LAMBDA, CHOICE, OR, AND, NOT, COMPARE, UNARY, POWER, ATOM = 0, 1, 2, 3, 4, 5, 12, 13, 15
BINARY = {"|": 6, "^": 7, "&": 8, "<<": 9, ">>": 9, "+": 10, "-": 10, "*": 11, "/": 11, "//": 11, "%": 11, "@": 11}
MAX_TEXT = 100_000


class Printer:
    """Writes values; expressions in ``names`` (by identity) are written as those names."""

    def __init__(self, names: dict[int, str] | None = None) -> None:
        self.names = names or {}

    def text(self, value: object, outer: int = LAMBDA) -> str:
        """``value`` as it may stand where ``outer`` binds."""
        if isinstance(value, Expression):
            if id(value) in self.names:
                return self.names[id(value)]
            written, binds = getattr(self, f"_{value.kind}")(*value.parts)
        else:
            written, binds = self._plain(value)
        if len(written) > MAX_TEXT:
            raise unsupported_error("the source of the code would be too long")
        return f"({written})" if binds < outer else str(written)

    # -- plain values

    def _plain(self, value: object) -> tuple[str, int]:
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
        return self._scalar(value)

    def _scalar(self, value: object) -> tuple[str, int]:
        if value is Ellipsis:
            return "...", ATOM
        if isinstance(value, float) and not math.isfinite(value):
            return f"float({str(value)!r})", ATOM
        if value is None or isinstance(value, bool | int | float | complex | str | bytes | range):
            written = repr(value)
            return written, UNARY if written.startswith("-") else ATOM
        raise unsupported_error(f"the source cannot show a {type(value).__name__}")

    # -- expressions: (text, how tightly it binds)

    def _name(self, text: str) -> tuple[str, int]:
        return text, ATOM

    def _attribute(self, value: object, name: str) -> tuple[str, int]:
        return f"{self.text(value, ATOM)}.{name}", ATOM

    def _item(self, value: object, key: object) -> tuple[str, int]:
        return f"{self.text(value, ATOM)}[{self._key(key)}]", ATOM

    def _key(self, key: object) -> str:
        if isinstance(key, tuple) and key:
            return ", ".join(map(self._one_key, key)) + ("," if len(key) == 1 else "")
        return self._one_key(key)

    def _one_key(self, key: object) -> str:
        if not isinstance(key, slice):
            return self.text(key)
        start, stop, step = ("" if part is None else self.text(part) for part in (key.start, key.stop, key.step))
        return f"{start}:{stop}:{step}" if step else f"{start}:{stop}"

    def _call(self, function: object, args: tuple[object, ...], kwargs: dict[str, object]) -> tuple[str, int]:
        inside = [self.text(arg) for arg in args] + [f"{key}={self.text(item)}" for key, item in kwargs.items()]
        return f"{self.text(function, ATOM)}({', '.join(inside)})", ATOM

    def _binary(self, op: str, left: object, right: object) -> tuple[str, int]:
        if op == "classic /":  # floors on integers: today's / would say something else
            return f"py2_div({self.text(left)}, {self.text(right)})", ATOM
        if op == "**":
            return f"{self.text(left, POWER + 1)} ** {self.text(right, UNARY)}", POWER
        binds = BINARY[op]
        return f"{self.text(left, binds)} {op} {self.text(right, binds + 1)}", binds

    def _compare(self, op: str, left: object, right: object) -> tuple[str, int]:
        return f"{self.text(left, COMPARE + 1)} {op} {self.text(right, COMPARE + 1)}", COMPARE

    def _unary(self, op: str, value: object) -> tuple[str, int]:
        if op != "not":
            return f"{op}{self.text(value, UNARY)}", UNARY
        if isinstance(value, Expression) and value.kind == "compare" and value.parts[0] in ("is", "in"):
            opposite = {"is": "is not", "in": "not in"}[str(value.parts[0])]
            return self._compare(opposite, value.parts[1], value.parts[2])
        return f"not {self.text(value, NOT)}", NOT

    def _and(self, left: object, right: object) -> tuple[str, int]:
        return f"{self.text(left, AND)} and {self.text(right, AND)}", AND

    def _or(self, left: object, right: object) -> tuple[str, int]:
        return f"{self.text(left, OR)} or {self.text(right, OR)}", OR

    def _choice(self, condition: object, then: object, otherwise: object) -> tuple[str, int]:
        return f"{self.text(then, OR)} if {self.text(condition, OR)} else {self.text(otherwise, CHOICE)}", CHOICE

    def _function(self, parameters: tuple[str, ...], defaults: tuple[object, ...], body: object) -> tuple[str, int]:
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
