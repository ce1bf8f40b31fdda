"""Makes ``src/anykeras/catalog/signatures.json``: every Keras class's arguments and defaults, release by release.

    python scripts/make_signatures.py "keras 0.3.3=DIR" ... "tf.keras 2.3=DIR" ... "keras 3.15.1=DIR"

A release that the table has already can be named without ``=DIR``: its facts are taken from the table, so a new minor
needs its own sources only. DIR is the package that holds ``layers``: the unpacked ``keras`` of Keras 0 to 2.3;
``tensorflow/python/keras`` of TensorFlow 1.15 to 2.5; ``keras/src`` or ``keras`` of the Keras wheels since. Nothing is
imported: the sources are read as syntax. Releases come in the order of each library's history.

An argument is one that a constructor names, one that it takes out of ``**kwargs`` (``kwargs.pop``,
``allowed_kwargs``), or one of the base class that ``**kwargs`` reaches and that the subclass does not fix itself.
"""

from __future__ import annotations

import ast
import json
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

OUT = Path(__file__).resolve().parent.parent / "src/anykeras/catalog/signatures.json"
KINDS = ("layers", "initializers", "regularizers", "constraints", "optimizers", "losses", "metrics")
# Where the classes of a kind live: folders and modules by the last parts of their path.
HOMES = {
    "layers": ("layers", "engine", "models", "legacy"), "initializers": ("initializers", "initializations"),
    "regularizers": ("regularizers",), "constraints": ("constraints",),
    "optimizers": ("optimizers", "optimizer_v1", "optimizer_v2"),
    "losses": ("losses", "objectives"), "metrics": ("metrics",),
}  # fmt: skip
ALSO_LAYERS = {"Model", "Sequential", "Functional", "InputLayer", "Layer", "Network", "Graph", "Container"}
REQUIRED = object()


@dataclass
class Class:
    name: str
    module: str
    bases: list[str]
    node: ast.ClassDef
    exports: dict[str, bool] = field(default_factory=dict)  # public name -> whether for version 1 of the API only


@dataclass
class Release:
    first_api: bool
    classes: dict[str, list[Class]] = field(default_factory=dict)
    imports: dict[str, dict[str, str]] = field(default_factory=dict)
    known: dict[int, dict[str, Any]] = field(default_factory=dict)


def read(root: Path, first_api: bool) -> Release:
    release = Release(first_api)
    for path in sorted(root.rglob("*.py")):
        if path.stem.endswith("_test") or "testing" in path.parts or "applications" in path.parts:
            continue
        module = ".".join(path.relative_to(root).with_suffix("").parts)
        try:
            tree = ast.parse(path.read_text("utf-8"))
        except SyntaxError:
            continue
        names = release.imports.setdefault(module, {})
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom):
                names.update({a.asname or a.name: f"{node.module or ''}.{a.name}" for a in node.names})
        for node in tree.body:
            if isinstance(node, ast.ClassDef):
                bases = [ast.unparse(b) for b in node.bases]
                release.classes.setdefault(node.name, []).append(Class(node.name, module, bases, node, exports(node)))
    return release


def exports(node: ast.ClassDef) -> dict[str, bool]:
    found: dict[str, bool] = {}
    for decorator in node.decorator_list:
        if isinstance(decorator, ast.Call) and ast.unparse(decorator.func).endswith("keras_export"):
            for arg in decorator.args:
                said = ast.literal_eval(arg)
                found.update(dict.fromkeys([said] if isinstance(said, str) else said, False))
            for keyword in decorator.keywords:
                if keyword.arg == "v1" and isinstance(keyword.value, ast.List):
                    found.update({name: True for name in ast.literal_eval(keyword.value) if name not in found})
    return found


def base_of(release: Release, cls: Class, base: str) -> Class | None:
    """The class that a base's name means in the module of `cls`: first the one that the module imports."""
    head, _, tail = base.rpartition(".")
    candidates = release.classes.get(tail or base, [])
    said = release.imports.get(cls.module, {}).get(head or base, cls.module)
    other = [c for c in candidates if c is not cls]
    near = [c for c in other if c.module.split(".")[-1] in said.split(".")[-2:]]
    same = [c for c in other if c.module == cls.module]
    return next(iter((same if not head else []) + near + same + other), None)


def init_of(node: ast.ClassDef, name: str = "__init__") -> ast.FunctionDef | None:
    return next((f for f in node.body if isinstance(f, ast.FunctionDef) and f.name == name), None)


def plain(node: ast.expr | None) -> Any:
    """A default as JSON has it; REQUIRED where it is no plain value."""
    if node is None:
        return REQUIRED
    try:
        return json.loads(json.dumps(ast.literal_eval(node)))
    except (ValueError, TypeError):
        return REQUIRED


def arguments(release: Release, cls: Class) -> dict[str, Any]:
    """Argument -> default, or REQUIRED."""
    if id(cls) not in release.known:
        release.known[id(cls)] = {}  # a class that is its own base, as the names are resolved, ends here
        release.known[id(cls)] = constructor(release, cls)
    return release.known[id(cls)]


def constructor(release: Release, cls: Class) -> dict[str, Any]:
    init = init_of(cls.node)
    bases = [b for b in (base_of(release, cls, name) for name in cls.bases) if b is not None]
    if init is None:
        return next((found for b in bases if (found := arguments(release, b))), {})
    args = init.args
    positional = [*args.posonlyargs, *args.args][1:]
    stated = args.defaults[-len(positional) :] if positional else []
    defaults = [None] * (len(positional) - len(stated)) + list(stated)
    own = {a.arg: plain(d) for a, d in zip(positional, defaults, strict=True)}
    own |= {a.arg: plain(d) for a, d in zip(args.kwonlyargs, args.kw_defaults, strict=True)}
    if args.kwarg is None:
        return own
    inherited: dict[str, Any] = {}
    for call in ast.walk(init):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "__init__":
            inherited |= passed_on(release, call, bases, args.kwarg.arg)
    taken = taken_from(init, args.kwarg.arg)
    reached = {k: v for k, v in (inherited | taken).items() if k not in fixed(init, args.kwarg.arg) or k in taken}
    return own | {k: v for k, v in reached.items() if k not in own}


def by_place(release: Release, cls: Class) -> list[str]:
    """The arguments that can be given by place, in their order."""
    init = init_of(cls.node)
    if init is not None:
        return [a.arg for a in [*init.args.posonlyargs, *init.args.args][1:]]
    bases = [b for b in (base_of(release, cls, name) for name in cls.bases) if b is not None and b is not cls]
    return next((found for b in bases if (found := by_place(release, b))), [])


def passed_on(release: Release, call: ast.Call, bases: list[Class], kwargs: str) -> dict[str, Any]:
    """What a call of the base constructor lets through from ``**kwargs``."""
    if not any(k.arg is None and ast.unparse(k.value) == kwargs for k in call.keywords):
        return {}
    wanted = ast.unparse(call.func.value) if isinstance(call.func, ast.Attribute) else ""
    chosen = [b for b in bases if b.name == wanted.rpartition(".")[2]] or bases
    given = {k.arg for k in call.keywords}
    skipped = 1 if not wanted.startswith("super") else 0
    for base in chosen:
        found = arguments(release, base)
        if found:
            return {k: v for k, v in list(found.items())[max(0, len(call.args) - skipped) :] if k not in given}
    return {}


def fixed(init: ast.FunctionDef, kwargs: str) -> set[str]:
    """Keys that the constructor sets in ``kwargs`` itself."""
    return {
        str(ast.literal_eval(t.slice))
        for node in ast.walk(init) if isinstance(node, ast.Assign)
        for t in node.targets
        if isinstance(t, ast.Subscript) and ast.unparse(t.value) == kwargs and isinstance(t.slice, ast.Constant)
    }  # fmt: skip


def taken_from(init: ast.FunctionDef, kwargs: str) -> dict[str, Any]:
    """Keys that the constructor looks for in ``kwargs``."""
    found: dict[str, Any] = {}
    for node in ast.walk(init):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in (f"{kwargs}.pop", f"{kwargs}.get"):
            key = plain(node.args[0])
            if isinstance(key, str):
                found[key] = plain(node.args[1]) if len(node.args) > 1 else None
        elif isinstance(node, ast.Compare) and isinstance(node.left, ast.Constant):
            if ast.unparse(node.comparators[0]) == kwargs:
                found.setdefault(str(node.left.value), None)
        elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "allowed_kwargs":
            listed = node.value.elts if isinstance(node.value, ast.Set | ast.List | ast.Tuple) else []
            found.update({e.value: found.get(e.value) for e in listed if isinstance(e, ast.Constant)})
    return found


def written(release: Release, cls: Class, depth: int = 0) -> set[str]:
    """The keys that ``get_config`` writes."""
    if depth > 20:
        return set()
    node = init_of(cls.node, "get_config")
    bases = [b for b in (base_of(release, cls, name) for name in cls.bases) if b is not None]
    above = written(release, bases[0], depth + 1) if bases else set()
    if node is None:
        return above
    found: set[str] = set()
    for part in ast.walk(node):
        if isinstance(part, ast.Dict):
            found |= {k.value for k in part.keys if isinstance(k, ast.Constant) and isinstance(k.value, str)}
        elif isinstance(part, ast.Assign) and isinstance(part.targets[0], ast.Subscript):
            key = plain(part.targets[0].slice)
            found |= {key} if isinstance(key, str) else set()
    return found | (above if "get_config" in ast.unparse(node).replace("def get_config", "") else set())


def kind_of(cls: Class) -> set[str]:
    said = {name.split(".")[-2] for name in cls.exports if name.count(".") > 1} & set(KINDS)
    said |= {"optimizers"} if any("schedules" in name for name in cls.exports) else set()
    said |= {"layers"} if cls.name in ALSO_LAYERS else set()
    parts = cls.module.split(".")
    return said or {kind for kind, homes in HOMES.items() if any(home in parts for home in homes)}


def chosen(release: Release, kind: str) -> dict[str, Class]:
    """One class a name: the one that the release's public API means, else the one outside of legacy modules."""
    found: dict[str, Class] = {}
    for name, candidates in release.classes.items():
        fits = [c for c in candidates if kind in kind_of(c)]

        def rank(c: Class) -> tuple[bool, bool, bool]:
            public = [only_first for n, only_first in c.exports.items() if n.rpartition(".")[2] == c.name]
            meant = any(release.first_api or not only_first for only_first in public)
            wanted = any(only_first == release.first_api for only_first in public)
            return (meant, wanted, "legacy" not in c.module)

        if fits and not name.startswith("_"):
            found[name] = max(fits, key=rank)
    return found


def state(release: Release, cls: Class) -> dict[str, Any]:
    taken = arguments(release, cls)
    more = sorted(written(release, cls) - taken.keys())
    return {
        "set": {k: v for k, v in taken.items() if v is not REQUIRED},
        "required": sorted(k for k, v in taken.items() if v is REQUIRED),
        "written": more,
        "order": by_place(release, cls),
    }


def change(at: int, before: dict[str, Any] | None, now: dict[str, Any] | None) -> dict[str, Any]:
    """What is different from the release before, in the form that `catalog.signatures` reads."""
    before = before or {"set": {}, "required": [], "written": [], "order": []}
    if now is None:
        return {"at": at, "gone": True, "drop": sorted([*before["set"], *before["required"]])}
    known = [*before["set"], *before["required"]]
    step: dict[str, Any] = {"at": at}
    step["set"] = {k: v for k, v in now["set"].items() if k not in before["set"] or not same(before["set"][k], v)}
    step["required"] = [k for k in now["required"] if k not in before["required"]]
    step["drop"] = [k for k in known if k not in now["set"] and k not in now["required"]]
    step = {k: v for k, v in step.items() if v or k == "at"}
    return step | {key: now[key] for key in ("written", "order") if now[key] != before[key]}


def same(one: Any, other: Any) -> bool:
    return type(one) is type(other) and one == other


States = dict[str, dict[str, dict[str, Any]]]  # by kind and class


def states(label: list[str], root: str) -> States:
    """Every class of a release: from its sources, or from the table where no sources are given."""
    if not root:
        return known_states(label)
    release = read(Path(root), label[0] == "tf.keras" and label[1].startswith("1."))
    return {kind: {name: state(release, cls) for name, cls in chosen(release, kind).items()} for kind in KINDS}


def known_states(label: list[str]) -> States:
    table = json.loads(OUT.read_text())
    here = table["releases"].index(label)
    found: States = {}
    for kind, classes in table["classes"].items():
        for name, steps in classes.items():
            now: dict[str, Any] | None = None
            for step in [step for step in steps if step["at"] <= here]:
                now = (
                    None if step.get("gone") else applied(now or {"set": {}, "required": [], "written": [], "order": []}, step)
                )
            if now is not None:
                found.setdefault(kind, {})[name] = now
    return found


def applied(before: dict[str, Any], step: dict[str, Any]) -> dict[str, Any]:
    """The state of a class after one step of its history."""
    dropped = [*step.get("drop", ()), *step.get("required", ())]
    values = {k: v for k, v in before["set"].items() if k not in dropped} | step.get("set", {})
    left = {k for k in before["required"] if k not in step.get("drop", ()) and k not in step.get("set", {})}
    return {
        "set": values,
        "required": sorted(left | set(step.get("required", ()))),
        "written": step.get("written", before["written"]),
        "order": step.get("order", before["order"]),
    }


def main(given: list[str]) -> None:
    named = [(label.split(" "), root) for label, _, root in (g.partition("=") for g in given)]
    releases = [states(label, root) for label, root in named]
    classes: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for kind in KINDS:
        for name in sorted(set().union(*(release.get(kind, {}) for release in releases))):
            steps, before = [], None
            for at, release in enumerate(releases):
                now = release.get(kind, {}).get(name)
                if now != before:
                    steps.append(change(at, before, now))
                before = now
            classes.setdefault(kind, {})[name] = steps
    lines = [f'{{"releases": {json.dumps([label for label, _ in named])},', ' "classes": {']
    for number, (kind, table) in enumerate(classes.items()):
        lines.append(f'  "{kind}": {{')
        rows = [f"   {json.dumps(name)}: {json.dumps(steps)}" for name, steps in table.items()]
        lines += [row + "," for row in rows[:-1]] + rows[-1:]
        lines.append("  }" + ("," if number < len(classes) - 1 else ""))
    OUT.write_text("\n".join([*lines, " }", "}", ""]))
    print({kind: len(table) for kind, table in classes.items()}, OUT.stat().st_size)


if __name__ == "__main__":
    main(sys.argv[1:])
