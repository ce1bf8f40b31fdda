"""Containers: which kind of box a file is, by its bytes, and everything that is in it, nothing believed."""

from typing import TYPE_CHECKING

from ..lazily import load_lazily

if TYPE_CHECKING:
    from .base import Asset, Container, Json, Match, NamedWeights, Raw, TreeWeights, WeightGroup
    from .table import open, sniff
else:
    __getattr__ = load_lazily(
        __name__,
        {"base": "Asset Container Json Match NamedWeights Raw TreeWeights WeightGroup", "table": "open sniff"},
    )

__all__ = [
    "Asset",
    "Container",
    "Json",
    "Match",
    "NamedWeights",
    "Raw",
    "TreeWeights",
    "WeightGroup",
    "open",
    "sniff",
]
