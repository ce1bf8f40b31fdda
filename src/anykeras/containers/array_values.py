"""Plain arrays as the weights of a model: a list, or a dictionary of variables by name.

A list holds what `get_weights` of every Keras gives: the weights of each layer of the top level, one layer after the other.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from ..errors import Malformed
from ..tensors import Array, Tensor
from .base import NamedWeights, WeightGroup
from .guard import guard_decoding
from .npy import OBJECT, Header, read_header
from .pickle_values import PickledCall, Span, sizes_of, tensor_of
from .pickle_walker import ANY_OBJECT, Policy, walk
from .source import ByteSource

_NUMBERED = re.compile(r"arr_(\d{1,6})\Z")


def as_weights(value: object) -> NamedWeights | None:
    """The weights in a value of Python, as people store them; None where it is something else."""
    value = _as_list(value)
    if isinstance(value, Mapping):
        return _read_mapping({key: _as_list(item) for key, item in value.items()})
    if isinstance(value, list) and value and all(isinstance(item, Tensor | list) for item in value):
        held = list(_flatten(value))
        tensors = [item for item in held if isinstance(item, Tensor)]
        if held and len(tensors) == len(held):
            return NamedWeights((_group("weights", tensors),), indexed=True, listed=True)
    return None


def _flatten(value: Sequence[object]) -> Iterator[object]:
    """The arrays of a list, of which each may be the list of a layer: ``[layer.get_weights() for layer in model.layers]``."""
    for item in value:
        if isinstance(item, list):
            yield from item
        else:
            yield item


def _read_mapping(value: Mapping[object, object]) -> NamedWeights | None:
    names = [name for name in value if isinstance(name, str)]
    if not names or len(names) != len(value):
        return None
    numbers = [_NUMBERED.match(name) for name in names]
    if all(numbers):
        ordered = sorted(names, key=lambda name: int(name[4:]))
        return as_weights(value[names[0]] if len(names) == 1 else [value[name] for name in ordered])
    tensors = {name: item for name in names if "/" in name.strip("/") and isinstance(item := value[name], Tensor)}
    if len(tensors) == len(names):
        by_layer: dict[str, list[tuple[str, Tensor]]] = {}
        for name, tensor in tensors.items():
            by_layer.setdefault(name.split("/")[0], []).append((name, tensor))
        return NamedWeights(tuple(WeightGroup(name, tuple(held)) for name, held in by_layer.items()))
    return None


def _group(name: str, tensors: Sequence[Tensor]) -> WeightGroup:
    return WeightGroup(name, tuple((str(index), tensor) for index, tensor in enumerate(tensors)))


def _as_list(value: object) -> object:
    """A list of arrays, out of the array of objects that NumPy made of it; arrays of numbers as tensors."""
    if isinstance(value, PickledCall):
        tensor = tensor_of(value, "a pickled array")
        if tensor is not None:
            return tensor
        state = value.state
        if value.name.endswith("multiarray _reconstruct") and isinstance(state, tuple) and isinstance(state[-1], list):
            single = len(state) == 5 and sizes_of(state[1]) == () and len(state[-1]) == 1
            return _as_list(state[-1][0] if single else state[-1])
    return [_as_list(item) for item in value] if isinstance(value, list | tuple) else value


def read_array(data: ByteSource, part: str, policy: Policy = ANY_OBJECT) -> object:
    """A stored array: a lazy tensor, or the value of an array of objects. Raises Malformed (AK1114)."""
    header = read_header(data, part)
    if header.dtype != OBJECT:
        return _make_tensor(data, header, part)
    with guard_decoding(part):
        return _as_list(walk(data, policy, header.start, part))


def _make_tensor(data: ByteSource, header: Header, part: str) -> Tensor:
    kind = np.dtype(header.dtype)
    length = kind.itemsize * math.prod(header.shape)
    if header.start + length != data.size:
        stored = f"{data.size - header.start} bytes for an array of shape {header.shape} and type {kind}"
        raise Malformed("AK1114", stored, part=part)
    held = Span(data, header.start, length)

    def load() -> Array:
        array = np.frombuffer(held.source.exactly(held.start, held.size, part), kind)
        return array.reshape(header.shape, order=header.order).astype(kind.newbyteorder("="))

    return Tensor(header.shape, kind.newbyteorder("=").name, part, load)
