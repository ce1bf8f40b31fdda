"""Code for an activation: the layer computes without it, then the function is applied."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ...document.model import Layer
from ...document.values import Code
from ...errors import Unsupported
from ..graph_ops import GraphOps
from ..lift import Lifted, function
from .base import Site, codes, place_where

_INSIDE = ("recurrent_activation",)


@place_where(lambda layer: isinstance(layer.config.get("activation"), Code))
def activation(layer: Layer, site: Site) -> Lifted:
    """A layer that ends in its activation: the same layer without, and the function after it."""
    code = layer.config["activation"]
    assert isinstance(code, Code)
    if "recurrent_kernel" in layer.weights or "recurrent_activation" in layer.config or "cell" in layer.config:
        raise Unsupported(
            "AK3004",
            f"the activation of {layer.class_name} {layer.name!r} is code, and it is applied inside the recurrence",
            layer=layer.name,
            key="activation",
            next_step="Give the function under its name in custom_objects, and keep it registered in stock Keras.",
        )
    bare = replace(layer.with_config(activation="linear"), name=layer.name)

    def before(ops: GraphOps, inputs: Any) -> Any:
        return inputs if layer.class_name == "Activation" else ops.embedded(bare, inputs)

    return function(layer, code, site.args[0], site.context, objects=site.objects, before=before)


@place_where(lambda layer: any(key in _INSIDE for key, _ in codes(layer)))
def inside(layer: Layer, site: Site) -> Lifted:
    """Code that is applied in the middle of a layer has no place in stock Keras."""
    key = next(key for key, _ in codes(layer))
    raise Unsupported(
        "AK3004",
        f"{key} of {layer.class_name} {layer.name!r} is code, and it is applied inside the layer",
        layer=layer.name,
        key=key,
        next_step="Give the function under its name in custom_objects.",
    )
