"""Sums whose second operand Keras on TensorFlow would take for a bias; numpy is the witness."""

from __future__ import annotations

import numpy as np
import pytest

from anykeras import targets
from anykeras.recovery import recover

from .made import document

K = None  # what the functions below name


def _over_samples(x):
    return x + K.mean(x, axis=[1, 2], keepdims=True)


def _over_steps(x):
    return x + K.max(x, axis=2, keepdims=True)


def _constant(x):
    return x + K.reshape(K.constant([1.0, 2.0, 3.0, 4.0]), (1, 4, 1))


def _spread(x):
    return K.sum(x, axis=2, keepdims=True) + K.constant([1.0, 2.0, 3.0, 4.0])


CASES = {
    _over_samples: lambda x: x + x.mean((1, 2), keepdims=True),
    _over_steps: lambda x: x + x.max(2, keepdims=True),
    _constant: lambda x: x + np.array([1, 2, 3, 4], "float32").reshape(1, 4, 1),
    _spread: lambda x: x.sum(2, keepdims=True) + np.array([1, 2, 3, 4], "float32"),
}


@pytest.mark.backend
@pytest.mark.parametrize("function", CASES, ids=lambda function: function.__name__)
@pytest.mark.parametrize("batch", [1, 2, 4])
def test_sums(function, batch: int) -> None:
    model = targets.build(recover(document(function, (4, 4))).document)
    x = np.random.default_rng(0).random((batch, 4, 4), "float32")
    assert np.allclose(np.asarray(model(x)), CASES[function](x), atol=1e-5)
