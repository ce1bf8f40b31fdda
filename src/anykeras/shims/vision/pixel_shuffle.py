"""PixelShuffler of faceswap and DeepFaceLab."""

from __future__ import annotations

from typing import Any

from ...document.model import Layer
from ...migrations import Context
from ...recovery.functions import Refused
from ...recovery.graph_ops import GraphOps
from ..base import stands_for
from ..deferred import defer, in_operations
from .channels import bare


@stands_for(
    "AK5097",
    "two reshapes and a transposition",
    classes=("PixelShuffler",),
    package="faceswap",
    what="PixelShuffler lays channels out as rows and columns: (height, width, a b c) becomes (a height, b width, c).",
    checked="the class as published in faceswap, retyped, on Keras 2.1.5",
    difference="0",
    references=("faceswap, lib/model/layers.py, `PixelShuffler`",),
)
def pixel_shuffler(layer: Layer, context: Context) -> Layer | None:
    """reshape, transpose, reshape."""
    match layer.config.get("size"), layer.config.get("data_format"):
        case (int(), int()), ("channels_first" | "channels_last"):
            return defer(layer, _body) if bare(layer, "size", "data_format") else None
    return None


@in_operations
def _body(ops: GraphOps, x: Any, layer: Layer) -> Any:
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
