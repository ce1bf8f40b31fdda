"""Convolutions. Names and order: keras 3.15.1 ``layers/convolutional``, tf.keras 2.15 ``layers/convolutional``."""

from __future__ import annotations

from .base import LEGACY, MODERN, NOW, Role, entry, flag

_BIAS = Role("bias", when=flag("use_bias"))

for _rank in (1, 2, 3):
    entry(f"Conv{_rank}D", MODERN, [Role("kernel"), _BIAS], aliases=[f"Convolution{_rank}D"])
    entry(f"Conv{_rank}DTranspose", MODERN, [Role("kernel"), _BIAS], aliases=[f"Convolution{_rank}DTranspose"])

for _rank in (1, 2):
    # Keras 3 renamed the variable of a depthwise convolution (tf.keras 2.15 depthwise_conv2d.py: depthwise_kernel).
    entry(f"DepthwiseConv{_rank}D", LEGACY, [Role("depthwise_kernel", also=("kernel",)), _BIAS])
    entry(f"DepthwiseConv{_rank}D", NOW, [Role("kernel", also=("depthwise_kernel",)), _BIAS])
    entry(
        f"SeparableConv{_rank}D",
        MODERN,
        [Role("depthwise_kernel"), Role("pointwise_kernel"), _BIAS],
        aliases=[f"SeparableConvolution{_rank}D"],
    )
