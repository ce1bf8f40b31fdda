"""Serialized objects that are not layers: initializers, regularizers, constraints, dtype policies and the like."""

from __future__ import annotations

from typing import Final

from ...catalog.allowed import CLASSES, names_of
from ...catalog.signatures import NOW, list_accepted_arguments, signature
from ...document.model import Config, Layer, Object
from ...errors import MissingObject, Unsupported

_KINDS: Final = ("initializers", "regularizers", "constraints", "optimizers", "losses", "metrics")
# Public modules of the other classes that configurations hold (keras 3.15.1, `@keras_export` of each class).
_MODULES: Final = {
    "DTypePolicy": "keras",
    "FloatDTypePolicy": "keras.dtype_policies",
    "QuantizedDTypePolicy": "keras.dtype_policies",
    "QuantizedFloat8DTypePolicy": "keras.dtype_policies",
    "Int4DTypePolicy": "keras.dtype_policies",
    "GPTQDTypePolicy": "keras.dtype_policies",
    "AWQDTypePolicy": "keras.dtype_policies",
    "DTypePolicyMap": "keras.dtype_policies",
    "AbsMaxQuantizer": "keras.quantizers",
    "Int8QuantizationConfig": "keras.quantizers",
    "Int4QuantizationConfig": "keras.quantizers",
    "Float8QuantizationConfig": "keras.quantizers",
}


def check_name(name: str, where: Layer, key: str) -> None:
    """Refuse a name that Keras 3 does not know where an argument names an object; raises MissingObject."""
    known = names_of(key)
    if known is not None and name not in known:
        raise MissingObject(
            "AK6002",
            f"{name!r} is not part of Keras {NOW}",
            layer=where.name,
            key=key,
            next_step="Pass it through custom_objects.",
        )


def module_of(value: Object, where: Layer, key: str) -> str:
    """The public Keras module of a class; raises MissingObject for a class that Keras 3 does not have."""
    known = _MODULES.get(value.class_name)
    if known is not None:
        return known
    said = value.module or ""
    kind = said.removeprefix("keras.")
    if kind in _KINDS and signature(value.class_name, NOW, kind) is not None:
        return said
    for kind in _KINDS:
        if signature(value.class_name, NOW, kind) is not None:
            return f"keras.{kind}"
    if value.class_name in CLASSES.get(said, ()):
        return said
    raise unknown_error(value, where, key)


def unknown_error(value: Object, where: Layer, key: str) -> MissingObject:
    """The error for a class or function that Keras 3 does not have."""
    what = f"the function {value.config!r}" if isinstance(value.config, str) else f"the class {value.class_name!r}"
    return MissingObject(
        "AK6002",
        f"{what} is not part of Keras {NOW}",
        layer=where.name,
        key=key,
        next_step="Pass it through custom_objects.",
    )


def check(value: Object, config: Config, module: str, where: Layer, key: str) -> None:
    """Refuse arguments that the class does not take."""
    takes = list_accepted_arguments(value.class_name, NOW, module.removeprefix("keras."))
    extra = sorted(k for k, v in config.items() if v is not None and k not in takes)
    if takes and extra:
        raise Unsupported(
            "AK6003",
            f"{value.class_name} of Keras {NOW} has no argument {', '.join(map(repr, extra))}",
            layer=where.name,
            key=key,
        )
