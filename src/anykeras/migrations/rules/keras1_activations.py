"""Activation layers with weights that Keras 2 dropped: SReLU and ParametricSoftplus.

They passed masks on, as an Activation does, so each becomes an Activation whose function is a model. A trainable vector
is kept by a PReLU that is given -1 everywhere, which makes it minus that vector.
"""

from __future__ import annotations

from ...document.build import Builder
from ...document.model import Era, Layer, Ref, Value
from ..rulebook import RuleContext, rule
from .keras1_layouts import OLD, as_activation, on_theano


class _Vectors:
    """The weights of one activation layer as tensors shaped like its input."""

    def __init__(self, layer: Layer, sub: Builder, x: Ref) -> None:
        self.layer, self.sub = layer, sub
        self.minus_ones = sub.layer("Rescaling", {"scale": 0.0, "offset": -1.0}, x)

    def negate(self, role: str) -> Ref:
        """Minus the weight `role`."""
        tensor = self.layer.weights.get(role)
        config: dict[str, Value] = {"shared_axes": read_shared_axes(self.layer)}
        weights = {} if tensor is None else {"alpha": tensor}
        return self.sub.layer("PReLU", config, self.minus_ones, weights=weights, name=f"{self.layer.name}_{role}")

    def plain(self, role: str) -> Ref:
        """The weight `role`."""
        return negative(self.sub, self.negate(role))


def read_shared_axes(layer: Layer) -> Value:
    """The shared axes; Keras 1 wrote [None] for none (keras/layers/advanced_activations.py 1.2.2)."""
    axes = layer.config.get("shared_axes")
    held = tuple(a for a in axes if a is not None) if isinstance(axes, tuple) else axes
    return held or None


def negative(sub: Builder, x: Ref) -> Ref:
    """-x as a layer."""
    return sub.layer("Rescaling", {"scale": -1.0, "offset": 0.0}, x)


def _relu(sub: Builder, x: Ref) -> Ref:
    return sub.layer("ReLU", {}, x)


@rule(
    "AK2122",
    to=Era.KERAS2,
    eras=OLD,
    classes=("ParametricSoftplus",),
)
def _parametric_softplus(layer: Layer, context: RuleContext) -> Layer | None:
    sub = Builder(f"{layer.name}_function", layer.address)
    x = sub.op("copy", sub.input())  # without its mask, which merges of Keras 3 read
    vectors = _Vectors(layer, sub, x)
    inner = sub.layer("Multiply", {}, (vectors.plain("betas"), x))
    curve = sub.layer("Activation", {"activation": "softplus"}, inner)
    out = sub.layer("Multiply", {}, (curve, vectors.plain("alphas")))
    return as_activation(layer, sub.finish(out))


@rule(
    "AK2123",
    to=Era.KERAS2,
    eras=OLD,
    classes=("SReLU",),
    after=("AK2101",),
)
def _srelu(layer: Layer, context: RuleContext) -> Layer | None:
    sub = Builder(f"{layer.name}_function", layer.address)
    x = sub.op("copy", sub.input())  # without its mask, which merges of Keras 3 read
    vectors = _Vectors(layer, sub, x)
    minus_left = vectors.negate("t_left")
    a_left, a_right = vectors.plain("a_left"), vectors.plain("a_right")
    right = vectors.negate("t_right")
    width = sub.layer("Add", {}, (_relu(sub, right), _relu(sub, negative(sub, right))))
    z = sub.layer("Add", {}, (x, minus_left))
    below = sub.layer("Multiply", {}, (a_left, _relu(sub, negative(sub, z))))
    above = _relu(sub, z)
    if on_theano(context.writer):
        middle = sub.layer("Minimum", {}, (sub.layer("Subtract", {}, (above, below)), width))
    else:
        middle = sub.layer("Subtract", {}, (sub.layer("Minimum", {}, (above, width)), below))
    beyond = _relu(sub, sub.layer("Subtract", {}, (z, width)))
    sloped = sub.layer("Multiply", {}, (a_right, beyond))
    ramp = sub.layer("Subtract", {}, (middle, minus_left))
    return as_activation(layer, sub.finish(sub.layer("Add", {}, (ramp, sloped))))
