"""Weights as plain arrays: ``numpy.savez(path, *model.get_weights())``, ``numpy.save`` or ``pickle.dump`` of that list, or a
dictionary of variables by name."""

from __future__ import annotations

from collections.abc import Mapping

from .. import limits
from .base import Match, Raw
from .foreign import make_foreign_error
from .guard import guard_decoding
from .keras_zip.archive import LOCAL, list_members, open_member
from .npy import MAGIC, OBJECT


class Arrays:
    """NumPy files that hold all weights of a model."""

    name = "numpy arrays"

    def match(self, path: str, head: bytes) -> str | None:
        """By the first member of an archive, or the header of an array of Python objects: other `.npy` hold one array."""
        if head.startswith(LOCAL) and head[30 : 30 + int.from_bytes(head[26:28], "little")].endswith(b".npy"):
            return "a zip whose first member is a NumPy array"
        return "a NumPy array of Python objects" if head.startswith(MAGIC) and f"'{OBJECT}'".encode() in head[:128] else None

    def read(self, match: Match) -> Raw:
        """The weights. Raises Malformed, LimitExceeded, Unsupported, or NotAModel where the names tell no layers."""
        from .array_values import as_weights, read_array  # what files of other kinds do without: they load NumPy

        source = match.require_source()
        with guard_decoding(match.path):
            if source.read(0, len(MAGIC)) == MAGIC:
                value = read_array(source, source.name)
            else:
                value = {
                    name.removesuffix(".npy"): read_array(open_member(source, member, limits.current().tensor_bytes), name)
                    for name, member in list_members(source).items()
                }
            weights = as_weights(value)
        if weights is None:
            shown = ", ".join(map(repr, list(value)[:4])) if isinstance(value, Mapping) else "no list of arrays"
            raise make_foreign_error("AK1133", f"these are NumPy arrays whose names tell no layers: {shown}", match.path)
        return Raw(match, weights=weights)
