"""Recording files with a recorded step of training, and one such step of a live model."""

from __future__ import annotations

from typing import Any

import numpy as np

from genuine import FIXTURES, Recording, outputs, recordings

STEPPED = [
    file
    for file in recordings(FIXTURES)
    if file.meta.get("step_deterministic") and file.path.suffix in (".h5", ".keras") and file.series("step_out")
]
BUILT_IN = [file for file in STEPPED if not file.meta.get("custom_objects")]


def step(model: Any, file: Recording) -> list[np.ndarray]:
    """The outputs after one more step on the recorded inputs and targets."""
    model.train_on_batch(file.batch(), file.batch("y"))
    return outputs(model, file)
