"""Which arguments every Keras class takes, and their defaults, release by release.

The facts are in ``signatures.json``, made by ``scripts/make_signatures.py`` from the sources of the releases listed
there (Keras 0.3.3 to 2.3.1, tf.keras 1.13 to 2.15 and tf_keras to 2.21 as its continuation, every minor of Keras 3, the layers
of TensorFlow.js by ``scripts/make_tfjs_signatures.py``). This
module only looks things up.
"""

from __future__ import annotations

import enum
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Any, Final

from ..document.model import Era, Value, Writer, parse_release
from ..lazily import read_data


class Missing(enum.Enum):
    """The answer where there is none: no such argument, or an argument that must be given."""

    MISSING = "missing"

    def __repr__(self) -> str:
        return "MISSING"

    def __bool__(self) -> bool:
        return False


MISSING: Final = Missing.MISSING
NOW: Final = "3.15.1"


@dataclass(frozen=True)
class Signature:
    """One class in one release.

    `defaults` maps each argument to its default, or to MISSING where it must be given or its default is no plain value
    (an expression of the Python source). `written` are the further keys that the class's own ``get_config`` writes,
    `order` the arguments that can be given by place, `needed` those that cannot be left out. `takes_any` tells that a key
    which nobody names is taken and lost, `popped` are keys that ``from_config`` takes out before. `former` maps arguments of
    Keras 1 that Keras 2 still takes to what they are called since, "" where they become several. `names` are the public
    names without ``keras.``, () for the obvious one; `hidden` is a class that ``keras.layers.deserialize`` does not find by
    its bare name. `module` is that of an operation.
    """

    defaults: Mapping[str, Value | Missing] = field(default_factory=dict)
    written: frozenset[str] = frozenset()
    order: tuple[str, ...] = ()
    takes_any: bool = False
    popped: frozenset[str] = frozenset()
    former: Mapping[str, str] = field(default_factory=dict)
    names: tuple[str, ...] = ()
    module: str = ""
    hidden: bool = False
    needed: tuple[str, ...] = ()


# Files name the Keras version inside TensorFlow, which before TensorFlow 2.5 is not TensorFlow's own
# (tensorflow/python/keras/__init__.py, __version__, of each release).
_STAMPS: Final = {"2.1.6-tf": "1.12", "2.2.4-tf": "2.0", "2.3.0-tf": "2.2", "2.4.0": "2.4"}
_UNSTAMPED: Final = {Era.KERAS0: "0.3.3", Era.KERAS1: "1.2.2", Era.KERAS2: "2.2.4", Era.TF2: "2.12", Era.KERAS3: NOW}

At = Writer | Era | str
_LATER: Final = ("written", "order", "any", "popped", "former", "names", "module", "hidden", "needed")


def list_accepted_arguments(class_name: str, version: str = NOW, kind: str = "layers") -> frozenset[str]:
    """Every keyword that the constructor of a class takes in a Keras release; empty for a class it does not have.

    `kind` is the public module: layers, initializers, regularizers, constraints, optimizers, losses, metrics.
    """
    found = find_signature(class_name, version, kind)
    return frozenset() if found is None else frozenset(found.defaults)


def find_default(class_name: str, argument: str, at: At = NOW, kind: str = "layers") -> Value | Missing:
    """The default of an argument in the release nearest to `at`, at or before it; MISSING where there is none."""
    found = find_signature(class_name, at, kind)
    return MISSING if found is None else found.defaults.get(argument, MISSING)


def find_signature(class_name: str, at: At = NOW, kind: str = "layers") -> Signature | None:
    """A class as the release nearest to `at`, at or before it, has it; None where it has no such class.

    `at` is a writer, an era (its last release that files were commonly written with), or a version: ``"2.2.4"``,
    ``"3.15.1"``; with ``"tf.keras 2.3"`` for TensorFlow's own.
    """
    return _list_history(kind, class_name).get(_find_release(at))


def list_classes(at: At = NOW, kind: str = "layers") -> list[str]:
    """The names of all classes of a release."""
    here = _find_release(at)
    return [name for name in _read_table()["classes"].get(kind, {}) if here in _list_history(kind, name)]


def has_name(name: str, kind: str, at: At = NOW) -> bool:
    """Whether a string means something in a release: ``"silu"`` among the ``activations``.

    `kind` is a public module, or ``exports`` for the public names below ``keras`` (``"layers.Dense"``; from tf.keras on).
    """
    turns = _read_table()["functions"].get(kind, {}).get(name, ())
    here = _find_release(at)
    return bool(sum(turn <= here for turn in turns) % 2)


@lru_cache(64)
def list_exported_classes(at: At, kind: str) -> Mapping[str, str]:
    """The classes of a release by each of their public names below ``keras``: ``{"layers.Dense": "Dense"}``."""
    found: dict[str, str] = {}
    for name in list_classes(at, kind):
        entry = find_signature(name, at, kind)
        found |= dict.fromkeys((entry.names if entry else ()) or (f"{kind}.{name}",), name)
    found.pop("-", None)
    return found


@cache
def _read_table() -> dict[str, Any]:
    text = read_data("anykeras.catalog", "signatures.json")
    table: dict[str, Any] = json.loads(text)
    return table


@cache
def _list_releases() -> list[tuple[str, tuple[int, ...]]]:
    return [(library, parse_release(version)) for library, version in _read_table()["releases"]]


@lru_cache(maxsize=2048)
def _list_history(kind: str, class_name: str) -> dict[int, Signature]:
    """The class in every release that has it, by the release's place in the list."""
    states: dict[int, Signature] = {}
    known: dict[str, Value | Missing] = {}
    changes = {step["at"]: step for step in _read_table()["classes"].get(kind, {}).get(class_name, ())}
    present, state = False, dict[str, Any]()
    for here in range(len(_list_releases())):
        step = changes.get(here)
        if step is not None:
            present = not step.get("gone", False)
            required = dict.fromkeys(step.get("required", ()), MISSING)
            known = {k: v for k, v in known.items() if k not in step.get("drop", ())} | step.get("set", {}) | required
            known = {k: v if v is MISSING else _freeze(v) for k, v in known.items()}
            state = {} if not present else state | {key: step[key] for key in _LATER if key in step}
        if present:
            states[here] = Signature(
                known,
                frozenset(state.get("written", ())),
                tuple(state.get("order", ())),
                bool(state.get("any", False)),
                frozenset(state.get("popped", ())),
                state.get("former", {}),
                tuple(state.get("names", ())),
                state.get("module", ""),
                bool(state.get("hidden", False)),
                tuple(state.get("needed", ())),
            )
    return states


def _freeze(value: Any) -> Value:
    frozen: Value = tuple(map(_freeze, value)) if isinstance(value, list) else value
    return frozen


def _find_release(at: At) -> int:
    """The place in the list of releases of the one nearest to `at`, at or before it."""
    if isinstance(at, Writer):
        return _find_release_of_writer(at.era, at.library, at.version)
    return _find_release_of_writer(at) if isinstance(at, Era) else _find_release_by_name(at)


@lru_cache(64)
def _find_release_by_name(name: str) -> int:
    library, _, version = name.rpartition(" ")
    if library == "tfjs":
        return _find_latest(library, parse_release(version))
    return _find_latest(_find_library(library or "keras", parse_release(version)), parse_release(version))


@lru_cache(64)
def _find_release_of_writer(era: Era, library: str = "keras", version: str | None = None) -> int:
    numbers = parse_release(version)
    if not numbers:
        return _find_latest("tf.keras" if era is Era.TF2 else "keras", parse_release(_UNSTAMPED[era]))
    stamp = version or ""
    in_tensorflow = era is Era.TF2 or library != "keras" or stamp.endswith("-tf")
    library = _find_library("tf.keras" if in_tensorflow else "keras", numbers)
    return _find_latest(library, parse_release(_STAMPS.get(stamp, stamp)) if library == "tf.keras" else numbers)


def _find_latest(library: str, version: tuple[int, ...]) -> int:
    """The last release at or before a version; the first of its major version, where that is later."""
    same = [(i, numbers) for i, (lib, numbers) in enumerate(_list_releases()) if lib == library]
    major = [(i, numbers) for i, numbers in same if numbers[:1] == version[:1]] or same
    before = [i for i, numbers in major if numbers <= version]
    return before[-1] if before else major[0][0]


def _find_library(library: str, version: tuple[int, ...]) -> str:
    """From 2.4 to 2.16 Keras was TensorFlow's; before and since it is its own."""
    if library == "keras":
        return "tf.keras" if (2, 4) <= version < (3,) else "keras"
    return "keras" if version >= (3,) else "tf.keras"
