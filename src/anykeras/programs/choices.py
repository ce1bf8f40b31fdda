"""What of a program makes a model: the statements and the expression of each that it may mean. Nothing runs here."""

from __future__ import annotations

import ast
import builtins
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ..errors import MissingFile, MissingObject
from .goals import Builder, Goal, find_builders, find_goals, find_inner_goals
from .reading import Given, parse_program
from .slicing import defined_names, flatten, free_names, slice_for, slice_import

_SHOWN = 5
_CHOICES = 16  # models of a program that are tried
# Names under which everybody has these, so that an expression may use them where its file does not import them.
_USUAL = {
    "Input": "from keras.layers import Input",
    "K": "from keras import backend as K",
    "keras": "import keras",
    "layers": "from keras import layers",
    "np": "import numpy as np",
    "tf": "import tensorflow as tf",
}


@dataclass(frozen=True)
class Sliced:
    """What of a program runs: its statements, and the expression that gives the model."""

    given: Given
    statements: tuple[ast.stmt, ...]
    expression: str
    told: Mapping[str, str] = field(default_factory=dict)
    text: str = ""  # of the whole program
    unknown: tuple[str, ...] = ()  # arguments that nobody gives a value
    sure: bool = True  # whether the program, or the user, says that this is the model of the weights

    def as_text(self) -> str:
        """The statements as Python text, each with its line in the file."""
        lines = [f"{name} = {value}  # given" for name, value in self.told.items()]
        for statement in self.statements:
            first, *rest = ast.unparse(statement).split("\n")
            lines += [f"{first}  # line {statement.lineno}", *rest]
        return "\n".join([*lines, self.expression])


def slice_program(given: Given, weights: str = "", calls: bool = False) -> Sliced:
    """What of a program makes the model that its weights most likely are of (`slice_choices`): nothing is run yet."""
    return next(iter(slice_choices(given, weights, calls)))


def slice_choices(given: Given, weights: str = "", calls: bool = False) -> Iterator[Sliced]:
    """What of a program makes each model that its weights may be of, the likeliest first: nothing is run yet.

    Args:
        given: the file, with the expression where the user gives one.
        weights: the path of the weights, which the program may mention.
        calls: whether statements run that call the model.

    Raises:
        MissingFile: there is no such file.
        MissingObject: the file is no Python, or makes no model.
    """
    if not os.path.isfile(given.path):
        seen = f"no such file: {given.path} (current directory: {os.getcwd()})"
        raise MissingFile("AK5003", seen, part=given.path, next_step="Give the path of the source file.")
    tree = parse_program(given.path)
    given, told = _take_told(given)
    text = ast.unparse(tree)
    if given.expression:
        yield _slice_expression(Sliced(given, (), given.expression, told, text), tree, calls)
        return
    choices = _find_choices(given, tree, weights)
    sure = _is_sure(choices)
    for choice in choices[:_CHOICES]:
        base = Sliced(given, (), choice.name, told, text, sure=sure and choice is choices[0])
        if isinstance(choice, Goal):
            kept = slice_for(choice.name, choice.statements, calls, told.keys())
            yield replace(base, statements=tuple(kept), unknown=choice.unknown)
        else:
            called = replace(given, expression=choice.call)
            yield _slice_expression(replace(base, given=called, expression=choice.call, unknown=choice.required), tree, calls)


def _slice_expression(base: Sliced, tree: ast.Module, calls: bool) -> Sliced:
    wanted = ast.parse(base.expression, mode="eval").body
    kept = [*_import_usual(wanted, tree), *slice_import(wanted, tree.body, calls, base.told.keys())]
    known = {name for node in (*flatten(tree.body), *kept) for name in defined_names(node)} | vars(builtins).keys()
    unknown = tuple(dict.fromkeys([*base.unknown, *sorted(free_names(wanted) - known - base.told.keys())]))
    return _kept_if_built(replace(base, statements=tuple(kept), unknown=unknown), wanted)


def _import_usual(expression: ast.expr, tree: ast.Module) -> list[ast.stmt]:
    """Imports of what an expression has under its usual name and the file does not: ``body(Input((32, 32, 3)), 10)``."""
    known = {name for statement in flatten(tree.body) for name in defined_names(statement)}
    return [ast.parse(_USUAL[name]).body[0] for name in sorted(free_names(expression) - known) if name in _USUAL]


def _take_told(given: Given) -> tuple[Given, dict[str, str]]:
    """The expression that makes the model, and the names that the user gives a value before it: ``n=5; build(n)``.

    Raises MissingObject where it is no Python.
    """
    told: dict[str, str] = {}
    try:
        body = ast.parse(given.expression).body
        for statement in body:
            if isinstance(statement, ast.Assign) and all(isinstance(target, ast.Name) for target in statement.targets):
                told |= {ast.unparse(target): ast.unparse(statement.value) for target in statement.targets}
            elif statement is not body[-1] or not isinstance(statement, ast.Expr):
                raise SyntaxError("it is an expression, with values of names before it")
    except SyntaxError as error:
        raise MissingObject(
            "AK1327",
            f"{given.expression!r} is no Python expression: {error.msg}",
            part=given.path,
            next_step='Give one that makes the model, as in "model.py:build(32)".',
        ) from None
    last = body[-1] if body else None
    return replace(given, expression=ast.unparse(last) if isinstance(last, ast.Expr) else ""), told


def _kept_if_built(sliced: Sliced, expression: ast.expr) -> Sliced:
    """An expression that ends in ``.build(...)`` as the model that was built: Keras gives None there."""
    if not (
        isinstance(expression, ast.Call) and isinstance(expression.func, ast.Attribute) and expression.func.attr == "build"
    ):
        return sliced
    model, arguments = ast.unparse(expression.func.value), ", ".join(map(ast.unparse, [*expression.args, *expression.keywords]))
    return append_statements(
        sliced, f"_model = {model}\n_built = _model.build({arguments})", "_model if _built is None else _built"
    )


def append_statements(sliced: Sliced, text: str, expression: str) -> Sliced:
    return replace(sliced, statements=(*sliced.statements, *ast.parse(text).body), expression=expression)


def _find_choices(given: Given, tree: ast.Module, weights: str) -> list[Goal | Builder]:
    """The models of the top level, those that functions make, and the functions. Raises MissingObject where there are none."""
    goals, inner, builders = find_goals(tree, weights), find_inner_goals(tree, weights), find_builders(tree)
    named = [goal for goal in (*goals, *inner) if goal.rank > 2]
    treated = [goal for goal in goals if goal.rank]
    free = [builder for builder in builders if not builder.required]
    rest: list[Goal | Builder] = [*treated, *free, *goals, *inner, *builders]
    found = list(dict.fromkeys([*named, *rest]))
    if not found:
        raise MissingObject(
            "AK1327",
            f"{os.path.basename(given.path)} makes no model that AnyKeras finds",
            part=given.path,
            next_step='Say how it is made, as in "model.py:build(32)".',
        )
    return found


def _is_sure(choices: Sequence[Goal | Builder]) -> bool:
    """Whether the first choice is what the program itself treats as the model, and nothing else is so."""
    first = choices[0]
    if isinstance(first, Builder):
        return len(choices) == 1
    return not any(isinstance(other, Goal) and other.rank == first.rank for other in choices[1:])


def list_calls(given: Given, builders: Sequence[Builder]) -> list[str]:
    """What to write for the first models that a program can make."""
    return [f"{given.path}:{builder.call}" for builder in builders[:_SHOWN]]
