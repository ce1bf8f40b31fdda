"""PruneLowMagnitude of tensorflow-model-optimization."""

from __future__ import annotations

from ..document.model import Layer
from ..findings import Fidelity
from ..migrations import RuleContext
from .base import register_shim
from .stored import unwrap


@register_shim(
    "AK5063",
    "the layer inside",
    classes=("PruneLowMagnitude",),
    package="tensorflow-model-optimization 0.7.2",
    what="A pruning wrapper keeps a mask, a threshold and a step beside the weights of its layer; the pruned weights are "
    "zero in the file already.",
    fidelity=Fidelity.LOSSY,
    checked="tensorflow-model-optimization 0.7.2 on tf.keras 2.6",
    difference="2e-07",
    references=("tensorflow_model_optimization/python/core/sparsity/keras/pruning_wrapper.py 0.7.2",),
)
def pruning(layer: Layer, context: RuleContext) -> Layer | None:
    """The wrapped layer with its weights; further training prunes nothing."""
    return unwrap(layer)
