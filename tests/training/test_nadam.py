"""Nadam's next step against the old algorithm, written out here from keras 2.3.1 optimizers.py."""

from __future__ import annotations

import numpy as np
import pytest

from anykeras.document.model import Training
from anykeras.migrations.training import nadam
from anykeras.tensors import constant

RNG = np.random.default_rng(3)
M, V, G = (RNG.normal(0, 0.1, (5, 3)), RNG.uniform(0.01, 0.1, (5, 3)), RNG.normal(0, 0.1, (5, 3)))
BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-8


def old_step(m: np.ndarray, iterations: int, m_schedule: float, schedule_decay: float = 0.004) -> np.ndarray:
    """What Keras 2.3.1 takes off a weight, for a learning rate of 1."""
    t = iterations + 1
    cache = BETA_1 * (1.0 - 0.5 * 0.96 ** (t * schedule_decay))
    cache_next = BETA_1 * (1.0 - 0.5 * 0.96 ** ((t + 1) * schedule_decay))
    new, following = m_schedule * cache, m_schedule * cache * cache_next
    m_t = BETA_1 * m + (1.0 - BETA_1) * G
    v_t = BETA_2 * V + (1.0 - BETA_2) * G**2
    bar = (1.0 - cache) * G / (1.0 - new) + cache_next * m_t / (1.0 - following)
    return bar / (np.sqrt(v_t / (1.0 - BETA_2**t)) + EPSILON)


def keras3_step(m: np.ndarray, iterations: int, u_product: float) -> np.ndarray:
    """The same of keras 3.15.1 (src/optimizers/nadam.py)."""
    u = BETA_1 * (1.0 - 0.5 * 0.96 ** (iterations + 1))
    u_next = BETA_1 * (1.0 - 0.5 * 0.96 ** (iterations + 2))
    product = u_product * u
    m_t, v_t = m + (G - m) * (1 - BETA_1), V + (G**2 - V) * (1 - BETA_2)
    hat = u_next * m_t / (1 - product * u_next) + (1 - u) * G / (1 - product)
    return hat / (np.sqrt(v_t / (1 - BETA_2 ** (iterations + 1))) + EPSILON)


def training(iterations: int, **counters: float) -> Training:
    held = {"iterations": constant(iterations, "int64"), **{k: constant(v) for k, v in counters.items()}}
    return Training({}, held, {"momentum": {constant(M): constant(M, "float64")}})


def momentum(done: Training) -> np.ndarray:
    (slot,) = done.slots["momentum"].values()
    return np.asarray(slot.read())


@pytest.mark.parametrize("iterations", [0, 3, 50, 2000, 100_000])
@pytest.mark.parametrize("m_schedule", [None, 0.5, 1e-9])
def test_the_next_step_is_the_old_one(iterations: int, m_schedule: float | None) -> None:
    given = {} if m_schedule is None else {"u_product": m_schedule}
    done = nadam.carry_state(training(iterations, **given), {"beta_1": BETA_1})
    got = keras3_step(momentum(done), iterations, float(done.counters["u_product"].read()))
    assert np.allclose(got, old_step(M, iterations, 1.0 if m_schedule is None else m_schedule), rtol=1e-5)


def test_tf_keras_calls_the_schedule_decay() -> None:
    done = nadam.carry_state(training(7), {"beta_1": BETA_1, "decay": 0.02})
    got = keras3_step(momentum(done), 7, float(done.counters["u_product"].read()))
    assert np.allclose(got, old_step(M, 7, 1.0, 0.02), rtol=1e-5)


def test_as_it_is_the_step_would_be_another() -> None:
    assert np.abs(keras3_step(M, 2000, 1.0) - old_step(M, 2000, 1.0)).max() > 1.0


def test_no_state_stays_none() -> None:
    assert nadam.carry_state(Training(), {}) == Training()
    assert nadam.continue_state(Training(), {}) == Training()
