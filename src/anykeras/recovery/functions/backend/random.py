"""``K.random_*`` and ``K.dropout``."""

from __future__ import annotations

from .. import sampling
from ..base import Kind
from ..registration import Spelled, functions

functions(
    "keras.backend",
    {
        "random_normal": Spelled("shape mean stddev dtype seed std=stddev", sampling.normal),
        "truncated_normal": sampling.truncated_normal,
        "random_uniform": Spelled("shape minval maxval dtype seed low=minval high=maxval", sampling.uniform),
        "random_binomial random_bernoulli": sampling.bernoulli,
        "dropout": Spelled("x level=rate noise_shape seed", sampling.dropout),  # drops whenever it is called
    },
    kind=Kind.RANDOM,
    stack="Keras 0.3 on (std, low and high in Keras 0 and 1; truncated_normal from 2.0)",
)
