"""Layers of keras-retinanet, keras-resnet and keras-frcnn."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ...document.model import Layer, Value
from ...migrations import RuleContext
from ...recovery.graph_ops import GraphOps
from ...tensors import Tensor
from ..base import has_only, register_shim
from ..deferred import defer, in_operations

_PYRAMID = re.compile(r"P\d+_upsampled")


@register_shim(
    "AK5095",
    classes=("UpsampleLike",),
    package="keras-retinanet 0.3.1 to 1.0.0",
    checked="keras-retinanet 0.5.1 on Keras 2.3.1",
    difference="2e-07",
)
def upsample_like(layer: Layer, context: RuleContext) -> Layer | None:
    """``take(take(source, rows, 1), columns, 2)``."""
    return defer(layer, _write_upsample_like) if has_only(layer) and _PYRAMID.fullmatch(layer.name) else None


@in_operations
def _write_upsample_like(ops: GraphOps, inputs: Any, layer: Layer) -> Any:
    source, target = inputs
    axes = (2, 3) if ops.context.data_format == "channels_first" else (1, 2)
    for axis in axes:
        source = ops.take(source, _nearest(ops, source, target, axis), axis=axis)
    return source


def _nearest(ops: GraphOps, source: Any, target: Any, axis: int) -> Any:
    """For each place of the target floor(place * before / after), in float32 as TensorFlow's kernel counts."""
    before, after = _row(ops, source, axis), _row(ops, target, axis)
    scale = ops.divide(ops.sum(before), ops.sum(after))
    places = ops.subtract(ops.cumsum(after), 1.0)
    last = ops.subtract(ops.sum(before), 1.0)
    return ops.cast(ops.minimum(ops.floor(ops.multiply(places, scale)), last), "int32")


def _row(ops: GraphOps, x: Any, axis: int) -> Any:
    """Ones along one axis."""
    key = tuple(slice(None) if i == axis else 0 for i in range(ops.rank(x)))
    return ops.cast(ops.ones_like(ops.getitem(x, key)), "float32")


_ROLES = {"gamma": "gamma", "beta": "beta", "moving_mean": "moving_mean", "moving_variance": "moving_variance"}
_FIXED = {"gamma": "gamma", "beta": "beta", "running_mean": "moving_mean", "running_std": "moving_variance"}
_OWN = (
    "axis", "momentum", "epsilon", "center", "scale", "beta_initializer", "gamma_initializer", "moving_mean_initializer",
    "moving_variance_initializer", "beta_regularizer", "gamma_regularizer", "beta_constraint", "gamma_constraint",
)  # fmt: skip


def _weights_by_role(layer: Layer, roles: Mapping[str, str]) -> dict[str, Tensor] | None:
    """The weights by the roles of Keras 3; None where one has another name."""
    found = {}
    for key, tensor in layer.weights.items():
        role = next((roles[end] for end in roles if key.removesuffix(":0").endswith(end)), None)
        if role is None or role in found:
            return None
        found[role] = tensor
    return found


def _keep(layer: Layer, *keys: str) -> dict[str, Value]:
    return {key: layer.config[key] for key in (*keys, "dtype") if key in layer.config}


@register_shim(
    "AK5103",
    classes=("BatchNormalization",),
    package="keras-resnet 0.2.0, keras-retinanet",
    checked="keras-resnet 0.2.0 on Keras 2.3.1",
    difference="4e-07",
)
def frozen_normalization(layer: Layer, context: RuleContext) -> Layer | None:
    """BatchNormalization(trainable=not freeze)."""
    weights = _weights_by_role(layer, _ROLES)
    if not has_only(layer, "freeze", *_OWN) or weights is None or "freeze" not in layer.config:
        return None
    frozen = bool(layer.config["freeze"])
    trainable = not frozen and layer.config.get("trainable") is not False
    return Layer("BatchNormalization", layer.name, {**_keep(layer, *_OWN), "trainable": trainable}, weights)


@register_shim(
    "AK5105",
    classes=("FixedBatchNormalization",),
    package="keras-frcnn",
    checked="the class as published in keras-frcnn, retyped, on Keras 2.1.5",
    difference="4e-07",
)
def replace_fixed(layer: Layer, context: RuleContext) -> Layer | None:
    """BatchNormalization(axis, epsilon, trainable=False)."""
    weights = _weights_by_role(layer, _FIXED)
    known = {"axis", "epsilon"} <= layer.config.keys()
    if not known or not has_only(layer, "axis", "epsilon", "gamma_regularizer", "beta_regularizer") or weights is None:
        return None
    config = {**_keep(layer, "axis", "epsilon"), "trainable": False}
    return Layer("BatchNormalization", layer.name, config, weights)
