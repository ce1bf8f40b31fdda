"""GroupNormalization of keras-contrib, from before Keras had a class of that name."""

from __future__ import annotations

from ...document.build import Builder
from ...document.model import Layer, Ref, Value
from ...migrations import Context
from ...recovery.code_sites import CodeSite
from ...recovery.functions import Refused
from ..base import stands_for
from ..deferred import defer, in_layers, shape
from ..masked import as_activation
from ..stored import SHARED
from ..trained import vector

_KEYS = frozenset({"groups", "axis", "epsilon", "center", "scale"}) | {
    f"{role}_{kind}" for role in ("beta", "gamma") for kind in ("initializer", "regularizer", "constraint")
}


@stands_for(
    "AK5071",
    "groups of neighbouring numbers",
    classes=("GroupNormalization",),
    package="keras-contrib 2.0.8, titu1994/Keras-Group-Normalization",
    what="This class reshapes a sample to (groups, ...) as it lies in memory. Channels first that is group "
    "normalisation, and becomes GroupNormalization of Keras 3. Channels last its groups are parts of the image with "
    "all channels in each, which Keras 3 does not have.",
    checked="the class as published in keras-contrib, retyped (no index carries it), on Keras 2.3.1",
    difference="1e-06",
    references=("keras_contrib/layers/normalization/groupnormalization.py 2.0.8",),
)
def group_normalization(layer: Layer, context: Context) -> Layer | None:
    """An Activation, so that masks pass; gamma and beta are kernels of Dense layers without bias."""
    roles = {role for key, role in (("scale", "gamma"), ("center", "beta")) if layer.config.get(key) is True}
    if layer.config.keys() - SHARED != _KEYS or ">" in (layer.registered_name or "") or layer.weights.keys() != roles:
        return None
    if not isinstance(layer.config["groups"], int) or not isinstance(layer.config["axis"], int):
        return None
    return defer(layer, _made)


@in_layers
def _made(layer: Layer, site: CodeSite) -> Layer:
    sizes = shape(site)
    axis = int(str(layer.config["axis"])) % len(sizes)
    if axis == len(sizes) - 1:
        return _neighbours(layer, sizes)
    if axis != 1:
        raise Refused(f"groups along axis {axis} of {len(sizes)}")
    return Layer("GroupNormalization", layer.name, {key: layer.config[key] for key in _KEYS}, layer.weights)


def _neighbours(layer: Layer, sizes: tuple[int | None, ...]) -> Layer:
    if sizes[-1] is None or sum(size is None for size in sizes[1:]) > 1:
        raise Refused("more than one size of the input is open, and its groups lie across them")
    groups = int(str(layer.config["groups"]))
    sub = Builder(f"{layer.name}_function", layer.address)
    x = sub.input()
    out = _reshaped(sub, x, groups, -1, sizes[-1] // groups)
    middle = sub.op("subtract", out, sub.op("mean", out, axis=(2, 3), keepdims=True))
    variance = sub.op("mean", sub.op("square", middle), axis=(2, 3), keepdims=True)
    out = sub.op("divide", middle, sub.op("sqrt", sub.op("add", variance, layer.config["epsilon"])))
    for role, function in (("gamma", "multiply"), ("beta", "add")):
        if role in layer.weights:
            trained = vector(sub, x, len(sizes), layer.weights[role], f"{layer.name}_{role}")
            out = sub.op(function, out, _reshaped(sub, trained, groups, 1, sizes[-1] // groups))
    return as_activation(layer, sub.finish(_reshaped(sub, out, *(-1 if size is None else size for size in sizes[1:]))))


def _reshaped(sub: Builder, x: Ref, *sizes: Value) -> Ref:
    return sub.layer("Reshape", {"target_shape": sizes}, x)
