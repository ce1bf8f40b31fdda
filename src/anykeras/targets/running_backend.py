"""What the running backend has not, which a live model is refused for or warned of."""

from __future__ import annotations

import importlib.util
import re
from functools import cache
from typing import TYPE_CHECKING, Final

from ..document.model import Document
from ..document.walk import layers_of
from ..errors import TargetError
from ..keras_private import iterate_inner_layers
from ..warning import warn
from .lowering.result import Json

if TYPE_CHECKING:
    import keras

# They look up and hash with TensorFlow on every backend (keras 3.15.1 layers/preprocessing).
NEEDING_TENSORFLOW: Final = frozenset(("Hashing", "HashedCrossing", "IntegerLookup", "StringLookup", "TextVectorization"))


def check_tensorflow(document: Document) -> None:
    """Refuse layers that need TensorFlow, whatever the backend, where it is not installed. Raises TargetError."""
    needing = [layer for layer in layers_of(document.model) if layer.class_name in NEEDING_TENSORFLOW]
    if needing and importlib.util.find_spec("tensorflow") is None:
        raise TargetError(
            "AK6051",
            f"{needing[0].class_name} computes with TensorFlow on every backend, and TensorFlow is not installed",
            layer=needing[0].name,
            next_step="pip install 'anykeras[tensorflow]'. convert works without it.",
        )


def tell_of_states(model: keras.Model) -> None:
    """Warn where the backend drops states between calls of ``predict`` (keras 3.15.1 src/backend/jax/trainer.py)."""
    import keras

    kept = [layer for layer in iterate_inner_layers(model) if getattr(layer, "stateful", False)]
    if kept and keras.backend.backend() == "jax":
        warn(
            f"[AK6034] {kept[0].name} is stateful, and stock Keras on JAX hands no states from one predict to the next: "
            "every call begins with zeros. KERAS_BACKEND=tensorflow keeps them."
        )


def check_text(model: keras.Model) -> None:
    """Refuse inputs of text where the backend has no such tensors. Raises TargetError."""
    import keras

    texts = [x.name for x in getattr(model, "inputs", None) or () if x.dtype == "string"]
    backend = keras.backend.backend()
    if texts and backend != "tensorflow":
        raise TargetError(
            "AK6018",
            f"the input {texts[0]!r} takes text, and tensors of {backend} hold numbers only",
            layer=texts[0],
            next_step="Set KERAS_BACKEND=tensorflow. convert works without any backend.",
        )


def tell_of_channels(model: keras.Model) -> None:
    """Warn where TensorFlow cannot compute channels first on this machine: without a GPU that takes oneDNN, which it turns on
    by itself only where the CPU has AVX512_VNNI or the like (tensorflow 2.21 core/util/util.cc `IsMKLEnabled`)."""
    import keras

    if keras.backend.backend() != "tensorflow":
        return
    first = [layer for layer in iterate_inner_layers(model) if getattr(layer, "data_format", "") == "channels_first"]
    needing = [layer.name for layer in first if _CHANNELS.search(type(layer).__name__)]
    if needing and not _takes_channels_first():
        warn(
            f"[AK6036] {needing[0]} computes channels first, and TensorFlow does not on this CPU without oneDNN: predict fails."
            " Set TF_ENABLE_ONEDNN_OPTS=1 before TensorFlow is imported, or KERAS_BACKEND=jax."
        )


_CHANNELS: Final = re.compile(r"Conv|^(?:Max|Average)Pooling")


@cache
def _takes_channels_first() -> bool:
    import tensorflow as tf

    one = tf.zeros((1, 1, 1, 1))
    try:
        tf.nn.conv2d(one, one, 1, "VALID", data_format="NCHW")
    except (tf.errors.UnimplementedError, tf.errors.InvalidArgumentError):
        return False
    return True


INT32_MAX: Final = 2**31 - 1


def tell_of_width(config: Json) -> None:
    """Warn where a configuration asks for numbers of 64 bits, and JAX makes them of 32 (its default, ``jax_enable_x64``)."""
    import keras

    if keras.backend.backend() != "jax":
        return
    import jax.dtypes

    wide = _find_wide(config) if jax.dtypes.canonicalize_dtype("float64") == "float32" else None
    if wide is not None:
        warn(
            f"[AK6035] The model computes with {wide}, and JAX computes in 32 bits unless JAX_ENABLE_X64=1 is set: outputs are "
            "rounded, and whole numbers beyond 2147483647 are others. KERAS_BACKEND=tensorflow computes in 64 bits."
        )


def _find_wide(config: Json) -> str | None:
    """The first dtype of 64 bits that is no mere index, or whole number that takes as many, in a configuration."""
    held = [config]
    while held:
        value = held.pop()
        if value == "float64" or (isinstance(value, int) and abs(value) > INT32_MAX):
            return str(value)
        held.extend(value.values() if isinstance(value, dict) else value if isinstance(value, list) else ())
    return None
