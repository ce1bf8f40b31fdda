"""LayerNormalization of keras-layer-normalization, from before Keras had one."""

from __future__ import annotations

from ...document.model import Layer
from ...migrations import Context
from ..base import stands_for
from .reading import fits

_KEPT = ("center", "scale", "epsilon", "gamma_regularizer", "beta_regularizer", "gamma_constraint", "beta_constraint",
         "trainable", "dtype")  # fmt: skip


@stands_for(
    "AK5145",
    "LayerNormalization of Keras 3",
    classes=("LayerNormalization",),
    package="keras-layer-normalization 0.14.0",
    what="LayerNormalization of keras-layer-normalization is that of Keras over the last axis; its epsilon is the square of "
    "Keras's unless it was given.",
    checked="keras-layer-normalization 0.14.0 on Keras 2.3.1 and tf.keras 2.3",
    difference="2e-07",
    references=("keras_layer_normalization/layer_normalization.py 0.14.0",),
)
def layer_normalization(layer: Layer, context: Context) -> Layer | None:
    """LayerNormalization(axis=-1)."""
    if not fits(layer, ("center", "scale", "epsilon"), (*_KEPT, "gamma_initializer", "beta_initializer")):
        return None
    wanted = {role for role, key in (("gamma", "scale"), ("beta", "center")) if layer.config[key] is not False}
    if layer.weights.keys() != wanted:
        return None
    kept = {key: layer.config[key] for key in _KEPT if key in layer.config}
    return Layer("LayerNormalization", layer.name, {**kept, "axis": -1}, layer.weights)
