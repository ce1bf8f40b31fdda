"""Values of a document as the JSON that Keras 3 reads back (keras 3.15.1 ``saving/serialization_lib.py``)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Protocol

from ...catalog import releases
from ...catalog.allowed import CLASSES, names_of
from ...catalog.renames import FORMER_INITIALIZERS
from ...catalog.signatures import NOW, find_signature, list_accepted_arguments
from ...document.model import Code, Config, Dtype, Ellipsis_, FromUser, Layer, Object, Ref, Slice, Value
from ...errors import Bug, MissingObject, Unsupported
from ...lazily import np
from ...tensors import Tensor
from .minors import check_class, make_portable, spells
from .result import Json


class Lowering(Protocol):
    """What values need from the layers around them."""

    minor: str

    def layer(self, layer: Layer) -> dict[str, Json]:
        """A layer inside a value."""

    def tensor(self, ref: Ref) -> Json:
        """A tensor of the graph being lowered."""


def lower_value(value: Value, lowering: Lowering, where: Layer, key: str) -> Json:
    """The JSON of `value`, found under `key` of the layer `where`; raises Unsupported for code."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, tuple):
        return [lower_value(item, lowering, where, key) for item in value]
    if isinstance(value, Mapping):
        return {str(k): lower_value(item, lowering, where, f"{key}.{k}") for k, item in value.items()}
    if isinstance(value, Layer):
        return lowering.layer(value)
    if isinstance(value, Ref):
        return lowering.tensor(value)
    if isinstance(value, Object):
        return _lower_object(value, lowering, where, key)
    return _lower_special(value, lowering, where, key)


def _lower_object(value: Object, lowering: Lowering, where: Layer, key: str) -> Json:
    if isinstance(value.config, str):
        if isinstance(value.origin, FromUser):
            name = value.config
            return {"module": None, "class_name": value.class_name, "config": name, "registered_name": name}
        raise make_unknown_error(value, where, key)
    is_custom = isinstance(value.origin, FromUser)
    module = None if is_custom else module_of(value, where, key)
    said = value.config
    if module is not None:
        check(value, said, module, where, key)
        kind = module.removeprefix("keras.")
        said = make_portable(value.class_name, said, kind, lowering.minor)
        if value.class_name not in FORMER_INITIALIZERS:
            check_class(value.class_name, said, lowering.minor, kind, where.name, key)
    config = {k: lower_value(v, lowering, where, f"{key}.{k}") for k, v in said.items()}
    registered = (value.registered_name or value.class_name) if is_custom else None
    name = value.class_name
    if not is_custom and name in FORMER_INITIALIZERS and not spells(lowering.minor, releases.ORTHOGONAL_CLASS):
        name = FORMER_INITIALIZERS[name]
    return {"module": module, "class_name": name, "config": dict(config), "registered_name": registered}


def _lower_special(value: Value, lowering: Lowering, where: Layer, key: str) -> Json:
    if isinstance(value, bytes):
        return {"class_name": "__bytes__", "config": {"value": value.decode("utf-8")}}
    if isinstance(value, Slice):
        parts = {"start": value.start, "stop": value.stop, "step": value.step}
        lowered = {k: lower_value(v, lowering, where, key) for k, v in parts.items()}
        return {"class_name": "__slice__", "config": lowered}
    if isinstance(value, Ellipsis_):
        return {"class_name": "__ellipsis__", "config": {}}
    if isinstance(value, Dtype):
        return value.name
    if isinstance(value, Tensor):
        return _lower_array(value)
    if isinstance(value, Code):
        raise Unsupported(
            "AK6001",
            f"a Python {value.kind} is left in the model, and no operation of Keras does the same",
            layer=where.name,
            key=key,
            next_step="Pass the function, or a layer that does the same, through custom_objects.",
        )
    raise Bug("AK6009", f"a document holds a {type(value).__name__}", layer=where.name, key=key)


def _lower_array(tensor: Tensor) -> Json:
    """A constant: a plain number where it has no axes, as Keras itself writes it."""
    array = tensor.read()
    values: Json = np.asarray(array, "float64" if tensor.dtype == "bfloat16" else None).tolist()
    if not tensor.shape:
        return values
    return {"class_name": "__numpy__", "config": {"value": values, "dtype": tensor.dtype}}


# Serialized objects that are not layers: initializers, regularizers, constraints, dtype policies and the like.


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
    if kind in _KINDS and find_signature(value.class_name, NOW, kind) is not None:
        return said
    for kind in _KINDS:
        if find_signature(value.class_name, NOW, kind) is not None:
            return f"keras.{kind}"
    if value.class_name in CLASSES.get(said, ()):
        return said
    raise make_unknown_error(value, where, key)


def make_unknown_error(value: Object, where: Layer, key: str) -> MissingObject:
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
