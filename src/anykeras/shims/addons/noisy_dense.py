"""NoisyDense of tensorflow-addons."""

from __future__ import annotations

import numpy as np

from ...document.model import Layer
from ...findings import Fidelity
from ...migrations import Context
from ...tensors import Array, Tensor, combine
from ..base import stands_for
from .package import EVERY, PACKAGE, RECORDED, of_addons

_KEPT = ("units", "activation", "use_bias", "activity_regularizer", *EVERY)


@stands_for(
    "AK5152",
    "Dense with the noise that was in the weights",
    classes=("NoisyDense",),
    package=PACKAGE,
    what="NoisyDense is Dense with the kernel `mu + sigma * epsilon`; epsilon is drawn when `reset_noise` is called, and "
    "stands in the file.",
    fidelity=Fidelity.LOSSY,
    checked=RECORDED,
    difference="2e-07",
    references=("tensorflow_addons/layers/noisy_dense.py 0.15.0",),
)
def noisy_dense(layer: Layer, context: Context) -> Layer | None:
    """Dense; further training draws no new noise."""
    roles = ("kernel", "bias") if layer.config.get("use_bias", True) is not False else ("kernel",)
    found = {role: [layer.weights.get(f"{part}_{role}") for part in ("mu", "sigma", "eps")] for role in roles}
    made = {role: _sum([part for part in parts if part is not None]) for role, parts in found.items()}
    weights = {role: tensor for role, tensor in made.items() if tensor is not None}
    if not of_addons(layer) or len(weights) != len(roles):
        return None
    return Layer("Dense", layer.name, {key: layer.config[key] for key in _KEPT if key in layer.config}, weights)


def _sum(parts: list[Tensor]) -> Tensor | None:
    def compute(mu: Array, sigma: Array, epsilon: Array) -> Array:
        return np.asarray(np.add(mu, np.multiply(sigma, epsilon))).astype(mu.dtype)

    return combine("noise", parts, parts[0].shape, compute) if len(parts) == 3 else None
