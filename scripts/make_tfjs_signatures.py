"""Adds the layers of TensorFlow.js to ``src/anykeras/catalog/signatures.json``: what their constructors take, and names.

    python scripts/make_tfjs_signatures.py 4.22.0 node_modules/@tensorflow

The folder holds ``tfjs-layers`` and ``tfjs-core`` as npm installs them. Nothing is run: the sources of ``dist`` are read as
text. An argument is what a constructor reads of its object (``args.unitForgetBias``), or that of its base class or of the cell
that it makes. Names are as files have them, with underscores; the constructors ignore every other key.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import make_signatures as keras

KIND_OF = {
    "layers": "layers", "engine": "layers", "models": "layers", "initializers": "initializers",
    "regularizers": "regularizers", "constraints": "constraints", "optimizers": "optimizers",
}  # fmt: skip
CLASS = re.compile(r"^(?:export )?class (\w+) extends ([\w.]+) \{$(.*?)^\}", re.M | re.S)
CONSTRUCTOR = re.compile(r"^    constructor\((.*?)\) \{$(.*?)^    \}", re.M | re.S)
NAME = re.compile(r"^(?:export )?(\w+)\.className = '(\w+)'|^    static get className\(\) \{.*?return '(\w+)'", re.M | re.S)
DEFAULT = re.compile(r"(?:args|config)\.(\w+) == null \?\s*([^:;?]+?) :\s*(?:args|config)\.\1", re.S)
READ = re.compile(r"\b(?:args|config)\.(\w+)\b(?! = new)")
TAKEN_APART = re.compile(r"const \{([^}]*)\} = (?:args|config)", re.S)
CELL = re.compile(r"new (\w+Cell)\((?:args|config)\)")
FIXED = re.compile(r"Object\.assign\(\{\}, args\), \{ (\w+):")
# Arguments that a configuration never has, and those of the optimizers, whose constructors take them by place.
INNER = {"dropoutFunc", "inputDType", "weights", "batchSize", "inputShape"}
Source = dict[str, tuple[str, str, str]]  # of each class: its base, its constructor's arguments, and its body


def snake(name: str) -> str:
    """As ``toSnakeCase`` of TensorFlow.js writes keys."""
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", re.sub(r"(.)([A-Z][a-z0-9]+)", r"\1_\2", name)).lower()


def sources(root: Path) -> Iterator[tuple[str, str]]:
    """Kind and text of each file that has classes."""
    layers = root / "tfjs-layers/dist"
    for path in sorted([*layers.glob("*.js"), *layers.glob("layers/**/*.js"), *layers.glob("engine/*.js")]):
        inside = path.relative_to(layers).parts
        kind = KIND_OF.get(inside[0].removesuffix(".js"), "")
        if kind:
            yield kind, path.read_text("utf-8")
    for path in sorted((root / "tfjs-core/dist/optimizers").glob("*_optimizer.js")):
        yield "optimizers", path.read_text("utf-8")


def arguments(name: str, classes: Source) -> dict[str, Any]:
    """Argument -> default, or REQUIRED where it is none that JSON has."""
    if name not in classes:
        return {}
    base, given, body = classes[name]
    found = arguments(base, classes)
    if "learningRate" in given:  # an optimizer: by place
        return found | {part.partition(" = ")[0].strip(): keras.REQUIRED for part in given.split(",")}
    own = {*READ.findall(body)} | {part.strip() for text in TAKEN_APART.findall(body) for part in text.split(",")}
    for cell in CELL.findall(body):
        found |= arguments(cell, classes)
        own.discard("cell")
        found.pop("cell", None)
    found |= {key: found.get(key, keras.REQUIRED) for key in own if key}
    found |= {key: value for key, text in DEFAULT.findall(body) if (value := plain(text, body)) is not keras.REQUIRED}
    return {key: value for key, value in found.items() if key not in INNER and key not in FIXED.findall(body)}


def plain(text: str, body: str) -> Any:
    """A default as JSON has it; ``this.DEFAULT_...`` is looked up in the constructor."""
    if text.startswith("this."):
        stated = re.search(rf"{re.escape(text)} = ([^;]+);", body)
        text = stated[1] if stated else text
    try:
        value = json.loads(text.strip().replace("'", '"'))
    except ValueError:
        return keras.REQUIRED
    return snake(value) if isinstance(value, str) else value


def state(found: dict[str, Any]) -> dict[str, Any]:
    """A class as the table has it."""
    named = {snake(key): value for key, value in found.items()}
    return keras.EMPTY | {
        "set": {key: value for key, value in sorted(named.items()) if value is not keras.REQUIRED},
        "required": sorted(key for key, value in named.items() if value is keras.REQUIRED),
        "any": True,
    }


def listed(text: str, name: str) -> set[str]:
    """The keys of a map of functions."""
    body = re.search(rf"export const {name} = \{{(.*?)\}};", text, re.S)
    assert body is not None, name
    return {snake(part.strip()) for part in body[1].split(",") if part.strip()}


def read(root: Path) -> tuple[keras.States, keras.Names]:
    classes: Source = {}
    registered: list[tuple[str, str, str]] = []
    for kind, text in sources(root):
        for name, base, body in CLASS.findall(text):
            found = CONSTRUCTOR.search(body)
            classes[name] = (base.rpartition(".")[2], *(found.groups() if found else ("", "")))
        own = [name for name, _, _ in CLASS.findall(text)]
        registered += [(kind, name or own[0], said or getter) for name, said, getter in NAME.findall(text)]
    dist = root / "tfjs-layers/dist"
    # The classes that files may name are those that the bundle registers; some of the sources are in no bundle.
    bundle = (dist / "tf-layers.node.js").read_text("utf-8")
    known = {name.partition("$")[0] for name in re.findall(r"registerClass\(([\w$]+)", bundle)}
    found_states: keras.States = {kind: {} for kind in keras.KINDS}
    for kind, name, said in registered:
        if name in known or kind == "optimizers":
            found_states[kind][said] = state(arguments(name, classes))
    activations = {snake(said) for _, said, _ in NAME.findall((dist / "activations.js").read_text())}
    metrics = (dist / "metrics.js").read_text()
    names: keras.Names = {kind: set() for kind in keras.FUNCTIONS} | {
        "activations": activations,
        "losses": listed((dist / "losses.js").read_text(), "lossesMap"),
        "metrics": listed(metrics, "metricsMap") | {"accuracy"},
    }
    return found_states, names


def main(version: str, root: str) -> None:
    table = keras.known_table()
    table["tfjs", version] = read(Path(root))
    classes, names = table["tfjs", version]
    print({kind: len(found) for kind, found in classes.items()}, {kind: len(found) for kind, found in names.items()})
    keras.write(keras.history(table))


if __name__ == "__main__":
    main(*sys.argv[1:])
