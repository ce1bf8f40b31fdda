"""Layers that take several inputs: no variables (keras 3.15.1 ``layers/merging``)."""

from __future__ import annotations

from .base import MODERN, entry

for _name in ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate", "Dot"):
    entry(_name, MODERN)
