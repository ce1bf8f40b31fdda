"""Masks at a shim: layers that hand them on, and a mask as numbers."""

from __future__ import annotations

from ..document.build import Builder
from ..document.model import Config, Layer, Ref


def as_activation(layer: Layer, function: Layer) -> Layer:
    """An Activation named as `layer` that computes the model `function`: unlike a model, it hands masks on."""
    config: Config = {"activation": function, "trainable": layer.config.get("trainable") is not False}
    return Layer("Activation", layer.name, config, address=layer.address)


def mask_of(sub: Builder, x: Ref) -> Ref:
    """The mask that `x` (batch, time, features) carries as 0 and 1 (batch, time, 1); ones where it carries none.

    ``Attention`` multiplies its outcome by the mask of its query (keras/src/layers/attention/attention.py 3.15.1), and
    with a single one for the values its outcome is that mask.
    """
    ones = sub.layer("Rescaling", {"scale": 0.0, "offset": 1.0}, x)
    single = sub.op("max", ones, axis=1, keepdims=True)
    return sub.op("max", sub.layer("Attention", {}, (ones, single)), axis=-1, keepdims=True)
