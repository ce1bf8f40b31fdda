"""Dropout, noise and activity penalties: no variables (keras 3.15.1 ``layers/regularization``)."""

from __future__ import annotations

from .base import MODERN, entry

for _name in ("Dropout", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D", "AlphaDropout"):
    entry(_name, MODERN)
for _name in ("GaussianDropout", "GaussianNoise", "ActivityRegularization"):
    entry(_name, MODERN)
