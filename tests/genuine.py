"""Genuine files with recorded outputs: those of the repository, and the large corpus where it lies beside it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

FIXTURES = Path(__file__).parent / "fixtures"
CORPUS = Path(__file__).parents[2] / "shared" / "corpus"
RTOL, ATOL = 1e-4, 1e-5
HALF_RTOL, HALF_ATOL = 4e-3, 4e-4  # models that compute in 16 bits: rule AK2296 says why
ARCHITECTURES = (".json", ".yaml")


@dataclass(frozen=True)
class Genuine:
    """A file of an old stack, its recording, and what its maker said of it."""

    path: Path
    meta: dict[str, Any]

    @property
    def id(self) -> str:
        return f"{self.path.parent.name}/{self.path.name}"

    @property
    def stem(self) -> str:
        return self.path.name.rsplit(".", 1)[0]

    @property
    def weights(self) -> Path | None:
        return self.path.with_name(self.stem + ".weights.h5") if self.path.suffix in ARCHITECTURES else None

    @property
    def random(self) -> tuple[int, ...]:
        """The outputs that are drawn anew each time (a VAE's sample)."""
        return tuple(self.meta.get("random_outputs") or ())

    def series(self, stem: str) -> list[np.ndarray]:
        with np.load(self.path.with_name(self.stem + ".golden.npz"), allow_pickle=False) as golden:
            return [golden[f"{stem}{i}"] for i in range(64) if f"{stem}{i}" in golden]


def genuine(root: Path) -> Iterator[Genuine]:
    """Every whole model, and every architecture with its weights, below `root`."""
    for described in sorted(root.glob("*/*.meta.json")):
        stem = described.name.removesuffix(".meta.json")
        if not described.with_name(stem + ".golden.npz").exists():
            continue
        meta = json.loads(described.read_text("utf8"))
        for suffix in (".h5", ".hdf5", ".keras", *ARCHITECTURES):
            path = described.with_name(stem + suffix)
            if path.exists():
                found = Genuine(path, meta)
                if found.weights is None or found.weights.exists():
                    yield found


def outputs(model: Any, file: Genuine) -> list[np.ndarray]:
    """What a live model gives for the recorded inputs."""
    xs: list[Any] = file.series("in")
    if any(x.dtype.kind in "US" for x in xs):
        import tensorflow as tf

        xs = [tf.constant(x.astype(str)) if x.dtype.kind in "US" else x for x in xs]
    batch = {"batch_size": file.meta["stateful_batch"]} if file.meta.get("stateful_batch") else {}
    given = model.predict(xs if len(xs) > 1 else xs[0], verbose=0, **batch)
    if isinstance(given, dict):
        return [np.asarray(given[key]) for key in sorted(given)]
    return [np.asarray(item) for item in given] if isinstance(given, list | tuple) else [np.asarray(given)]


def right(model: Any, file: Genuine) -> bool:
    """Whether a live model gives what was recorded, at the precision that it computes in."""
    half = any("float16" in str(layer.compute_dtype) for layer in model._flatten_layers())
    return same(outputs(model, file), file.series("out"), file.random, *((HALF_RTOL, HALF_ATOL) if half else ()))


def same(
    got: list[np.ndarray],
    wanted: list[np.ndarray],
    random: tuple[int, ...] = (),
    rtol: float = RTOL,
    atol: float = ATOL,
) -> bool:
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
