"""The import direction, no cycle, and that reading runs nothing: checked on the source text, and on planted violations."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src" / "anykeras"
ROWS = {
    "ground": 0,
    "document": 1, "reporting": 1,
    "containers": 2, "bytecode": 2, "catalog": 2,
    "parse": 3,
    "migrations": 4, "recovery": 4, "descent": 4, "auditing": 4, "keras_private": 4,
    "graphs": 5, "targets": 5, "compat": 5, "shims": 5, "matching": 5,
    "verification": 6, "custom": 6,
    "programs": 7,
    "pipeline": 8,
    "opened": 9, "weights_only": 9,
    "opening": 10, "explaining": 10,
    "api": 11, "checking": 11, "keeping": 12, "testing": 13,
    "html_report": 12, "integrations": 12,
    "scanning": 13,
    "__init__": 14, "cli": 14,
    "__main__": 15,
}  # fmt: skip
GROUND = {
    "pages", "boundary", "errors", "fidelity", "findings", "lazily", "limits", "notebook", "progress", "registry", "tensors",
    "texts", "warning",
}  # fmt: skip
FRAMEWORKS = {"keras", "tensorflow", "torch", "jax", "tf_keras"}
RUNNERS = {"pickle", "marshal", "dill", "cloudpickle", "joblib", "yaml", "dis", "runpy", "code"}
CALLS = {"eval", "exec", "compile", "__import__"}


def room(path: Path) -> str:
    return house_of(path.relative_to(SOURCE).parts[0].removesuffix(".py"))


def house_of(name: str) -> str:
    """The ground is one room: its files make up what everything stands on."""
    return "ground" if name in GROUND else name


def imported(tree: ast.Module, path: Path) -> list[tuple[str, int]]:
    """Dotted names that a module imports, ours as `anykeras.room...`, with their lines."""
    package = ("anykeras", *path.relative_to(SOURCE).parent.parts)
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [(alias.name, node.lineno) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            module = ".".join(part for part in (base, node.module or "") if part)
            found += [(f"{module}.{alias.name}", node.lineno) for alias in node.names]
    return found


def violations(text: str, path: Path) -> list[str]:
    """Every line of a module that breaks a rule of the house."""
    tree, here, row = ast.parse(text), room(path), ROWS[room(path)]
    type_only = {
        inner.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
        for inner in ast.walk(node)
        if isinstance(inner, ast.Import | ast.ImportFrom)
    }
    wrong = []
    for name, line in imported(tree, path):
        parts = name.split(".")
        if line in type_only:
            continue
        if parts[0] == "anykeras":
            there = next((house_of(part) for part in parts[1:2] if house_of(part) in ROWS), "api")
            if there != here and len(parts) > 1 and ROWS[there] >= row:
                wrong.append(f"{path.name}:{line} {here} imports {there}")
        elif row <= 4 and parts[0] in FRAMEWORKS | RUNNERS:
            wrong.append(f"{path.name}:{line} {here} imports {name}")
    if row <= 4:
        wrong += [
            f"{path.name}:{node.lineno} {here} calls {node.func.id}"
            for node in ast.walk(tree)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CALLS
        ]
    return wrong


def test_the_house_stands() -> None:
    files = sorted(SOURCE.rglob("*.py"))
    assert len(files) > 20
    assert not [line for path in files for line in violations(path.read_text("utf8"), path)]


def test_the_map_is_that_of_the_house() -> None:
    """docs/architecture.md has every room in its row, and names no file that is not there."""
    root = SOURCE.parents[1]
    text = (root / "docs" / "architecture.md").read_text("utf8")
    table = re.findall(r"^\| (\d+) \| (`.+`) \|$", text, re.MULTILINE)
    said = {name.rstrip("/"): int(row) for row, names in table for name in re.findall(r"`([^`]+)`", names)}
    rooms = {
        path.name.removesuffix(".py") for path in SOURCE.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    assert said == {name: ROWS[house_of(name)] for name in rooms}
    files = set(re.findall(r"`((?:[\w.]+/)+(?:[\w.]+)?)`", text))
    assert len(files) > 60
    assert not [file for file in files if not (SOURCE / file).exists() and not (root / file).exists()]


@pytest.mark.parametrize(
    ("place", "text"),
    [
        ("document/model.py", "from ..containers.base import Raw"),
        ("catalog/layers.py", "from ..containers import base"),
        ("parse/era.py", "import anykeras.migrations.engine"),
        ("migrations/engine.py", "def f():\n    import keras"),
        ("recovery/trace.py", "from tensorflow import nn"),
        ("containers/pickled.py", "import pickle"),
        ("bytecode/machine.py", "import marshal"),
        ("bytecode/machine.py", "eval('1')"),
        ("parse/reading.py", "exec('x = 1')"),
    ],
)
def test_planted_violations_are_caught(place: str, text: str) -> None:
    assert violations(text, SOURCE / place)


def module_name(path: Path) -> str:
    parts = ("anykeras", *path.relative_to(SOURCE).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def import_graph(texts: Mapping[Path, str]) -> dict[str, set[str]]:
    """Which modules each module imports, inside functions and for type checkers included."""
    names = {module_name(path) for path in texts}
    graph = {}
    for path, text in texts.items():
        found = {name if name in names else name.rpartition(".")[0] for name, _ in imported(ast.parse(text), path)}
        graph[module_name(path)] = (found & names) - {module_name(path)}
    return graph


def cycles(graph: Mapping[str, set[str]]) -> Iterator[list[str]]:
    """Import cycles, one at a time: an edge of each is taken away before the next is looked for."""
    left = {name: set(targets) for name, targets in graph.items()}
    while True:
        try:
            TopologicalSorter(left).prepare()
        except CycleError as error:
            found: list[str] = error.args[1][:-1]
            yield found
            left[error.args[1][1]].discard(error.args[1][0])
        else:
            return


def test_there_is_no_import_cycle() -> None:
    texts = {path: path.read_text("utf8") for path in SOURCE.rglob("*.py")}
    assert not list(cycles(import_graph(texts)))


PARENT = SOURCE / "parse"


@pytest.mark.parametrize(
    ("texts", "found"),
    [
        ({"a.py": "from . import b", "b.py": "from .a import x"}, {"a", "b"}),
        ({"a.py": "from .b import x", "b.py": "def f():\n    from . import a"}, {"a", "b"}),
        ({"a.py": "import anykeras.parse.b", "b.py": "if TYPE_CHECKING:\n    from .a import X"}, {"a", "b"}),
        ({"a.py": "from . import b", "b.py": "from . import c", "c.py": "from . import a"}, {"a", "b", "c"}),
        ({"a.py": "from . import b, c", "b.py": "from .c import x", "c.py": ""}, set()),
    ],
)
def test_planted_cycles_are_found(texts: Mapping[str, str], found: set[str]) -> None:
    graph = import_graph({PARENT / name: text for name, text in texts.items()})
    assert {name.rpartition(".")[2] for cycle in cycles(graph) for name in cycle} == found


def test_recordings_are_in_their_archives() -> None:
    """Loose binary files make a checkout of thousands of files: scripts/recordings.py packs them."""
    tests = Path(__file__).parent
    loose = [path for path in tests.rglob("*") if path.suffix in (".h5", ".hdf5", ".keras", ".npz", ".pkl", ".joblib")]
    assert not loose
