"""The libraries of old Keras programs over the running Keras.

    from anykeras.compat import backend as K, Layer      # Keras 2 on TensorFlow
    from anykeras.compat import legacy_runtime           # or those of another writer

A class written for Keras 0.3 to tf.keras 2.15 runs unchanged: functions come from the table that Lambda recovery uses
too (`recovery.functions`), tensors have the operators and attributes that they had, and `Layer` keeps the old ways of
making weights. ``anykeras.load_model(path, custom_objects="my_layers.py")`` does this by itself for a source file.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from ..document.model import Era, Writer
from .libraries import make_legacy_runtime
from .runtime import LegacyRuntime

__all__ = ["LegacyRuntime", "make_legacy_runtime"]


@cache
def _make_default_runtime() -> LegacyRuntime:
    return make_legacy_runtime(Writer(Era.KERAS2, "keras", "2.3.1", "tensorflow"))


def __getattr__(name: str) -> Any:
    """Names of old Keras: ``backend``, ``layers``, ``Layer``, ``tensorflow`` ..."""
    if name.startswith("__"):
        raise AttributeError(name)
    if name in ("keras", "tensorflow"):
        return _make_default_runtime().module(name)
    return _make_default_runtime().find("keras.layers." + name if name[:1].isupper() else "keras." + name)
