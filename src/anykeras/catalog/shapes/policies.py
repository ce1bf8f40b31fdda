"""The dtype that a layer computes in (keras/src/dtype_policies/dtype_policy.py, 3.15.1)."""

from __future__ import annotations

from collections.abc import Mapping

from ...document.model import Dtype, Layer, Object, Value
from .spec import FLOATS, Argument, Spec

_MIXED = {"mixed_float16": "float16", "mixed_bfloat16": "bfloat16"}
# These do not cast what they are called on (``_convert_input_args = False`` in Keras).
_UNCAST = frozenset((
    "CategoryEncoding", "HashedCrossing", "Hashing", "IntegerLookup", "Pipeline", "StringLookup", "TextVectorization",
))  # fmt: skip


def compute_dtype(layer: Layer) -> str:
    """The dtype of a layer's outcome: of its policy, float32 by default."""
    return _name_compute_dtype(layer.config.get("dtype"))


def _name_compute_dtype(value: Value) -> str:
    if isinstance(value, Dtype):
        return value.name
    if isinstance(value, Object):
        config = value.config
        if not isinstance(config, Mapping):
            return _name_compute_dtype(config)
        return _name_compute_dtype(config.get("name") or config.get("source_name") or config.get("default_policy"))
    if isinstance(value, Mapping):
        return _name_compute_dtype(value.get("config", value.get("name")))
    if not isinstance(value, str):
        return "float32"
    name = value.rpartition("_from_")[2]
    return _MIXED.get(name, name)


def autocast(layer: Layer, value: Argument) -> Argument:
    """An argument as the layer sees it: floats in its own dtype."""
    if isinstance(value, Spec):
        cast = value.dtype in FLOATS and layer.class_name not in _UNCAST and layer.config.get("autocast") is not False
        return Spec(value.shape, compute_dtype(layer)) if cast else value
    if isinstance(value, tuple):
        return tuple(autocast(layer, item) for item in value)
    if isinstance(value, Mapping):
        return {key: autocast(layer, item) for key, item in value.items()}
    return value
