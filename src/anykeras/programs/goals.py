"""What a program says about its model: the names that hold one, and the functions that make one."""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from .slicing import STORING, TRAINING, defined_names, find_last_name, flatten, list_imported_names

_MAKERS = ("Sequential", "Model", "Graph", "Functional")


@dataclass(frozen=True)
class Goal:
    """A name (or ``agent.model``), and before which statement of which list its value is wanted."""

    name: str
    statements: tuple[ast.stmt, ...]
    rank: int = 0
    unknown: tuple[str, ...] = ()  # arguments of the function around it that nobody gives a value


def find_goals(tree: ast.Module, weights: str = "") -> list[Goal]:
    """The names that are models at the top level, the likeliest first; `weights` is the name of the weights file."""
    return _goals(tuple(flatten(tree.body)), weights)


def _goals(statements: tuple[ast.stmt, ...], weights: str) -> list[Goal]:
    found: list[tuple[int, int, Goal]] = []
    for place, statement in enumerate(statements):
        if isinstance(statement, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
            continue
        here = defined_names(statement)
        for rank, name in _signs(statement, weights):
            until = statements[: place + 1] if rank == 0 or name.split(".")[0] in here else statements[:place]
            found.append((rank, place, Goal(name, until, rank)))
    defined = {name for statement in statements for name in defined_names(statement) - list_imported_names(statement)}
    found = [(rank, place, goal) for rank, place, goal in found if goal.name.split(".")[0] in defined]
    best: dict[str, Goal] = {}
    for _, _, goal in sorted(found, key=lambda item: (-item[0], item[1] if item[0] >= 2 else -item[1])):
        best.setdefault(goal.name, goal)
    return list(best.values())


def _signs(statement: ast.stmt, weights: str) -> Iterator[tuple[int, str]]:
    """The names that a statement treats as a model, with how sure that is."""
    for node in ast.walk(statement):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and _is_dotted(node.func.value):
            method, name = node.func.attr, ast.unparse(node.func.value)
            if method in STORING:
                yield (3 if weights and _mentions(node, weights) else 2), name
            elif method in TRAINING and "." not in name:
                yield 1, name
    call = statement.value if isinstance(statement, ast.Assign) else None
    if isinstance(call, ast.Call) and find_last_name(call.func) in _MAKERS:
        yield from ((0, name) for name in defined_names(statement))


def _is_dotted(node: ast.expr) -> bool:
    """``a`` or ``a.b.c``."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return isinstance(node, ast.Name)


def _mentions(call: ast.Call, file: str) -> bool:
    texts = [node.value for arg in call.args for node in ast.walk(arg) if isinstance(node, ast.Constant)]
    return any(isinstance(text, str) and os.path.basename(text) == os.path.basename(file) for text in texts)


@dataclass(frozen=True)
class Builder:
    """A function or method that returns a model, as one would call it; `required` are the arguments without a default."""

    call: str
    name: str
    required: tuple[str, ...] = ()


def find_builders(tree: ast.Module) -> list[Builder]:
    """The functions of the top level that return a model, and the methods that do, in order."""
    found: list[Builder] = []
    for statement in flatten(tree.body):
        if isinstance(statement, ast.FunctionDef) and _returns_model(statement):
            required = _required(statement)
            found.append(Builder(f"{statement.name}({', '.join(required)})", statement.name, required))
        elif isinstance(statement, ast.ClassDef):
            found += _builders_of_class(statement)
    return found


def _builders_of_class(statement: ast.ClassDef) -> Iterator[Builder]:
    methods = {node.name: node for node in statement.body if isinstance(node, ast.FunctionDef)}
    init = methods.get("__init__")
    arguments = _required(init)[1:] if init is not None else ()
    made = f"{statement.name}({', '.join(arguments)})"
    if any(find_last_name(base) in ("Model", "Sequential") for base in statement.bases):
        yield Builder(made, statement.name, arguments)
    for name, method in methods.items():
        if name == "__init__" or not _returns_model(method):
            continue
        kinds = {find_last_name(decorator) for decorator in method.decorator_list}
        own = _required(method)[0 if "staticmethod" in kinds else 1 :]
        if kinds & {"staticmethod", "classmethod"}:
            yield Builder(f"{statement.name}.{name}({', '.join(own)})", name, own)
        else:
            yield Builder(f"{made}.{name}({', '.join(own)})", name, (*arguments, *own))
    if any(isinstance(node, ast.Call) and find_last_name(node.func) in _MAKERS for node in ast.walk(statement)):
        yield Builder(made, statement.name, arguments)


def _required(function: ast.FunctionDef) -> tuple[str, ...]:
    args = function.args
    count = len(args.args) - len(args.defaults)
    return tuple(arg.arg for arg in args.args[:count])


def _returns_model(function: ast.FunctionDef) -> bool:
    """Whether a function gives back something that it makes by ``Model``, ``Sequential`` or ``Graph``."""
    made = {
        name
        for node in ast.walk(function)
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and find_last_name(node.value.func) in _MAKERS
        for name in defined_names(node)
    }
    for node in ast.walk(function):
        if isinstance(node, ast.Return) and node.value is not None:
            items = node.value.elts if isinstance(node.value, ast.Tuple | ast.List) else [node.value]
            for item in items:
                if isinstance(item, ast.Call) and find_last_name(item.func) in _MAKERS:
                    return True
                if isinstance(item, ast.Name) and item.id in made:
                    return True
    return False


def find_inner_goals(tree: ast.Module, weights: str = "") -> list[Goal]:
    """Models made inside functions of the top level that train or store them: the body stands behind the top level."""
    top = tuple(flatten(tree.body))
    found: list[Goal] = []
    for function in top:
        if isinstance(function, ast.FunctionDef) and not _returns_model(function):
            for given in _list_arguments(function, top):
                told = [ast.copy_location(ast.Assign([ast.Name(name, ast.Store())], value), function)
                        for name, value in given.items()]  # fmt: skip
                goals = _goals((*top, *map(ast.fix_missing_locations, told), *flatten(function.body)), weights)
                unknown = tuple(name for name in _required(function) if name not in given)
                found += [replace(goal, unknown=unknown) for goal in goals]
    inside = {name for goal in find_goals(tree, weights) for name in (goal.name,)}
    return sorted((goal for goal in found if goal.name not in inside), key=lambda goal: -goal.rank)


def _list_arguments(function: ast.FunctionDef, top: Sequence[ast.stmt]) -> list[dict[str, ast.expr]]:
    """The arguments of a function, as each call at the top level gives them and by its defaults."""
    names = [arg.arg for arg in function.args.args]
    count = len(names) - len(function.args.defaults)
    defaults = dict(zip(names[count:], function.args.defaults, strict=True))
    found = {}
    for statement in top:
        for node in ast.walk(statement) if not isinstance(statement, ast.FunctionDef | ast.ClassDef) else ():
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == function.name:
                by_name = {key.arg: key.value for key in node.keywords if key.arg in names}
                found[ast.unparse(node)] = {**defaults, **dict(zip(names, node.args, strict=False)), **by_name}
    return list(found.values()) or [defaults]
