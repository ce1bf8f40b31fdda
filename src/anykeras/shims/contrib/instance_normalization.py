"""InstanceNormalization of keras-contrib, saved under the bare name."""

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

_KEYS = frozenset({"axis", "epsilon", "center", "scale"}) | {
    f"{role}_{kind}" for role in ("beta", "gamma") for kind in ("initializer", "regularizer", "constraint")
}


@stands_for(
    "AK5070",
    "means and deviations by operations",
    classes=("InstanceNormalization",),
    package="keras-contrib (as in antspynet 0.1.9)",
    what="InstanceNormalization of keras-contrib is `gamma * (x - mean) / (deviation + epsilon) + beta` over all axes but "
    "the first and `axis`; with `axis=None` over all but the first, with one gamma and one beta. Epsilon is added to "
    "the deviation, not to the variance, so that no normalisation of Keras 3 is the same.",
    checked="antspynet 0.1.9's copy of it, on Keras 2.3.1 and tf.keras 2.6",
    difference="7e-07",
    references=("antspynet/utilities/custom_normalization_layers.py, 0.1.9",),
)
def instance_normalization(layer: Layer, context: Context) -> Layer | None:
    """An Activation, so that masks pass; gamma and beta are kernels of Dense layers without bias."""
    axis, epsilon = layer.config.get("axis"), layer.config.get("epsilon")
    roles = [role for key, role in (("scale", "gamma"), ("center", "beta")) if layer.config.get(key) is True]
    if layer.config.keys() - SHARED != _KEYS or ">" in (layer.registered_name or "") or layer.weights.keys() != set(roles):
        return None
    if not isinstance(epsilon, int | float) or not (axis is None or isinstance(axis, int)) or axis == 0:
        return None
    return defer(layer, _made)


@in_layers
def _made(layer: Layer, site: CodeSite) -> Layer:
    axes, epsilon, axis = rank(site), layer.config["epsilon"], layer.config["axis"]
    kept = axis % axes if isinstance(axis, int) else None
    others = tuple(each for each in range(1, axes) if each != kept)
    sub = Builder(f"{layer.name}_function", layer.address)
    x = sub.input()
    middle = sub.op("subtract", x, sub.op("mean", x, axis=others, keepdims=True))
    deviation = sub.op("sqrt", sub.op("mean", sub.op("square", middle), axis=others, keepdims=True))
    out = sub.op("divide", middle, sub.op("add", deviation, epsilon))
    for role, function in (("gamma", "multiply"), ("beta", "add")):
        if role in layer.weights:
            shape = tuple(layer.weights[role].size if each == kept else 1 for each in range(1, axes))
            trained = vector(sub, x, axes, layer.weights[role], f"{layer.name}_{role}")
            out = sub.op(function, out, sub.layer("Reshape", {"target_shape": shape}, trained))
    return as_activation(layer, sub.finish(out))
