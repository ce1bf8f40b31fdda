"""Genuine files with what their own stacks recorded: those of the repository, and the large corpus where it lies beside it.

`tests/recordings/*.zip` hold the files; they are unpacked once, so that tests open real files. Beside a model ``NAME.h5``
(.keras, .json or .yaml with ``NAME.weights.h5``) stands its recording ``NAME.golden.npz`` or ``NAME.npz``: ``in0..`` inputs,
``out0..`` what `predict` gave, and what else its maker kept.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pytest

ARCHIVES = Path(__file__).parent / "recordings"
CORPUS = Path(__file__).parents[2] / "shared" / "corpus"
RTOL, ATOL = 1e-4, 1e-5
HALF_RTOL, HALF_ATOL = 4e-3, 4e-4  # models that compute in 16 bits: rule AK2296 says why
ARCHITECTURES = (".json", ".yaml")
MODELS = (".h5", ".hdf5", ".keras", *ARCHITECTURES)

# Keras keeps the mask of a numpy array no longer than something else does: these models lose theirs there. The last two have
# code of their time, which calls operators that only tensors have.
NOT_ON_NUMPY = {
    "keras2.3.1_bert_task", "keras2.3.1_transformer", "keras2.3.1_transformer_gelu", "tfkeras2.3_bert_task",
    "tfkeras2.3_transformer_gelu", "tfkeras2.4_translation_io", "tfkeras2.11_translation_book",
    "keras1_attention", "tfkeras2_transformer",
}  # fmt: skip

Arrays = list[np.ndarray]


def unpack(archives: Sequence[Path]) -> Path:
    """The folder that holds what is in the archives; processes share it, and other archives have another one."""
    digest = hashlib.sha256(b"".join(path.name.encode() + path.read_bytes() for path in archives)).hexdigest()[:16]
    folder = Path(tempfile.gettempdir()) / f"anykeras-recordings-{os.getuid()}-{digest}"
    if not folder.exists():
        with tempfile.TemporaryDirectory(dir=folder.parent) as fresh:
            whole = Path(fresh) / "whole"
            for path in archives:
                with zipfile.ZipFile(path) as archive:
                    archive.extractall(whole)
            try:
                whole.rename(folder)
            except OSError:  # another process was faster
                assert folder.exists()
    return folder


FOLDER = unpack(sorted(ARCHIVES.glob("*.zip")))
FIXTURES = FOLDER / "fixtures"


@dataclass(frozen=True)
class Recording:
    """A file of an old stack, what that stack recorded, and what its maker said of it."""

    path: Path
    arrays: Path
    meta: dict[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return f"{self.path.parent.name}/{self.path.name}"

    @property
    def stem(self) -> str:
        return self.path.name.removesuffix(self.path.suffix)

    @property
    def weights(self) -> Path | None:
        return self.path.with_name(self.stem + ".weights.h5") if self.path.suffix in ARCHITECTURES else None

    @property
    def source(self) -> Path:
        """The saving program's own code; few files need it, and have it."""
        custom = self.path.with_name(self.stem + ".custom.py")
        return custom if custom.exists() else self.path.with_name(self.stem + ".py")

    @property
    def random(self) -> tuple[int, ...]:
        """The outputs that are drawn anew each time (a VAE's sample)."""
        return tuple(self.meta.get("random_outputs") or ())

    @cached_property
    def names(self) -> frozenset[str]:
        """The names of the recorded arrays."""
        with np.load(self.arrays, allow_pickle=False) as held:
            return frozenset(held.files)

    def __getitem__(self, name: str) -> np.ndarray:
        with np.load(self.arrays, allow_pickle=False) as held:
            return held[name]

    def series(self, stem: str) -> Arrays:
        """The arrays ``stem0``, ``stem1`` ... in order."""
        numbers = sorted(int(match[1]) for name in self.names if (match := re.fullmatch(stem + r"(\d+)", name)))
        with np.load(self.arrays, allow_pickle=False) as held:
            return [held[f"{stem}{number}"] for number in numbers]

    @property
    def takes_text(self) -> bool:
        """Whether an input is text, which only TensorFlow has tensors of."""
        return any(self[name].dtype.kind in "US" for name in self.names if not name.startswith("out"))

    def batch(self, stem: str = "in") -> Any:
        """A series as Keras takes it: the array itself where there is one; strings as tensors of TensorFlow. Without a
        series, the inputs by name."""
        arrays: list[Any] = self.series(stem)
        if not arrays:
            return {name: _as_tensor(self[name]) for name in self.names if not name.startswith("out")}
        arrays = [_as_tensor(array) for array in arrays]
        return arrays if len(arrays) > 1 else arrays[0]


def _as_tensor(array: np.ndarray) -> Any:
    if array.dtype.kind not in "US":
        return array
    import tensorflow as tf

    return tf.constant(array.astype(str))


def recordings(root: Path) -> list[Recording]:
    """Every whole model, and every architecture with its weights, in `root` and the folders in it."""
    found = []
    for arrays in sorted([*root.glob("*.npz"), *root.glob("*/*.npz")]):
        stem = arrays.name.removesuffix(".npz").removesuffix(".golden")
        described = arrays.with_name(stem + ".meta.json")
        meta = json.loads(described.read_text("utf8")) if described.exists() else {}
        files = [Recording(arrays.with_name(stem + suffix), arrays, meta) for suffix in MODELS]
        found += [file for file in files if file.path.exists() and (file.weights is None or file.weights.exists())]
    return found


def each(files: Iterable[Recording], ids: Callable[[Recording], str] = lambda file: file.id) -> pytest.MarkDecorator:
    """Run a test on each file, as its argument `file`."""
    marks = {True: [pytest.mark.framework], False: []}
    return pytest.mark.parametrize(
        "file", [pytest.param(file, marks=marks[file.stem in NOT_ON_NUMPY], id=ids(file)) for file in files]
    )


def outputs(model: Any, file: Recording) -> Arrays:
    """What a live model gives for the recorded inputs."""
    rows = file.meta.get("stateful_batch") or (None if file.meta else len(file.series("out")[0]))
    return flat(model.predict(file.batch(), verbose=0, **({"batch_size": rows} if rows else {})))


def flat(value: Any) -> Arrays:
    """Outputs of a model one after the other, however they are nested; those of a dict by name."""
    if isinstance(value, dict):
        value = [value[key] for key in sorted(value)]
    return [array for item in value for array in flat(item)] if isinstance(value, list | tuple) else [np.asarray(value)]


def reproduces(model: Any, file: Recording) -> bool:
    """Whether a live model gives what was recorded, at the precision that it computes in."""
    half = any("float16" in str(layer.compute_dtype) for layer in model._flatten_layers())
    return compare(outputs(model, file), file.series("out"), file.random, *((HALF_RTOL, HALF_ATOL) if half else ()))


def compare(got: Arrays, wanted: Arrays, random: tuple[int, ...] = (), rtol: float = RTOL, atol: float = ATOL) -> bool:
    """Every output within the tolerance of the recorded one; those that are random by design have its shape."""
    if [g.shape for g in got] != [w.shape for w in wanted]:
        return False
    for i, (g, w) in enumerate(zip(got, wanted, strict=True)):
        if i in random:
            continue
        if g.dtype.kind in "OUS" or w.dtype.kind in "OUS":
            if not (g.astype(str) == w.astype(str)).all():
                return False
        elif not np.allclose(g.astype("float64"), w.astype("float64"), rtol=rtol, atol=atol, equal_nan=True):
            return False
    return True


def difference(got: Arrays, wanted: Arrays) -> float:
    """The largest difference between two lists of outputs."""
    return max(float(np.abs(g - w).max()) for g, w in zip(got, wanted, strict=True))
