"""Arguments in every old spelling, dtypes and axes, and reductions over them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .base import Ops
from .shapes import product
from .table import constants
from .values import Operand, Refused, Sizes

# Names of dtypes in every old spelling, and casting.


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
constants("tensorflow", {"newaxis": None})  # tf.newaxis


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


def dtype_of(ops: Ops, x: Operand) -> str:
    """The dtype of a tensor or constant, numbers as the old library made tensors of them."""
    if ops.is_tensor(x):
        return ops.dtype(x)
    kind = np.asarray(x).dtype
    if isinstance(x, np.ndarray | np.generic):
        return str(kind)
    return {"f": ops.context.floatx, "i": "int32", "b": "bool"}.get(kind.kind, str(kind))


def is_float(ops: Ops, x: Operand) -> bool:
    """Whether a tensor or constant has a floating dtype."""
    return "float" in dtype_of(ops, x)


def numeric(ops: Ops, x: Operand) -> Operand:
    """`x`, truth values as numbers of the usual float type."""
    return ops.cast(x, ops.context.floatx) if dtype_of(ops, x) == "bool" else x


# Axes in every old spelling, and reductions over them.


Axis = int | tuple[int, ...] | None


def axis_of(axis: Operand) -> Axis:
    """One axis as an int, several as a tuple, None for all; numpy integers and one-element lists included."""
    if axis is None:
        return None
    if isinstance(axis, list | tuple | Sizes) or bool(getattr(axis, "ndim", False)):
        several = tuple(int(one) for one in axis)
        return several[0] if len(several) == 1 else several
    return int(axis)


def positive(axis: Operand, rank: int) -> int:
    """One axis counted from the front."""
    return int(axis) % rank if rank else 0


def reduce(ops: Ops, name: str, x: Operand, axis: Operand = None, keepdims: Operand = False) -> Operand:
    """A reduction of ``keras.ops`` over any spelling of axes; over a shape it gives a size."""
    if isinstance(x, Sizes):
        return _reduce_sizes(ops, name, x)
    where = axis_of(axis)
    if where == ():
        return x
    if where is None and keepdims:
        where = tuple(range(ops.rank(x)))  # Keras 3.15 on torch forgets keepdims over all axes
    if name in ("any", "all"):
        x = x if dtype_of(ops, x) == "bool" else ops.cast(x, "bool")
    elif name in ("mean", "var", "std"):
        x = numeric(ops, x)
    return ops.op(name, x, axis=where, keepdims=bool(keepdims))


def reduce_to(
    ops: Ops, name: str, x: Operand, axis: Operand = None, dtype: Operand = None, keepdims: Operand = False, **_: Operand
) -> Operand:
    """A reduction whose outcome may be asked for in a dtype."""
    y = reduce(ops, name, x, axis, keepdims)
    return y if dtype is None else ops.cast(y, dtype_name(ops, dtype))


def apply_along(ops: Ops, name: str, x: Operand, axis: Operand = None) -> Operand:
    """An operation that keeps the shape, or one of arguments, along any spelling of an axis."""
    return ops.op(name, x, axis=axis_of(axis))


def position(ops: Ops, name: str, x: Operand, axis: Operand = None, keepdims: Operand = False) -> Operand:
    """``argmax`` and ``argmin``."""
    return ops.op(name, x, axis=axis_of(axis), keepdims=bool(keepdims))


def _reduce_sizes(ops: Ops, name: str, x: Sizes) -> Operand:
    reducers: dict[str, Callable[..., Operand]] = {"prod": product, "sum": sum, "max": max, "min": min}
    return reducers[name](x.items) if name in reducers else ops.op(name, list(x.items))
