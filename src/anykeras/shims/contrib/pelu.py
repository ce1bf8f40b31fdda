"""PELU of keras-contrib: an ELU whose slope and scale are trained."""

from __future__ import annotations

from ...document.build import Builder
from ...document.model import Layer
from ...migrations import Context
from ...recovery.code_sites import CodeSite
from ..base import stands_for
from ..deferred import defer, in_layers, rank
from ..masked import as_activation
from ..stored import SHARED
from ..trained import vector

_KEYS = frozenset({"shared_axes"}) | {
    f"{role}_{kind}" for role in ("alpha", "beta") for kind in ("initializer", "regularizer", "constraint")
}


@stands_for(
    "AK5085",
    "an Activation of operations",
    classes=("PELU",),
    package="keras-contrib 2.0.8",
    what="PELU is `alpha / beta * x` where x is positive and `alpha * (exp(x / beta) - 1)` elsewhere, alpha and beta being "
    "trained for each place of the input besides the shared axes.",
    checked="the class as published in keras-contrib, retyped (no index carries it), on Keras 2.2.4",
    difference="5e-07",
    references=("keras_contrib/layers/advanced_activations/pelu.py 2.0.8",),
)
def pelu(layer: Layer, context: Context) -> Layer | None:
    """Weights alpha and beta are kernels of Dense layers without bias."""
    if layer.config.keys() - SHARED != _KEYS or layer.weights.keys() != {"alpha", "beta"}:
        return None
    return defer(layer, _made)


@in_layers
def _made(layer: Layer, site: CodeSite) -> Layer:
    sub = Builder(f"{layer.name}_function", layer.address)
    x = sub.input()
    trained = {}
    for role in ("alpha", "beta"):
        flat = vector(sub, x, rank(site), layer.weights[role], f"{layer.name}_{role}")
        trained[role] = sub.layer("Reshape", {"target_shape": layer.weights[role].shape}, flat)
    above = sub.op("multiply", sub.op("relu", x), sub.op("divide", trained["alpha"], trained["beta"]))
    below = sub.op("exp", sub.op("divide", sub.op("minimum", x, 0.0), trained["beta"]))
    below = sub.op("multiply", trained["alpha"], sub.op("subtract", below, 1.0))
    return as_activation(layer, sub.finish(sub.op("add", below, above)))
