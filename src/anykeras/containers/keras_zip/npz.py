"""Weights of a `.keras` archive kept as `model.weights.npz` (`weights_format="npz"` of Keras 2.12 to 3.x).

Each member is named for an object of the model and holds its variables in a dictionary by number
(keras/src/saving/saving_lib.py, NpzIOStore).
"""

from __future__ import annotations

import re

from ... import limits
from ...errors import Malformed
from ...tensors import Tensor
from ..base import TreeWeights
from ..guard import guard_decoding
from ..pickle_values import Inert, tensor_of
from ..pickle_walker import ARRAYS_ONLY, walk
from ..source import ByteSource
from .archive import Member, members, open_member

MAGIC = b"\x93NUMPY"
OBJECTS = re.compile(r"\{'descr': '\|O', 'fortran_order': (?:False|True), 'shape': \(\), \} *\n\Z")
ROOT = "__root__"


def read_npz(source: ByteSource) -> tuple[TreeWeights, tuple[tuple[str, Tensor], ...]]:
    """(weights by path, the optimizer's tensors). Raises Malformed (AK1110 to AK1114), Unsupported, LimitExceeded."""
    tensors: dict[str, Tensor] = {}
    for name, member in members(source).items():
        path = name.removesuffix(".npy").removeprefix(ROOT)
        for key, tensor in _variables(source, member, path).items():
            tensors[f"{path}/vars/{key}" if path else f"vars/{key}"] = tensor
    optimizer = tuple((path, tensor) for path, tensor in tensors.items() if path.startswith("optimizer/"))
    others = {p: t for p, t in tensors.items() if not p.startswith(("optimizer/", "metrics/"))}
    return TreeWeights(others), optimizer


def _variables(source: ByteSource, member: Member, path: str) -> dict[str, Tensor]:
    part = f"model.weights.npz/{member.name}"
    data = open_member(source, member, limits.current().tensor_bytes)
    start = _header(data, part)
    with guard_decoding(part):
        value = walk(data, ARRAYS_ONLY, start, part)
    listed = value.state[-1] if isinstance(value, Inert) and isinstance(value.state, tuple) and value.state else None
    content = listed[0] if isinstance(listed, list) and len(listed) == 1 else None
    if not isinstance(content, dict):
        raise Malformed("AK1114", "the file holds no dictionary of variables", part=part)
    found = {key: tensor_of(array, f"{part}[{key}]") for key, array in content.items()}
    if unread := [key for key, tensor in found.items() if tensor is None]:
        raise Malformed("AK1114", f"{unread[0]!r} is no array of numbers", part=part)
    return {key: tensor for key, tensor in found.items() if tensor is not None}


def _header(data: ByteSource, part: str) -> int:
    """Where the pickle starts behind the header of an object array (numpy/lib/format.py)."""
    head = data.read(0, 12)
    width = {1: 2, 2: 4, 3: 4}.get(head[6] if len(head) == 12 else 0)
    if head[:6] != MAGIC or width is None:
        raise Malformed("AK1114", "the bytes are no NumPy array", part=part)
    size = int.from_bytes(head[8 : 8 + width], "little")
    header = data.exactly(8 + width, min(size, 4096), part)
    if not OBJECTS.match(header.decode("latin-1")):
        raise Malformed("AK1114", "an array where Keras keeps a dictionary of variables", part=part)
    return 8 + width + size
