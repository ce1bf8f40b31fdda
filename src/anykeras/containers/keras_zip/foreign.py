"""Zip archives that are no `.keras` file, named by what lies in them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from ...errors import NotAModel
from ..foreign import foreign_error

Names = Sequence[str]


def _any(pattern: str) -> Callable[[Names], bool]:
    return lambda names: any(re.search(pattern, name) for name in names)


KINDS: tuple[tuple[Callable[[Names], bool], str, str], ...] = (
    (_any(r"(^|/)data\.pkl$"), "AK1139", "a PyTorch file (a zip with a pickle in it)"),
    (_any(r"\.npy$"), "AK1133", "a NumPy archive (.npz): arrays without the layers that they belong to"),
    (_any(r"(^|/)saved_model\.pb$"), "AK1147", "a zip with several models in it, SavedModels among them"),
    (_any(r"(^|/)saved_model\.pbtxt$"), "AK1156", "a SavedModel as text, packed as a zip"),
    (
        _any(r"(^|/)model\.json$"),
        "AK1134",
        "a zip with a model.json in it (TensorFlow.js, or an architecture packed with its weights)",
    ),
    (_any(r"\.(keras|h5|hdf5)$|(^|/)config\.json$"), "AK1112", "a zip with the model in a folder or as a file of its own"),
)


def name_archive(part: str, names: Names) -> NotAModel:
    """What this zip is instead of a `.keras` file."""
    for test, code, what in KINDS:
        if test(names):
            return foreign_error(code, f"this is {what}", part)
    shown = ", ".join(repr(name) for name in names[:5]) or "nothing"
    return foreign_error("AK1112", f"this zip is no Keras model: config.json is missing, and it holds {shown}", part)
