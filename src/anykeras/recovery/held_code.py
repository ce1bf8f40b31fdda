"""Every function that a file holds, wherever it stands. What reads them is loaded where there is one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from ..document.model import Code, Document, Layer, Object, Slice, Value
from ..document.walk import layers_of

if TYPE_CHECKING:
    from .lift import Recovered

_Held = tuple[str, Code]


def read(document: Document) -> tuple[Recovered, ...]:
    """All functions of a document, without knowing what reaches them: as Python text, else as a listing, else as stored."""
    layers = layers_of(document.model)
    found = [(layer.name, layer.address or layer.name, *held) for layer in layers for held in _find_held(layer)]
    training = document.training.config if document.training is not None else {}
    found += [("", f"training/{key}", key, code) for key, value in training.items() for _, code in _codes(key, value)]
    if not found:
        return ()
    from .listing import read_function

    return tuple(read_function(*held) for held in found)


def _find_held(layer: Layer) -> Iterator[_Held]:
    """The functions of a layer itself, and of its calls."""
    for key, value in layer.config.items():
        yield from _codes(key, value)
    for calls in layer.graph.calls.values() if layer.graph is not None else ():
        for call in calls:
            for value in (*call.args, *call.kwargs.values()):
                yield from _codes("call", value)


def _codes(key: str, value: Value) -> Iterator[_Held]:
    """The functions in a value; layers in it are walked on their own."""
    if isinstance(value, Code):
        yield key, value
    elif isinstance(value, tuple):
        for item in value:
            yield from _codes(key, item)
    elif isinstance(value, Mapping):
        for name, item in value.items():
            yield from _codes(f"{key}.{name}", item)
    elif isinstance(value, Object) and isinstance(value.config, Mapping):
        yield from _codes(key, value.config)
    elif isinstance(value, Slice):
        yield from _codes(key, (value.start, value.stop, value.step))
