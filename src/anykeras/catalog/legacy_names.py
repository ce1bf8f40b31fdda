"""Other names under which Keras 2 and tf.keras wrote classes that Keras 3 has.

A file holds the name of the Python class. TensorFlow 1.13 to 1.15 had classes for its first and second behaviour side
by side (``BatchNormalizationV1``, ``UnifiedLSTM``); tensorflow/python/keras/layers of those releases.
"""

from __future__ import annotations

from . import normalization, recurrent
from .base import LEGACY, alias

__all__ = ["normalization", "recurrent"]

alias("BatchNormalization", LEGACY, "BatchNormalizationV1", "BatchNormalizationV2", "BatchNorm")
for _name in ("LSTM", "GRU"):
    alias(_name, LEGACY, f"Unified{_name}", f"{_name}V1", f"{_name}V2")
    alias(f"{_name}Cell", LEGACY, f"{_name}CellV1", f"{_name}CellV2")
