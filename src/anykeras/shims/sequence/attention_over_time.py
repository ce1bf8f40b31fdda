"""Attention after Raffel and Ellis: one score a step, with or without a bias of its own for each step."""

from __future__ import annotations

from ...document.build import Builder
from ...document.model import Layer
from ...migrations import Context
from ..base import stands_for
from ..stored import lettered
from ..trained import vector
from .pooling import dense, finish, fits, pooled


@stands_for(
    "AK5075",
    "a Dense layer and a weighted sum",
    classes=("Attention",),
    package="C. Baziotis's Attention (as in keras-utilities 0.5.0), and that of the Kaggle kernels (as in delft 0.2.7)",
    what="`tanh(w x + b)` is the score of a step, b being a number for each step, and the outcome is the sum of the "
    "steps weighted by the softmax of their scores, masked steps left out. The class has the name of one of Keras, "
    "but none of its arguments.",
    checked="keras-utilities 0.5.0 on Keras 2.1.5 and 2.3.1, delft 0.2.7 on Keras 2.3.1",
    difference="5e-07",
    references=("kutilities/layers.py, keras-utilities 0.5.0", "delft/utilities/Attention.py 0.2.7"),
)
def attention_over_time(layer: Layer, context: Context) -> Layer | None:
    """Weights W (features), b (time)."""
    found = lettered(layer) or {}
    kernel, bias = found.get("W"), found.get("b")
    if kernel is None or found.keys() - set("Wb") or not fits(layer) or len(kernel.shape) != 1:
        return None
    if bias is not None and len(bias.shape) != 1:
        return None
    sub = Builder(layer.name, layer.address)
    x = sub.input()
    scores = dense(sub, x, kernel.reshape(kernel.size, 1), None, f"{layer.name}_scores")
    if bias is not None:
        steps = vector(sub, x, 3, bias, f"{layer.name}_bias")
        scores = sub.op("add", scores, sub.op("expand_dims", steps, -1))
    out, weights = pooled(sub, x, sub.op("tanh", scores))
    return finish(layer, sub, out, sub.op("squeeze", weights, -1))
