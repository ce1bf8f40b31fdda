"""Constants of a graph: ``TensorProto``, whose values are bytes, or one by one (tensorflow/core/framework/tensor.proto)."""

from __future__ import annotations

import math

import numpy as np

from ... import limits
from ..checkpoint.bundle import DTYPES, STRING
from ..wire import read_message
from ..wire.messages import Attribute, Node, TensorValue
from ..wire.reader import wire_error

MOST_ELEMENTS = 1 << 24


def read_constant(node: Node, part: str) -> list[object]:
    """The values of a Const node, row by row; text as bytes. Raises Malformed (AK1150)."""
    value = read_message(Attribute, node.attributes["value"], part).tensor
    if value is None:
        raise wire_error(f"the constant {node.name} has no value", part)
    size = math.prod(value.shape.sizes if value.shape is not None else ())
    if not 0 <= size <= MOST_ELEMENTS:
        raise wire_error(f"the constant {node.name} has {size} values", part)
    limits.budget().charge(size)
    return _values(value, size, part)


def _values(value: TensorValue, size: int, part: str) -> list[object]:
    if len(value.content):
        dtype = DTYPES.get(value.dtype)
        if dtype is None or len(value.content) != size * dtype.itemsize:
            raise wire_error("a constant has other bytes than its shape", part)
        found: list[object] = np.frombuffer(value.content, dtype).tolist()
        return found
    given: list[object] = [bytes(text) for text in value.texts] if value.dtype == STRING else list(value.integers)
    if not given or len(given) > size:
        return given[:size]
    return given + [given[-1]] * (size - len(given))  # fewer values than elements: the last one repeats
