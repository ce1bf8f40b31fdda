"""What a file has in it, in short words: classes of layers, arguments that are not the default, how layers are put together.

A forecast says "opens" only where every trait of a file was met in files that genuine stacks opened, of this release or of one
near it: tables of arguments and facts show why a file does not open, they cannot show that nothing else is in the way.
`met.json` is the list, made by ``scripts/evaluate_check.py``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final

from ..catalog.releases import RELEASES, Release
from ..catalog.signatures import find_default
from ..containers.base import NamedWeights, Raw
from ..document.model import Era
from ..lazily import read_data
from ..limits import budget
from ..parse.era import infer
from . import objects
from .forecast import Reader

Config = Mapping[str, Any]
_SAID_ELSEWHERE: Final = frozenset((
    "name", "module", "registered_name", "build_config", "inbound_nodes", "layers", "layer", "forward_layer", "backward_layer",
    "cell", "cells", "input_layers", "output_layers", "trainable", "function", "arguments", "seed", "keras_version", "backend",
    "config", "class_name", "compile_config", "shared_object_id", "node_def", "dtype",
))  # fmt: skip
_PLACES: Final = ("axis", "axes", "mode", "implementation")  # numbers that say more than a size
_SHAPES: Final = frozenset(("batch_shape", "batch_input_shape", "input_shape"))
_HELD: Final = ("layer", "forward_layer", "backward_layer", "cell", "cells", "layers")
_LETTERS: Final = 24  # of a text that make a trait
_NEAR: Final = 3  # minors to either side whose files count
_NEAR_OF_ANOTHER_LINE: Final = 1  # the same for files that another line of Keras wrote
_APART: Final = ("keras-2.0",)  # where little of what the next minor opens does
_LINES: Final = {
    Era.KERAS0: "keras1", Era.KERAS1: "keras1", Era.KERAS2: "keras2", Era.TF2: "tf", Era.KERAS3: "keras3",
}  # fmt: skip
_OF_TENSORFLOW: Final = (None, "tensorflow", "jax", "torch", "numpy")  # backends whose files are spelled as TensorFlow's


def look(reader: Reader) -> None:
    """What the file has that was never met in a file which the release, or one near it, opened."""
    line = _LINES[infer(reader.raw).era]
    near = _NEAR if line == reader.release.line and str(reader.release) not in _APART else _NEAR_OF_ANOTHER_LINE
    reader.notes.unmet = tuple(sorted(list_traits(reader.raw, reader.release) - list_met_near(reader.release, near)))


@cache
def list_met_near(release: Release, minors: int) -> frozenset[str]:
    """The traits of files that opened in a release, or in one of its line and major version up to so many minors away."""
    table = json.loads(read_data(__package__, "met.json"))
    listed = [one for one in RELEASES if one.line == release.line and one.numbers[0] == release.numbers[0]]
    near = {str(one) for one in listed if abs(one.numbers[1] - release.numbers[1]) <= minors}
    bits = sum(1 << place for place, name in enumerate(table["releases"]) if name in near)
    return frozenset(trait for trait, where in table["met"].items() if int(where, 16) & bits)


def list_traits(raw: Raw, release: Release) -> frozenset[str]:
    """The traits of a file, as a release meets them."""
    writer = infer(raw)
    by = f"{writer.era.value}{'' if writer.backend in _OF_TENSORFLOW else '-theano'}"
    return frozenset(_Traits(by, release, raw).find_all())


class _Traits:
    """The traits of one file."""

    def __init__(self, by: str, release: Release, raw: Raw) -> None:
        self.by, self.release, self.raw = by, release, raw
        text = json.dumps(raw.architecture)
        self.masked = '"Masking"' in text or '"mask_zero": true' in text

    def find_all(self) -> Iterator[str]:
        """Everything."""
        box = self.raw.match.name
        yield f"{self.by} {box} {'named' if isinstance(self.raw.weights, NamedWeights) else 'tree'}"
        if isinstance(self.raw.architecture, dict):
            yield from self.find_in_layer(self.raw.architecture, "file")
        if isinstance(self.raw.training, dict):
            yield from self.find_in_training(self.raw.training)

    def find_in_layer(self, entry: Config, outside: str) -> Iterator[str]:
        """A layer, or a model."""
        budget().charge(1)
        class_name, config = str(entry.get("class_name")), entry.get("config")
        model = class_name in objects.MODELS and (isinstance(config, list) or (isinstance(config, dict) and "layers" in config))
        yield f"{self.by} {class_name}"
        if outside not in (*objects.MODELS, "file") or model:
            yield f"{outside}>{class_name}{'[]' if isinstance(config, list) else ''}"
        nodes = entry.get("inbound_nodes")
        yield from self.find_in_calls(class_name, nodes) if isinstance(nodes, list) else ()
        if model:
            yield from self.find_in_model(class_name, config)
        elif isinstance(config, dict):
            yield from self.find_in_arguments(class_name, config)
            for key in _HELD:
                held = config.get(key)
                for inner in held if isinstance(held, list) else [held]:
                    if isinstance(inner, dict):
                        yield from self.find_in_layer(inner, f"{class_name}.{key}")
        if self.masked and not model:
            yield f"masked {class_name}"

    def find_in_model(self, class_name: str, config: Any) -> Iterator[str]:
        """The layers of a model and its ends."""
        layers = config if isinstance(config, list) else config["layers"]
        entries = [entry for entry in layers if isinstance(entry, dict)] if isinstance(layers, list) else []
        if class_name == "Sequential" and entries:
            first = entries[0].get("config")
            shaped = isinstance(first, dict) and any(key in first for key in (*_SHAPES, "input_dim"))
            yield "first" if shaped else f"first {entries[0].get('class_name')}, unshaped"
        for key in ("input_layers", "output_layers") if isinstance(config, dict) else ():
            ends = config.get(key)
            flat = isinstance(ends, list) and bool(ends) and isinstance(ends[0], str)
            count = len(ends) if isinstance(ends, list | dict) and not flat else 0
            yield f"{key} {type(ends).__name__} {min(count, 2)}"
        for entry in entries:
            yield from self.find_in_layer(entry, class_name)

    def find_in_calls(self, class_name: str, nodes: list[Any]) -> Iterator[str]:
        """The calls of a layer."""
        if len(nodes) > 1:
            yield f"shared {class_name}"
        for node in nodes:
            if isinstance(node, dict):
                yield f"call {list_kinds(node.get('args'))}"
                yield from self.find_in_keywords(class_name, node.get("kwargs"))
            elif isinstance(node, list):
                yield f"call {class_name if len(node) > 1 else ''} {min(len(node), 3)}"
                for part in node:
                    yield from self.find_in_keywords(class_name, part[-1] if isinstance(part, list) and part else None)

    def find_in_keywords(self, class_name: str, kwargs: Any) -> Iterator[str]:
        """What a call gives by name."""
        for key, value in kwargs.items() if isinstance(kwargs, dict) else ():
            if value is not None:
                yield f"call {class_name} {key}={list_kinds(value)}"

    def find_in_arguments(self, class_name: str, config: Config) -> Iterator[str]:
        """Arguments that are not the default of the release."""
        named = {key: (kind, value) for key, kind, value in objects.iterate_named_parts(config)}
        for key, value in config.items():
            if key in named:
                yield from self.find_in_value(*named[key])
            elif key in _SHAPES and isinstance(value, list):
                yield f"{key} {len(value)} {'fixed' if value and value[0] else ''} {'open' if None in value[1:] else ''}"
            elif key == "dtype" and describe_policy(value) != "float32":
                yield f"{class_name}.dtype={describe_policy(value)}"
            elif key not in _SAID_ELSEWHERE and value not in (None, find_default(class_name, key, self.release.signatures)):
                kind = list_kinds(value)
                if kind != "+" or key in _PLACES:
                    yield f"{class_name}.{key}={kind}"

    def find_in_value(self, kind: str, value: Any) -> Iterator[str]:
        """An activation, an initializer, ... by its name or as an object."""
        if isinstance(value, str):
            yield f"{kind} {value}"
        elif isinstance(value, dict):
            class_name, config = str(value.get("class_name")), value.get("config")
            yield f"{kind} {class_name}" if isinstance(config, dict) else f"{kind} {class_name} {config}"
            for key, inner in config.items() if isinstance(config, dict) else ():
                if not isinstance(inner, float | int | None) or isinstance(inner, bool):
                    yield f"{class_name}.{key}={list_kinds(inner)}"

    def find_in_training(self, config: Config) -> Iterator[str]:
        """Optimizer, loss and metrics."""
        optimizer = config.get("optimizer_config") or config.get("optimizer")
        if isinstance(optimizer, dict):
            yield f"{self.by} optimizer {optimizer.get('class_name')}"
            inner = optimizer.get("config")
            for key, value in inner.items() if isinstance(inner, dict) else ():
                if value not in (None, False) and not isinstance(value, float | int) and key not in _SAID_ELSEWHERE:
                    yield f"{optimizer.get('class_name')}.{key}={list_kinds(value)}"
        for key in ("loss", "metrics", "weighted_metrics", "loss_weights"):
            yield from (f"{self.by} {key} {word}" for word in list_words(config.get(key)))


def describe_policy(value: Any) -> str:
    """A dtype, or the name of a policy."""
    config = value.get("config") if isinstance(value, dict) else None
    return str(config.get("name") if isinstance(config, dict) else value)


def list_kinds(value: Any) -> str:
    """A value by its kind: what is below zero is told apart, and texts as far as they are short."""
    if isinstance(value, bool) or value is None:
        return str(value)
    if isinstance(value, int | float):
        return "-" if value < 0 else "+"
    if isinstance(value, str):
        return value[:_LETTERS]
    if isinstance(value, list):
        return f"[{' '.join(sorted({list_kinds(inner) for inner in value}))}]"
    if isinstance(value, dict):
        return str(value.get("class_name", "{}"))
    return type(value).__name__


def list_words(value: Any) -> Iterator[str]:
    """Names of losses or metrics, in whatever nesting."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict) and "class_name" in value:
        config = value.get("config")
        yield str(value["class_name"]) if isinstance(config, dict) else f"{value['class_name']} {config}"
    elif isinstance(value, list):
        for inner in value:
            yield from list_words(inner)
    elif isinstance(value, dict):
        yield "{}"
        for inner in value.values():
            yield from list_words(inner)
