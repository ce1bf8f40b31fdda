"""Any recursion over time as a layer that stock Keras opens: a SimpleRNN whose activation is a model.

A SimpleRNN computes ``activation(x W + h R)`` at every step and hands it on as h. With W and R that only lay numbers side
by side, its activation sees the numbers of the step and those of the step before, and may be any model.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...document.build import Builder
from ...document.model import Config, Ellipsis_, Layer, Ref, Slice
from ...tensors import constant

Places = NDArray[np.float32]


def scan(sub: Builder, x: Ref, step: Layer, kernel: Places, recurrent: Places, name: str) -> Ref:
    """The outcome of `step` at every step, (batch, time, units).

    Args:
        sub: where the layer is added.
        x: (batch, time, size).
        step: a model from (batch, units) to (batch, units).
        kernel: (size, units), where the numbers of a step go.
        recurrent: (units, units), where the outcome of the step before goes; zeros before the first.
        name: of the layer, which is not trained.
    """
    config: Config = {
        "units": kernel.shape[1],
        "activation": step,
        "use_bias": False,
        "return_sequences": True,
        "trainable": False,
    }
    weights = {"kernel": constant(kernel), "recurrent_kernel": constant(recurrent)}
    return sub.layer("SimpleRNN", config, x, weights=weights, name=name)


def place_identity(rows: int, columns: int, size: int, row: int = 0, column: int = 0, factor: float = 1.0) -> Places:
    """Zeros (rows, columns) with `factor` on the diagonal of the square of `size` at (row, column)."""
    matrix = np.zeros((rows, columns), "float32")
    matrix[row : row + size, column : column + size] = np.eye(size) * factor
    return matrix


def take_columns(sub: Builder, x: Ref, start: int, stop: int) -> Ref:
    """The columns `start` to `stop` of the last axis of `x`."""
    return sub.op("get_item", x, (Ellipsis_(), Slice(start, stop)))
