from __future__ import annotations
from ...errors import Unsupported
from ...tensors import Tensor
from ..base import TreeWeights
from ..source import Source


def read_npz(source: Source) -> tuple[TreeWeights, tuple[tuple[str, Tensor], ...]]:
    raise Unsupported("AK1114", "npz", part=source.name)
