"""AttLayer, as R. Liao's hierarchical attention network had it."""

from __future__ import annotations

from ...document.build import Builder
from ...document.model import Layer
from ...migrations import Context
from ..base import stands_for
from ..stored import lettered
from .pooling import dense, finish, fits, pooled


@stands_for(
    "AK5077",
    "two Dense layers and a weighted sum",
    classes=("AttLayer",),
    package="R. Liao's textClassifier (textClassifierHATT.py)",
    what="`u tanh(W x + b)` is the score of a step, and the outcome is the sum of the steps weighted by the softmax of "
    "their scores, masked steps left out. Only the form with weights W (features, size), b (size) and u (size, 1) is "
    "known; others of this name are refused.",
    checked="the class as published in richliao/textClassifier, retyped (no package carries it), on Keras 2.1.5 and 2.3.1",
    difference="5e-07",
    references=("github.com/richliao/textClassifier textClassifierHATT.py",),
)
def att_layer(layer: Layer, context: Context) -> Layer | None:
    """Weights W, b, u."""
    found = lettered(layer) or {}
    if found.keys() != set("Wbu") or not fits(layer):
        return None
    kernel, bias, target = (found[letter] for letter in "Wbu")
    size = bias.size
    if kernel.shape[1:] != (size,) or bias.shape != (size,) or target.shape != (size, 1):
        return None
    sub = Builder(layer.name, layer.address)
    x = sub.input()
    hidden = dense(sub, x, kernel, bias, f"{layer.name}_hidden", "tanh")
    scores = dense(sub, hidden, target, None, f"{layer.name}_context")
    return finish(layer, sub, *pooled(sub, x, scores))
