"""Arrays as the memory of live variables, without a copy where the backend can take them as they are."""

from __future__ import annotations

import platform
from collections.abc import Callable
from typing import Any

import numpy as np

from ..containers.memory import ALIGNMENT, Memory


def allocate_for_backend() -> Memory:
    """Memory for the variables of the running backend: torch takes any, jax and TensorFlow aligned ones as they are."""
    import keras

    backend = keras.backend.backend()
    anywhere = platform.machine() in ("x86_64", "AMD64")  # others may not read a number that begins between two
    return Memory(mapped=backend in ("torch", "jax", "tensorflow"), unaligned=backend == "torch" and anywhere)


def as_tensor() -> Callable[[Any], Any]:
    """What makes of an array a tensor of the running backend that shares its memory, or else the array itself."""
    import keras

    return {"torch": _torch_tensor, "tensorflow": _tensorflow_tensor}.get(keras.backend.backend(), _itself)


def _itself(value: Any) -> Any:
    return value


def _torch_tensor(value: Any) -> Any:
    """A tensor of torch over the memory of an array, which Keras would copy (``convert_to_tensor``, backend/torch/core.py).

    A type that numpy does not have goes as its bits.
    """
    import torch

    if not isinstance(value, np.ndarray) or not value.flags.writeable or not value.flags.c_contiguous:
        return value
    name = str(value.dtype)
    if name in _BITS:
        return torch.from_numpy(value.view(_BITS[name])).view(getattr(torch, name))
    return torch.from_numpy(value) if name in _SHARED else value


def _tensorflow_tensor(value: Any) -> Any:
    """A tensor of TensorFlow over the memory of an array, which must be aligned (DLPack asks and does not check)."""
    import tensorflow

    if not isinstance(value, np.ndarray) or not value.size or not value.flags.writeable or not value.flags.c_contiguous:
        return value
    if value.ctypes.data % ALIGNMENT or str(value.dtype) not in _SHARED - {"bool"}:
        return value
    return tensorflow.experimental.dlpack.from_dlpack(value.__dlpack__())


_BITS = {"bfloat16": np.int16, "float8_e4m3fn": np.int8, "float8_e5m2": np.int8}
_SHARED = frozenset({"float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "bool"})
