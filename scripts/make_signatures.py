"""Makes ``src/anykeras/catalog/signatures.json``: what every Keras class takes and what names mean, release by release.

    python scripts/make_signatures.py "keras 3.16.0=DIR"            # one more release; the others are kept
    python scripts/make_signatures.py --all "keras 0.3.3=DIR" ...   # these releases and no others

What changed since the release before is printed. Of a new minor of Keras 3, what no table and no rule of AnyKeras answers for
is printed again behind ``uncovered``, and the exit code is then 1: a class without an entry in the catalog or a name that is
not allowed (catalog/allowed.py), a class or name that is gone, an argument that is taken no more, must be given or has another
default now, for classes that no rule from Keras 3 to Keras 3 looks at.

DIR is the package that holds ``layers``: the unpacked ``keras`` of Keras 0 to 2.3; ``tensorflow/python/keras`` of TensorFlow
1.13 to 2.5; ``keras/src`` or ``keras`` of the Keras wheels since, and ``tf_keras/src``. Nothing is imported: the sources are
read as syntax. ``scripts/make_tfjs_signatures.py`` adds TensorFlow.js. Releases come in the order of each library's history.

``any`` says that the constructor takes a key that nobody names and loses it, ``popped`` are keys that ``from_config`` takes
out, ``names`` the public names of a class where they are not its own in its module. ``former`` are the arguments of Keras 1
that Keras 2 still takes, with what they are called since; ``needed`` are those that cannot be left out, ``hidden`` is a class
that ``keras.layers.deserialize`` does not find by its bare name. ``functions`` has the names that a string may mean
(activations, losses, ...), as places in the list of releases where a name comes, goes, comes again.

An argument is one that a constructor names, one that it takes out of ``**kwargs`` (``kwargs.pop``,
``allowed_kwargs``), or one of the base class that ``**kwargs`` reaches and that the subclass does not fix itself.
"""

from __future__ import annotations

import ast
import json
import re
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

OUT = Path(__file__).resolve().parent.parent / "src/anykeras/catalog/signatures.json"
FUNCTIONS = ("activations", "initializers", "regularizers", "constraints", "optimizers", "losses", "metrics", "exports")
KINDS = (
    "layers", "initializers", "regularizers", "constraints", "optimizers", "losses", "metrics", "operations", "dtype_policies",
    "quantizers",
)  # fmt: skip
# Where the classes of a kind live: folders and modules by the last parts of their path.
HOMES = {
    "layers": ("layers", "engine", "models", "legacy"), "initializers": ("initializers", "initializations"),
    "regularizers": ("regularizers",), "constraints": ("constraints",),
    "optimizers": ("optimizers", "optimizer_v1", "optimizer_v2"),
    "losses": ("losses", "objectives"), "metrics": ("metrics",),
    "operations": ("ops",), "dtype_policies": ("dtype_policies",), "quantizers": ("quantizers",),
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
    trees: dict[str, ast.Module] = field(default_factory=dict)
    reach: set[str] = field(default_factory=set)
    bound: dict[str, dict[str, list[str]]] = field(default_factory=dict)  # names that a module binds, by module


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
        release.trees[module] = tree
        names = release.imports.setdefault(module, {})
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom):
                names.update({a.asname or a.name: f"{node.module or ''}.{a.name}" for a in node.names})
        for node in tree.body:
            if isinstance(node, ast.ClassDef):
                bases = [ast.unparse(b) for b in node.bases]
                release.classes.setdefault(node.name, []).append(Class(node.name, module, bases, node, exports(node)))
    return release


def exports(node: ast.ClassDef | ast.FunctionDef) -> dict[str, bool]:
    """The public names that a decorator gives, with whether they are those of version 1 of the API only."""
    found: dict[str, bool] = {}
    for decorator in node.decorator_list:
        if isinstance(decorator, ast.Call) and ast.unparse(decorator.func).endswith(("keras_export", "tf_export")):
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
    candidates = release.classes.get(tail or base, []) or chosen_when_run(release, cls.module, base)
    said = release.imports.get(cls.module, {}).get(head or base, cls.module)
    other = [c for c in candidates if c is not cls]
    near = [c for c in other if c.module.split(".")[-1] in said.split(".")[-2:]]
    same = [c for c in other if c.module == cls.module]
    return next(iter((same if not head else []) + near + same + other), None)


def chosen_when_run(release: Release, module: str, base: str) -> list[Class]:
    """The classes that a name may be bound to when the module runs: ``BackendOptimizer = TFOptimizer``."""
    if module not in release.bound:
        names: dict[str, list[str]] = {}
        for node in ast.walk(release.trees.get(module) or ast.Module([], [])):
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                value = node.value
                said = value.id if isinstance(value, ast.Name) else value.attr if isinstance(value, ast.Attribute) else ""
                names.setdefault(node.targets[0].id, []).append(said)
        release.bound[module] = names
    return [cls for name in release.bound[module].get(base, ()) for cls in release.classes.get(name, [])]


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


def takes_any(release: Release, cls: Class, depth: int = 0) -> bool:
    """Whether a key that nobody names is taken and lost: ``**kwargs`` that nothing looks through."""
    init = init_of(cls.node)
    bases = [b for b in (base_of(release, cls, name) for name in cls.bases) if b is not None and b is not cls]
    if depth > 20:
        return False
    if init is None:
        if cls.bases and base_of(release, cls, cls.bases[0]) is None and "." in cls.bases[0]:
            return True  # of another package, whose sources are not read
        return takes_any(release, bases[0], depth + 1) if bases else False
    if init.args.kwarg is None:
        return False
    kwargs = init.args.kwarg.arg
    passed = [
        call for call in ast.walk(init)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "__init__"
        and any(k.arg is None and ast.unparse(k.value) == kwargs for k in call.keywords)
    ]  # fmt: skip
    if looks_through(init, kwargs):
        return False
    if passed and bases:
        wanted = ast.unparse(passed[0].func.value).rpartition(".")[2]  # type: ignore[attr-defined]
        return takes_any(release, next((b for b in bases if b.name == wanted), bases[0]), depth + 1)
    return True


def looks_through(init: ast.FunctionDef, kwargs: str) -> bool:
    """Whether a constructor refuses keys that it does not know."""
    for node in ast.walk(init):
        given = isinstance(node, ast.Call) and any(ast.unparse(a) == kwargs for a in node.args)
        if given and ast.unparse(node.func).rpartition(".")[2] in ("validate_kwargs", "process_kwargs", "_process_kwargs"):
            return True
        if isinstance(node, ast.If | ast.For) and any(isinstance(n, ast.Raise) for n in ast.walk(node)):
            said = ast.unparse(node.test if isinstance(node, ast.If) else node.iter)
            if said in (kwargs, f"len({kwargs})", f"{kwargs}.keys()", f"len({kwargs}) > 0", f"{kwargs}.items()"):
                return True
            if f"set({kwargs})" in said or f"{kwargs}.keys() -" in said:
                return True
    return False


def popped(release: Release, cls: Class, depth: int = 0) -> list[str]:
    """The keys that ``from_config`` takes out of a configuration."""
    node = init_of(cls.node, "from_config")
    bases = [b for b in (base_of(release, cls, name) for name in cls.bases) if b is not None and b is not cls]
    if node is None:
        return popped(release, bases[0], depth + 1) if bases and depth < 20 else []
    found = set()
    for call in ast.walk(node):
        if isinstance(call, ast.Call) and ast.unparse(call.func).endswith("config.pop") and call.args:
            found |= {key} if isinstance(key := plain(call.args[0]), str) else set()
        elif isinstance(call, ast.Delete) and isinstance(call.targets[0], ast.Subscript):
            found |= {key} if isinstance(key := plain(call.targets[0].slice), str) else set()
    return sorted(found)


def needed(release: Release, cls: Class, depth: int = 0) -> list[str]:
    """The arguments that a constructor cannot do without."""
    init = init_of(cls.node)
    if init is None:
        bases = [b for b in (base_of(release, cls, name) for name in cls.bases) if b is not None and b is not cls]
        return needed(release, bases[0], depth + 1) if bases and depth < 20 else []
    positional = [*init.args.posonlyargs, *init.args.args][1:]
    free = positional[: len(positional) - len(init.args.defaults)]
    return [a.arg for a in free] + [
        a.arg for a, d in zip(init.args.kwonlyargs, init.args.kw_defaults, strict=True) if d is None
    ]


def former(release: Release, cls: Class) -> dict[str, str]:
    """Arguments of Keras 1 that a constructor of Keras 2 takes, by ``legacy/interfaces.py``, with their names since."""
    tree, init = release.trees.get("legacy.interfaces"), init_of(cls.node)
    if tree is None:
        return {}
    if init is None:
        bases = [b for b in (base_of(release, cls, name) for name in cls.bases) if b is not None and b is not cls]
        return former(release, bases[0]) if bases else {}
    wanted = {ast.unparse(d).rpartition(".")[2] for d in init.decorator_list}
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    found: dict[str, str] = {}
    for node in tree.body:
        if not (isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) in wanted and isinstance(node.value, ast.Call)):
            continue
        given = {k.arg: k.value for k in node.value.keywords}
        found |= dict(ast.literal_eval(given["conversions"])) if "conversions" in given else {}
        before = functions.get(ast.unparse(given["preprocessor"])) if "preprocessor" in given else None
        calls = [*ast.walk(before)] if before else []
        for call in list(calls):
            if isinstance(call, ast.Call) and ast.unparse(call.func) in functions:
                calls += ast.walk(functions[ast.unparse(call.func)])
        for call in calls:
            if isinstance(call, ast.Call) and ast.unparse(call.func) == "kwargs.pop" and isinstance(plain(call.args[0]), str):
                found.setdefault(plain(call.args[0]), "")
            elif isinstance(call, ast.Compare) and isinstance(key := plain(call.left), str):
                found.setdefault(key, "")
    own = {a.arg for a in init.args.args}
    return {key: new for key, new in sorted(found.items()) if key not in own}


def is_found(release: Release, module_of_class: str, class_name: str) -> bool:
    """Whether ``keras.layers.deserialize`` finds a class, or a further name of one, by its bare name."""
    if not release.reach:
        module = "layers.serialization" if "layers.serialization" in release.trees else "layers.__init__"
        for node in ast.walk(release.trees.get(module) or ast.Module([], [])):
            if isinstance(node, ast.ImportFrom):
                place = re.sub(r"^(tensorflow\.python\.keras|tf_keras|keras)\.(src\.)?", "", node.module or "")
                place = f"layers.{place}" if node.level == 1 else place
                for name in node.names:
                    release.reach |= {place if name.name == "*" else f"{place}.{name.name}"}
    parts = [*module_of_class.split("."), class_name]
    always = class_name in ("Model", "Sequential", "Functional", "Network", "InputLayer")
    again = any(place.endswith(f".{class_name}") for place in release.reach)  # passed on by a package
    return always or again or not release.reach or any(".".join(parts[:n]) in release.reach for n in range(1, len(parts) + 1))


def class_aliases(release: Release, kind: str) -> dict[str, tuple[str, str]]:
    """Further names of classes, ``Convolution2D = Conv2D``, as the modules of a kind state them: class and module."""
    return {
        target.id: (node.value.id, module)
        for module, tree in release.trees.items() if any(home in module.split(".") for home in HOMES[kind])
        for top in tree.body for node in (ast.walk(top) if isinstance(top, ast.If) else [top])
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Name)
        for target in node.targets if isinstance(target, ast.Name)
        if node.value.id in release.classes and not target.id.startswith("_") and target.id[:1].isupper()
    }  # fmt: skip


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

        def rank(c: Class) -> tuple[bool, bool, bool, bool]:
            public = [only_first for n, only_first in c.exports.items() if n.rpartition(".")[2] == c.name]
            meant = any(release.first_api or not only_first for only_first in public)
            wanted = any(only_first == release.first_api for only_first in public)
            return (meant, wanted, f"keras.{kind}.{c.name}" in c.exports, "legacy" not in c.module)

        if fits and not name.startswith("_"):
            found[name] = max(fits, key=rank)
    return found


def state(release: Release, kind: str, cls: Class) -> dict[str, Any]:
    taken = arguments(release, cls)
    more = sorted(written(release, cls) - taken.keys())
    names = sorted(n for n, first in cls.exports.items() if not first or release.first_api)
    return {
        "set": {k: v for k, v in taken.items() if v is not REQUIRED},
        "required": sorted(k for k, v in taken.items() if v is REQUIRED),
        "written": more,
        "order": by_place(release, cls),
        "any": takes_any(release, cls),
        "popped": popped(release, cls),
        "names": [] if names == [f"keras.{kind}.{cls.name}"] else [n.removeprefix("keras.") for n in names] or ["-"],
        "module": cls.module.removeprefix("src.") if kind == "operations" else "",
        "former": former(release, cls),
        "needed": needed(release, cls),
        "hidden": kind == "layers" and not is_found(release, cls.module, cls.name),
    }


EMPTY: dict[str, Any] = {
    "set": {}, "required": [], "written": [], "order": [], "any": False, "popped": [], "names": [], "module": "",
    "former": {}, "hidden": False, "needed": [],
}  # fmt: skip
LATER = ("written", "order", "any", "popped", "names", "module", "former", "hidden", "needed")


def change(at: int, before: dict[str, Any] | None, now: dict[str, Any] | None) -> dict[str, Any]:
    """What is different from the release before, in the form that `catalog.signatures` reads."""
    before = before or EMPTY
    if now is None:
        return {"at": at, "gone": True, "drop": sorted([*before["set"], *before["required"]])}
    known = [*before["set"], *before["required"]]
    step: dict[str, Any] = {"at": at}
    step["set"] = {k: v for k, v in now["set"].items() if k not in before["set"] or not same(before["set"][k], v)}
    step["required"] = [k for k in now["required"] if k not in before["required"]]
    step["drop"] = [k for k in known if k not in now["set"] and k not in now["required"]]
    step = {k: v for k, v in step.items() if v or k == "at"}
    return step | {key: now[key] for key in LATER if now[key] != before[key]}


def same(one: Any, other: Any) -> bool:
    """Whether two defaults are the same; 0 and 0.0 are."""
    return one == other and (type(one) is type(other) or {type(one), type(other)} == {int, float})


States = dict[str, dict[str, dict[str, Any]]]  # by kind and class
Names = dict[str, set[str]]  # by kind
NO_NAMES: Names = {}


def snake(name: str) -> str:
    """``HeNormal`` -> ``he_normal``, as Keras names classes in lists of what a string may mean."""
    return re.sub("([a-z])([A-Z])", r"\1_\2", re.sub("(.)([A-Z][a-z0-9]+)", r"\1_\2", name)).lower()


def names_of(release: Release, kind: str) -> set[str]:
    """The names that a string may mean: what the modules of a kind define, and what their tables add."""
    if (listed := listed_names(release, kind)) is not None:
        return listed
    homes = HOMES.get(kind, (kind,))
    found: set[str] = set()
    snakes = any(
        "snake_case" in name
        for m, names in release.imports.items()
        if any(h in m.split(".") for h in homes)
        for name in (*names, *names.values())
    ) or (
        kind != "exports"
        and any("snake_case" in ast.unparse(t) for m, t in release.trees.items() if m.split(".")[-2:-1] == [kind] or m == kind)
    )
    for module, tree in release.trees.items():
        if kind == "exports" or not any(home in module.split(".") for home in homes) or "legacy" in module.split("."):
            continue
        for node in tree.body:
            if isinstance(node, ast.ClassDef | ast.FunctionDef) and not node.name.startswith("_"):
                found |= {node.name} | ({snake(node.name)} if snakes and isinstance(node, ast.ClassDef) else set())
            elif isinstance(node, ast.ImportFrom) and kind == "initializers":  # TensorFlow 1 has its own
                found |= {a.asname or a.name for a in node.names if a.name[:1].isupper()}
            elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Name | ast.Attribute):
                found |= {t.id for t in node.targets if isinstance(t, ast.Name)}
        for part in ast.walk(tree):
            if isinstance(part, ast.Assign) and TABLES.search(called(part.targets[0])):
                target = part.targets[0]
                found |= {key} if isinstance(target, ast.Subscript) and isinstance(key := plain(target.slice), str) else set()
                found |= keys_of(part.value)
            elif isinstance(part, ast.Call) and part.args and TABLES.search(called(part.func)):
                found |= keys_of(part.args[0])
    return {name for name in found if name.isidentifier() and not name.startswith("_")}


def listed_names(release: Release, kind: str) -> set[str] | None:
    """The names in the one list in which Keras 3 looks up what has no module; None for a release that has no such list."""
    tree = release.trees.get(f"{kind}.__init__")
    assigned = [node for node in tree.body if isinstance(node, ast.Assign)] if tree is not None else []
    objects = next((node.value for node in assigned if called(node.targets[0]) == "ALL_OBJECTS"), None)
    if tree is None or not isinstance(objects, ast.Set):
        return None
    plain_names = {called(item).rpartition(".")[2] for item in objects.elts}
    found: set[str] = set()
    for part in ast.walk(tree):
        if isinstance(part, ast.DictComp):  # {cls.__name__: cls}, {to_snake_case(cls.__name__): cls}
            said = ast.unparse(part.key)
            found |= {snake(name) if "snake" in said else name for name in plain_names}
            found |= {name.lower() for name in plain_names} if "lower" in said else set()
        elif isinstance(part, ast.Assign) and TABLES.search(called(part.targets[0])):
            target = part.targets[0]
            found |= {key} if isinstance(target, ast.Subscript) and isinstance(key := plain(target.slice), str) else set()
        elif isinstance(part, ast.Call) and part.args and TABLES.search(called(part.func)):
            found |= keys_of(part.args[0])
    return found


TABLES = re.compile("OBJECTS|ALIASES|all_classes|_TF_ACTIVATIONS")  # the tables of Keras that its strings are looked up in


def called(node: ast.expr) -> str:
    """The names in an expression such as ``LOCAL.ALL_OBJECTS["x"]``."""
    if isinstance(node, ast.Attribute):
        return f"{called(node.value)}.{node.attr}"
    return called(node.value) if isinstance(node, ast.Subscript) else node.id if isinstance(node, ast.Name) else ""


def keys_of(node: ast.expr) -> set[str]:
    keys = [plain(key) for key in node.keys] if isinstance(node, ast.Dict) else []
    return {key for key in keys if isinstance(key, str)}


def exported(release: Release, prefix: str) -> set[str]:
    """The public functions below a module."""
    found: set[str] = set()
    for tree in release.trees.values():
        for node in tree.body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                found |= {name.removeprefix(prefix) for name in exports(node) if name.startswith(prefix)}
    return found


def states(label: list[str], root: str) -> tuple[States, Names]:
    """Every class of a release, from its sources, and the names that its strings may mean."""
    release = read(Path(root), label[0] == "tf.keras" and label[1].startswith("1."))
    found = {kind: {name: state(release, kind, cls) for name, cls in chosen(release, kind).items()} for kind in KINDS}
    if not found["layers"]:
        raise SystemExit(f"{root} holds no layers: give the folder of {' '.join(label)} in which `layers` is")
    names = {kind: names_of(release, kind) for kind in FUNCTIONS} | {"exports": exported(release, "keras.")}
    for kind in KINDS:  # a further name of a class is one more class, with all that its first name has
        for alias, (name, module) in class_aliases(release, kind).items():
            if name in found[kind] and alias not in found[kind]:
                hidden = kind == "layers" and not is_found(release, module, alias)
                found[kind][alias] = found[kind][name] | {"hidden": hidden}
    return found, names


Table = dict[tuple[str, str], tuple[States, Names]]  # by release


def known_table() -> Table:
    """What the table says of every release that it has."""
    table = json.loads(OUT.read_text())
    found: Table = {}
    for here, label in enumerate(table["releases"]):
        classes: States = {}
        for kind, histories in table["classes"].items():
            for name, steps in histories.items():
                if (now := state_at(steps, here)) is not None:
                    classes.setdefault(kind, {})[name] = now
        names = {
            kind: {name for name, turns in all_names.items() if sum(turn <= here for turn in turns) % 2}
            for kind, all_names in table.get("functions", {}).items()
        }
        found[label[0], label[1]] = classes, names
    return found


def state_at(steps: list[dict[str, Any]], here: int) -> dict[str, Any] | None:
    now: dict[str, Any] | None = None
    for step in steps:
        if step["at"] <= here:
            now = None if step.get("gone") else applied(now or EMPTY, step)
    return now


def applied(before: dict[str, Any], step: dict[str, Any]) -> dict[str, Any]:
    """The state of a class after one step of its history."""
    dropped = [*step.get("drop", ()), *step.get("required", ())]
    values = {k: v for k, v in before["set"].items() if k not in dropped} | step.get("set", {})
    left = {k for k in before["required"] if k not in step.get("drop", ()) and k not in step.get("set", {})}
    return {
        "set": values,
        "required": sorted(left | set(step.get("required", ()))),
        **{key: step.get(key, before[key]) for key in LATER},
    }


LIBRARIES = ("keras", "tf.keras", "keras 3", "tfjs")


def place(label: tuple[str, str]) -> tuple[int, tuple[int, ...]]:
    """Where a release stands: Keras to 2.3, Keras in TensorFlow, Keras 3, TensorFlow.js, each in the order of its numbers."""
    library, version = label
    numbers = tuple(int(part) for part in version.split("."))
    return LIBRARIES.index("keras 3" if library == "keras" and numbers >= (3,) else library), numbers


def describe(before: tuple[States, Names], now: tuple[States, Names]) -> list[str]:
    """What changed from one release to the next, a line a fact."""
    lines: list[str] = []
    for kind in KINDS:
        then, today = before[0].get(kind, {}), now[0].get(kind, {})
        lines += [f"{kind}: {name} is new" for name in sorted(today.keys() - then.keys())]
        lines += [f"{kind}: {name} is gone" for name in sorted(then.keys() - today.keys())]
        for name in sorted(then.keys() & today.keys()):
            lines += [f"{kind}: {name} {said}" for said in differences(then[name], today[name])]
    for kind in FUNCTIONS:
        then_names, names = before[1].get(kind, set()), now[1].get(kind, set())
        lines += [f"{kind}: the name {name!r} is new" for name in sorted(names - then_names)]
        lines += [f"{kind}: the name {name!r} is gone" for name in sorted(then_names - names)]
    return lines


def differences(then: dict[str, Any], today: dict[str, Any]) -> list[str]:
    """What changed in one class, a sentence a fact."""
    old, new = {*then["set"], *then["required"]}, {*today["set"], *today["required"]}
    lines = [f"takes {key!r}" for key in sorted(new - old)]
    lines += [f"takes {key!r} no more" for key in sorted(old - new)]
    for key in sorted(old & new):
        one, other = then["set"].get(key, REQUIRED), today["set"].get(key, REQUIRED)
        if not same(one, other):
            said = ["required" if value is REQUIRED else repr(value) for value in (one, other)]
            lines.append(f"{key!r} is {said[1]} by default, was {said[0]}")
    if then["any"] != today["any"]:
        lines.append("takes any key" if today["any"] else "refuses keys that it does not know")
    return lines + ([f"is in {today['module']}, was in {then['module']}"] if then["module"] != today["module"] else [])


def uncovered(before: tuple[States, Names], now: tuple[States, Names]) -> list[str]:
    """What changed from one minor of Keras 3 to the next and is in no table and no rule, a line a fact."""
    from anykeras.catalog import allowed, find
    from anykeras.document.model import Era
    from anykeras.migrations.rulebook import read_listed_rules

    rules = [rule for rule in read_listed_rules(Era.KERAS3) if Era.KERAS3 in rule.eras]
    ruled = {name for rule in rules for name in rule.classes}
    lines: list[str] = []
    for kind in KINDS:
        then, today = public(before[0].get(kind, {})), public(now[0].get(kind, {}))
        for name in sorted(today.keys() - then.keys()):
            known = find(name, Era.KERAS3) is not None if kind == "layers" else allowed.is_allowed(f"keras.{kind}", name)
            lines += [] if known else [f"{kind}: {name} is new"]
        lines += [f"{kind}: {name} is gone" for name in sorted(then.keys() - today.keys() - ruled)]
        for name in sorted((then.keys() & today.keys()) - ruled):
            lines += [f"{kind}: {name} {said}" for said in breaking(then[name], today[name])]
    for kind in FUNCTIONS:
        gone = before[1].get(kind, set()) - now[1].get(kind, set()) - ruled
        lines += [f"{kind}: the name {name!r} is gone" for name in sorted(gone) if kind != "exports"]
    return lines


def public(classes: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Classes that a file can name: those that a release exports."""
    return {name: said for name, said in classes.items() if said["names"] != ["-"]}


def breaking(then: dict[str, Any], today: dict[str, Any]) -> list[str]:
    """What changed in a class so that a file of the release before means something else, or does not open."""
    old, new = {*then["set"], *then["required"]}, {*today["set"], *today["required"]}
    lines = [f"takes {key!r} no more" for key in sorted(old - new)]
    lines += [f"must be given {key!r}" for key in sorted(set(today["needed"]) - old)]
    return lines + [
        f"{key!r} is {today['set'][key]!r} by default, was {value!r}"
        for key, value in then["set"].items()
        if key != "name" and key in today["set"] and not same(value, today["set"][key])
    ]


def history(table: Table) -> dict[str, Any]:
    """The whole table as changes from release to release."""
    releases = sorted(table, key=place)
    classes: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for kind in KINDS:
        for name in sorted(set().union(*(table[label][0].get(kind, {}) for label in releases))):
            steps, before = [], None
            for at, label in enumerate(releases):
                now = table[label][0].get(kind, {}).get(name)
                if now != before:
                    steps.append(change(at, before, now))
                before = now
            classes.setdefault(kind, {})[name] = steps
    names: dict[str, dict[str, list[int]]] = {kind: {} for kind in FUNCTIONS}
    for kind in FUNCTIONS:
        has = [table[label][1].get(kind, set()) for label in releases]
        for name in sorted(set().union(*has)):
            there = [name in names_here for names_here in has]
            names[kind][name] = [at for at, now in enumerate(there) if now != (at > 0 and there[at - 1])]
    return {"releases": [list(label) for label in releases], "classes": classes, "functions": names}


def write(table: dict[str, Any]) -> None:
    lines = [f'{{"releases": {json.dumps(table["releases"])}']
    for part in ("classes", "functions"):
        lines[-1] += ","
        lines.append(f' "{part}": {{')
        for number, (kind, rows) in enumerate(table[part].items()):
            written_rows = [f"   {json.dumps(name)}: {json.dumps(steps)}" for name, steps in rows.items()]
            lines += [f'  "{kind}": {{', *[row + "," for row in written_rows[:-1]], *written_rows[-1:]]
            lines.append("  }" + ("," if number < len(table[part]) - 1 else ""))
        lines.append(" }")
    OUT.write_text("\n".join([*lines, "}", ""]))


def main(arguments: list[str]) -> int:
    if not arguments or any(said.startswith("-") and said != "--all" for said in arguments):
        raise SystemExit(__doc__)
    table = {} if "--all" in arguments else known_table()
    named = [(label.split(" "), root) for label, _, root in (said.partition("=") for said in arguments) if root]
    table |= read_all(named)
    left = [line for label, _ in named if "--all" not in arguments for line in report(table, (label[0], label[1]))]
    write(history(table))
    print(len(table), "releases,", OUT.stat().st_size, "bytes")
    return 1 if left else 0


def read_all(named: list[tuple[list[str], str]]) -> Table:
    """What the sources of releases say, in processes."""
    with ProcessPoolExecutor(2) as pool:
        found = pool.map(states, [label for label, _ in named], [root for _, root in named])
        return {(label[0], label[1]): state for (label, _), state in zip(named, found, strict=True)}


def report(table: Table, label: tuple[str, str]) -> list[str]:
    """Print what a release changed; what of that nothing answers for."""
    order = sorted(table, key=place)
    at = order.index(label)
    if at == 0:
        return []
    before, now = table[order[at - 1]], table[label]
    newer = place(label)[0] == LIBRARIES.index("keras 3") == place(order[at - 1])[0]
    left = uncovered(before, now) if newer else []
    print("\n".join([*describe(before, now), *(f"uncovered: {line}" for line in left)]))
    return left


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
