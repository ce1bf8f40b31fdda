"""Which statements of a program make its model: a backward slice, so that nothing is loaded or trained.

The slice is taken over the top level (the bodies of ``with`` blocks and of the main guard lie there too) or over the
body of the one function that makes the model. Loops and branches that are needed are kept with what is needed in them.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator, Sequence, Set

# Methods of a model that say that a name is one, the surest first: what is stored or read is the model as it was there.
STORING = ("save_weights", "load_weights", "save")
TRAINING = ("fit", "fit_generator", "train_on_batch", "compile", "evaluate", "predict", "summary")
_GROWING = frozenset({"add", "pop", "append", "extend", "insert", "remove", "update", "setdefault", "build", "add_node",
                      "add_input", "add_output", "add_shared_node", "appendleft", "set_trainable"})  # fmt: skip
# Calls that change what a library does from there on.
_SETTINGS = ("set_image_dim_ordering", "set_image_data_format", "set_floatx", "set_epsilon", "DEFINE_")
# Functions that find another one by its name as a text.
_LOOKING_UP = frozenset({"globals", "vars", "eval"})


def flatten(body: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements of a body, those of the main guard and of ``with`` blocks among them."""
    for statement in body:
        if isinstance(statement, ast.If) and is_main(statement.test):
            yield from flatten(statement.body)
        elif isinstance(statement, ast.With) and not _opens_file(statement):
            for item in statement.items:
                if item.optional_vars is not None:
                    yield ast.copy_location(ast.Assign([item.optional_vars], item.context_expr), statement)
            yield from flatten(statement.body)
        else:
            yield statement


def is_main(test: ast.expr) -> bool:
    """``__name__ == "__main__"``."""
    return isinstance(test, ast.Compare) and isinstance(test.left, ast.Name) and test.left.id == "__name__"


def _opens_file(statement: ast.With) -> bool:
    calls = [item.context_expr for item in statement.items if isinstance(item.context_expr, ast.Call)]
    return any(isinstance(call.func, ast.Name) and call.func.id == "open" for call in calls)


def slice_for(
    expression: ast.expr | str, statements: Sequence[ast.stmt], calls: bool = False, told: Set[str] = frozenset()
) -> list[ast.stmt]:
    """The statements that an expression depends on when it stands behind them, in order.

    With `calls` those are among them that call what is wanted: a model of the program's own class may be built by it.
    What the names in `told` are is known, so that no statement is kept for them.

    A function runs when it is called, so that the names in it count where it is used: what defines them is kept wherever
    it stands.
    """
    wanted = {expression.split(".")[0]} if isinstance(expression, str) else free_names(expression)
    inside: set[str] = set()
    if told:
        statements = [node for node in statements if not _touches_only(node, told)]
    same = [(node.targets[0].id, node.value.id) for node in statements if isinstance(node, ast.Assign)
            and isinstance(node.value, ast.Name) and isinstance(node.targets[0], ast.Name)]  # fmt: skip
    while True:
        kept, _ = _slice_block(list(statements), wanted | inside, _Program(statements, inside, calls))
        read = wanted | inside | {name for node in kept for name in free_names(node)}
        grown = {other for name, other in same if name in read} | {
            name for node in kept for function in _definitions(node) for name in free_names(function)
        }
        if grown & _LOOKING_UP:
            grown |= {node.name for node in statements if isinstance(node, ast.FunctionDef | ast.ClassDef)}
        if grown <= inside:
            return kept
        inside |= grown


def _touches_only(statement: ast.stmt, told: Set[str]) -> bool:
    """Whether a statement is about nothing but names whose value is known."""
    if isinstance(statement, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef | ast.Import | ast.ImportFrom):
        return False
    touched = defined_names(statement) | changed_in_place(statement)
    targets = {name.id for node in ast.walk(statement) if isinstance(node, ast.For) for name in ast.walk(node.target)
               if isinstance(name, ast.Name)}  # fmt: skip
    return bool(touched & told) and touched - targets <= told


def slice_import(
    expression: ast.expr, body: Sequence[ast.stmt], calls: bool = False, told: Set[str] = frozenset()
) -> list[ast.stmt]:
    """The statements that an expression depends on where its program is imported: those below the main guard only run where
    something that is wanted has its name from there."""
    outside = [node for node in body if not (isinstance(node, ast.If) and is_main(node.test))]
    kept = slice_for(expression, tuple(flatten(outside)), calls, told)
    wanted = free_names(expression).union(*(free_names(node) for node in kept))
    missing = wanted.difference(told, *(defined_names(node) for node in flatten(outside)))
    guarded = {name for node in body if node not in outside for inner in flatten([node]) for name in defined_names(inner)}
    return slice_for(expression, tuple(flatten(body)), calls, told) if missing & guarded else kept


def _definitions(statement: ast.stmt) -> Iterator[ast.stmt]:
    for node in ast.walk(statement):
        if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
            yield node


class _Program:
    """What the slice asks about the whole program."""

    def __init__(self, statements: Sequence[ast.stmt], lasting: Set[str], calls: bool) -> None:
        self.calls = calls
        self.lasting = lasting  # read by functions whenever they run, so that no later value makes up for an earlier one
        nodes = [node for statement in statements for node in ast.walk(statement)]
        self.modules = {name for node in nodes if isinstance(node, ast.Import) for name in defined_names(node)}
        self.classes = {node.name for node in nodes if isinstance(node, ast.ClassDef)}
        self.imported = {name for node in nodes if isinstance(node, ast.stmt) for name in list_imported_names(node)}
        self.around = {node.name: _changed_around(node) for node in statements if isinstance(node, ast.FunctionDef)}
        self.growing = {
            node.name: {arg.arg for arg in node.args.args} & _grown_in(node.body)
            for node in statements
            if isinstance(node, ast.FunctionDef)
        }
        self.order = {
            node.name: [arg.arg for arg in node.args.args] for node in statements if isinstance(node, ast.FunctionDef)
        }


def _grown_in(body: Sequence[ast.stmt]) -> set[str]:
    return {
        node.func.value.id
        for statement in body
        for node in ast.walk(statement)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in _GROWING
        and isinstance(node.func.value, ast.Name)
    }


def _changed_around(function: ast.FunctionDef) -> set[str]:
    """The names around a function whose objects it, or a function in it, changes: ``def note(f): TABLE[f.__name__] = f``."""
    inside = [node for part in function.body for node in ast.walk(part)]
    shared = {name for node in inside if isinstance(node, ast.Global) for name in node.names}
    own = {name for node in (function, *inside) for name in _own_names(node)} - shared
    nodes = [node for node in inside if isinstance(node, ast.Expr | ast.Assign | ast.AugAssign | ast.Delete)]
    changed = {name for node in nodes for name in changed_in_place(node) | (defined_names(node) & shared)}
    return changed - own


def _own_names(node: ast.AST) -> set[str]:
    """The names that a function or statement makes its own function's."""
    if isinstance(node, ast.FunctionDef | ast.Lambda):
        found = {arg.arg for arg in ast.walk(node.args) if isinstance(arg, ast.arg)}
        return found | ({node.name} if isinstance(node, ast.FunctionDef) else set())
    return defined_names(node) if isinstance(node, ast.stmt) else set()


def _slice_block(body: Sequence[ast.stmt], needed: set[str], program: _Program) -> tuple[list[ast.stmt], set[str]]:
    """What of a block is needed for the names `needed` behind it, and the names that are needed before it."""
    kept: list[ast.stmt] = []
    for statement in reversed(body):
        part, needed = _slice_statement(statement, needed, program)
        if part is not None:
            kept.append(part)
    return kept[::-1], needed


def _slice_statement(statement: ast.stmt, needed: set[str], program: _Program) -> tuple[ast.stmt | None, set[str]]:
    if isinstance(statement, ast.ImportFrom) and any(alias.name == "*" for alias in statement.names):
        return statement, needed
    if _changes_setting(statement):
        return statement, needed | free_names(statement)
    touched = (defined_names(statement) | changed_names(statement, program)) & needed
    if not touched:
        return None, needed
    if isinstance(statement, ast.For | ast.While | ast.If):
        return _slice_compound(statement, needed, program)
    overwritten = isinstance(statement, ast.Assign | ast.AnnAssign | ast.Import | ast.ImportFrom)
    before = needed - (defined_names(statement) - program.lasting) if overwritten else set(needed)
    return statement, before | free_names(statement)


def _slice_compound(
    statement: ast.For | ast.While | ast.If, needed: set[str], program: _Program
) -> tuple[ast.stmt | None, set[str]]:
    """A loop or branch with what is needed in it: nothing that it defines is certain to be defined."""
    before = set(needed)
    if isinstance(statement, ast.For) and needed & {n.id for n in ast.walk(statement.iter) if isinstance(n, ast.Name)}:
        before |= {node.id for node in ast.walk(statement.target) if isinstance(node, ast.Name)}
    while True:
        body, wanted = _slice_block(statement.body, before, program)
        rest, otherwise = _slice_block(statement.orelse, before, program)
        head = statement.iter if isinstance(statement, ast.For) else statement.test
        grown = before | wanted | otherwise | free_names(head) | needed
        if grown == before:
            break
        before = grown
    if not body and not rest:
        return None, needed
    changed = copy.copy(statement)
    changed.body, changed.orelse = body or [ast.copy_location(ast.Pass(), statement)], rest
    return changed, before


def _changes_setting(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Call)
        and find_last_name(statement.value.func).startswith(_SETTINGS)
    )


def changed_in_place(statement: ast.stmt) -> set[str]:
    """The names whose object a statement changes, as far as it tells by itself."""
    return changed_names(statement, _Program((), frozenset(), False))


def changed_names(statement: ast.stmt, program: _Program) -> set[str]:
    """The names whose object a statement changes in place; a decorator may note what it decorates."""
    found: set[str] = set()
    for decorator in getattr(statement, "decorator_list", ()):
        found |= {_root(decorator)} - program.imported if isinstance(decorator, ast.Call | ast.Attribute) else set()
        found |= program.around.get(_root(decorator), set())
    for node in _own_nodes(statement):
        if isinstance(node, ast.Assign | ast.AugAssign | ast.Delete):
            targets = node.targets if isinstance(node, ast.Assign | ast.Delete) else [node.target]
            found |= {root for target in targets if (root := _root(target)) and not isinstance(target, ast.Name)}
        elif isinstance(node, ast.Call):
            found |= _changed_by_call(node, statement, program)
        elif isinstance(node, ast.For):
            targets_of = {name.id for name in ast.walk(node.target) if isinstance(name, ast.Name)}
            inner = {name for part in node.body for name in changed_names(part, program)}
            if targets_of & inner:
                found |= {name.id for name in ast.walk(node.iter) if isinstance(name, ast.Name)}
    return found - program.modules


def _own_nodes(statement: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a statement outside of functions and classes that it defines."""
    if isinstance(statement, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef | ast.Lambda):
        return
    yield statement
    for child in ast.iter_child_nodes(statement):
        yield from _own_nodes(child)


def _changed_by_call(call: ast.Call, statement: ast.stmt, program: _Program) -> set[str]:
    alone = isinstance(statement, ast.Expr) and statement.value is call
    if isinstance(call.func, ast.Attribute):
        root = _root(call.func)
        inert = call.func.attr in (*STORING, *TRAINING)
        if root in program.classes and not alone:
            return set()  # `LeNet.build(...)` makes a model and changes no class, where `model.build(...)` changes the model
        return {root} if root and (call.func.attr in _GROWING or (alone and not inert)) else set()
    if not isinstance(call.func, ast.Name):
        return set()
    grown = program.growing.get(call.func.id, set())
    order = program.order.get(call.func.id, [])
    given = dict(zip(order, call.args, strict=False))
    given |= {key.arg: key.value for key in call.keywords if key.arg}
    passed = {arg.id for name, arg in given.items() if name in grown and isinstance(arg, ast.Name)}
    around = program.around.get(call.func.id, set())
    return passed | around | ({call.func.id} if alone or program.calls else set())


def _root(node: ast.AST) -> str:
    """The name at the start of ``name.a[0].b``."""
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Call | ast.Starred):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""


def defined_names(statement: ast.AST) -> set[str]:
    """The names that a statement binds in its own scope."""
    found: set[str] = set()
    for node in _own_nodes_and_definitions(statement):
        if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
            found.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            found |= {(alias.asname or alias.name.split(".")[0]) for alias in node.names}
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        elif isinstance(node, ast.ExceptHandler) and node.name:
            found.add(node.name)
    return found


def _own_nodes_and_definitions(statement: ast.AST) -> Iterator[ast.AST]:
    yield statement
    if isinstance(statement, (ast.FunctionDef, ast.ClassDef, ast.AsyncFunctionDef, ast.Lambda, ast.ListComp, ast.SetComp,
                              ast.DictComp, ast.GeneratorExp)):  # fmt: skip
        return
    for child in ast.iter_child_nodes(statement):
        yield from _own_nodes_and_definitions(child)


def free_names(node: ast.AST) -> set[str]:
    """The names that a node reads from around it."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        return _free_in_function(node)
    if isinstance(node, ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
        bound = {name.id for part in node.generators for name in ast.walk(part.target) if isinstance(name, ast.Name)}
        return {name for child in ast.iter_child_nodes(node) for name in free_names(child)} - bound
    if isinstance(node, ast.ClassDef):
        inside = {name for child in ast.iter_child_nodes(node) for name in free_names(child)}
        return inside - {name for part in node.body for name in defined_names(part)} | {
            name for base in (*node.bases, *node.decorator_list) for name in free_names(base)
        }
    if isinstance(node, ast.Name):
        return {node.id} if isinstance(node.ctx, ast.Load) else set()
    read = {node.target.id} if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name) else set[str]()
    return read | {name for child in ast.iter_child_nodes(node) for name in free_names(child)}


def _free_in_function(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> set[str]:
    args = node.args
    bound = {arg.arg for arg in (*args.posonlyargs, *args.args, *args.kwonlyargs, args.vararg, args.kwarg) if arg is not None}
    body = node.body if isinstance(node.body, list) else [node.body]
    shared = {name for part in body for inner in ast.walk(part) if isinstance(inner, ast.Global) for name in inner.names}
    bound |= {name for part in body for name in defined_names(part)} - shared
    inside = {name for part in body for name in free_names(part)} | shared
    outside = [*args.defaults, *(default for default in args.kw_defaults if default is not None)]
    outside += [] if isinstance(node, ast.Lambda) else node.decorator_list
    return (inside - bound) | {name for part in outside for name in free_names(part)}


def list_imported_names(statement: ast.stmt) -> set[str]:
    return defined_names(statement) if isinstance(statement, ast.Import | ast.ImportFrom) else set()


def find_last_name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
