"""What a file has in it that no table of a release answers for, in short words: values, calls, how layers are put together.

A forecast says "opens" only where every trait of a file was met in files that genuine stacks opened, of this release or of one
near it. What the signatures of the release itself answer for is no trait: classes, names of activations and the like, switches.
That was measured: over 12,130 pairs of file and release in five parts, each compared with what was met in the other four, none
that lacked only such a thing failed for it. `met.json` is the list, made by ``scripts/evaluate_check.py``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final

from ..catalog.releases import RELEASES, Release
from ..catalog.signatures import find_default
from ..containers.base import NamedWeights
from ..lazily import read_data
from ..limits import budget
from . import objects
from .forecast import Content, Reader

Config = Mapping[str, Any]
_SAID_ELSEWHERE: Final = frozenset((
    "name", "module", "registered_name", "build_config", "inbound_nodes", "layers", "layer", "forward_layer", "backward_layer",
    "cell", "cells", "input_layers", "output_layers", "trainable", "function", "arguments", "seed", "keras_version", "backend",
    "config", "class_name", "compile_config", "shared_object_id", "node_def", "dtype",
    "query_shape", "key_shape", "value_shape",
))  # fmt: skip
_PLACES: Final = ("axis", "axes", "mode", "implementation")  # numbers that say more than a size
# Arguments that mean the same in every class which takes them, and texts of the user's own.
_OF_MANY_CLASSES: Final = ("padding", "data_format", "dim_ordering", "border_mode")
_WORDS: Final = ("vocabulary", "subscripts", "equation", "idf_weights", "bin_boundaries")
_SHAPES: Final = frozenset(("batch_shape", "batch_input_shape", "input_shape"))
_HELD: Final = ("layer", "forward_layer", "backward_layer", "cell", "cells", "layers")
_LETTERS: Final = 24  # of a text that make a trait
_NEAR: Final = 3  # minors to either side whose files count
_NEAR_OF_ANOTHER_LINE: Final = 1  # the same for files that another line of Keras wrote
_APART: Final = ("keras-2.0",)  # where little of what the next minor opens does
_OF_TENSORFLOW: Final = (None, "tensorflow", "jax", "torch", "numpy")  # backends whose files are spelled as TensorFlow's


def look(reader: Reader) -> None:
    """What the file has that was never met in a file which the release, or one near it, opened."""
    near = _NEAR if reader.content.line == reader.release.line and str(reader.release) not in _APART else _NEAR_OF_ANOTHER_LINE
    reader.notes.unmet = tuple(sorted(list_traits(reader.content, reader.release) - list_met_near(reader.release, near)))


@cache
def list_met_near(release: Release, minors: int) -> frozenset[str]:
    """The traits of files that opened in a release, or in one of its line and major version up to so many minors away."""
    table = json.loads(read_data(__package__, "met.json"))
    listed = [one for one in RELEASES if one.line == release.line and one.numbers[0] == release.numbers[0]]
    near = {str(one) for one in listed if abs(one.numbers[1] - release.numbers[1]) <= minors}
    bits = sum(1 << place for place, name in enumerate(table["releases"]) if name in near)
    return frozenset(trait for trait, where in table["met"].items() if int(where, 16) & bits)


def list_traits(content: Content, release: Release) -> frozenset[str]:
    """The traits of a file, as a release meets them."""
    return frozenset(_Traits(content, release).find_all())


class _Traits:
    """The traits of one file."""

    def __init__(self, content: Content, release: Release) -> None:
        self.content, self.release = content, release
        theano = content.writer.backend not in _OF_TENSORFLOW
        self.by = f"{content.writer.era.value}{'-theano' if theano else ''}"
        # Weights in another order, and Keras 1 and 2 raise where a mask reaches a layer that knows of none: no signature tells.
        self.turned = theano or (content.line == "keras1" and release.line != "keras1")
        self.masked = release.line in ("keras1", "keras2") and content.masked
        self.mixed = release.line in ("keras1", "keras2") or content.line != release.line or _mixes_floats(content.text)

    def find_all(self) -> Iterator[str]:
        """Everything."""
        raw = self.content.raw
        yield f"{self.by} {raw.match.name} {'named' if isinstance(raw.weights, NamedWeights) else 'tree'}"
        if isinstance(raw.architecture, dict):
            yield from self.find_in_layer(raw.architecture, "file")
        if isinstance(raw.training, dict):
            yield from self.find_in_training(raw.training)

    def find_in_layer(self, entry: Config, outside: str) -> Iterator[str]:
        """A layer, or a model."""
        budget().charge(1)
        class_name, config = str(entry.get("class_name")), entry.get("config")
        model = class_name in objects.MODELS and (isinstance(config, list) or (isinstance(config, dict) and "layers" in config))
        if model or self.turned or class_name in objects.FREE:
            yield f"{self.by} {class_name}"
        if model:
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
        for node in nodes:
            if isinstance(node, dict):
                yield f"call {list_kinds(node.get('args'))}"
                yield from self.find_in_keywords(class_name, node.get("kwargs"))
            elif isinstance(node, list):
                yield f"call {min(len(node), 3)}"
                for part in node:
                    yield from self.find_in_keywords(class_name, part[-1] if isinstance(part, list) and part else None)

    def find_in_keywords(self, class_name: str, kwargs: Any) -> Iterator[str]:
        """What a call gives by name."""
        for key, value in kwargs.items() if isinstance(kwargs, dict) else ():
            if value is not None:
                yield f"call {class_name} {key}={list_kinds(value)}"

    def find_in_arguments(self, class_name: str, config: Config) -> Iterator[str]:
        """Arguments that are not the default of the release."""
        named = {key: value for key, _, value in objects.iterate_named_parts(config)}
        for key, value in config.items():
            if key in named:
                yield from self.find_in_object(key, named[key])
            elif key in _SHAPES and isinstance(value, list):
                yield f"{key} {len(value)} {'fixed' if value and value[0] else ''} {'open' if None in value[1:] else ''}"
            elif key == "dtype" and describe_policy(value) != "float32":
                policy = describe_policy(value)
                alone = self.mixed and not policy.startswith("mixed_")
                alone = alone or class_name in (*objects.FREE, "InputLayer", "Embedding")
                yield f"{class_name if alone else ''}.dtype={policy}"
            elif key not in _SAID_ELSEWHERE and value not in (None, find_default(class_name, key, self.release.signatures)):
                yield from self.find_in_value(class_name, key, value)

    def find_in_value(self, class_name: str, key: str, value: Any) -> Iterator[str]:
        """One argument: numbers above zero and switches are what a constructor takes where it takes the key at all."""
        kind = list_kinds(value)
        if key in _OF_MANY_CLASSES:
            yield f".{key}={kind}"
        elif key in _WORDS:
            yield f"{class_name}.{key}"
        elif key in _PLACES or not (kind == "+" or isinstance(value, bool)):
            yield f"{class_name}.{key}={kind}"

    def find_in_object(self, key: str, value: Any) -> Iterator[str]:
        """An activation, an initializer, ... as an object; code among them is not what a signature shows."""
        config = value.get("config") if isinstance(value, dict) else None
        if isinstance(value, dict) and not isinstance(config, dict | str):
            yield f"{key} {value.get('class_name')} {type(config).__name__}"
        for inner, said in config.items() if isinstance(config, dict) else ():
            if not isinstance(said, float | int | str | None):
                yield f"{value.get('class_name')}.{inner}={list_kinds(said)}"

    def find_in_training(self, config: Config) -> Iterator[str]:
        """What an optimizer is given as an object; the release's own tables answer for names, of losses and metrics too."""
        optimizer = config.get("optimizer_config") or config.get("optimizer")
        if not isinstance(optimizer, dict) or not isinstance(optimizer.get("config"), dict):
            return
        for key, value in optimizer["config"].items():
            if key == "learning_rate" and self.content.line == self.release.line:
                continue  # a schedule is an object of the release like others
            if value not in (None, False) and not isinstance(value, float | int) and key not in _SAID_ELSEWHERE:
                yield f"{optimizer.get('class_name')}.{key}={list_kinds(value)}"


def _mixes_floats(text: str) -> bool:
    """Whether layers of single and of double or half precision stand together."""
    return '"float32"' in text and ('"dtype": "float64"' in text or '"dtype": "float16"' in text)


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
        if len(value) > 2 and isinstance(value[0], str) and [type(index) for index in value[1:3]] == [int, int]:
            return "tensor"  # the layer that gives it, in the form before Keras 3
        return f"[{' '.join(sorted({'text' if isinstance(inner, str) else list_kinds(inner) for inner in value}))}]"
    if isinstance(value, dict):
        return str(value.get("class_name", "{}"))
    return type(value).__name__
