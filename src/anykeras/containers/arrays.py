"""Weights as plain arrays: ``numpy.savez(path, *model.get_weights())``, ``numpy.save`` or ``pickle.dump`` of that list, or a
dictionary of variables by name.

A list holds what `get_weights` of every Keras gives: the weights of each layer of the top level, one layer after the other.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np

from .. import limits
from ..errors import Malformed
from ..tensors import Array, Tensor
from .base import Match, NamedWeights, Raw, WeightGroup
from .foreign import foreign_error
from .guard import guard_decoding
from .keras_zip.archive import LOCAL, members, open_member
from .pickle_values import Inert, Span, sizes_of, tensor_of
from .pickle_walker import ANY_OBJECT, Policy, walk
from .source import ByteSource

MAGIC = b"\x93NUMPY"
_HEADER = re.compile(
    r"\{'descr': '([<>|][biuf][1248]|\|O)', 'fortran_order': (False|True), 'shape': \(([\d, ]{0,200})\), \} *\n?\Z"
)
_NUMBERED = re.compile(r"arr_(\d{1,6})\Z")


class Arrays:
    """NumPy files that hold all weights of a model."""

    name = "numpy arrays"

    def match(self, path: str, head: bytes) -> str | None:
        """By the first member of an archive, or the header of an array of Python objects: other `.npy` hold one array."""
        if head.startswith(LOCAL) and head[30 : 30 + int.from_bytes(head[26:28], "little")].endswith(b".npy"):
            return "a zip whose first member is a NumPy array"
        return "a NumPy array of Python objects" if head.startswith(MAGIC) and b"'|O'" in head[:128] else None

    def read(self, match: Match) -> Raw:
        """The weights. Raises Malformed, LimitExceeded, Unsupported, or NotAModel where the names tell no layers."""
        source = match.require_source()
        with guard_decoding(match.path):
            if source.read(0, len(MAGIC)) == MAGIC:
                value = read_array(source, source.name)
            else:
                value = {
                    name.removesuffix(".npy"): read_array(open_member(source, member, limits.current().tensor_bytes), name)
                    for name, member in members(source).items()
                }
            weights = as_weights(value)
        if weights is None:
            shown = ", ".join(map(repr, list(value)[:4])) if isinstance(value, Mapping) else "no list of arrays"
            raise foreign_error("AK1133", f"these are NumPy arrays whose names tell no layers: {shown}", match.path)
        return Raw(match, weights=weights)


def as_weights(value: object) -> NamedWeights | None:
    """The weights in a value of Python, as people store them; None where it is something else."""
    value = _listed(value)
    if isinstance(value, Mapping):
        return _of_mapping({key: _listed(item) for key, item in value.items()})
    if isinstance(value, Sequence) and value and all(isinstance(item, Tensor) for item in value):
        return NamedWeights((_group("weights", value),), indexed=True, listed=True)
    return None


def _of_mapping(value: Mapping[object, object]) -> NamedWeights | None:
    names = [name for name in value if isinstance(name, str)]
    if not names or len(names) != len(value):
        return None
    numbers = [_NUMBERED.match(name) for name in names]
    if all(numbers):
        ordered = sorted(names, key=lambda name: int(name[4:]))
        return as_weights(value[names[0]] if len(names) == 1 else [value[name] for name in ordered])
    if all("/" in name.strip("/") and isinstance(item, Tensor) for name, item in value.items()):  # type: ignore[attr-defined]
        by_layer: dict[str, list[tuple[str, Tensor]]] = {}
        for name in names:
            by_layer.setdefault(name.split("/")[0], []).append((name, value[name]))  # type: ignore[arg-type]
        return NamedWeights(tuple(WeightGroup(name, tuple(held)) for name, held in by_layer.items()))
    return None


def _group(name: str, tensors: Sequence[object]) -> WeightGroup:
    return WeightGroup(name, tuple((str(index), tensor) for index, tensor in enumerate(tensors)))  # type: ignore[misc]


def _listed(value: object) -> object:
    """A list of arrays, out of the array of objects that NumPy made of it; arrays of numbers as tensors."""
    if isinstance(value, Inert):
        tensor = tensor_of(value, "a pickled array")
        if tensor is not None:
            return tensor
        state = value.state
        if value.name.endswith("multiarray _reconstruct") and isinstance(state, tuple) and isinstance(state[-1], list):
            single = len(state) == 5 and sizes_of(state[1]) == () and len(state[-1]) == 1
            return _listed(state[-1][0] if single else state[-1])
    return [_listed(item) for item in value] if isinstance(value, list | tuple) else value


def read_array(data: ByteSource, part: str, policy: Policy = ANY_OBJECT) -> object:
    """A stored array: a lazy tensor, or the value of an array of objects. Raises Malformed (AK1114)."""
    head = data.read(0, 12)
    width = {1: 2, 2: 4, 3: 4}.get(head[6] if len(head) == 12 else 0)
    if head[:6] != MAGIC or width is None:
        raise Malformed("AK1114", "the bytes are no NumPy array", part=part)
    size = int.from_bytes(head[8 : 8 + width], "little")
    said = _HEADER.match(data.exactly(8 + width, min(size, 4096), part).decode("latin-1"))
    if said is None:
        raise Malformed("AK1114", "the header of the array is none that NumPy writes for numbers or lists", part=part)
    start = 8 + width + size
    if said[1] == "|O":
        with guard_decoding(part):
            return _listed(walk(data, policy, start, part))
    return _tensor(data, said, start, part)


def _tensor(data: ByteSource, said: re.Match[str], start: int, part: str) -> Tensor:
    shape = tuple(int(word) for word in said[3].split(",") if word.strip())
    kind = np.dtype(said[1])
    length = kind.itemsize * int(np.prod(shape, dtype=object)) if shape else kind.itemsize
    if start + length != data.size:
        raise Malformed("AK1114", f"{data.size - start} bytes for an array of shape {shape} and type {kind}", part=part)
    held = Span(data, start, length)

    def load() -> Array:
        array = np.frombuffer(held.source.exactly(held.start, held.size, part), kind)
        return array.reshape(shape, order="F" if said[2] == "True" else "C").astype(kind.newbyteorder("="))

    return Tensor(shape, kind.newbyteorder("=").name, part, load)
