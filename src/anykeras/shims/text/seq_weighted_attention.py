"""SeqWeightedAttention of keras-self-attention."""

from __future__ import annotations

from ...document.build import Builder
from ...document.model import Config, Layer, Ref
from ...migrations import Context
from ..base import stands_for
from ..masked import mask_of
from .reading import fits, masks_about, weights_by_end

_EPSILON = 1e-7


@stands_for(
    "AK5131",
    "one Dense layer and operations",
    classes=("SeqWeightedAttention",),
    package="keras-self-attention 0.42.0 to 0.51.0",
    what="SeqWeightedAttention is the mean of all steps that are not masked, weighted by the softmax of `x W + b`.",
    checked="keras-self-attention 0.42.0 on Keras 2.3.1, 0.51.0 on tf.keras 2.3",
    difference="2e-07",
    references=("keras_self_attention/seq_weighted_attention.py 0.42.0 and 0.51.0",),
)
def seq_weighted_attention(layer: Layer, context: Context) -> Layer | None:
    """Dense(1), softmax over the steps, weighted sum; and the weights, where they were returned."""
    if not fits(layer, ("use_bias", "return_attention")):
        return None
    bias = layer.config["use_bias"] is not False
    found = weights_by_end(layer, "_W", *(["_b"] if bias else []))
    if found is None:
        return None
    sub = Builder(layer.name, layer.address)
    x = sub.input()
    config: Config = {"units": 1, "use_bias": bias}
    scores = sub.layer("Dense", config, x, weights=dict(zip(("kernel", "bias"), found, strict=False)))
    weights = _weights(sub, scores, mask_of(sub, x) if masks_about(context) else None)
    mean = sub.op("sum", sub.op("multiply", x, weights), axis=1)
    returned = (mean, sub.op("squeeze", weights, axis=-1)) if layer.config["return_attention"] else mean
    return sub.finish(returned, layer.config.get("trainable") is not False)


def _weights(sub: Builder, scores: Ref, keep: Ref | None) -> Ref:
    top = sub.op("max", scores, axis=1, keepdims=True)
    powers = sub.op("exp", sub.op("subtract", scores, top))
    if keep is not None:
        powers = sub.op("multiply", powers, keep)
    total = sub.op("add", sub.op("sum", powers, axis=1, keepdims=True), _EPSILON)
    return sub.op("divide", powers, total)
