"""AttentionLayer of keras-text and text-classification-keras."""

from __future__ import annotations

from ...document.build import Builder
from ...document.model import Layer
from ...migrations import Context
from ..base import stands_for
from ..masked import mask_of
from ..stored import SHARED
from .pooling import dense

_KEYS = frozenset(
    f"{role}_{kind}" for role in ("kernel", "bias", "context") for kind in ("initializer", "regularizer", "constraint")
)


@stands_for(
    "AK5078",
    "two Dense layers and a weighted sum",
    classes=("AttentionLayer",),
    package="keras-text 0.1, text-classification-keras 0.1.4",
    what="The sum of `context * tanh(W x + b)` over its features is the score of a step. The steps are weighted by the "
    "softmax of all scores, masked steps then left out of the sum, without scaling the rest up. Which of bias and "
    "context there are is told by the weights alone.",
    checked="text-classification-keras 0.1.4 on Keras 2.3.1",
    difference="5e-07",
    references=("texcla/models/layers.py, text-classification-keras 0.1.4",),
)
def attention_layer(layer: Layer, context: Context) -> Layer | None:
    """Weights kernel, bias, context_kernel."""
    held = dict(layer.weights)
    kernel, bias, target = (held.pop(role, None) for role in ("kernel", "bias", "context_kernel"))
    if layer.config.keys() - SHARED != _KEYS or held or kernel is None or len(kernel.shape) != 2:
        return None
    sub = Builder(layer.name, layer.address)
    x = sub.input()
    scores = dense(sub, x, kernel, bias, f"{layer.name}_hidden", "tanh")
    if target is None:
        scores = sub.op("sum", scores, axis=-1, keepdims=True)
    else:
        scores = dense(sub, scores, target.reshape(target.size, 1), None, f"{layer.name}_context")
    weights = sub.op("multiply", sub.op("softmax", scores, axis=1), mask_of(sub, x))
    out = sub.op("sum", sub.op("multiply", x, weights), axis=-2)
    return sub.finish(out, layer.config.get("trainable") is not False)
