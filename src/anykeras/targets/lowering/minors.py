"""What the Keras minors lack that a model may be written for: classes, arguments and operations that came later.

One form serves all of them where it can: an argument that some minor lacks is left out where it has its default. What a
minor lacks in earnest is refused, with the layer, the key and the release that has it.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from ...catalog import releases
from ...catalog.operations import find
from ...catalog.releases import NEWEST, Since
from ...catalog.signatures import NOW, find_default, find_signature
from ...document.model import Config, Layer, Value
from ...errors import Unsupported

RELEASES: Final = {
    release.version: NOW if release is NEWEST else release.signatures
    for release in releases.RELEASES
    if release.line == "keras3"
}
"""Every minor of Keras 3 as `catalog.signatures` knows it."""
MINORS: Final = tuple(RELEASES)
# What is written for the newest minor is left without the arguments that these minors lack, so that they open it too.
_ALSO_OPENED_BY: Final = MINORS.index("3.12")
# Arguments that change nothing of what a loaded model predicts, whatever their value.
_WITHOUT_EFFECT: Final = {("Attention", "seed"), ("MultiHeadAttention", "seed"), ("GroupedQueryAttention", "seed")}
# Arguments that mean something else where they are left out than their default says (keras 3.15.1
# src/quantizers/quantization_config.py, `Int4QuantizationConfig.from_config` takes no blocks then, the constructor 128).
_SAID: Final = {("Int4QuantizationConfig", "block_size")}
# Classes that are in none of the tables of signatures (`@keras_export` of keras 3.12.0, 3.13.2, 3.14.1).
_SINCE: Final = {
    **dict.fromkeys(("Int8QuantizationConfig", "Int4QuantizationConfig", "Float8QuantizationConfig"), "3.13"),
    **dict.fromkeys(("Int4DTypePolicy", "AWQDTypePolicy"), "3.14"),
}


# Operations that computed something else before (keras 3.6.0 backend/tensorflow/nn.py multiplies scores with scores).
_RIGHT_SINCE: Final = {"dot_product_attention": "3.7.0"}


def find_nearest_minor(version: str) -> str:
    """The minor of `MINORS` that a Keras release speaks: its own, or the nearest where that is not among them."""
    wanted = _numbers(version)[:2]
    return next((minor for minor in MINORS if _numbers(minor) >= wanted), MINORS[-1])


def make_portable(class_name: str, config: Config, kind: str = "layers", minor: str = MINORS[-1]) -> Config:
    """The arguments of a class without those at their default that `minor`, or one after it, lacks.

    A file for the newest minor is opened by those from 3.12 on, where what it holds is not new.
    """
    later = _later(class_name, kind, min(MINORS.index(minor), _ALSO_OPENED_BY))
    return {k: v for k, v in config.items() if k not in later or not _says_nothing(class_name, k, v, kind)}


def spells(minor: str, fact: Since) -> bool:
    """Whether a minor of Keras 3 spells files in this way."""
    return fact.holds(releases.keras3(minor))


def check_class(class_name: str, config: Config, minor: str, kind: str, layer: str, key: str | None = None) -> None:
    """Refuse a class of Keras 3, or an argument of it, that came after `minor`. Raises Unsupported."""
    since = _SINCE.get(class_name) or _since(class_name, None, kind)
    if _is_after(since, minor):
        raise _make_newer_error(f"{class_name} is not in", since, minor, layer, key)
    for argument, value in config.items():
        if value is not None and argument in _later(class_name, kind, 0):
            since = _since(class_name, argument, kind)
            if _is_after(since, minor):
                raise _make_newer_error(f"{class_name} has no argument {argument!r} in", since, minor, layer, key or argument)


def check_operation(layer: Layer, arguments: Config, minor: str) -> None:
    """Refuse a function of ``keras.ops``, or an argument of its node, that came after `minor`. Raises Unsupported."""
    operation = find(layer.class_name)
    if operation is None:
        return
    if _is_after(operation.since, minor):
        raise _make_newer_error(f"keras.ops.{operation.function} is not in", operation.since, minor, layer.name, None)
    right = _RIGHT_SINCE.get(operation.function, "")
    if _is_after(right, minor):
        raise _make_newer_error(f"keras.ops.{operation.function} is not right in", right, minor, layer.name, None)
    for argument in arguments:
        since = operation.later.get(argument, "")
        if _is_after(since, minor):
            seen = f"keras.ops.{operation.function} has no argument {argument!r} in"
            raise _make_newer_error(seen, since, minor, layer.name, argument)


def takes_name(function: str, minor: str) -> bool:
    """Whether the node of a function of ``keras.ops`` takes its name in a minor; else Keras gives it one of its own."""
    operation = find(function)
    return operation is None or not _is_after(operation.named, minor)


@lru_cache(maxsize=1024)
def _later(class_name: str, kind: str, first: int) -> frozenset[str]:
    """The arguments of today that one of the minors from the `first` on lacks, though it has the class."""
    now = find_signature(class_name, NOW, kind)
    held = (find_signature(class_name, RELEASES[minor], kind) for minor in MINORS[first:])
    before = [found.defaults.keys() | found.written for found in held if found is not None]
    return frozenset() if now is None else frozenset(key for key in now.defaults if any(key not in keys for keys in before))


@lru_cache(maxsize=4096)
def _since(class_name: str, argument: str | None, kind: str) -> str:
    """The first minor that has a class, or one of its arguments; "" for what is in the first or in none."""
    for minor, release in RELEASES.items():
        found = find_signature(class_name, release, kind)
        if found is not None and (argument is None or argument in found.defaults or argument in found.written):
            return minor
    return ""


def _says_nothing(class_name: str, argument: str, value: Value, kind: str) -> bool:
    """Whether a class without the argument does what it does with this value of it."""
    stated = find_default(class_name, argument, NOW, kind)
    if (class_name, argument) in _SAID:
        return False
    switched_off = (value is False and stated is None) or (argument, value) == ("data_format", "channels_last")
    return switched_off or _is_default(value, stated) or (class_name, argument) in _WITHOUT_EFFECT


def _is_after(since: str, minor: str) -> bool:
    return bool(since) and _numbers(since)[:2] > _numbers(minor)


def _is_default(value: Value, stated: object) -> bool:
    return type(value) is type(stated) and value == stated


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())


def _make_newer_error(seen: str, since: str, minor: str, layer: str, key: str | None) -> Unsupported:
    return Unsupported(
        "AK6023",
        f"{seen} Keras {minor}; it came with Keras {'.'.join(since.split('.')[:2])}",
        layer=layer,
        key=key,
        next_step=f"Use Keras {'.'.join(since.split('.')[:2])} or newer.",
    )
