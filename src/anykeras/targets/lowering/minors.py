"""What the Keras minors lack that a model may be written for: classes, arguments and operations that came later.

One form serves all of them where it can: an argument that some minor lacks is left out where it has its default. What a
minor lacks in earnest is refused, with the layer, the key and the release that has it.
"""

from __future__ import annotations

from functools import cache
from typing import Final

from ...catalog.operations import find
from ...catalog.signatures import NOW, default, signature
from ...document.model import Config, Layer, Value
from ...errors import Unsupported

# The last release of each minor that the catalog's tables were read from (`releases` of catalog/signatures.json).
RELEASES: Final = {"3.12": "3.12.0", "3.13": "3.13.2", "3.14": "3.14.1", "3.15": NOW}
MINORS: Final = tuple(RELEASES)
# Classes that are in none of the tables of signatures (`@keras_export` of keras 3.12.0, 3.13.2, 3.14.1).
_SINCE: Final = {
    **dict.fromkeys(("Int8QuantizationConfig", "Int4QuantizationConfig", "Float8QuantizationConfig"), "3.13"),
    **dict.fromkeys(("Int4DTypePolicy", "AWQDTypePolicy"), "3.14"),
}


def nearest_minor(version: str) -> str:
    """The minor of `MINORS` that a Keras release speaks: its own, or the nearest where that is not among them."""
    wanted = _numbers(version)[:2]
    return next((minor for minor in MINORS if _numbers(minor) >= wanted), MINORS[-1])


def portable(class_name: str, config: Config, kind: str = "layers") -> Config:
    """The arguments of a class without those at their default that a minor which has the class lacks."""
    later = _later(class_name, kind)
    return {k: v for k, v in config.items() if k not in later or not _is_default(v, default(class_name, k, NOW, kind))}


def check_class(class_name: str, config: Config, minor: str, kind: str, layer: str, key: str | None = None) -> None:
    """Refuse a class of Keras 3, or an argument of it, that came after `minor`. Raises Unsupported."""
    since = _SINCE.get(class_name) or _since(class_name, None, kind)
    if _is_after(since, minor):
        raise _newer_error(f"{class_name} is not in", since, minor, layer, key)
    for argument, value in config.items():
        if value is not None and argument in _later(class_name, kind):
            since = _since(class_name, argument, kind)
            if _is_after(since, minor):
                raise _newer_error(f"{class_name} has no argument {argument!r} in", since, minor, layer, key or argument)


def check_operation(layer: Layer, arguments: Config, minor: str) -> None:
    """Refuse a function of ``keras.ops``, or an argument of its node, that came after `minor`. Raises Unsupported."""
    operation = find(layer.class_name)
    if operation is None:
        return
    if _is_after(operation.since, minor):
        raise _newer_error(f"keras.ops.{operation.function} is not in", operation.since, minor, layer.name, None)
    for argument in arguments:
        since = operation.later.get(argument, "")
        if _is_after(since, minor):
            seen = f"keras.ops.{operation.function} has no argument {argument!r} in"
            raise _newer_error(seen, since, minor, layer.name, argument)


@cache
def _later(class_name: str, kind: str) -> frozenset[str]:
    """The arguments of today that a minor which has the class lacks."""
    now = signature(class_name, NOW, kind)
    before = [found for at in RELEASES.values() if (found := signature(class_name, at, kind)) is not None]
    return frozenset() if now is None else frozenset(key for key in now.defaults if any(key not in x.defaults for x in before))


@cache
def _since(class_name: str, argument: str | None, kind: str) -> str:
    """The first minor that has a class, or one of its arguments; "" for what is in the first or in none."""
    for minor, release in RELEASES.items():
        found = signature(class_name, release, kind)
        if found is not None and (argument is None or argument in found.defaults):
            return minor
    return ""


def _is_after(since: str, minor: str) -> bool:
    return bool(since) and _numbers(since)[:2] > _numbers(minor)


def _is_default(value: Value, stated: object) -> bool:
    return type(value) is type(stated) and value == stated


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())


def _newer_error(seen: str, since: str, minor: str, layer: str, key: str | None) -> Unsupported:
    return Unsupported(
        "AK6023",
        f"{seen} Keras {minor}; it came with Keras {'.'.join(since.split('.')[:2])}",
        layer=layer,
        key=key,
        next_step=f"Use Keras {'.'.join(since.split('.')[:2])} or newer.",
    )
