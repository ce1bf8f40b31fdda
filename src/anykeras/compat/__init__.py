"""The libraries of old Keras programs over the running Keras 3.

    from anykeras.compat import backend as K, Layer      # Keras 2 on TensorFlow
    from anykeras.compat import world_of                 # or those of another writer

A class written for Keras 0.3 to tf.keras 2.15 runs unchanged: functions come from the table that Lambda recovery uses
too (`recovery.functions`), tensors have the operators and attributes that they had, and `Layer` keeps the old ways of
making weights. ``anykeras.load_model(path, custom_objects="my_layers.py")`` does this by itself for a source file.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from ..document.model import Era, Writer
from ..recovery.functions import Context
from . import pages as _pages
from .world import World

__all__ = ["World", "world_of"]
del _pages


def world_of(writer: Writer) -> World:
    """The libraries that a writer's program imported."""
    return World(Context.of(writer), writer)


@cache
def _usual() -> World:
    return world_of(Writer(Era.KERAS2, "keras", "2.3.1", "tensorflow"))


def __getattr__(name: str) -> Any:
    """Names of old Keras: ``backend``, ``layers``, ``Layer``, ``tensorflow`` ..."""
    if name.startswith("__"):
        raise AttributeError(name)
    world = _usual()
    if name in ("keras", "tensorflow"):
        return world.module(name)
    return world.find("keras.layers." + name if name[:1].isupper() else "keras." + name)
