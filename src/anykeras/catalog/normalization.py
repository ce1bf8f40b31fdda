"""Normalization layers: keras 3.15.1 ``layers/normalization``, tf.keras 2.15 ``layers/normalization``."""

from __future__ import annotations

from collections.abc import Sequence

from ..document.model import Layer
from .base import LEGACY, MODERN, NOW, Role, entry, flag

_SCALE, _CENTER = Role("gamma", when=flag("scale")), Role("beta", when=flag("center"))
_MOVING = [Role("moving_mean", trainable=False), Role("moving_variance", trainable=False)]
# Statistics of `renorm`: tf.keras 2.15 layers/normalization/batch_normalization.py, and Keras 3 from 3.14.
_RENORM = [
    Role(name, trainable=False, when=flag("renorm", False)) for name in ("moving_stddev", "renorm_mean", "renorm_stddev")
]

entry("BatchNormalization", MODERN, [_SCALE, _CENTER, *_MOVING, *_RENORM])
entry("SyncBatchNormalization", LEGACY, [_SCALE, _CENTER, *_MOVING])


def _layer_normalization(layer: Layer) -> Sequence[Role]:
    """`rms_scaling` (Keras 3.0 to 3.10) keeps gamma alone, whatever `center` says."""
    rms = bool(layer.config.get("rms_scaling", False))
    return [r for r in (_SCALE, _CENTER) if (rms and r is _SCALE) or (not rms and r.when(layer.config))]


entry("LayerNormalization", MODERN, _layer_normalization)
entry("GroupNormalization", MODERN, [_SCALE, _CENTER])
entry("UnitNormalization", MODERN)
entry("RMSNormalization", NOW, [Role("scale")])


def _spectral(layer: Layer) -> Sequence[Role]:
    """The wrapper tracks the kernel of the layer inside as its own first variable, so files hold it twice."""
    inner = layer.config.get("layer")
    table = isinstance(inner, Layer) and inner.class_name in ("Embedding", "ReversibleEmbedding")
    kernel = Role("layer.embeddings" if table else "layer.kernel", copy=True)
    return [kernel, Role("vector_u", trainable=False, also=("sn_u",))]


entry("SpectralNormalization", NOW, _spectral, children=[("layer", "layer")])
# tf.keras 2.15 layers/normalization/spectral_normalization.py tracks the kernel on the layer inside alone.
entry(
    "SpectralNormalization",
    LEGACY,
    [Role("vector_u", trainable=False, also=("sn_u",))],
    children=[("layer", "layer")],
)
