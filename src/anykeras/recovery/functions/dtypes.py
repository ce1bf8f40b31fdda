"""Names of dtypes in every old spelling, and casting."""

from __future__ import annotations

import numpy as np

from .base import Ops
from .registration import constants
from .values import Operand, Refused

_FLOATS = ("float16", "float32", "float64", "bfloat16")
_WHOLE = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
NUMBERS = (*_FLOATS, *_WHOLE, "bool", "complex64", "complex128")
_PYTHON: dict[type, str] = {float: "float32", int: "int32", bool: "bool"}
_OLD: dict[str, str] = {
    "float": "float32",
    "double": "float64",
    "half": "float16",
    "int": "int32",
    "long": "int64",
    "floatX": "float32",
}

constants("tensorflow", {name: name for name in NUMBERS} | {"half": "float16", "double": "float64"})
constants("tensorflow.dtypes", {name: name for name in NUMBERS})
constants("tensorflow", {"newaxis": None}, stack="tf.newaxis")


def dtype_name(ops: Ops, dtype: Operand, default: str | None = None) -> str:
    """The dtype's name as Keras 3 spells it; raises Refused for text and resources."""
    if dtype is None:
        return default or ops.context.floatx
    if isinstance(dtype, type) and dtype in _PYTHON:
        return _PYTHON[dtype]
    text = dtype if isinstance(dtype, str) else getattr(dtype, "name", None) or str(dtype)
    text = text.removesuffix("_ref").rsplit(".", 1)[-1]
    text = ops.context.floatx if text in ("floatX", "floatx") else _OLD.get(text, text)
    if text not in NUMBERS:
        raise Refused(f"the dtype {text!r} has no counterpart")
    return text


def of(ops: Ops, x: Operand) -> str:
    """The dtype of a tensor or constant, numbers as the old library made tensors of them."""
    if ops.is_tensor(x):
        return ops.dtype(x)
    kind = np.asarray(x).dtype
    if isinstance(x, np.ndarray | np.generic):
        return str(kind)
    return {"f": ops.context.floatx, "i": "int32", "b": "bool"}.get(kind.kind, str(kind))


def is_float(ops: Ops, x: Operand) -> bool:
    """Whether a tensor or constant has a floating dtype."""
    return "float" in of(ops, x)


def numeric(ops: Ops, x: Operand) -> Operand:
    """`x`, truth values as numbers of the usual float type."""
    return ops.cast(x, ops.context.floatx) if of(ops, x) == "bool" else x
