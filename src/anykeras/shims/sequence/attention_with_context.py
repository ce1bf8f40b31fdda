"""AttentionWithContext, the attention over words or sentences of hierarchical attention networks."""

from __future__ import annotations

from ...document.build import Builder
from ...document.model import Layer
from ...migrations import Context
from ..base import stands_for
from ..stored import lettered
from .pooling import dense, finish, fits, pooled


@stands_for(
    "AK5074",
    "two Dense layers and a weighted sum",
    classes=("AttentionWithContext",),
    package="C. Baziotis's AttentionWithContext (as in keras-utilities 0.5.0)",
    what="`u tanh(W x + b)` is the score of a step, and the outcome is the sum of the steps weighted by the softmax of "
    "their scores, masked steps left out. The class calls `K.dot(x, expand_dims(W))` on TensorFlow, which multiplies "
    "by W transposed, and `K.dot(x, W)` on Theano: the backend that wrote the file decides. A copy of the class that "
    "was changed there cannot be told apart.",
    checked="keras-utilities 0.5.0 on Keras 2.1.5 and 2.3.1 with TensorFlow, and Keras 2.3.1 with Theano",
    difference="8e-07",
    references=("kutilities/layers.py, keras-utilities 0.5.0",),
)
def attention_with_context(layer: Layer, context: Context) -> Layer | None:
    """Weights W (features, features), b (features), u (features)."""
    found = lettered(layer) or {}
    kernel, bias, target = (found.get(letter) for letter in "Wbu")
    if kernel is None or target is None or found.keys() - set("Wbu") or not fits(layer):
        return None
    size = target.size
    if kernel.shape != (size, size) or target.shape != (size,) or (bias is not None and bias.shape != (size,)):
        return None
    backend = context.writer.backend or "tensorflow"
    if backend not in ("tensorflow", "theano"):
        return None
    sub = Builder(layer.name, layer.address)
    x = sub.input()
    turned = kernel.transpose(1, 0) if backend == "tensorflow" else kernel
    hidden = dense(sub, x, turned, bias, f"{layer.name}_hidden", "tanh")
    scores = dense(sub, hidden, target.reshape(size, 1), None, f"{layer.name}_context")
    return finish(layer, sub, *pooled(sub, x, scores))
