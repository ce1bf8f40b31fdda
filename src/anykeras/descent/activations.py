"""Activations by name: since when each release has them, and what says the same where it has not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np

from ..catalog.releases import Release, Since
from ..catalog.renames import ACTIVATIONS, HARD_SIGMOID
from ..document.build import Builder
from ..document.model import Config, Layer, Ref, Value
from ..document.walk import rebuild
from ..tensors import constant
from .forms import find_scaled, make_activation
from .rulebook import Place, refuse

# `activations/__init__.py` of keras 3.0.5 to 3.15.1 and `activations.py` of the older releases.
_ALWAYS: Final = ("linear", "relu", "sigmoid", "tanh", "softmax", "softplus", "softsign", "elu", "selu")
SINCE: Final[Mapping[str, Since]] = {
    **dict.fromkeys(_ALWAYS, Since(tf="1.15", keras2="2.1", tfjs="4.22")),
    "exponential": Since(tf="1.15", keras2="2.2"),
    "silu": Since(tf="2.2", tfjs="4.22"),
    "gelu": Since(tf="2.4", tfjs="4.22"),
    "mish": Since(tf="2.13", tfjs="4.22"),
    **dict.fromkeys(("hard_sigmoid", "hard_silu", "leaky_relu"), Since()),
    **dict.fromkeys(("log_softmax", "relu6"), Since(tfjs="4.22")),
    **dict.fromkeys(
        ("celu", "glu", "hard_shrink", "hard_tanh", "log_sigmoid", "soft_shrink", "squareplus", "tanh_shrink"), Since("3.7")
    ),
    **dict.fromkeys(("sparse_plus", "sparsemax", "threshold"), Since("3.8")),
    "sparse_sigmoid": Since("3.10"),
}
MODELS_AS_FUNCTIONS: Final = Since("3.10")
"""A model can stand for an activation (activations/__init__.py, `get`, of keras 3.9.2 and 3.10.0)."""
OLD_HARD_SIGMOID: Final = "hard_sigmoid_before_3"
"""``clip(0.2 x + 0.5, 0, 1)``: what every Keras before 3 calls hard_sigmoid."""


def holds(function: str, release: Release) -> bool:
    """Whether a release has the activation of that name, and it is the same function there."""
    if function == OLD_HARD_SIGMOID:
        return release.line != "keras3" or MODELS_AS_FUNCTIONS.holds(release)
    since = SINCE.get(ACTIVATIONS.get(function, function))
    return since is not None and since.holds(release)


def is_old_hard_sigmoid(value: Value) -> bool:
    """Whether an activation is the form that the way up leaves for the hard_sigmoid of Keras 1 and 2."""
    if not isinstance(value, Layer) or value.graph is None:
        return False
    steps = [layer for layer in value.graph.layers if layer.class_name != "InputLayer"]
    if not value.graph.sequential or [layer.class_name for layer in steps] != ["Rescaling", "ReLU"]:
        return False
    line, clip = steps
    plain = all(clip.config.get(key) in (None, 0, 0.0) for key in ("negative_slope", "threshold"))
    ends = (line.config.get("scale"), line.config.get("offset"), clip.config.get("max_value"))
    return ends == tuple(HARD_SIGMOID.values()) and plain


def recognise(model: Layer) -> Layer:
    """The model with that form under its name again."""

    def change(layer: Layer) -> Layer:
        found = [key for key in ("activation", "recurrent_activation") if is_old_hard_sigmoid(layer.config.get(key))]
        return layer.with_config(**dict.fromkeys(found, OLD_HARD_SIGMOID)) if found else layer

    return rebuild(model, change)


Express = Callable[[Builder, Ref, Place, int], Ref]


def _gated(builder: Builder, x: Ref, gate: Ref) -> Ref:
    return builder.layer("Multiply", {}, (x, gate))


def _hard_sigmoid(builder: Builder, x: Ref, place: Place, width: int) -> Ref:
    return make_activation(builder, find_scaled(builder, x, place, width, 5 / 6), OLD_HARD_SIGMOID)


def _log_sigmoid(builder: Builder, x: Ref, place: Place, width: int) -> Ref:
    return find_scaled(
        builder, make_activation(builder, find_scaled(builder, x, place, width, -1.0), "softplus"), place, width, -1.0
    )


def _gelu(builder: Builder, x: Ref, place: Place, width: int) -> Ref:
    if not _ERF.holds(place.release):
        return _gelu_by_bell(builder, x, place, width)
    bell = builder.op("erf", find_scaled(builder, x, place, width, 0.5**0.5))
    return _gated(builder, find_scaled(builder, x, place, width, 0.5), find_scaled(builder, bell, place, width, 1.0, 1.0))


_ERF: Final = Since(tf="1.15")
"""Something has the error function."""
# Abramowitz and Stegun 7.1.26: ``erfc(z) = t P(t) exp(-z^2)`` with ``t = 1 / (1 + p z)``, up to 1.5e-7.
_ERFC_P: Final = 0.3275911
_ERFC: Final = (1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592)


def _gelu_by_bell(builder: Builder, x: Ref, place: Place, width: int) -> Ref:
    """``relu(x) - |x| / 2 * erfc(|x| / sqrt(2))``, where the error function is one of exponentials up to 1.5e-7."""
    right = make_activation(builder, x, "relu")
    left = make_activation(builder, find_scaled(builder, x, place, width, -1.0), "relu")
    size = builder.layer("Add", {}, (right, left))
    soft = make_activation(builder, find_scaled(builder, size, place, width, _ERFC_P * 0.5**0.5), "softsign")
    share = find_scaled(builder, soft, place, width, -1.0, 1.0)
    tail = find_scaled(builder, share, place, width, _ERFC[0], _ERFC[1])
    for number in _ERFC[2:]:
        tail = find_scaled(builder, _gated(builder, tail, share), place, width, 1.0, number)
    tail = _gated(builder, tail, share)
    square = find_scaled(builder, _gated(builder, x, x), place, width, -0.5)
    bell = make_activation(builder, square, "exponential")
    part = _gated(builder, find_scaled(builder, size, place, width, 0.5), _gated(builder, tail, bell))
    return builder.layer("Subtract", {}, (right, part))


def _log_softmax(builder: Builder, x: Ref, place: Place, width: int) -> Ref:
    if _ERF.holds(place.release):
        return builder.op("log_softmax", x)
    if width > _WIDEST:
        raise refuse(builder.name, f"log_softmax of more than {_WIDEST} features", place.release)
    total, left = x, width
    while left > 1:
        total, left = _add_pairs(builder, total, left), (left + 1) // 2
    spread = {"kernel": constant(np.full((1, width), -1.0))}
    config: Config = {"units": width, "use_bias": False, "activation": "linear", "trainable": False}
    return builder.layer("Add", {}, (x, builder.layer("Dense", config, total, weights=spread)))


_WIDEST: Final = 1024
"""Features of a log_softmax in pairs, whose matrices are of half their square."""


def _add_pairs(builder: Builder, x: Ref, width: int) -> Ref:
    """``log(exp(a) + exp(b)) = a + softplus(b - a)`` of neighbours; the last one of an odd number stays as it is."""
    first = np.eye(width)[:, ::2]
    other = np.pad(np.eye(width)[:, 1::2], ((0, 0), (0, width % 2)))
    alone = np.where(other.any(axis=0), 0.0, -1e9)
    config: Config = {"units": first.shape[1], "use_bias": True, "activation": "linear", "trainable": False}
    kept = {"kernel": constant(first), "bias": constant(np.zeros(first.shape[1]))}
    apart = {"kernel": constant((other - first) * (alone == 0)), "bias": constant(alone)}
    rest = builder.layer("Dense", {**config, "activation": "softplus"}, x, weights=apart)
    return builder.layer("Add", {}, (builder.layer("Dense", config, x, weights=kept), rest))


def _soft_shrink(builder: Builder, x: Ref, place: Place, width: int) -> Ref:
    right = make_activation(builder, find_scaled(builder, x, place, width, 1.0, -0.5), "relu")
    left = make_activation(builder, find_scaled(builder, x, place, width, -1.0, -0.5), "relu")
    return builder.layer("Subtract", {}, (right, left))


def _squareplus(builder: Builder, x: Ref, place: Place, width: int) -> Ref:
    root = builder.op("sqrt", find_scaled(builder, _gated(builder, x, x), place, width, 1.0, 4.0))
    return find_scaled(builder, builder.layer("Add", {}, (x, root)), place, width, 0.5)


def _sparse_plus(builder: Builder, x: Ref, place: Place, width: int) -> Ref:
    bend = find_scaled(builder, builder.op("clip", x, -1.0, 1.0), place, width, 0.5, 0.5)
    line = make_activation(builder, find_scaled(builder, x, place, width, 1.0, -1.0), "relu")
    return builder.layer("Add", {}, (_gated(builder, bend, bend), line))


def _sparse_sigmoid(builder: Builder, x: Ref, place: Place, width: int) -> Ref:
    return builder.layer("ReLU", {"max_value": 1.0}, find_scaled(builder, x, place, width, 0.5, 0.5))


EXPRESSIONS: Final[Mapping[str, Express]] = {
    OLD_HARD_SIGMOID: lambda b, x, place, width: make_activation(b, find_scaled(b, x, place, width, 6 / 5), "hard_sigmoid"),
    "relu6": lambda b, x, place, width: b.layer("ReLU", {"max_value": 6.0}, x),
    "leaky_relu": lambda b, x, place, width: b.layer("LeakyReLU", {"negative_slope": 0.2}, x),
    "silu": lambda b, x, place, width: _gated(b, x, make_activation(b, x, "sigmoid")),
    "mish": lambda b, x, place, width: _gated(b, x, make_activation(b, make_activation(b, x, "softplus"), "tanh")),
    "hard_sigmoid": _hard_sigmoid,
    "hard_silu": lambda b, x, place, width: _gated(b, x, _hard_sigmoid(b, x, place, width)),
    "exponential": lambda b, x, place, width: b.op("exp", x),
    "log_softmax": _log_softmax,
    "gelu": _gelu,
    "celu": lambda b, x, place, width: make_activation(b, x, "elu"),
    "hard_tanh": lambda b, x, place, width: b.op("clip", x, -1.0, 1.0),
    "log_sigmoid": _log_sigmoid,
    "soft_shrink": _soft_shrink,
    "sparse_plus": _sparse_plus,
    "sparse_sigmoid": _sparse_sigmoid,
    "squareplus": _squareplus,
    "tanh_shrink": lambda b, x, place, width: b.layer("Subtract", {}, (x, make_activation(b, x, "tanh"))),
}
"""What says the same as an activation: a function of the builder, the tensor, the place and the size of the last axis."""
