"""Makes ``src/anykeras/catalog/operations.json``: what node each function of ``keras.ops`` leaves in a model file.

    python scripts/make_operations.py 3.0.5=DIR 3.6.0=DIR ... 3.15.1=DIR      (DIR: the unpacked ``keras`` package)

Read from the sources, which all say ``return Operation(constructor arguments).symbolic_call(call arguments)``; the
last release given is the one that the table speaks, the earlier ones tell since when a function exists and under
which other class and module names its nodes may be met. ``tests/catalog/test_operations.py`` compares the table with
the nodes that the installed Keras really records.
"""

from __future__ import annotations

import ast
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

OUT = Path(__file__).resolve().parent.parent / "src/anykeras/catalog/operations.json"
# What Keras does to an argument before it makes the node, by the name of the function that it calls.
PREPARED = {"standardize_data_format": "data_format", "standardize_dtype": "floatx", "lower": "lower", "tuple": "tuple"}

STOCK = {"config.epsilon()": 1e-7, "backend.epsilon()": 1e-7, "float": "float32"}


@dataclass
class Module:
    name: str
    classes: dict[str, ast.ClassDef] = field(default_factory=dict)
    functions: dict[str, ast.FunctionDef] = field(default_factory=dict)


def modules(root: Path) -> Iterator[Module]:
    for path in sorted((root / "src/ops").glob("*.py")):
        if path.stem.endswith("_test"):
            continue
        module = Module(f"keras.src.ops.{path.stem}")
        for node in ast.parse(path.read_text("utf-8")).body:
            if isinstance(node, ast.ClassDef):
                module.classes[node.name] = node
            elif isinstance(node, ast.FunctionDef):
                module.functions[node.name] = node
        yield module


def exports(function: ast.FunctionDef) -> list[str]:
    """The public names below ``keras.ops``, the shortest first."""
    names = []
    for decorator in function.decorator_list:
        if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "keras_export":
            said = ast.literal_eval(decorator.args[0])
            names += [said] if isinstance(said, str) else said
    found = [name.removeprefix("keras.ops.") for name in names if name.startswith("keras.ops.")]
    return sorted(found, key=lambda name: (name.count("."), len(name)))


def parameters(function: ast.FunctionDef) -> list[list[object]]:
    """``[name]`` or ``[name, default]`` in order; ``*name`` and ``**name`` for variadic ones."""
    args = function.args
    plain = [*args.posonlyargs, *args.args]
    defaults = [None] * (len(plain) - len(args.defaults)) + list(args.defaults)
    listed = [one(a, d) for a, d in zip(plain, defaults, strict=True) if a.arg != "self"]
    listed += [["*" + args.vararg.arg]] if args.vararg else []
    listed += [one(a, d) for a, d in zip(args.kwonlyargs, args.kw_defaults, strict=True)]
    return listed + ([["**" + args.kwarg.arg]] if args.kwarg else [])


def one(arg: ast.arg, default: ast.expr | None) -> list[object]:
    return [arg.arg] if default is None else [arg.arg, literal(default)]


def literal(node: ast.expr) -> object:
    """A default; the few that are no literal are functions or settings whose stock value is known."""
    try:
        return ast.literal_eval(node)
    except ValueError:
        return STOCK[ast.unparse(node)]


def method(cls: ast.ClassDef, name: str, module: Module) -> list[list[object]]:
    for node in cls.body:
        if isinstance(node, ast.FunctionDef) and node.name == name:
            return parameters(node)
    for base in cls.bases:
        if isinstance(base, ast.Name) and base.id in module.classes:
            return method(module.classes[base.id], name, module)
    return []


def called(cls: ast.ClassDef, module: Module) -> list[list[object]]:
    """The parameters of the call; a default counts only if shape inference has it too, else Keras cannot do without."""
    inferred = {p[0]: p for p in method(cls, "compute_output_spec", module)}
    return [p if len(inferred.get(p[0], p)) > 1 else p[:1] for p in method(cls, "call", module)]


def node_made(function: ast.FunctionDef, module: Module) -> tuple[ast.Call, ast.Call] | None:
    """The constructor call and the call of the operation that the function returns for symbolic tensors."""
    for node in ast.walk(function):
        if not (isinstance(node, ast.Return) and isinstance(node.value, ast.Call)):
            continue
        call = node.value
        symbolic = isinstance(call.func, ast.Attribute) and call.func.attr == "symbolic_call"
        made = call.func.value if symbolic else call.func
        if isinstance(made, ast.Call) and isinstance(made.func, ast.Name) and made.func.id in module.classes:
            return made, call
    return None


def preparations(function: ast.FunctionDef) -> dict[str, str]:
    """``{argument: preparation}`` from assignments like ``padding = padding.lower()``."""
    found = {}
    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            value = node.value.orelse if isinstance(node.value, ast.IfExp) else node.value
            if isinstance(value, ast.Call):
                done = PREPARED.get(ast.unparse(value.func).rpartition(".")[2])
                if done == "floatx" and isinstance(node.value, ast.IfExp):
                    continue  # None stays None, and a dtype is a name already
                if done and node.targets[0].id in ast.unparse(value):
                    found[node.targets[0].id] = done
            elif ast.unparse(value) == "config.image_data_format()":
                found[node.targets[0].id] = "data_format"
    return found


def argument(node: ast.expr, where: str) -> str:
    if isinstance(node, ast.Starred) and isinstance(node.value, ast.Name):
        return "*" + node.value.id
    if isinstance(node, ast.Name):
        return node.id
    raise SystemExit(f"{where}: argument {ast.unparse(node)!r} is no plain name")


def entry(function: ast.FunctionDef, module: Module, version: str) -> dict[str, object] | None:
    found = node_made(function, module)
    if found is None:
        return None
    made, call = found
    where = f"{version} {function.name}"
    cls = module.classes[made.func.id]  # type: ignore[attr-defined]
    known = {str(p[0]).lstrip("*") for p in parameters(function)}
    init = method(cls, "__init__", module)
    config = {str(p[0]): argument(a, where) for p, a in zip(init, made.args, strict=False)}
    config |= {str(k.arg): argument(k.value, where) for k in made.keywords}
    config = {key: value for key, value in config.items() if value in known}
    return {
        "module": module.name,
        "class_name": cls.name,
        "parameters": parameters(function),
        "init": [p for p in init if p[0] in config],
        "config": config,
        "call": called(cls, module),
        "args": [argument(a, where) for a in call.args],
        "kwargs": {k.arg or "**": argument(k.value, where) for k in call.keywords},
        "prepare": {k: v for k, v in preparations(function).items() if k in config.values()},
        "named": takes_name(cls),
    }


def takes_name(cls: ast.ClassDef) -> bool:
    """Whether the constructor takes the name of the operation; one that is inherited does."""
    init = next((node for node in cls.body if isinstance(node, ast.FunctionDef) and node.name == "__init__"), None)
    return init is None or init.args.kwarg is not None or "name" in [a.arg for a in (*init.args.args, *init.args.kwonlyargs)]


def alias_of(function: ast.FunctionDef) -> str | None:
    """The function that this one hands its arguments to, unchanged."""
    last = function.body[-1]
    if isinstance(last, ast.Return) and isinstance(last.value, ast.Call) and isinstance(last.value.func, ast.Name):
        return last.value.func.id
    return None


def release(version: str, root: Path) -> dict[str, dict[str, object]]:
    """Every public function of one release that makes a node, by its shortest name."""
    table: dict[str, dict[str, object]] = {}
    for module in modules(root):
        for function in module.functions.values():
            names = exports(function)
            if not names:
                continue
            target = module.functions.get(alias_of(function) or "")
            found = entry(function, module, version) or (target and entry(target, module, version))
            if found:
                table[names[0]] = found | {"also": names[1:]}
    return table


def main(arguments: list[str]) -> None:
    releases = {version: release(version, Path(root)) for version, _, root in (a.partition("=") for a in arguments)}
    current = list(releases.values())[-1]
    nodes = {(e["module"], e["class_name"]) for e in current.values()}
    former: dict[str, dict[str, object]] = {}
    for version, table in releases.items():
        for name, found in table.items():
            note_release(current.get(name, {}), found, version)
            if (found["module"], found["class_name"]) not in nodes:
                former[f"{found['module']}.{found['class_name']}"] = {"function": name, **found}
    for name, now in current.items():
        note_names(name, now, releases)
    for found in former.values():
        found.pop("named", None)
    text = {"release": list(releases)[-1], "functions": dict(sorted(current.items())), "former": former}
    OUT.write_text(dumped(text))
    print(len(current), "functions;", len(former), "former nodes:", ", ".join(former))


def note_release(now: dict[str, object], then: dict[str, object], version: str) -> None:
    """Note in the entry of today what the release `version` was the first to have: the node, its constructor arguments."""
    if now.get("class_name") != then["class_name"] or not is_same_node(now, then):
        return
    first = "since" not in now
    now.setdefault("since", version)
    arguments = {p[0] for p in then["init"]} | {p[0] for p in then["call"]}  # type: ignore[attr-defined, index]
    lacking = {key: "" for key in now["config"] if key not in arguments}  # type: ignore[attr-defined]
    later = dict(lacking if first else now.get("later", {}))  # type: ignore[call-overload]
    later.update({key: version for key, since in later.items() if not since and key not in lacking})
    if later:
        now["later"] = later


def is_same_node(now: dict[str, object], then: dict[str, object]) -> bool:
    """Whether a node of today can be read by an earlier release: what it must be made and called with has its place there."""
    init, call = ([p[0] for p in then[key]] for key in ("init", "call"))  # type: ignore[attr-defined]
    required = [p[0] for p in now["init"] if len(p) == 1]  # type: ignore[attr-defined]
    variadic = any(str(name).startswith("*") for name in call)
    return not [key for key in required if key not in init and key in call] and (variadic or len(now["args"]) <= len(call))  # type: ignore[arg-type]


def note_names(name: str, now: dict[str, object], releases: dict[str, dict[str, dict[str, object]]]) -> None:
    """Note in the entry of today since which release its node takes a name; nothing where it always did."""
    found = {version: table[name] for version, table in releases.items() if name in table}
    takes = {v: bool(then.pop("named")) for v, then in found.items() if then["class_name"] == now["class_name"]}
    lacking = [version for version, has in takes.items() if not has]
    if lacking:
        now["named"] = next((v for v in list(takes)[list(takes).index(lacking[-1]) + 1 :]), "never")


def dumped(table: dict[str, object]) -> str:
    """JSON with one entry a line."""
    parts = []
    for key, value in table.items():
        if isinstance(value, dict):
            lines = ",\n".join(f"  {json.dumps(k)}: {json.dumps(v)}" for k, v in value.items())
            parts.append(f" {json.dumps(key)}: {{\n{lines}\n }}")
        else:
            parts.append(f" {json.dumps(key)}: {json.dumps(value)}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


if __name__ == "__main__":
    main(sys.argv[1:])
