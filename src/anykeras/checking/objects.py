"""What a name or an object in a configuration means in a release, and which keys its class takes there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from ..catalog.releases import RELEASES, Release, Since
from ..catalog.signatures import Signature, find_signature, has_name, list_exported_classes

KINDS: Final = (
    "layers", "initializers", "regularizers", "constraints", "optimizers", "losses", "metrics", "dtype_policies", "quantizers",
)  # fmt: skip
# Kinds whose ``get`` in Keras 3 looks a class up in ALL_OBJECTS, whatever its module (initializers/__init__.py, deserialize).
PARTS: Final = ("initializers", "regularizers", "constraints")
# What Keras does not look up in a module: parts of a configuration that are values (keras 3.15.1, serialization_lib.py).
VALUES: Final = frozenset(
    ("__keras_tensor__", "__tensor__", "__numpy__", "__bytes__", "__ellipsis__", "__slice__", "__tuple__", "TensorShape")
)
MODELS: Final = frozenset(("Model", "Functional", "Sequential", "Network", "Graph"))
# Classes whose ``from_config`` makes of its keys what no signature shows.
FREE: Final = frozenset(("Lambda", "TFOpLambda", "SlicingOpLambda", "TensorFlowOpLayer", "ClassMethod", "InstanceMethod"))
READS_MODULES: Final = Since(tf="2.12")  # keras/saving/serialization_lib.py
HAS_FUNCTIONAL: Final = Since(tf="2.3")  # keras/engine/functional.py; a Model before
# Functions of Keras 2 that make the layer of Keras 1 (keras/legacy/layers.py).
LAYER_FUNCTIONS: Final = frozenset(("AtrousConvolution1D", "AtrousConvolution2D"))
# Classes that the format of Keras 3 finds by the file that defines them, in tf.keras (saving/serialization_lib.py imports it).
PRIVATE: Final[Mapping[str, tuple[str, ...]]] = {
    **dict.fromkeys(("TFOpLambda", "SlicingOpLambda", "ClassMethod", "InstanceMethod"), ("layers.core.tf_op_layer",)),
    **dict.fromkeys(("LossScaleOptimizer", "LossScaleOptimizerV3"), ("mixed_precision.loss_scale_optimizer",)),
    **dict.fromkeys(("Functional", "Sequential", "Model"), ("engine.functional", "engine.sequential", "engine.training")),
}  # fmt: skip

# Kinds that Keras 3 looks up in one list of names, ALL_OBJECTS, where a file tells no module (losses/__init__.py and its kin).
LISTED: Final = (*PARTS, "losses", "metrics", "optimizers")


@dataclass(frozen=True)
class Found:
    """A class of a release: its name there, its kind and its signature."""

    name: str
    kind: str
    signature: Signature


def find_exported(module: str, name: str, release: Release) -> Found | None:
    """The class that Keras 3's format means by a module and a name: ``keras.layers`` and ``Dense``."""
    full = f"{module}.{name}".removeprefix("keras.")
    for kind in KINDS:
        own = list_exported_classes(release.signatures, kind).get(full)
        entry = find_signature(own, release.signatures, kind) if own is not None else None
        if own is not None and entry is not None:
            return Found(own, kind, entry)
    return None


def find_operation(module: str, name: str, release: Release) -> Found | None:
    """The operation that a node of Keras 3 means: ``keras.src.ops.numpy`` and ``Add``."""
    entry = find_signature(name, release.signatures, "operations")
    if entry is None or entry.module != module.removeprefix("keras.src.").removeprefix("keras."):
        return None
    return Found(name, "operations", entry)


def find_named(name: str, kind: str, release: Release) -> Found | None:
    """The class that older formats mean by its bare name, in the list of its kind."""
    entry = find_signature(name, release.signatures, kind)
    if entry is None or is_unlisted(name, entry, kind, release) or (kind == "layers" and entry.hidden):
        return None
    return Found(name, kind, entry)


def is_unlisted(name: str, entry: Signature, kind: str, release: Release) -> bool:
    """Whether Keras 3 has a class and does not find it by its bare name; a schedule is found by its module alone."""
    if release.line != "keras3" or kind not in LISTED or any("schedules" in full for full in entry.names):
        return False
    return not has_name(name, kind, release.signatures)


def speaks_modules(release: Release, entry: Mapping[str, Any]) -> bool:
    """Whether a layer is found by its module: the format of Keras 3, in whatever box."""
    return READS_MODULES.holds(release) and isinstance(entry.get("module"), str)


def is_private(module: Any, class_name: str, release: Release) -> bool:
    """Whether a release finds a class in the file that defines it; tf_keras takes ``keras.`` for its own name too."""
    own: tuple[str, ...] = PRIVATE.get(class_name, ()) if release.line == "tf" else ()
    roots: tuple[str, ...] = ("keras",) if release.numbers < (2, 13) else ("keras.src",)
    if release.library == "tf_keras":
        roots = ("keras.src", "tf_keras.src")
    if release.line == "keras3" and class_name in MODELS:
        own = ("models.functional", "models.sequential", "models.model")
    return module in [f"{root}.{name}" for root in roots for name in own]


def has_model_class(class_name: str, release: Release) -> bool:
    """Whether a release has a kind of model by its bare name."""
    if class_name == "Functional":
        return HAS_FUNCTIONAL.holds(release)
    if class_name == "Graph":
        return release.line == "keras1"
    return class_name in ("Sequential", "Model") or find_named(class_name, "layers", release) is not None


@cache
def is_of_line(name: str, lines: tuple[str, ...]) -> bool:
    """Whether any release of the lines has a layer, or a model, of that name."""
    releases = (release for release in RELEASES if release.line in lines)
    return name in MODELS or name in FREE or any(find_signature(name, release.signatures) is not None for release in releases)


def list_unknown_keys(found: Found, config: Mapping[str, Any]) -> list[str]:
    """The keys that the constructor refuses."""
    entry = found.signature
    if entry.takes_any:
        return []
    return [key for key in config if key not in entry.defaults and key not in entry.popped and key not in entry.former]


def list_missing_keys(found: Found, config: Mapping[str, Any]) -> list[str]:
    """The arguments without a default that a configuration does not give."""
    entry = found.signature
    given = {entry.former.get(key, key) for key in config} | set(config)
    if any(not entry.former.get(key, key) for key in config):
        return []
    return [key for key in entry.needed if key not in given]


def lists_name(name: str, kind: str, release: Release) -> bool:
    """Whether a string is a name of a kind in a release, as its ``get`` looks it up."""
    return has_name(name, kind, release.signatures) or find_named(name, kind, release) is not None


KEYS: Final[Mapping[str, str]] = {
    "activation": "activations", "recurrent_activation": "activations", "inner_activation": "activations",
    "initializer": "initializers", "init": "initializers", "inner_init": "initializers", "forget_bias_init": "initializers",
    "W_regularizer": "regularizers", "b_regularizer": "regularizers", "activity_regularizer": "regularizers",
    "W_constraint": "constraints", "b_constraint": "constraints",
}  # fmt: skip
SUFFIXES: Final = (("_initializer", "initializers"), ("_regularizer", "regularizers"), ("_constraint", "constraints"))


def iterate_named_parts(config: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """The values of a configuration that name something: key, kind, value."""
    for key, value in config.items():
        kind = KEYS.get(key) or next((kind for suffix, kind in SUFFIXES if key.endswith(suffix)), "")
        if kind and isinstance(value, str | dict):
            yield key, kind, value
