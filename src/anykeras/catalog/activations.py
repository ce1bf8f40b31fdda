"""Activation layers: keras 3.15.1 ``layers/activations``, tf.keras 2.15 ``layers/activation``."""

from __future__ import annotations

from .base import MODERN, Role, entry

entry("PReLU", MODERN, [Role("alpha")])
for _name in ("ReLU", "LeakyReLU", "ELU", "Softmax"):
    entry(_name, MODERN)
