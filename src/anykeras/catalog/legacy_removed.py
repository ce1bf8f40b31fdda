"""Layers of Keras 2 and tf.keras that Keras 3 no longer has: what they store, so that their weights find a place.

Sources: keras 2.0.0 to 2.3.1 ``layers/local.py``, ``layers/cudnn_recurrent.py``, ``legacy/layers.py``; tf.keras 2.15
``layers/locally_connected``, ``layers/rnn/cudnn_*.py``, ``layers/kernelized.py``, ``layers/activation``.
"""

from __future__ import annotations

from ..document.model import Era
from .base import LEGACY, Role, entry, flag

_BIAS = Role("bias", when=flag("use_bias"))

for _rank in (1, 2):
    entry(f"LocallyConnected{_rank}D", LEGACY, [Role("kernel"), _BIAS])

for _name in ("CuDNNLSTM", "CuDNNGRU"):
    entry(_name, LEGACY, [Role("kernel"), Role("recurrent_kernel"), Role("bias")])

entry("ThresholdedReLU", LEGACY)
# tf.keras 2.15 layers/preprocessing/discretization.py: what `adapt` saw, where the bins were not given.
entry(
    "Discretization",
    LEGACY,
    [Role("summary", trainable=False, when=lambda config: config.get("bin_boundaries") is None)],
)
for _name in ("RandomHeight", "RandomWidth"):
    entry(_name, LEGACY)
entry("Identity", LEGACY)
entry("ConvLSTM2DCell", LEGACY, [Role("kernel"), Role("recurrent_kernel"), _BIAS])

# tf.keras 2.15 layers/kernelized.py: only the scale can be trained, so it is saved first.
entry(
    "RandomFourierFeatures",
    LEGACY,
    [Role("kernel_scale"), Role("unscaled_kernel", trainable=False), Role("bias", trainable=False)],
)

# keras 2.3.1 legacy/layers.py: the Keras 1 layers, unchanged.
_ONLY_KERAS2 = (Era.KERAS2,)
entry("MaxoutDense", _ONLY_KERAS2, [Role("W"), Role("b", when=flag("bias"))])
entry(
    "Highway",
    _ONLY_KERAS2,
    [Role("W"), Role("W_carry"), Role("b", when=flag("bias")), Role("b_carry", when=flag("bias"))],
)
