"""What is in a pickle: bytes left where they lie, names as words, calls that were not made, arrays as lazy tensors."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..errors import Malformed
from ..tensors import Array, Tensor
from .source import ByteSource

_WIDE = re.compile(r"(?P<kind>[USVMm])(?P<size>\d{1,9})")
_TYPE = re.compile(r"[biuf][1248]\Z")
JOBLIB_ARRAYS = ("joblib.numpy_pickle NumpyArrayWrapper", "sklearn.externals.joblib.numpy_pickle NumpyArrayWrapper")


@dataclass(frozen=True)
class Span:
    """Bytes that were left where they lie."""

    source: ByteSource
    start: int
    size: int

    def read(self) -> bytes:
        """The bytes."""
        return self.source.read(self.start, self.size)


@dataclass(frozen=True)
class Name:
    """The name of something, as a word: ``keras.engine.sequential Sequential``."""

    name: str


@dataclass(eq=False)
class PickledCall:
    """What a call would have made: the name, the arguments, and the state that would have been set."""

    name: str
    arguments: tuple[object, ...] = ()
    state: object = None
    data: Span | None = None


def dtype_of(value: object) -> str | None:
    """The numpy name of a pickled dtype, with its byte order; None where it is no number's."""
    if not isinstance(value, PickledCall) or value.name != "numpy dtype" or not value.arguments:
        return None
    code = _read_word(value.arguments[0])
    order = value.state[1] if isinstance(value.state, tuple) and len(value.state) > 1 else "|"
    if not _TYPE.match(code):
        return None
    return ">" + code if _read_word(order) == ">" else code


def width_of(value: object) -> int | None:
    """The bytes of one value of a pickled dtype: numbers, times, texts, records; 0 for objects, None where it is no dtype."""
    if (kind := dtype_of(value)) is not None:
        return np.dtype(kind).itemsize
    if not isinstance(value, PickledCall) or value.name != "numpy dtype" or not value.arguments:
        return None
    code = _read_word(value.arguments[0])
    if code in ("O", "O8", "O4"):
        return 0
    match = _WIDE.fullmatch(code)
    return int(match["size"]) * (4 if match["kind"] == "U" else 1) or None if match else None


def _read_word(value: object) -> str:
    """A short text, which Python 2 wrote as bytes."""
    if isinstance(value, Span):
        value = value.source.read(value.start, min(value.size, 16))
    return value.decode("latin-1") if isinstance(value, bytes) else value if isinstance(value, str) else ""


def sizes_of(shape: object) -> tuple[int, ...] | None:
    """The shape of a pickled array; None where it is no tuple of sizes."""
    if not isinstance(shape, tuple):
        return None
    sizes = tuple(size for size in shape if type(size) is int and size >= 0)
    return sizes if len(sizes) == len(shape) else None


def tensor_of(value: object, path: str) -> Tensor | None:
    """The lazy tensor of a pickled array, None for anything else. Raises Malformed (AK1114)."""
    if not isinstance(value, PickledCall):
        return None
    shape: object = ()
    data: object
    if value.name in JOBLIB_ARRAYS and isinstance(value.state, Mapping):
        shape, kind, data = value.state.get("shape"), dtype_of(value.state.get("dtype")), value.data
        fortran = value.state.get("order") == "F"
    elif value.name.endswith("multiarray scalar") and len(value.arguments) == 2:
        kind, data, fortran = dtype_of(value.arguments[0]), value.arguments[1], False
    elif value.name.endswith("multiarray _reconstruct") and isinstance(value.state, tuple) and len(value.state) == 5:
        _, shape, dtype, fortran, data = value.state
        kind = dtype_of(dtype)
    else:
        return None
    sizes = sizes_of(shape)
    if kind is None or sizes is None or not isinstance(data, Span | bytes):
        return None
    length = data.size if isinstance(data, Span) else len(data)
    if math.prod(sizes) * np.dtype(kind).itemsize != length:
        raise Malformed("AK1114", f"{length} bytes for an array of shape {sizes} and type {kind}", part=path)

    def load() -> Array:
        raw = data.source.exactly(data.start, data.size, path) if isinstance(data, Span) else data
        array = np.frombuffer(raw, kind).reshape(sizes, order="F" if fortran else "C")
        return array.astype(np.dtype(kind).newbyteorder("="))

    return Tensor(sizes, np.dtype(kind).newbyteorder("=").name, path, load)
