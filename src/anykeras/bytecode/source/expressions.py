"""Expressions of names: what the machine computes when every argument and global is only a name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, eq=False)
class Expression:
    """A node. ``parts`` are plain values, expressions, or containers of both.

    | kind | parts |
    |---|---|
    | ``name`` | (text,) |
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


def children(value: object) -> Iterator[object]:
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
        todo.extend(children(one))


def same(left: object, right: object) -> bool:
    """Whether two values are written alike. Calls are alike only if they are one: a second may draw other numbers."""
    if left is right:
        return True
    if type(left) is not type(right):
        return False
    if isinstance(left, Expression) and isinstance(right, Expression):
        return left.kind == right.kind and left.kind not in ("call", "function") and same(left.parts, right.parts)
    if isinstance(left, list | tuple) and isinstance(right, list | tuple):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        return list(left) == list(right) and all(same(left[key], right[key]) for key in left)
    if isinstance(left, slice) and isinstance(right, slice):
        return same((left.start, left.stop, left.step), (right.start, right.stop, right.step))
    return repr(left) == repr(right) if isinstance(left, float | complex) else left == right


def negate(condition: Expression) -> Expression:
    if condition.kind == "unary" and condition.parts[0] == "not" and isinstance(condition.parts[1], Expression):
        return condition.parts[1]
    return Expression("unary", ("not", condition))


def choice(condition: object, then: object, otherwise: object) -> object:
    """``then if condition else otherwise``, folded to ``and`` and ``or`` where that says the same."""
    if same(then, otherwise):
        return then
    if same(condition, otherwise):
        return Expression("and", (condition, then))
    if same(condition, then):
        return Expression("or", (condition, otherwise))
    if isinstance(then, Expression) and then.kind == "choice" and same(then.parts[2], otherwise):
        return choice(Expression("and", (condition, then.parts[0])), then.parts[1], otherwise)
    if isinstance(otherwise, Expression) and otherwise.kind == "choice" and same(otherwise.parts[1], then):
        return choice(Expression("or", (condition, otherwise.parts[0])), then, otherwise.parts[2])
    if then is False and otherwise is True:
        return Expression("unary", ("not", condition))
    return _inside(condition, then, otherwise) or Expression("choice", (condition, then, otherwise))


def _inside(condition: object, then: object, otherwise: object) -> object:
    """The choice moved into the one place where two containers or calls differ; ``None`` where they differ more."""
    if type(then) in (tuple, list) and type(then) is type(otherwise):
        return _in_sequence(condition, then, otherwise)
    return None


def _in_sequence(condition: object, then: object, otherwise: object) -> object:
    if not isinstance(then, list | tuple) or not isinstance(otherwise, list | tuple) or len(then) != len(otherwise):
        return None
    merged = [choice(condition, one, other) for one, other in zip(then, otherwise, strict=True)]
    return tuple(merged) if isinstance(then, tuple) else merged
