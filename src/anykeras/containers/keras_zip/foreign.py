"""Zip archives that are no `.keras` file, named by what lies in them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from ...errors import NotAModel

Names = Sequence[str]


def _any(pattern: str) -> Callable[[Names], bool]:
    return lambda names: any(re.search(pattern, name) for name in names)


KINDS: tuple[tuple[Callable[[Names], bool], str, str, str], ...] = (
    (
        _any(r"(^|/)data\.pkl$"),
        "AK1139",
        "a PyTorch file (a zip with a pickle in it)",
        "Open it with torch.load(..., weights_only=True); AnyKeras reads Keras models.",
    ),
    (
        _any(r"\.npy$"),
        "AK1133",
        "a NumPy archive (.npz): arrays without the layers that they belong to",
        "Load it with numpy.load and set the arrays on the model that they were taken from.",
    ),
    (
        _any(r"(^|/)saved_model\.pb(txt)?$"),
        "AK1137",
        "a TensorFlow SavedModel, packed as a zip",
        "AnyKeras does not read SavedModel folders yet. Where the model was made, save it as .h5 or .keras.",
    ),
    (
        _any(r"(^|/)model\.json$"),
        "AK1134",
        "a zip with a model.json in it (TensorFlow.js, or an architecture packed with its weights)",
        "Unpack it and give the file inside.",
    ),
    (
        _any(r"\.(keras|h5|hdf5)$|(^|/)config\.json$"),
        "AK1112",
        "a zip with the model in a folder or as a file of its own",
        "Unpack it and give the model inside.",
    ),
)


def name_archive(part: str, names: Names) -> NotAModel:
    """What this zip is instead of a `.keras` file."""
    for test, code, what, next_step in KINDS:
        if test(names):
            return NotAModel(code, f"this is {what}", part=part, next_step=next_step)
    shown = ", ".join(repr(name) for name in names[:5]) or "nothing"
    return NotAModel(
        "AK1112",
        f"this zip is no Keras model: config.json is missing, and it holds {shown}",
        part=part,
        next_step="Give the file that model.save(...) wrote.",
    )
