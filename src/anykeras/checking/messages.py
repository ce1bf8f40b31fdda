"""What releases print when they refuse a file: the first line that people see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from . import objects
from .forecast import Reader

Config = Mapping[str, Any]


def say_no_class(reader: Reader, name: str) -> str:
    """A name that the release does not know, in plain words."""
    return f"{reader.release} has no {name!r}"


def say_not_located(reader: Reader, name: str, module: Any) -> str:
    """The message for a class that its module does not have."""
    if (isinstance(module, str) and ".src." in module) or "engine" in str(module):
        return f"TypeError: Could not deserialize class '{name}' because its parent module {module} cannot be imported."
    return f"TypeError: Could not locate class '{name}'. Make sure custom classes are decorated with ..."


def say_unknown_layer(reader: Reader, name: str) -> str:
    """The message for a layer that a release does not have."""
    if reader.release.line in ("keras1", "keras2") or reader.release.numbers < (2, 4):
        return f"ValueError: Unknown layer: {name}"
    quoted = f"'{name}'" if reader.release.numbers >= (2, 11) else name
    return f"ValueError: Unknown layer: {quoted}. Please ensure you are using a `keras.utils.custom_object_scope` ..."


def say_unrecognised(reader: Reader, found: objects.Found, keys: Sequence[str], config: Config) -> str:
    """The message for keys that a constructor does not take."""
    release = reader.release
    if release.line == "keras3":
        shown = {key: config[key] for key in keys}
        if found.kind == "layers":
            return f"ValueError: Unrecognized keyword arguments passed to {found.name}: {shown}"
        return f"TypeError: {found.name}.__init__() got an unexpected keyword argument '{keys[0]}'"
    if found.kind == "layers" and release.line == "tf":
        if release.numbers >= (2, 7):
            return f"TypeError: Unrecognized keyword arguments: {list(keys)}"
        return f"TypeError: ('Keyword argument not understood:', '{keys[0]}')"
    return f"TypeError: __init__() got an unexpected keyword argument '{keys[0]}'"


def say_not_interpreted(reader: Reader, kind: str, name: str) -> str:
    """The message for a name of an activation, an initializer, ..."""
    one = {"activations": "activation function", "initializers": "initializer", "losses": "loss function"}.get(kind, kind[:-1])
    if reader.release.line == "keras3":
        return f"ValueError: Could not interpret {one} identifier: {name}"
    return f"ValueError: Unknown {one}: {name}"
