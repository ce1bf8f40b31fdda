"""ReflectionPadding2D of image translation networks and of faceswap."""

from __future__ import annotations

from typing import Any

from ...document.model import Layer, Value
from ...migrations import Context
from ...recovery.functions import Refused
from ...recovery.graph_ops import GraphOps
from ..base import stands_for
from ..deferred import defer, in_operations
from .channels import bare


@stands_for(
    "AK5096",
    "the operation pad with mode reflect",
    classes=("ReflectionPadding2D",),
    package="CycleGAN for Keras (padding), faceswap (stride, kernel_size)",
    what="The rows and columns at the border are mirrored. With `padding` those who wrote the class differ in which number "
    "is the height, so two different numbers are not taken; with `stride` and `kernel_size` the border is that of a "
    "convolution with padding 'same'.",
    checked="the classes as published, retyped, on Keras 2.1.5",
    difference="4e-07",
    references=("faceswap, lib/model/layers.py, `ReflectionPadding2D`", "keras.io, examples/generative/cyclegan"),
)
def reflection_padding(layer: Layer, context: Context) -> Layer | None:
    """``pad(x, ..., mode="reflect")``."""
    if bare(layer, "padding") and _same(layer.config.get("padding")) is not None:
        return defer(layer, _body)
    numbers = [layer.config.get(key) for key in ("stride", "kernel_size")]
    whole = bare(layer, "stride", "kernel_size") and all(isinstance(n, int) for n in numbers)
    return defer(layer, _body) if whole else None


def _same(padding: Value) -> int | None:
    """The padding of all four borders; None where they differ."""
    match padding:
        case int(one) if not isinstance(one, bool):
            return one
        case (int(one), int(other)) if one == other:
            return one
    return None


@in_operations
def _body(ops: GraphOps, x: Any, layer: Layer) -> Any:
    axes = (2, 3) if ops.context.data_format == "channels_first" and "padding" not in layer.config else (1, 2)
    widths: list[tuple[int, int]] = [(0, 0)] * 4
    for axis in axes:
        widths[axis] = _border(layer, ops.shape(x)[axis])
    return ops.pad(x, tuple(widths), mode="reflect")


def _border(layer: Layer, size: Any) -> tuple[int, int]:
    """The rows before and after; `size` is needed for those of a convolution."""
    one = _same(layer.config.get("padding"))
    if one is not None:
        return one, one
    stride, kernel = layer.config["stride"], layer.config["kernel_size"]
    assert isinstance(stride, int) and isinstance(kernel, int)
    if not isinstance(size, int):
        raise Refused("the border of an image of unknown size", "AK3043")
    whole = max(kernel - (size % stride or stride), 0)
    return whole // 2, whole - whole // 2
