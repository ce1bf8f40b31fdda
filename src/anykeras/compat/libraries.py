"""Where the names of the old libraries are looked up, in order: what keeps state first, then classes, then functions."""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from types import ModuleType

from ..document.model import Writer
from ..recovery.functions import EntryKind, resolve
from . import classes, initializers, keras0, recurrent, state
from .runtime import Finder, LegacyRuntime
from .tensor import mark_legacy

# Where the running Keras has what an old module had, beside modules of the same name.
_MOVED = {
    "objectives": "losses",
    "engine": "layers",
    "legacy": "layers",
    "initializations": "initializers",
    "saving": "saving",
    "engine.training": "models",
}


def find_function(runtime: LegacyRuntime, name: str) -> object:
    """A function or constant of the tables that Lambda recovery uses too."""
    entry = None if name.startswith("keras.layers.") else resolve(name, runtime.context)
    if entry is None:
        return None
    if entry.kind is EntryKind.VALUE and entry.run is None:
        return entry.value

    def call(*args: object, **kwargs: object) -> object:
        return runtime.call_entry(entry, *args, **kwargs)

    call.__name__ = name.rpartition(".")[2]
    return mark_legacy(call)


def find_current(runtime: LegacyRuntime, name: str) -> object:
    """What the running Keras (or TensorFlow, where it is the backend) has under the name, or where it moved."""
    parts = name.split(".")
    if parts[0] == "tensorflow" and runtime.keras.backend.backend() == "tensorflow":
        return _adapt(runtime, _follow(importlib.import_module("tensorflow"), parts[1:]))
    if parts[0] != "keras" or len(parts) < 2:
        return None
    homes = [parts[1:-1], [_MOVED.get(".".join(parts[1:-1]), _MOVED.get(parts[1], parts[1]))]]
    for home in homes:
        found = _follow(runtime.keras, [*home, parts[-1]])
        if found is not None and not isinstance(found, ModuleType):
            return _adapt(runtime, found)
    return None


def _adapt(runtime: LegacyRuntime, found: object) -> object:
    if isinstance(found, type):
        return runtime.adapt(found)
    return runtime.for_legacy(found) if callable(found) else None if isinstance(found, ModuleType) else found


def _follow(start: object, path: Iterable[str]) -> object:
    found = start
    for part in path:
        found = getattr(found, part, None)
        if found is None:
            return None
    return found


FINDERS: tuple[Finder, ...] = (
    initializers.find,
    recurrent.find,
    state.find,
    keras0.find,
    classes.find,
    find_function,
    find_current,
)


def make_legacy_runtime(writer: Writer) -> LegacyRuntime:
    """The libraries that a writer's program imported."""
    return LegacyRuntime(writer, FINDERS, classes.adapt_class)
