"""Constants of a graph: ``TensorProto``, whose values are bytes, or one by one (tensorflow/core/framework/tensor.proto)."""

from __future__ import annotations

import math

import numpy as np

from ... import limits
from ...tensors import Array
from ..checkpoint.bundle import DTYPES, STRING
from ..wire import read_message
from ..wire.messages import AttrValue, NodeDef, TensorValue
from ..wire.reader import make_wire_error

MOST_ELEMENTS = 1 << 24
MOST_FILLED = 1 << 28  # of one value repeated, which takes no memory
HALVES = (14, 19)  # bfloat16 and float16, whose bits are given as numbers
COMPLEX = (8, 18)


def read_constant(node: NodeDef, part: str) -> list[object]:
    """The values of a Const node, row by row; text as bytes. Raises Malformed (AK1150)."""
    found = read_array(node, part)
    if found.size > MOST_ELEMENTS:
        raise make_wire_error(f"the constant {node.name} has {found.size} values", part)
    limits.budget().charge(found.size)
    values: list[object] = found.reshape(-1).tolist()
    return values


def read_array(node: NodeDef, part: str) -> Array:
    """The values of a Const node as an array; text as an array of bytes. Raises Malformed (AK1150)."""
    value = read_message(AttrValue, node.attributes.get("value", b""), part).tensor
    if value is None:
        raise make_wire_error(f"the constant {node.name} has no value", part)
    return read_tensor(value, f"the constant {node.name}", part)


def read_tensor(value: TensorValue, what: str, part: str) -> Array:
    """The numbers or texts of a tensor. Raises Malformed (AK1150)."""
    sizes = value.shape.sizes if value.shape is not None else ()
    size = math.prod(sizes)
    if any(one < 0 for one in sizes) or size > MOST_FILLED:
        raise make_wire_error(f"{what} has the shape {sizes}", part)
    if value.dtype == STRING:
        return _read_texts(value, size).reshape(sizes)
    dtype = DTYPES.get(value.dtype)
    if dtype is None:
        raise make_wire_error(f"{what} is of the kind {value.dtype}, which is no number", part)
    if len(value.content):
        if len(value.content) != size * dtype.itemsize:
            raise make_wire_error(f"{what} has other bytes than its shape", part)
        return np.frombuffer(value.content, dtype).reshape(sizes)
    return _repeat(_read_listed(value, dtype), sizes, size)


def _read_texts(value: TensorValue, size: int) -> Array:
    limits.budget().charge(size)
    given = [bytes(text) for text in value.texts][:size]
    given += [given[-1] if given else b""] * (size - len(given))
    found = np.empty(size, object)
    found[:] = given
    return found


def _read_listed(value: TensorValue, dtype: np.dtype[np.generic]) -> Array:
    """The values that are given one by one."""
    if value.dtype in HALVES:
        return np.asarray(value.halves, "uint16").view(dtype)
    if value.dtype in COMPLEX:
        parts = np.asarray(value.complexes or value.wide_complexes, dtype.char.lower())
        return parts[0 : len(parts) // 2 * 2].view(dtype)
    given = (value.floats, value.doubles, value.small, value.integers, value.flags, value.unsigned, value.wide_unsigned)
    found: list[float] = next((list(numbers) for numbers in given if numbers), [])
    whole = np.asarray(found, "float64") if dtype.kind == "f" else np.asarray(found, object)
    return whole.astype(dtype)


def _repeat(given: Array, sizes: tuple[int, ...], size: int) -> Array:
    """Fewer values than elements: the last one repeats; none at all are zeros."""
    if len(given) <= 1:
        return np.broadcast_to(given[0] if len(given) else np.zeros((), given.dtype), sizes)
    if len(given) >= size:
        return given[:size].reshape(sizes)
    limits.budget().hold(size * given.itemsize)
    return np.concatenate([given, np.full(size - len(given), given[-1])]).reshape(sizes)
