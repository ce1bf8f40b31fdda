"""SubPixelUpscaling of keras-contrib, for super-resolution."""

from __future__ import annotations

from ...document.build import Builder
from ...document.model import Layer
from ...migrations import Context
from ...recovery.code_sites import CodeSite
from ...recovery.functions import Refused
from ..base import stands_for
from ..deferred import defer, in_layers, shape
from ..stored import SHARED


@stands_for(
    "AK5086",
    "two reshapes and a transposition",
    classes=("SubPixelUpscaling",),
    package="keras-contrib 2.0.8",
    what="SubPixelUpscaling is `depth_to_space` of TensorFlow: channels become squares of pixels.",
    checked="the class as published in keras-contrib, retyped (no index carries it), on Keras 2.2.4",
    difference="2e-07",
    references=("keras_contrib/layers/convolutional/subpixelupscaling.py 2.0.8",),
)
def sub_pixel_upscaling(layer: Layer, context: Context) -> Layer | None:
    """Files of Theano lay the channels in another order, and are not meant."""
    if layer.config.keys() - SHARED != {"scale_factor", "data_format"} or context.writer.backend not in (None, "tensorflow"):
        return None
    fits = isinstance(layer.config["scale_factor"], int) and layer.config["data_format"] in ("channels_first", "channels_last")
    return defer(layer, _made) if fits and not layer.weights else None


@in_layers
def _made(layer: Layer, site: CodeSite) -> Layer:
    scale, last, sizes = int(str(layer.config["scale_factor"])), layer.config["data_format"] == "channels_last", shape(site)
    sub = Builder(layer.name, layer.address)
    x = sub.input()
    if not last:
        x, sizes = sub.op("transpose", x, (0, 2, 3, 1)), (sizes[0], *sizes[2:], sizes[1])
    down, across, channels = sizes[1:]
    if down is None or across is None or channels is None:
        raise Refused("the pixels of an image of unknown size are laid out anew", "AK3043")
    left = channels // scale**2
    parts = sub.op("reshape", x, (-1, down, across, scale, scale, left))
    out = sub.op("reshape", sub.op("transpose", parts, (0, 1, 3, 2, 4, 5)), (-1, down * scale, across * scale, left))
    return sub.finish(out if last else sub.op("transpose", out, (0, 3, 1, 2)))
