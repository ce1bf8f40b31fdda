"""PruneLowMagnitude of tensorflow-model-optimization."""

from __future__ import annotations

from ..document.model import Layer
from ..migrations import RuleContext
from .base import register_shim, unwrap


@register_shim(
    "AK5063",
    classes=("PruneLowMagnitude",),
    package="tensorflow-model-optimization 0.7.2",
    checked="tensorflow-model-optimization 0.7.2 on tf.keras 2.6",
    difference="2e-07",
)
def pruning(layer: Layer, context: RuleContext) -> Layer | None:
    """The wrapped layer with its weights; further training prunes nothing."""
    return unwrap(layer)
