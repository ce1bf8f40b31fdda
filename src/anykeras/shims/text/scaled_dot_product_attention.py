"""ScaledDotProductAttention of keras-self-attention."""

from __future__ import annotations

from ...document.build import Builder
from ...document.model import Layer, Ref
from ...migrations import Context
from ..base import stands_for
from ..calls import tensors_taken
from ..masked import mask_of
from .attending import attended, keeping
from .reading import fits, masks_about


@stands_for(
    "AK5132",
    "operations",
    classes=("ScaledDotProductAttention",),
    package="keras-self-attention 0.42.0 to 0.51.0",
    what="ScaledDotProductAttention is `softmax(q k / sqrt(d)) v`, without masked keys and, with `history_only`, without "
    "later ones. The layer takes queries, keys and values, or one tensor for all three.",
    checked="keras-self-attention 0.42.0 on Keras 2.3.1, 0.51.0 on tf.keras 2.3",
    difference="2e-07",
    references=("keras_self_attention/scaled_dot_attention.py 0.42.0 and 0.51.0",),
)
def scaled_dot_product_attention(layer: Layer, context: Context) -> Layer | None:
    """Scaled products, their softmax, and the weighted mean of the values."""
    if not fits(layer, ("return_attention",), ("history_only",)) or layer.weights:
        return None
    sub = Builder(layer.name, layer.address)
    inputs = [sub.input() for _ in range(tensors_taken(layer, context))]
    query, key, value = inputs if len(inputs) == 3 else (inputs[0],) * 3
    heeded = masks_about(context)
    keep = sub.op("transpose", mask_of(sub, key), axes=(0, 2, 1)) if heeded else None
    weights = attended(sub, _scores(sub, query, key), keep, layer.config.get("history_only") is True, context)
    mean = sub.op("matmul", weights, value)
    if heeded:
        mean = keeping(sub, mean, mask_of(sub, query))
    return sub.finish((mean, weights) if layer.config["return_attention"] else mean)


def _scores(sub: Builder, query: Ref, key: Ref) -> Ref:
    """q k / sqrt(d), for a size d that is only met when the model runs."""
    size = sub.op("sum", sub.op("ones_like", query), axis=-1, keepdims=True)
    scaled = sub.op("divide", query, sub.op("sqrt", size))
    return sub.op("matmul", scaled, sub.op("transpose", key, axes=(0, 2, 1)))
