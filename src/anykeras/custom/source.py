"""Running the user's source file under the libraries that it was written for.

The file is trusted because the user names it. Each statement of the top level runs by itself, so that a plot or a
download that fails does not take the classes with it. Imports of old libraries are answered by `anykeras.compat`
through the ``__import__`` of the file's own builtins; nothing enters ``sys.modules``.
"""

from __future__ import annotations

import ast
import builtins
import functools
import importlib
import inspect
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

from ..compat import LegacyRuntime
from ..compat.classes import adapt_callable
from ..compat.runtime import ROOTS
from ..document.model import Era
from ..errors import AnyKerasError
from ..recovery.functions.table import GLOBALS
from . import dialect

OLD_NAMES = {
    "xrange": range,
    "unicode": str,
    "basestring": str,
    "long": int,
    "unichr": chr,
    "reduce": functools.reduce,
}


@dataclass(frozen=True)
class SourceFile:
    """What a file defines, and the names that it would define with the reason why it does not."""

    objects: Mapping[str, Any]
    failed: Mapping[str, str] = field(default_factory=dict)


def run_source(path: str, runtime: LegacyRuntime) -> SourceFile:
    """Run a source file; one that is not Python of any version defines nothing, and `failed` says why."""
    runner = _Runner(runtime, os.path.dirname(os.path.abspath(path)))
    try:
        module = runner.run(path, os.path.splitext(os.path.basename(path))[0])
    except AnyKerasError as error:
        return SourceFile({}, {os.path.basename(path): error.seen})
    objects = {name: runner.export(value) for name, value in vars(module).items() if _is_own(value, module)}
    constants = {name: value for name, value in vars(module).items() if _is_constant(name, value)}
    registered = {name: runner.export(value) for name, value in runtime.registered.items()}
    return SourceFile({**constants, **objects, **registered}, runner.failed)


def _is_own(value: object, module: ModuleType) -> bool:
    return (inspect.isclass(value) or inspect.isfunction(value)) and value.__module__ == module.__name__


def _is_constant(name: str, value: object) -> bool:
    """Numbers, texts and imported modules: code in the file may use them by these names."""
    return not name.startswith("_") and isinstance(value, bool | int | float | str | ModuleType)


class _Runner:
    """Runs a file and the files beside it that it imports."""

    def __init__(self, runtime: LegacyRuntime, folder: str) -> None:
        self.runtime, self.folder = runtime, folder
        self.modules: dict[str, ModuleType] = {}
        self.failed: dict[str, str] = {}
        # Source for Keras 3 runs on the running Keras itself.
        self.now = runtime.context.era is Era.KERAS3

    def run(self, path: str, name: str) -> ModuleType:
        """The module of a file."""
        with open(path, "rb") as file:
            tree = dialect.parse_source(file.read(), path)
        module = ModuleType(f"anykeras_custom_{name}")
        self.modules[name] = module
        space = vars(module)
        space["__file__"] = path
        importer = builtins.__import__ if self.now else self.runtime.importer(self._find_beside)
        space["__builtins__"] = {**self._usual_modules(tree), **OLD_NAMES, **vars(builtins), "__import__": importer}
        for statement in tree.body:
            self._run_statement(statement, space, path)
        return module

    def _usual_modules(self, tree: ast.Module) -> dict[str, Any]:
        """Modules for names that the text uses and never defines, as `K` and `tf` in a class copied out of its file."""
        used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        found: dict[str, Any] = {}
        for name in used & GLOBALS.keys():
            dotted = GLOBALS[name]
            try:
                root = dotted.split(".")[0]
                old = not self.now and root in ROOTS
                found[name] = self.runtime.module(dotted) if old else importlib.import_module(dotted)
            except ImportError:
                continue
        return found

    def _run_statement(self, statement: ast.stmt, space: dict[str, Any], path: str) -> None:
        if isinstance(statement, ast.If) and _is_main(statement.test):
            return
        try:
            exec(compile(ast.Module([statement], []), path, "exec"), space)
        except Exception as error:  # whatever the user's statement raises is theirs to read
            if not self._run_undecorated(statement, space, path):
                names = ", ".join(_names_defined_by(statement))
                self.failed[names] = f"line {statement.lineno}: {type(error).__name__}: {error}"

    def _run_undecorated(self, statement: ast.stmt, space: dict[str, Any], path: str) -> bool:
        """A definition whose only trouble is a decorator with a package or name: it is registered under these."""
        if not isinstance(statement, ast.ClassDef | ast.FunctionDef) or not statement.decorator_list:
            return False
        labels = [label for decorator in statement.decorator_list if (label := _write_label(decorator, statement.name))]
        if not labels:
            return False
        statement.decorator_list = []
        try:
            exec(compile(ast.Module([statement], []), path, "exec"), space)
        except Exception:  # the reason for the whole definition is known already
            return False
        for label in labels:
            self.runtime.registered[label] = space[statement.name]
        return True

    def _find_beside(self, name: str) -> ModuleType | None:
        """A module of the user's in the folder of the file."""
        if name in self.modules:
            return self.modules[name]
        path = os.path.join(self.folder, *name.split(".")) + ".py"
        return self.run(path, name) if os.path.isfile(path) else None

    def export(self, value: object) -> Any:
        """A definition as the running Keras can call it."""
        if self.now:
            return value
        if inspect.isfunction(value):
            return self.runtime.for_keras(value)
        return adapt_callable(self.runtime, value) if not hasattr(value, "legacy_runtime") else value


def _is_main(test: ast.expr) -> bool:
    return isinstance(test, ast.Compare) and isinstance(test.left, ast.Name) and test.left.id == "__name__"


def _write_label(decorator: ast.expr, name: str) -> str | None:
    """``package>name`` of a registering decorator."""
    if not isinstance(decorator, ast.Call):
        return None
    keywords = {key.arg: key.value.value for key in decorator.keywords if isinstance(key.value, ast.Constant)}
    if not {"package", "name"} & keywords.keys():
        return None
    return f"{keywords.get('package', 'Custom')!s}>{keywords.get('name', name)!s}"


def _names_defined_by(statement: ast.stmt) -> list[str]:
    """The names that a statement would define."""
    if isinstance(statement, ast.ClassDef | ast.FunctionDef):
        return [statement.name]
    if isinstance(statement, ast.Assign):
        return [node.id for target in statement.targets for node in ast.walk(target) if isinstance(node, ast.Name)]
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return [alias.asname or alias.name for alias in statement.names]
    return [f"the statement of line {statement.lineno}"]
