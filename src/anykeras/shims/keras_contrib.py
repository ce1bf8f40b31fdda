"""Layers of keras-contrib and of what was copied from it; its CRF is in `crf/`."""

from __future__ import annotations

from ..document.build import Builder
from ..document.model import Layer, Ref, Value
from ..migrations import RuleContext
from ..recovery.code_sites import CodeSite
from ..recovery.functions import Refused
from .base import SHARED, list_role_arguments, register_shim
from .blocks import add_trained_vector, as_activation, defer, in_layers, input_rank, input_shape

_INSTANCE_KEYS = list_role_arguments("beta", "gamma") | {"axis", "epsilon", "center", "scale"}
_GROUP_KEYS = _INSTANCE_KEYS | {"groups"}
_PELU_KEYS = list_role_arguments("alpha", "beta") | {"shared_axes"}


@register_shim("AK5071", classes=("GroupNormalization",))
def group_normalization(layer: Layer, context: RuleContext) -> Layer | None:
    """An Activation, so that masks pass; gamma and beta are kernels of Dense layers without bias."""
    roles = {role for key, role in (("scale", "gamma"), ("center", "beta")) if layer.config.get(key) is True}
    if layer.config.keys() - SHARED != _GROUP_KEYS or ">" in (layer.registered_name or "") or layer.weights.keys() != roles:
        return None
    if not isinstance(layer.config["groups"], int) or not isinstance(layer.config["axis"], int):
        return None
    return defer(layer, _make_group_normalization)


@in_layers
def _make_group_normalization(layer: Layer, site: CodeSite) -> Layer:
    sizes = input_shape(site)
    axis = int(str(layer.config["axis"])) % len(sizes)
    if axis == len(sizes) - 1:
        return _normalize_neighbours(layer, sizes)
    if axis != 1:
        raise Refused(f"groups along axis {axis} of {len(sizes)}")
    return Layer("GroupNormalization", layer.name, {key: layer.config[key] for key in _GROUP_KEYS}, layer.weights)


def _normalize_neighbours(layer: Layer, sizes: tuple[int | None, ...]) -> Layer:
    if sizes[-1] is None or sum(size is None for size in sizes[1:]) > 1:
        raise Refused("more than one size of the input is open, and its groups lie across them")
    groups = int(str(layer.config["groups"]))
    sub = Builder(f"{layer.name}_function", layer.address)
    x = sub.input()
    out = _reshape(sub, x, groups, -1, sizes[-1] // groups)
    middle = sub.op("subtract", out, sub.op("mean", out, axis=(2, 3), keepdims=True))
    variance = sub.op("mean", sub.op("square", middle), axis=(2, 3), keepdims=True)
    out = sub.op("divide", middle, sub.op("sqrt", sub.op("add", variance, layer.config["epsilon"])))
    for role, function in (("gamma", "multiply"), ("beta", "add")):
        if role in layer.weights:
            trained = add_trained_vector(sub, x, len(sizes), layer.weights[role], f"{layer.name}_{role}")
            out = sub.op(function, out, _reshape(sub, trained, groups, 1, sizes[-1] // groups))
    return as_activation(layer, sub.finish(_reshape(sub, out, *(-1 if size is None else size for size in sizes[1:]))))


def _reshape(sub: Builder, x: Ref, *sizes: Value) -> Ref:
    return sub.layer("Reshape", {"target_shape": sizes}, x)


@register_shim("AK5070", classes=("InstanceNormalization",))
def instance_normalization(layer: Layer, context: RuleContext) -> Layer | None:
    """An Activation, so that masks pass; gamma and beta are kernels of Dense layers without bias."""
    axis, epsilon = layer.config.get("axis"), layer.config.get("epsilon")
    roles = [role for key, role in (("scale", "gamma"), ("center", "beta")) if layer.config.get(key) is True]
    if (
        layer.config.keys() - SHARED != _INSTANCE_KEYS
        or ">" in (layer.registered_name or "")
        or layer.weights.keys() != set(roles)
    ):
        return None
    if not isinstance(epsilon, int | float) or not (axis is None or isinstance(axis, int)) or axis == 0:
        return None
    return defer(layer, _make_instance_normalization)


@in_layers
def _make_instance_normalization(layer: Layer, site: CodeSite) -> Layer:
    axes, epsilon, axis = input_rank(site), layer.config["epsilon"], layer.config["axis"]
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
            trained = add_trained_vector(sub, x, axes, layer.weights[role], f"{layer.name}_{role}")
            out = sub.op(function, out, sub.layer("Reshape", {"target_shape": shape}, trained))
    return as_activation(layer, sub.finish(out))


@register_shim("AK5085", classes=("PELU",))
def pelu(layer: Layer, context: RuleContext) -> Layer | None:
    """Weights alpha and beta are kernels of Dense layers without bias."""
    if layer.config.keys() - SHARED != _PELU_KEYS or layer.weights.keys() != {"alpha", "beta"}:
        return None
    return defer(layer, _make_pelu)


@in_layers
def _make_pelu(layer: Layer, site: CodeSite) -> Layer:
    sub = Builder(f"{layer.name}_function", layer.address)
    x = sub.input()
    trained = {}
    for role in ("alpha", "beta"):
        flat = add_trained_vector(sub, x, input_rank(site), layer.weights[role], f"{layer.name}_{role}")
        trained[role] = sub.layer("Reshape", {"target_shape": layer.weights[role].shape}, flat)
    above = sub.op("multiply", sub.op("relu", x), sub.op("divide", trained["alpha"], trained["beta"]))
    below = sub.op("exp", sub.op("divide", sub.op("minimum", x, 0.0), trained["beta"]))
    below = sub.op("multiply", trained["alpha"], sub.op("subtract", below, 1.0))
    return as_activation(layer, sub.finish(sub.op("add", below, above)))


@register_shim("AK5086", classes=("SubPixelUpscaling",))
def sub_pixel_upscaling(layer: Layer, context: RuleContext) -> Layer | None:
    """Files of Theano lay the channels in another order, and are not meant."""
    if layer.config.keys() - SHARED != {"scale_factor", "data_format"} or context.writer.backend not in (None, "tensorflow"):
        return None
    fits = isinstance(layer.config["scale_factor"], int) and layer.config["data_format"] in ("channels_first", "channels_last")
    return defer(layer, _make_sub_pixel_upscaling) if fits and not layer.weights else None


@in_layers
def _make_sub_pixel_upscaling(layer: Layer, site: CodeSite) -> Layer:
    scale, last, sizes = (
        int(str(layer.config["scale_factor"])),
        layer.config["data_format"] == "channels_last",
        input_shape(site),
    )
    sub = Builder(layer.name, layer.address)
    x = sub.input()
    if not last:
        x, sizes = sub.op("transpose", x, (0, 2, 3, 1)), (sizes[0], *sizes[2:], sizes[1])
    down, across, channels = sizes[1:]
    if down is None or across is None or channels is None:
        raise Refused("the pixels of an image of unknown size are laid out anew", "AK3043")
    left = channels // scale**2
    parts = sub.op("reshape", x, (-1, down, across, scale, scale, left))
    out = sub.op("reshape", sub.op("transpose", parts, (0, 1, 3, 2, 4, 5)), (-1, down * scale, across * scale, left))
    return sub.finish(out if last else sub.op("transpose", out, (0, 3, 1, 2)))
