"""AttentionWeightedAverage of DeepMoji, which textgenrnn and kashgari took over."""

from __future__ import annotations

from ...document.build import Builder
from ...document.model import Layer
from ...migrations import Context
from ..base import stands_for
from ..stored import lettered
from .pooling import dense, finish, fits, pooled


@stands_for(
    "AK5076",
    "a Dense layer and a weighted sum",
    classes=("AttentionWeightedAverage", "AttentionWeightedAverageLayer", "AttWgtAvgLayer"),
    package="DeepMoji, textgenrnn 1.3.1 and 2.0.0, kashgari 1.1.5",
    what="`w x` is the score of a step, and the outcome is the sum of the steps weighted by the softmax of their "
    "scores, masked steps left out.",
    checked="textgenrnn 1.3.1 and kashgari 1.1.5 on Keras 2.3.1",
    difference="5e-07",
    references=("textgenrnn/AttentionWeightedAverage.py 1.3.1", "kashgari/layers/att_wgt_avg_layer.py 1.1.5"),
)
def attention_weighted_average(layer: Layer, context: Context) -> Layer | None:
    """One weight, W (features, 1)."""
    found = lettered(layer) or {}
    kernel = found.get("W") or found.get("w")
    if kernel is None or len(found) != 1 or kernel.shape[1:] != (1,) or not fits(layer):
        return None
    sub = Builder(layer.name, layer.address)
    x = sub.input()
    scores = dense(sub, x, kernel, None, f"{layer.name}_scores")
    out, weights = pooled(sub, x, scores, shifted=True)
    return finish(layer, sub, out, sub.op("squeeze", weights, -1))
