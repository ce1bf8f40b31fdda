"""Kernels of the convolutions of Keras 0 and 1: how they are laid out and which way round they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ...document.build import Builder
from ...document.model import Era, Layer, Value
from ...tensors import Tensor
from ..rulebook import RuleContext, rule
from .keras1_layouts import (
    OLD,
    channels_first,
    flip_kernel,
    integers,
    move_constraint,
    on_theano,
    spatial_first,
)

# Number of spatial axes, and the arguments that give the kernel's size along them.
_RANKS: Mapping[str, tuple[int, tuple[str, ...]]] = {
    **dict.fromkeys(("Convolution1D", "Conv1D", "AtrousConvolution1D", "AtrousConv1D"), (1, ("filter_length",))),
    **dict.fromkeys(("Convolution2D", "Conv2D", "AtrousConvolution2D", "AtrousConv2D"), (2, ("nb_row", "nb_col"))),
    **dict.fromkeys(("Convolution3D", "Conv3D"), (3, ("kernel_dim1", "kernel_dim2", "kernel_dim3"))),
    **dict.fromkeys(("Deconvolution2D", "Deconv2D"), (2, ("nb_row", "nb_col"))),
    **dict.fromkeys(("SeparableConvolution2D", "SeparableConv2D"), (2, ("nb_row", "nb_col"))),
}
_FLAT = tuple(name for name, (rank, _) in _RANKS.items() if rank == 1)
_DEEP = tuple(name for name, (rank, _) in _RANKS.items() if rank > 1)


def sizes(layer: Layer) -> tuple[int, ...]:
    """The kernel's size along each spatial axis; () where the file does not say."""
    found = [layer.config.get(key) for key in _RANKS[layer.class_name][1]]
    return tuple(size for size in found if isinstance(size, int)) if all(isinstance(s, int) for s in found) else ()


def _replace_weights(layer: Layer, weights: Mapping[str, Tensor], *spent: str) -> Layer:
    return replace(layer, weights={**{r: t for r, t in layer.weights.items() if r not in spent}, **weights})


@rule(
    "AK2150",
    to=Era.KERAS2,
    eras=OLD,
    classes=_FLAT,
    report=False,
)
def _transpose_early(layer: Layer, context: RuleContext) -> Layer | None:
    kernel = layer.weights.get("W")
    filters, length = layer.config.get("nb_filter"), layer.config.get("filter_length")
    if kernel is None or len(kernel.shape) != 4:
        return None
    later = kernel.shape[:2] == (length, 1) and kernel.shape[3] == filters
    if later or kernel.shape[0] != filters or kernel.shape[2:] != (length, 1):
        return None
    return _replace_weights(layer, {"W": kernel.transpose(2, 3, 1, 0)})


@rule(
    "AK2151",
    to=Era.KERAS2,
    eras=OLD,
    classes=_FLAT,
    after=("AK2150",),
    report=False,
)
def _drop_axis(layer: Layer, context: RuleContext) -> Layer | None:
    kernel = layer.weights.get("W")
    if kernel is None or len(kernel.shape) != 4 or kernel.shape[1] != 1:
        return None
    length, _, inputs, filters = kernel.shape
    changed = _replace_weights(layer, {"kernel": kernel.reshape(length, inputs, filters)}, "W")
    return _move_constraint(changed, (0, None, 1, 2))


def _move_constraint(layer: Layer, order: tuple[int | None, ...]) -> Layer:
    constraint = layer.config.get("W_constraint")
    return layer if constraint is None else layer.with_config(W_constraint=move_constraint(constraint, order))


_SEPARABLE = ("depthwise_kernel", "pointwise_kernel")


@rule(
    "AK2152",
    to=Era.KERAS2,
    eras=OLD,
    classes=_DEEP,
    report=False,
)
def _move_channels(layer: Layer, context: RuleContext) -> Layer | None:
    if not channels_first(layer, context.writer):
        return None
    separable = {
        role: spatial_first(layer.weights[role])
        for role in _SEPARABLE
        if role in layer.weights and not layer.weights[role].steps
    }
    if separable:
        return _replace_weights(layer, separable)
    kernel = layer.weights.get("W")
    if kernel is None:
        return None
    rank = len(kernel.shape) - 2
    changed = _replace_weights(layer, {"kernel": spatial_first(kernel)}, "W")
    return _move_constraint(changed, (rank + 1, rank, *range(rank)))


@rule(
    "AK2153",
    to=Era.KERAS2,
    eras=OLD,
    classes=tuple(name for name in _RANKS if not name.startswith("Separable")),
    after=("AK2150", "AK2152"),
)
def _flip(layer: Layer, context: RuleContext) -> Layer | None:
    if not on_theano(context.writer):
        return None
    role = "kernel" if "kernel" in layer.weights else "W"
    kernel = layer.weights.get(role)
    if kernel is None or any(step.startswith("flip") for step in kernel.steps):
        return None
    return _replace_weights(layer, {role: flip_kernel(kernel, _RANKS[layer.class_name][0])})


@rule(
    "AK2155",
    to=Era.KERAS2,
    eras=OLD,
    classes=tuple(name for name in _RANKS if not name.startswith(("Separable", "Deconv"))),
)
def _pad_full_border(layer: Layer, context: RuleContext) -> Layer | None:
    size = sizes(layer)
    if layer.config.get("border_mode") != "full" or not size:
        return None
    rates = integers(layer.config.get("atrous_rate", 1), len(size)) or (1,) * len(size)
    wide = tuple((k - 1) * rate for k, rate in zip(size, rates, strict=True))
    padding: Value = (wide[0], wide[0]) if len(wide) == 1 else tuple((w, w) for w in wide)
    pad_config: dict[str, Value] = {"padding": padding}
    if len(wide) > 1:
        pad_config["dim_ordering"] = "th" if channels_first(layer, context.writer) else "tf"
    return pad_before(layer, f"ZeroPadding{len(wide)}D", pad_config, {"border_mode": "valid"})


def pad_before(layer: Layer, pad_class: str, pad_config: Mapping[str, Value], changes: Mapping[str, Value]) -> Layer:
    """A functional layer of the same name: padding first, then `layer` with `changes`."""
    sub = Builder(layer.name, layer.address)
    wide = sub.layer(pad_class, pad_config, sub.input(), name=f"{layer.name}_pad")
    inner = replace(layer.with_config(**changes), name=f"{layer.name}_conv")
    return sub.finish(sub.add(inner, wide), layer.config.get("trainable") is not False)
