"""Nadam of before TensorFlow 2.11, whose momentum grows 250 times slower than that of Keras 3.

Both move a weight along ``a * g + b * m``, with ``g`` the gradient and ``m`` the momentum after it took ``g`` in. At step
``t``, with ``u(t) = beta_1 * (1 - 0.5 * 0.96 ** (t * decay))`` and ``p`` the product of all ``u`` so far::

    a = (1 - u(t)) / (1 - p)        b = u(t + 1) / (1 - p * u(t + 1))

``decay`` is ``schedule_decay`` (0.004) of old and 1 in Keras 3 (keras 2.3.1 optimizers.py; keras 3.15.1 nadam.py). The
product and the scale of the kept momentum are free, and two numbers are what one step needs: so the next step is the same.
Later ones go over to the schedule of Keras 3.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from ...document.model import Config, Training
from ...lazily import np
from ...tensors import Tensor, constant

PRODUCT = "u_product"
DECAY = 0.004  # schedule_decay, keras 1.0 to 2.3.1; saved as `decay` by tf.keras 2.0 to 2.10
_BASE = 0.96


@dataclass(frozen=True)
class NadamStep:
    """How far a step follows the gradient, and how far the momentum."""

    gradient: float
    momentum: float


def factor(step: int, beta_1: float, decay: float) -> float:
    """``u`` of one step; `step` counts from 1."""
    return beta_1 * (1.0 - 0.5 * math.pow(_BASE, step * decay))


def make_step(step: int, product: float, beta_1: float, decay: float) -> NadamStep:
    """The step that is made with `product` over all steps up to and with this one."""
    now, then = factor(step, beta_1, decay), factor(step + 1, beta_1, decay)
    return NadamStep((1.0 - now) / (1.0 - product), then / (1.0 - product * then))


def find_product(wanted: NadamStep, step: int, beta_1: float) -> float:
    """The product with which Keras 3 gives a fresh gradient the weight that it has in `wanted`: bisection of a rising
    function, in 0 to 1."""
    aim = wanted.gradient + (1.0 - beta_1) * wanted.momentum
    low, high = 0.0, 1.0
    for _ in range(100):
        middle = (low + high) / 2
        found = make_step(step, middle, beta_1, 1.0)
        low, high = (middle, high) if found.gradient + (1.0 - beta_1) * found.momentum < aim else (low, middle)
    return low


def carry_state(training: Training, config: Config) -> Training:
    """The state with which the next step of Keras 3's Nadam is that of the old one.

    Args:
        training: with the slots and counters of the file.
        config: the optimizer's arguments as the file has them.
    """
    if not training.slots:
        return training
    count = training.counters.get("iterations")
    step = int(count.read()) + 1 if count is not None else 1
    beta_1, decay = (_number(config, key, default) for key, default in (("beta_1", 0.9), ("schedule_decay", DECAY)))
    decay = _number(config, "decay", decay)
    saved = training.counters.get(PRODUCT)
    before = float(saved.read()) if saved is not None else 1.0  # not saved before Keras 2.3: it starts again
    wanted = make_step(step, before * factor(step, beta_1, decay), beta_1, decay)
    product = find_product(wanted, step, beta_1)
    scale = wanted.momentum / make_step(step, product, beta_1, 1.0).momentum
    start = constant(product / factor(step, beta_1, 1.0), "float32", PRODUCT)
    momentum = {weight: _scale(slot, scale) for weight, slot in training.slots["momentum"].items()}
    slots = {**training.slots, "momentum": momentum}
    return replace(training, counters={**training.counters, PRODUCT: start}, slots=slots)


def continue_state(training: Training, config: Config) -> Training:
    """One product in place of those of tf.keras 2.11 to 2.15.

    Those are not saved and start from 1, and the compiled step multiplies by ``u`` again for every weight (the counter
    that is to prevent it is a Python number, fixed when the step is traced; keras 2.15.0 optimizers/nadam.py). Keras 3
    has one product for all: that of the weight in the middle.
    """
    count = training.counters.get("iterations")
    if count is None or "momentum" not in training.slots:
        return training
    now = factor(int(count.read()) + 1, _number(config, "beta_1", 0.9), 1.0)
    product = constant(now ** ((len(training.slots["momentum"]) - 1) / 2), "float32", PRODUCT)
    return replace(training, counters={**training.counters, PRODUCT: product})


def _number(config: Config, key: str, default: float) -> float:
    value = config.get(key)
    return float(value) if isinstance(value, int | float) else default


def _scale(tensor: Tensor, scale: float) -> Tensor:
    if not tensor.dtype.startswith(("float", "bfloat")):
        return tensor
    return tensor.compute(f"times({scale:.6g})", tensor.shape, lambda a: np.multiply(a, scale).astype(a.dtype))
