"""MaskedConv1D of keras-bert."""

from __future__ import annotations

from ...document.build import Builder
from ...document.model import Layer, Ref, Slice
from ...migrations import Context
from ..base import stands_for
from ..masked import mask_of
from .attending import keeping
from .reading import fits, masks_about

_REQUIRED = ("filters", "kernel_size")
_OPTIONAL = ("strides", "padding", "data_format", "dilation_rate", "groups", "activation", "use_bias", "kernel_initializer",
             "bias_initializer", "kernel_regularizer", "bias_regularizer", "activity_regularizer", "kernel_constraint",
             "bias_constraint")  # fmt: skip


@stands_for(
    "AK5143",
    "Conv1D with masked steps set to 0",
    classes=("MaskedConv1D",),
    package="keras-bert 0.81.0 and 0.86.0",
    what="MaskedConv1D sets masked steps to 0 before a Conv1D. The mask goes on; with valid padding, without its first "
    "`kernel_size // 2 * 2 * dilation_rate` steps.",
    checked="keras-bert 0.81.0 on Keras 2.3.1, 0.86.0 on tf.keras 2.3",
    difference="1e-07",
    references=("keras_bert/layers/conv.py 0.86.0",),
)
def masked_convolution(layer: Layer, context: Context) -> Layer | None:
    """Conv1D(x * mask)."""
    if not fits(layer, _REQUIRED, _OPTIONAL):
        return None
    sub = Builder(layer.name, layer.address)
    x = sub.input()
    config = {key: value for key, value in layer.config.items() if key in (*_REQUIRED, *_OPTIONAL)}
    inner = Layer("Conv1D", f"{layer.name}_conv", config, layer.weights, address=layer.address)
    if not masks_about(context):
        return sub.finish(sub.add(inner, x), layer.config.get("trainable") is not False)
    mask = mask_of(sub, x)
    out = sub.add(inner, sub.op("multiply", x, mask))
    return sub.finish(keeping(sub, out, _left(sub, layer, mask)), layer.config.get("trainable") is not False)


def _left(sub: Builder, layer: Layer, mask: Ref) -> Ref:
    size, rate = (_first(layer.config.get(key)) for key in ("kernel_size", "dilation_rate"))
    gone = size // 2 * rate * 2
    if layer.config.get("padding", "valid") != "valid" or not gone:
        return mask
    return sub.op("get_item", mask, (Slice(), Slice(gone)))


def _first(value: object) -> int:
    item = value[0] if isinstance(value, tuple) and value else value
    return item if isinstance(item, int) else 1
