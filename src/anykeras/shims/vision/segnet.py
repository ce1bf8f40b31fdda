"""The two layers of SegNet: a pooling that remembers where each value was, and its way back."""

from __future__ import annotations

from typing import Any

from ...document.model import Layer, refs
from ...lazily import np
from ...migrations import RuleContext
from ...recovery.functions import Refused
from ...recovery.graph_ops import GraphOps
from ..base import has_only, register_shim
from ..deferred import defer, in_operations

_POOLING, _BACK = "MaxPoolingWithArgmax2D", "MaxUnpooling2D"
_PLACES = ((0, 0), (0, 1), (1, 0), (1, 1))
_USUAL = {"pool_size": (2, 2), "strides": (2, 2), "size": (2, 2)}
_PACKAGE = "tf-keras-SegNet"
_CHECKED = "the class as published in tf-keras-SegNet, retyped, on Keras 2.3.1 with TensorFlow 1.15"
_REFERENCES = ("ykamikawa/tf-keras-SegNet, layers.py",)


def _is_two_by_two(layer: Layer) -> bool:
    """Windows of 2 by 2, which is what the class makes where its arguments are not in the file."""
    config = layer.config
    usual = all(config.get(key, value) == value for key, value in _USUAL.items())
    padding = config.get("padding", "same") in ("same", "SAME", "valid", "VALID")
    return usual and padding and has_only(layer, "padding", *_USUAL) and not layer.weights


@register_shim("AK5119", classes=(_POOLING,), package=_PACKAGE, checked=_CHECKED, difference="0")
def pooling(layer: Layer, context: RuleContext) -> Layer | None:
    """max and argmax over the four slices of every second row and column."""
    return defer(layer, _write_pooling) if _is_two_by_two(layer) else None


@register_shim("AK5120", classes=(_BACK,), package=_PACKAGE, checked=_CHECKED, difference="0")
def unpooling(layer: Layer, context: RuleContext) -> Layer | None:
    """Four images, each with the values of one corner of the windows, laid between each other."""
    return defer(layer, _write_unpooling) if _is_two_by_two(layer) and _is_from_pooling(layer, context) else None


def _is_from_pooling(layer: Layer, context: RuleContext) -> bool:
    """Whether the second input of every call is the second output of a pooling."""
    graph = context.surroundings.graphs.get((layer.name, layer.class_name))
    if graph is None:
        return False
    kinds = {x.name: x.class_name for x in graph.layers}
    taken = [refs((call.args, call.kwargs)) for call in graph.calls.get(layer.name, ())]
    return all(len(ends) == 2 and kinds[ends[1].layer] == _POOLING and ends[1].tensor == 1 for ends in taken)


def _numbers(height: int, width: int, channels: int) -> tuple[Any, Any, Any]:
    """What the first corner of each window counts, in three arrays to be added: by row, column, channel."""
    rows = (2 * np.arange(height) * 2 * width * channels).astype("int32")[:, None, None]
    columns = (2 * np.arange(width) * channels).astype("int32")[:, None]
    return rows, columns, np.arange(channels, dtype="int32")


def _divide_sizes(shape: tuple[Any, ...], divided: int) -> tuple[int, int, int]:
    match shape:
        case (_, int(height), int(width), int(channels)) if not (height % divided or width % divided):
            return height // divided, width // divided, channels
    raise Refused("windows of 2 by 2 on an image whose sizes are odd or not known", "AK3043")


@in_operations
def _write_pooling(ops: GraphOps, x: Any, layer: Layer) -> Any:
    height, width, channels = _divide_sizes(ops.shape(x), 2)
    every = slice(None)
    corners = [ops.getitem(x, (every, slice(i, None, 2), slice(j, None, 2))) for i, j in _PLACES]
    four = ops.stack(corners, axis=-1)
    found = ops.cast(ops.argmax(four, axis=-1), "int32")
    down, across = ops.floor_divide(found, 2), ops.mod(found, 2)
    number = ops.add(ops.multiply(down, 2 * width * channels), ops.multiply(across, channels))
    for part in _numbers(height, width, channels):
        number = ops.add(number, part)
    return [ops.max(four, axis=-1), ops.cast(number, ops.dtype(x))]


@in_operations
def _write_unpooling(ops: GraphOps, inputs: Any, layer: Layer) -> Any:
    values, numbers = inputs
    height, width, channels = _divide_sizes(ops.shape(values), 1)
    corner = ops.cast(numbers, "int32")
    for part in _numbers(height, width, channels):
        corner = ops.subtract(corner, part)
    four = [ops.where(ops.equal(corner, (i * 2 * width + j) * channels), values, ops.zeros_like(values)) for i, j in _PLACES]
    spread = ops.reshape(ops.stack(four, axis=-1), (-1, height, width, channels, 2, 2))
    return ops.reshape(ops.transpose(spread, (0, 1, 4, 2, 5, 3)), (-1, 2 * height, 2 * width, channels))
