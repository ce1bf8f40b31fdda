"""What Keras 3 calls otherwise than tf.keras and Keras 2 did: a row a fact, read upwards by migrations, downwards by descent.

Sources: keras 2.3.1, tf.keras 2.3 and 2.15 against keras 3.15.1; initializers/random_initializers.py of keras 3.6.0 and 3.7.0.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

ARGUMENTS: Final[Mapping[tuple[str, str], str]] = {
    ("LeakyReLU", "alpha"): "negative_slope",
    ("InputLayer", "batch_input_shape"): "batch_shape",
}
"""(class, former argument): present argument."""
FORMER_ARGUMENTS: Final = {(class_name, now): former for (class_name, former), now in ARGUMENTS.items()}
"""(class, present argument): former argument."""

WEIGHTS: Final[Mapping[tuple[str, str], str]] = {
    ("DepthwiseConv1D", "depthwise_kernel"): "kernel",
    ("DepthwiseConv2D", "depthwise_kernel"): "kernel",
}
"""(class, former role): present role."""
FORMER_WEIGHTS: Final = {(class_name, now): former for (class_name, former), now in WEIGHTS.items()}
"""(class, present role): former role."""

INITIALIZERS: Final[Mapping[str, str]] = {"OrthogonalInitializer": "Orthogonal"}
"""Former class: present class. Keras 3 itself had the former until 3.6."""
FORMER_INITIALIZERS: Final = {now: former for former, now in INITIALIZERS.items()}
"""Present class: former class."""

ACTIVATIONS: Final[Mapping[str, str]] = {"swish": "silu", "hard_swish": "hard_silu"}
"""Former name: present name; Keras 3 takes both."""
FORMER_ACTIVATIONS: Final = {"silu": "swish"}
"""Present name: the name that tf.keras and TensorFlow.js have."""

LOSSES: Final[Mapping[str, str]] = {"kullback_leibler_divergence": "kl_divergence"}
"""Former name: present name."""
LOSSES_AS_METRICS: Final = frozenset({
    "binary_crossentropy", "categorical_crossentropy", "categorical_hinge", "cosine_similarity", "hinge",
    "kullback_leibler_divergence", "logcosh", "mean_absolute_error", "mean_absolute_percentage_error", "mean_squared_error",
    "mean_squared_logarithmic_error", "poisson", "sparse_categorical_crossentropy", "squared_hinge",
})  # fmt: skip
"""Losses that are metrics too before Keras 3, where no others are (metrics.py of keras 2.3.1, tf.keras 2.4 to 2.13)."""
FORMER_LOSSES: Final = {now: former for former, now in LOSSES.items()}
"""Present name: former name."""

TRUNCATED: Final = ("normal", "truncated_normal")
"""What Keras 2 calls the distribution that later is the second: it always was truncated (keras 2.2.4 initializers.py)."""

HARD_SIGMOID: Final = {"scale": 0.2, "offset": 0.5, "max_value": 1.0}
"""The function that every Keras before 3 calls hard_sigmoid: ``clip(0.2 x + 0.5, 0, 1)``; in Keras 3 it is another."""
