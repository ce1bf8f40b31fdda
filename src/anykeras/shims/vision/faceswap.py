"""Layers of faceswap, DeepFaceLab and of image translation networks."""

from __future__ import annotations

from typing import Any

from ...document.model import Layer, Value
from ...migrations import RuleContext
from ...recovery.functions import Refused
from ...recovery.graph_ops import GraphOps
from ..base import has_only, register_shim
from ..deferred import defer, in_operations


@register_shim(
    "AK5097",
    classes=("PixelShuffler",),
    package="faceswap",
    checked="the class as published in faceswap, retyped, on Keras 2.1.5",
    difference="0",
)
def pixel_shuffler(layer: Layer, context: RuleContext) -> Layer | None:
    """reshape, transpose, reshape."""
    match layer.config.get("size"), layer.config.get("data_format"):
        case (int(), int()), ("channels_first" | "channels_last"):
            return defer(layer, _write_pixel_shuffler) if has_only(layer, "size", "data_format") else None
    return None


@in_operations
def _write_pixel_shuffler(ops: GraphOps, x: Any, layer: Layer) -> Any:
    match layer.config["size"], ops.shape(x):
        case (int(down), int(across)), (_, int(a), int(b), int(c)):
            pass
        case _:
            raise Refused("the pixels of an image of unknown size are laid out anew", "AK3043")
    if layer.config["data_format"] == "channels_first":
        spread = ops.reshape(x, (-1, down, across, a // (down * across), b, c))
        return ops.reshape(ops.transpose(spread, (0, 3, 4, 1, 5, 2)), (-1, a // (down * across), b * down, c * across))
    spread = ops.reshape(x, (-1, a, b, down, across, c // (down * across)))
    return ops.reshape(ops.transpose(spread, (0, 1, 3, 2, 4, 5)), (-1, a * down, b * across, c // (down * across)))


@register_shim(
    "AK5096",
    classes=("ReflectionPadding2D",),
    package="CycleGAN for Keras (padding), faceswap (stride, kernel_size)",
    checked="the classes as published, retyped, on Keras 2.1.5",
    difference="4e-07",
)
def reflection_padding(layer: Layer, context: RuleContext) -> Layer | None:
    """``pad(x, ..., mode="reflect")``."""
    if has_only(layer, "padding") and _same(layer.config.get("padding")) is not None:
        return defer(layer, _write_reflection_padding)
    numbers = [layer.config.get(key) for key in ("stride", "kernel_size")]
    whole = has_only(layer, "stride", "kernel_size") and all(isinstance(n, int) for n in numbers)
    return defer(layer, _write_reflection_padding) if whole else None


def _same(padding: Value) -> int | None:
    """The padding of all four borders; None where they differ."""
    match padding:
        case int(one) if not isinstance(one, bool):
            return one
        case (int(one), int(other)) if one == other:
            return one
    return None


@in_operations
def _write_reflection_padding(ops: GraphOps, x: Any, layer: Layer) -> Any:
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
