"""numpy's numbers and arrays as PyYAML spelled them out, read back from dtype, shape and bytes (numpy's pickle form).

A dtype is ``[code, ...]`` with a state whose second item is the byte order; see ``numpy.dtype.__reduce__``.
"""

from __future__ import annotations

import math
import re
from typing import cast

import numpy as np

from ...base import Json

CODE = re.compile(r"[biuf][1248]\Z|f16\Z")
DTYPE = "__numpy_dtype__"
MOST = 1_000_000  # elements of an array in a text


def numpy_dtype(arguments: list[Json]) -> Json:
    """``numpy.dtype`` with its arguments and state: an inert mark that the two below understand."""
    code, state = arguments[0], arguments[-1]
    order = state[1] if isinstance(state, list) and len(state) > 1 else "<"
    if not isinstance(code, str) or not CODE.match(code) or code == "f16":
        raise ValueError("a dtype that is not of numbers")
    return {DTYPE: (">" if order == ">" else "<") + code}


def numpy_scalar(arguments: list[Json]) -> Json:
    """``multiarray.scalar(dtype, bytes)``: one number."""
    dtype, data = arguments
    values = np.frombuffer(_bytes(data), _dtype(dtype))
    return cast(Json, values.reshape(()).item())


def numpy_array(arguments: list[Json]) -> Json:
    """``_reconstruct(ndarray, (0,), b"b")`` with its state (version, shape, dtype, Fortran order, bytes)."""
    state = arguments[-1]
    if not isinstance(state, list) or len(state) != 5:
        raise ValueError("an array without its state")
    _, shape, dtype, fortran, data = state
    if not isinstance(shape, list) or not all(type(n) is int and n >= 0 for n in shape) or len(shape) > 32:
        raise ValueError("an array without a shape")
    dimensions = [n for n in shape if isinstance(n, int)]
    if math.prod(dimensions) > MOST:
        raise ValueError("an array that is too large for a text")
    values = np.frombuffer(_bytes(data), _dtype(dtype))
    return cast(Json, values.reshape(dimensions, order="F" if fortran else "C").tolist())


def _dtype(mark: Json) -> np.dtype[np.generic]:
    code = mark.get(DTYPE) if isinstance(mark, dict) else None
    if not isinstance(code, str):
        raise ValueError("no dtype")
    return np.dtype(str(code))


def _bytes(data: Json) -> bytes:
    if not isinstance(data, str):
        raise TypeError("no bytes")
    return data.encode("latin-1")
