"""CuDNN weights, against the recurrences as cuDNN's documentation writes them, step by step in numpy."""

from __future__ import annotations

import numpy as np

from anykeras.document.model import Era, Layer, Writer
from anykeras.migrations import RuleContext
from anykeras.migrations.engine import apply
from anykeras.migrations.rulebook import ordered_rules
from anykeras.tensors import constant

WRITER = Writer(Era.KERAS2, "keras", "2.2.4", "tensorflow")
UNITS, FEATURES = 3, 2


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def gates(kernel: np.ndarray, count: int) -> list[np.ndarray]:
    """cuDNN takes the bytes of each (inputs, units) block as a (units, inputs) matrix that multiplies a column."""
    return [np.ascontiguousarray(block).reshape(UNITS, -1) for block in np.split(kernel, count, axis=1)]


def migrated(class_name: str, count: int) -> tuple[Layer, list[np.ndarray]]:
    random = np.random.RandomState(3)
    kernel, recurrent = random.randn(FEATURES, count * UNITS), random.randn(UNITS, count * UNITS)
    bias = random.randn(2 * count * UNITS)
    weights = {"kernel": constant(kernel), "recurrent_kernel": constant(recurrent), "bias": constant(bias)}
    rule = next(rule for rule in ordered_rules() if rule.code == "AK2240")
    layer = apply(rule, Layer(class_name, "r", {"units": UNITS}, weights), RuleContext(WRITER, Era.KERAS3))
    return layer, [*gates(kernel, count), *gates(recurrent, count), *np.split(bias, 2 * count)]


def test_lstm() -> None:
    layer, raw = migrated("CuDNNLSTM", 4)
    w, r, b = raw[:4], raw[4:8], raw[8:]
    kernel, recurrent, bias = (layer.weights[role].read() for role in ("kernel", "recurrent_kernel", "bias"))
    h, c = np.array([0.3, -0.2, 0.5]), np.array([0.1, 0.7, -0.4])
    x = np.array([0.8, -1.1])
    i, f, g, o = (w[k] @ x + r[k] @ h + b[k] + b[4 + k] for k in range(4))
    expected = sigmoid(o) * np.tanh(sigmoid(f) * c + sigmoid(i) * np.tanh(g))
    i, f, g, o = np.split(x @ kernel + h @ recurrent + bias, 4)
    np.testing.assert_allclose(sigmoid(o) * np.tanh(sigmoid(f) * c + sigmoid(i) * np.tanh(g)), expected, rtol=1e-5)
    assert layer.config["recurrent_activation"] == "sigmoid"


def test_gru() -> None:
    layer, raw = migrated("CuDNNGRU", 3)
    w, r, b = raw[:3], raw[3:6], raw[6:]
    kernel, recurrent, bias = (layer.weights[role].read() for role in ("kernel", "recurrent_kernel", "bias"))
    h, x = np.array([0.3, -0.2, 0.5]), np.array([0.8, -1.1])
    z, reset = (sigmoid(w[k] @ x + r[k] @ h + b[k] + b[3 + k]) for k in range(2))
    expected = z * h + (1 - z) * np.tanh(w[2] @ x + b[2] + reset * (r[2] @ h + b[5]))
    xz, xr, xh = np.split(x @ kernel + bias[0], 3)
    hz, hr, hh = np.split(h @ recurrent + bias[1], 3)
    z = sigmoid(xz + hz)
    np.testing.assert_allclose(z * h + (1 - z) * np.tanh(xh + sigmoid(xr + hr) * hh), expected, rtol=1e-5)
    assert layer.config["reset_after"] is True


def test_bias_of_a_gru_keeps_both_rows() -> None:
    layer, _ = migrated("CuDNNGRU", 3)
    assert layer.weights["bias"].shape == (2, 9)
