"""Which files are HDF5. What reads them is loaded with the first."""

from __future__ import annotations

from ..base import Match, Raw
from . import SIGNATURE


class HDF5:
    """Whole models (`.h5`, `.hdf5`, and `.keras` of old) and weights files of every Keras."""

    name = "hdf5"

    def match(self, path: str, head: bytes) -> str | None:
        """By the eight bytes of the signature at the start of the file."""
        return "HDF5 signature at byte 0" if head.startswith(SIGNATURE) else None

    def read(self, match: Match) -> Raw:
        """Everything in the file. Raises Malformed, LimitExceeded, Unsupported or NotAModel."""
        from .container import read_hdf5

        return read_hdf5(match.require_source(), match)
