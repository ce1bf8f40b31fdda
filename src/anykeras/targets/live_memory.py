"""Arrays as the memory of live variables, without a copy where the backend can take them as they are."""

from __future__ import annotations

import platform
from collections.abc import Callable
from typing import Any

import numpy as np

from ..containers.memory import ALIGNMENT, Memory
from ..tensors import Array


def allocate_for_backend() -> Memory:
    """Memory for the variables of the running backend: torch takes any, jax and TensorFlow aligned ones as they are."""
    import keras

    backend = keras.backend.backend()
    anywhere = platform.machine() in ("x86_64", "AMD64")  # others may not read a number that begins between two
    fresh = _find_jax_memory if backend == "jax" and _runs_on_cpu() else None
    return Memory(fresh=fresh, mapped=backend in ("torch", "jax", "tensorflow"), unaligned=backend == "torch" and anywhere)


def as_tensor() -> Callable[[Any], Any]:
    """What makes of an array a tensor of the running backend that shares its memory, or else the array itself."""
    import keras

    return {"torch": _make_torch_tensor, "tensorflow": _make_tensorflow_tensor, "jax": _make_jax_tensor}.get(
        keras.backend.backend(), _itself
    )


def _itself(value: object) -> Any:
    return value


class _HeldMemory:
    """The memory of an array of jax, as bytes that may be written to, for as long as somebody has a view of them."""

    def __init__(self, array: Any) -> None:
        self.array = array
        pointer = (array.unsafe_buffer_pointer(), False)
        self.__array_interface__ = {"version": 3, "shape": (array.nbytes,), "typestr": "|u1", "data": pointer}


def _runs_on_cpu() -> bool:
    import jax

    return bool(jax.default_backend() == "cpu")


def _find_jax_memory(shape: tuple[int, ...], dtype: str) -> Array | None:
    """Memory that XLA itself owns, to be filled before anyone computes with it; None where jax has no such type.

    Keras gives the variables of a model away to each function that it compiles (``donate_argnums``, backend/jax/trainer.py).
    Memory of others cannot be given away, so that XLA would copy it once more when the model first runs.
    """
    import jax.numpy as jnp

    try:
        array = jnp.empty(shape, dtype).block_until_ready()
    except TypeError:
        return None
    return np.asarray(_HeldMemory(array)) if str(array.dtype) == dtype and len(array.devices()) == 1 else None


def _make_jax_tensor(value: Any) -> Any:
    """The array of jax of which `value` is the memory; `value` where there is none."""
    owner = value
    while isinstance(owner, np.ndarray | memoryview):
        owner = owner.base if isinstance(owner, np.ndarray) else owner.obj
    if not isinstance(owner, _HeldMemory) or owner.array.shape != value.shape or str(owner.array.dtype) != str(value.dtype):
        return value
    return owner.array if value.ctypes.data == owner.array.unsafe_buffer_pointer() else value


def _make_torch_tensor(value: object) -> Any:
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


def _make_tensorflow_tensor(value: object) -> Any:
    """A tensor of TensorFlow over the memory of an array, which must be aligned (DLPack asks and does not check)."""
    import tensorflow

    if not isinstance(value, np.ndarray) or not value.size or not value.flags.writeable or not value.flags.c_contiguous:
        return value
    if value.ctypes.data % ALIGNMENT or str(value.dtype) not in _SHARED - {"bool"}:
        return value
    return tensorflow.experimental.dlpack.from_dlpack(value.__dlpack__())


_BITS = {"bfloat16": np.int16, "float8_e4m3fn": np.int8, "float8_e5m2": np.int8}
_SHARED = frozenset({"float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "bool"})
