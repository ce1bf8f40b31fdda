"""Calls with an explicit ``training=`` in a live model.

Before Keras 3 such a flag held in ``predict`` and ``fit`` alike. A Functional model of Keras 3 replaces it by its own
flag on the way down (``operation_fn`` in keras/src/models/functional.py, 3.15.1), so that noise drawn with
``training=True`` is not drawn in ``predict``.
"""

from __future__ import annotations

import inspect
from typing import Any

from ..keras_private import call_flags, inner_layers, keep_call_flags


def keep_flags(model: Any) -> None:
    """Let every layer that is called with a flag of its own keep it: it no longer takes the flag of the model."""
    for layer in inner_layers(model):
        if any(isinstance(flag, bool) and flag is not _own_default(layer) for flag in call_flags(layer, "training")):
            keep_call_flags(layer)


def _own_default(layer: Any) -> object:
    """What the layer's `call` takes where no flag is given; Keras records it as if it had been (True for RandomFlip)."""
    argument = inspect.signature(layer.call).parameters.get("training")
    return None if argument is None else argument.default
