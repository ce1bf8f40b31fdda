"""Batch normalisations of detection networks, which keep their statistics in training."""

from __future__ import annotations

from collections.abc import Mapping

from ...document.model import Layer, Value
from ...migrations import Context
from ...tensors import Tensor
from ..base import stands_for
from .channels import bare

_ROLES = {"gamma": "gamma", "beta": "beta", "moving_mean": "moving_mean", "moving_variance": "moving_variance"}
_FIXED = {"gamma": "gamma", "beta": "beta", "running_mean": "moving_mean", "running_std": "moving_variance"}
_OWN = (
    "axis", "momentum", "epsilon", "center", "scale", "beta_initializer", "gamma_initializer", "moving_mean_initializer",
    "moving_variance_initializer", "beta_regularizer", "gamma_regularizer", "beta_constraint", "gamma_constraint",
)  # fmt: skip


def _weights(layer: Layer, roles: Mapping[str, str]) -> dict[str, Tensor] | None:
    """The weights by the roles of Keras 3; None where one has another name."""
    found = {}
    for key, tensor in layer.weights.items():
        role = next((roles[end] for end in roles if key.removesuffix(":0").endswith(end)), None)
        if role is None or role in found:
            return None
        found[role] = tensor
    return found


def _kept(layer: Layer, *keys: str) -> dict[str, Value]:
    return {key: layer.config[key] for key in (*keys, "dtype") if key in layer.config}


@stands_for(
    "AK5103",
    "BatchNormalization, not trainable where it was frozen",
    classes=("BatchNormalization",),
    package="keras-resnet 0.2.0, keras-retinanet",
    what="keras-resnet saves a class of its own under the name BatchNormalization, with the argument `freeze`. Frozen, "
    "it uses the statistics of the file in training too, as that of Keras 3 does where it is not trainable.",
    checked="keras-resnet 0.2.0 on Keras 2.3.1",
    difference="4e-07",
    references=("keras_resnet/layers/_batch_normalization.py 0.2.0",),
)
def freezing(layer: Layer, context: Context) -> Layer | None:
    """BatchNormalization(trainable=not freeze)."""
    weights = _weights(layer, _ROLES)
    if not bare(layer, "freeze", *_OWN) or weights is None or "freeze" not in layer.config:
        return None
    frozen = bool(layer.config["freeze"])
    trainable = not frozen and layer.config.get("trainable") is not False
    return Layer("BatchNormalization", layer.name, {**_kept(layer, *_OWN), "trainable": trainable}, weights)


@stands_for(
    "AK5105",
    "BatchNormalization that is not trainable",
    classes=("FixedBatchNormalization",),
    package="keras-frcnn",
    what="FixedBatchNormalization normalises with statistics that never change; what it calls `running_std` is used as a "
    "variance.",
    checked="the class as published in keras-frcnn, retyped, on Keras 2.1.5",
    difference="4e-07",
    references=("yhenon/keras-frcnn, keras_frcnn/FixedBatchNormalization.py",),
)
def fixed(layer: Layer, context: Context) -> Layer | None:
    """BatchNormalization(axis, epsilon, trainable=False)."""
    weights = _weights(layer, _FIXED)
    known = {"axis", "epsilon"} <= layer.config.keys()
    if not known or not bare(layer, "axis", "epsilon", "gamma_regularizer", "beta_regularizer") or weights is None:
        return None
    config = {**_kept(layer, "axis", "epsilon"), "trainable": False}
    return Layer("BatchNormalization", layer.name, config, weights)
