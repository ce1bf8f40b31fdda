"""Running the statements of a slice in the runtime of their time. Nothing enters ``sys.modules``."""

from __future__ import annotations

import argparse
import ast
import builtins
import copy
import importlib
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import ModuleType
from typing import Any
from unittest.mock import patch

from ..compat.runtime import ROOTS, LegacyRuntime
from ..custom.source import OLD_NAMES
from ..errors import AnyKerasError, MissingObject
from ..recovery.functions.table import GLOBALS
from .inert import Missing, Needed, soften, take_apart
from .layers import Recorded
from .reading import parse_program
from .slicing import changed_in_place, defined_names, flatten, free_names
from .tensors import holds_recorded
from .tuning import USUAL, Hyperparameters, find_usual

_TELL = (
    "Say the value of a name that depends on data, as in model.py:num_words=5000, give an expression that needs none, as in "
    "model.py:build(32), or correct the source there."
)
_PARENTS = 3  # how far above the file the root of its project may lie
_DEFINING = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef, ast.Assign, ast.AnnAssign, ast.Try, ast.If, ast.For)


class Program:
    """One file that runs, and the files beside it that it imports.

    Args:
        path: the file.
        runtime: gives old libraries; None leaves imports to the running Python, as for a program of Keras 3.
    """

    def __init__(self, path: str, runtime: LegacyRuntime | None) -> None:
        self.path, self.runtime = path, runtime
        self.folder = os.path.dirname(os.path.abspath(path))
        self.modules: dict[str, ModuleType] = {}

    def run(self, statements: Sequence[ast.stmt], expression: str, told: Mapping[str, str], unknown: Sequence[str] = ()) -> Any:
        """The value of an expression behind the statements; `told` are names that the user gives a value, `unknown` names
        of arguments that nobody gives one.

        Raises:
            MissingObject: a statement or the expression fails; the message names the line.
        """
        tree = ast.Module(list(statements), [])
        space = self._space(tree, "__main__", self.path)
        part = os.path.basename(self.path)
        space |= {name: find_usual(name) or Missing(name, "nothing gives it a value", part, _TELL) for name in unknown}
        with _arguments(self.path):
            given = {name: self._evaluate(value, space) for name, value in told.items()}
            given |= {
                name: Hyperparameters(value) for name, value in given.items() if name in USUAL and isinstance(value, dict)
            }
            for statement in statements:
                space |= given
                self._run_statement(statement, space, self.path, strict=True)
            space |= given
            return self._evaluate(expression, space)

    def _evaluate(self, expression: str, space: dict[str, Any]) -> Any:
        try:
            return eval(compile(expression, f"<{expression}>", "eval"), space)
        except AnyKerasError:
            raise
        except (Exception, SystemExit) as error:  # whatever the program raises is its author's to read
            raise self._failure(f"{expression} fails", error, space) from error

    def _run_statement(self, statement: ast.stmt, space: dict[str, Any], path: str, strict: bool) -> None:
        defining = isinstance(statement, ast.FunctionDef | ast.ClassDef | ast.Import | ast.ImportFrom)
        try:
            exec(
                compile(
                    ast.Module([_Counting().visit(copy.deepcopy(statement))], []),
                    path,
                    "exec",
                    dont_inherit=_is_dataclass(statement),
                ),
                space,
            )
            _name_missing(statement, space)
        except Needed as needed:
            if strict and _makes_model(statement, space):
                raise
            self._leave_out(statement, needed.missing.passed_on(), space)
        except AnyKerasError as error:
            if strict and not defining:
                raise
            self._leave_out(statement, self._reason(statement, error), space)
        except (Exception, SystemExit) as error:  # whatever the program raises is its author's to read
            if not strict or defining:
                self._leave_out(statement, self._reason(statement, error), space)
                return
            line = f"{os.path.basename(path)}, line {statement.lineno}"
            failure = self._failure(f"{line}: {_shorten(ast.unparse(statement))} fails", error, space)
            if _makes_model(statement, space):
                raise failure from error
            said = failure.seen
            self._leave_out(statement, Missing("", said, os.path.basename(self.path), _TELL, "AK1326"), space)

    def _leave_out(self, statement: ast.stmt, reason: Missing, space: dict[str, Any]) -> None:
        """Names of a statement that failed, or whose object it may have changed: using one of them raises."""
        for name in _touched(statement):
            space[name] = reason.rename(name)

    def _reason(self, statement: ast.stmt, error: BaseException) -> Missing:
        part = os.path.basename(self.path)
        if isinstance(error, ModuleNotFoundError | ImportError) and not isinstance(error, AnyKerasError):
            module = getattr(error, "name", None) or ast.unparse(statement)
            seen = f"the module {module} is not installed or not beside the file"
            return Missing("", seen, part, f"Install it, or give it in the folder. Else: {_TELL}")
        seen = f"line {statement.lineno} fails: {type(error).__name__}: {error}"
        return Missing("", seen, part, "Correct the source there.")

    def _failure(self, what: str, error: BaseException, space: Mapping[str, object]) -> MissingObject:
        where = _innermost_line(error, self.path)
        at = f" (line {where})" if where and f"line {where}" not in what else ""
        return MissingObject(
            "AK1326",
            f"{what}: {type(error).__name__}: {_shorten(str(error), 300)}{at}",
            part=os.path.basename(self.path),
            next_step=_TELL,
        )

    # -- modules

    def _space(self, tree: ast.Module, name: str, path: str) -> dict[str, Any]:
        module = ModuleType(f"anykeras_custom_{name.strip('_')}")
        self.modules[name] = module
        space = vars(module)
        space["__file__"] = os.path.abspath(path)
        usual = {} if self.runtime is None else self._usual_modules(tree)
        own = {"__import__": self._importer(), "open": self._open, **_SOFT}
        space["__builtins__"] = {**usual, **OLD_NAMES, **vars(builtins), **own}
        return space

    def _open(self, file: Any, *args: Any, **kwargs: Any) -> Any:
        """``open``, for a program that was started in its own folder."""
        if isinstance(file, str) and not os.path.exists(file) and os.path.isfile(beside := os.path.join(self.folder, file)):
            file = beside
        return open(file, *args, **kwargs)

    def _usual_modules(self, tree: ast.Module) -> dict[str, Any]:
        """Modules for names that the text uses and never defines, as `K` in a class copied out of its file."""
        found: dict[str, Any] = {}
        for name in free_names(tree) & GLOBALS.keys():
            dotted = GLOBALS[name]
            try:
                old = dotted.split(".")[0] in ROOTS and self.runtime is not None
                found[name] = self.runtime.module(dotted) if old and self.runtime else importlib.import_module(dotted)
            except ImportError:
                continue
        return found

    def _importer(self) -> Any:
        old = builtins.__import__ if self.runtime is None else self.runtime.importer(lambda name: None)

        def run(name: str, globals: Any = None, locals: Any = None, fromlist: Any = (), level: int = 0) -> ModuleType:
            if name.split(".")[0] == "absl" and self.runtime is not None:
                return self.runtime.recorder.flags  # type: ignore[attr-defined,no-any-return]  # of a RecordingRuntime
            if name.startswith("keras_applications.") and fromlist and self.runtime is not None:  # which Keras 2.2 shared
                return old(name.replace("keras_applications", "keras.applications"), globals, locals, fromlist, level)
            if not level and name.split(".")[0] in ROOTS:
                return _alias_of_now(name, fromlist) if self.runtime is None else old(name, globals, locals, fromlist, level)
            near = os.path.dirname(globals["__file__"]) if level and globals and "__file__" in globals else self.folder
            for _ in range(level - 1):
                near = os.path.dirname(near)
            beside = self._find_beside(near, name, fromlist or ())
            if beside is not None:
                return beside
            if name in DICTIONARIES:
                return _dictionaries(name)
            return builtins.__import__(name, globals, locals, fromlist, 0 if level else level)

        return run

    def _find_beside(self, folder: str, name: str, fromlist: Sequence[str]) -> ModuleType | None:
        """A module of the user's, from a folder or the folders above it."""
        for _ in range(_PARENTS):
            found = self._find_in(folder, name, fromlist)
            if found is not None:
                return found
            folder = os.path.dirname(folder)
        return None

    def _find_in(self, folder: str, name: str, fromlist: Sequence[str]) -> ModuleType | None:
        found = self._find_one(folder, name, fromlist)
        if found is None or fromlist or "." not in name:
            return found
        outer = name.rpartition(".")[0]  # ``import a.b`` binds `a`, which holds `b`
        path = os.path.join(folder, *outer.split("."))
        package = self._find_one(folder, outer, ()) or self.modules.setdefault(path, ModuleType(outer))
        setattr(package, name.rpartition(".")[2], found)
        return package if "." not in outer else self._find_in(folder, outer, ())

    def _find_one(self, folder: str, name: str, fromlist: Sequence[str]) -> ModuleType | None:
        base = os.path.join(folder, *name.split(".")) if name else folder
        if os.path.isfile(f"{base}.py"):
            return self._load(f"{base}.py", name)
        if not os.path.isdir(base):
            return None
        inside = [item for item in fromlist if os.path.isfile(os.path.join(base, f"{item}.py"))]
        init = os.path.join(base, "__init__.py")
        if not os.path.isfile(init) and not inside:
            return None
        package = self._load(init, name or ".") if os.path.isfile(init) else ModuleType(name or ".")
        for item in inside:
            if item not in vars(package):
                setattr(package, item, self._load(os.path.join(base, f"{item}.py"), f"{name}.{item}"))
        return package

    def _load(self, path: str, name: str) -> ModuleType:
        """A module of the user's: what it imports and defines; nothing that it does besides."""
        key = os.path.abspath(path)
        if key not in self.modules:
            tree = parse_program(path)
            space = self._space(tree, key, path)
            for statement in flatten_definitions(tree):
                self._run_statement(statement, space, path, strict=False)
        return self.modules[key]


class _Dictionary(dict[str, Any]):
    """A dictionary whose keys are attributes too."""

    def __getattr__(self, name: str) -> Any:
        if name not in self:
            raise AttributeError(name)
        return self[name]

    __setattr__ = dict.__setitem__


# Modules that give such a class, and its name there.
DICTIONARIES = {"easydict": "EasyDict", "addict": "Dict", "munch": "Munch", "attrdict": "AttrDict", "dotmap": "DotMap"}


def _dictionaries(name: str) -> ModuleType:
    module = ModuleType(name)
    setattr(module, DICTIONARIES[name], _Dictionary)
    return module


def _touched(statement: ast.stmt) -> set[str]:
    return defined_names(statement) | changed_in_place(statement)


def _name_missing(statement: ast.stmt, space: dict[str, Any]) -> None:
    """What is missing under the name that a statement gives it: ``n = env.action_space.n``."""
    for target in ast.walk(ast.Tuple(statement.targets)) if isinstance(statement, ast.Assign) else ():
        if isinstance(target, ast.Name) and isinstance(value := space.get(target.id), Missing):
            space[target.id] = value.rename(target.id)


def _makes_model(statement: ast.stmt, space: Mapping[str, object]) -> bool:
    """Whether a failure leaves a part of the model half made: then no name can stand for it."""
    touched = _touched(statement)
    held = [space[name] for name in touched | free_names(statement) if name in space]
    return not touched or any(isinstance(value, Recorded) or holds_recorded(value) for value in held)


def flatten_definitions(tree: ast.Module) -> Iterator[ast.stmt]:
    """The statements of a module that define something, but for those that only run it as a program."""
    inside_main = {id(s) for node in tree.body if isinstance(node, ast.If) for s in flatten([node]) if s is not node}
    for statement in flatten(tree.body):
        if isinstance(statement, _DEFINING) and id(statement) not in inside_main:
            yield statement


def _alias_of_now(name: str, fromlist: Any) -> ModuleType:
    """A module for a program of Keras 3, in which ``tensorflow.keras`` is Keras."""
    if name.split(".")[:2] == ["tensorflow", "keras"]:
        name = name.removeprefix("tensorflow.")
        found = importlib.import_module(name)
        if not fromlist:
            holder = ModuleType("tensorflow")
            holder.keras = importlib.import_module("keras")  # type: ignore[attr-defined]
            return holder
        return found
    try:
        return builtins.__import__(name, None, None, fromlist or (), 0)
    except ImportError:
        if name != "tensorflow":
            raise
        holder = ModuleType("tensorflow")
        holder.keras = importlib.import_module("keras")  # type: ignore[attr-defined]
        return holder


@contextmanager
def _arguments(path: str) -> Iterator[None]:
    """The process as a program finds it that is started without arguments: those that it wants are not known."""
    part = os.path.basename(path)
    parse = argparse.ArgumentParser.parse_known_args

    class Arguments(list[Any]):
        def __getitem__(self, key: Any) -> Any:
            if isinstance(key, int) and key >= len(self):
                return Missing(f"sys.argv[{key}]", "the program is started without arguments", part, _TELL)
            return super().__getitem__(key)

    def without(self: argparse.ArgumentParser, args: Any = None, namespace: object = None) -> Any:
        for action in self._actions:
            if action.required and action.dest is not argparse.SUPPRESS:
                action.required = False
                action.default = Missing(action.dest, "the program is started without arguments", part, _TELL)
        return parse(self, args, namespace)

    patches: list[Any] = [patch.object(sys, "argv", Arguments([path]))]
    patches.append(patch.object(argparse.ArgumentParser, "parse_known_args", without))
    with patches[0], patches[1]:
        yield


_SOFT: dict[str, Any] = {name: soften(getattr(builtins, name)) for name in ("len", "max", "min", "sum", "sorted")}
_SOFT |= {f"{kind.__name__} of": soften(kind) for kind in (int, float, list, set, tuple)}  # `int` itself stays a class
_SOFT["parts of"] = take_apart


class _Counting(ast.NodeTransformer):
    """``int(x)`` and ``float(x)`` by functions for which a number that is not known stays one."""

    def visit_Call(self, node: ast.Call) -> ast.AST:  # as `ast` calls it
        """One call, and those in it."""
        self.generic_visit(node)
        if isinstance(node.func, ast.Name) and f"{node.func.id} of" in _SOFT:
            node.func.id += " of"
        return node

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        """One assignment, and the calls in it: ``a, b = f()``."""
        self.generic_visit(node)
        if isinstance(node.targets[0], ast.Tuple) and (parts := _list_parts(node.targets[0])):
            call = ast.Call(ast.Name("parts of", ast.Load()), [node.value, ast.parse(repr(parts), mode="eval").body], [])
            node.value = ast.fix_missing_locations(ast.copy_location(call, node.value))
        return node


def _list_parts(target: ast.Tuple) -> tuple[Any, ...]:
    """For each part of what is assigned its own parts; none where their number is open."""
    if any(isinstance(item, ast.Starred) for item in target.elts):
        return ()
    return tuple(_list_parts(item) if isinstance(item, ast.Tuple) else () for item in target.elts)


def _innermost_line(error: BaseException, path: str) -> int | None:
    """The last line of the program on the way to an error."""
    found, at = None, error.__traceback__
    while at is not None:
        if at.tb_frame.f_code.co_filename == path:
            found = at.tb_lineno
        at = at.tb_next
    return found


def _is_dataclass(statement: ast.stmt) -> bool:
    """Whether the annotations of a statement have to be types: elsewhere they stay texts, which nothing looks up."""
    decorators = statement.decorator_list if isinstance(statement, ast.ClassDef) else []
    return any("dataclass" in ast.unparse(decorator) for decorator in decorators)


def _shorten(text: str, most: int = 80) -> str:
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[: most - 3]}..."
