"""Genuine files with a recorded step of training, and one such step of a live model."""

from __future__ import annotations

from typing import Any

import numpy as np

from genuine import FIXTURES, Genuine, genuine, outputs

STEPPED = [
    file
    for file in genuine(FIXTURES)
    if file.meta.get("step_deterministic") and file.path.suffix in (".h5", ".keras") and file.series("step_out")
]
BUILT_IN = [file for file in STEPPED if not file.meta.get("custom_objects")]


def one_or_all(arrays: list[np.ndarray]) -> Any:
    """What Keras takes: the array itself where there is one."""
    return arrays if len(arrays) > 1 else arrays[0]


def step(model: Any, file: Genuine) -> list[np.ndarray]:
    """The outputs after one more step on the recorded inputs and targets."""
    model.train_on_batch(one_or_all(file.series("in")), one_or_all(file.series("y")))
    return outputs(model, file)


def difference(got: list[np.ndarray], wanted: list[np.ndarray]) -> float:
    """The largest difference between two lists of outputs."""
    return max(float(np.abs(g - w).max()) for g, w in zip(got, wanted, strict=True))
