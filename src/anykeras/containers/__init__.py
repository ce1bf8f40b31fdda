"""Containers: which kind of box a file is, by its bytes, and everything that is in it, nothing believed."""

from .base import Asset, Container, Json, Match, NamedWeights, Raw, TreeWeights, WeightGroup
from .sniffing import open_model as open
from .sniffing import sniff

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
