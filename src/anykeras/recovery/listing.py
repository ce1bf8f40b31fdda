"""Every function that a file holds, wherever it stands and whatever becomes of it: what ``inspect --code`` shows of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from reprlib import Repr

from ..bytecode import list_code
from ..document.model import Code, Document, Layer, Object, Slice, Value
from ..document.walk import layers_of
from ..errors import AnyKerasError
from .follow import Found, find, list_readings, thaw
from .lift import Recovered
from .readable import source

_LONGEST = 500  # instructions, or characters of a value, that are shown
# Constants may share their parts, so that their whole text would be far larger than they are.
_REPR = Repr()
_REPR.maxlevel, _REPR.maxstring, _REPR.maxother = 3, _LONGEST, _LONGEST
_Held = tuple[str, Code]


def read(document: Document) -> tuple[Recovered, ...]:
    """All functions of a document, without knowing what reaches them: as Python text, else as a listing, else as stored."""
    layers = layers_of(document.model)
    found = [_read(layer.name, layer.address or layer.name, *held) for layer in layers for held in _find_held(layer)]
    training = document.training.config if document.training is not None else {}
    found += [_read("", f"training/{key}", key, code) for key, value in training.items() for _, code in _codes(key, value)]
    return tuple(found)


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


def _read(layer: str, address: str, key: str, code: Code) -> Recovered:
    try:
        found = find(code)
    except AnyKerasError as error:
        text = f"# These bytes cannot be read as a Python function: {error.seen}\n{_REPR.repr(thaw(code.stored))}"
        return Recovered(layer, address, key, (), f"stored as {code.kind}", text, False)
    spelling = found.stored.spelling if found.stored is not None else f"the name {found.name}"
    return Recovered(layer, address, key, found.pythons, spelling, _write(found), False)


def _write(found: Found) -> str:
    try:
        return source(list_readings(found)[0])
    except AnyKerasError as error:
        listing = "\n".join(list_code(found.identified.best)) if found.identified is not None else ""
        return f"# This function cannot be written as Python text: {error.seen}\n{listing}"
