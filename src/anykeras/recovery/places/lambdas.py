"""``Lambda`` layers, and ``Merge`` with a function for its mode (Keras 1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...document.model import Layer
from ...document.values import Code
from ...errors import Unsupported
from ..lift import Lifted, function
from .base import Site, place, place_where


@place("Lambda")
def lambda_layer(layer: Layer, site: Site) -> Lifted:
    """The function of a Lambda, called on what the layer is called on, with its ``arguments``."""
    return function(
        layer,
        _function(layer),
        site.args[0],
        site.context,
        extra=_arguments(layer),
        offered={"training": site.context.training, "mask": None},
        objects=site.objects,
    )


def _function(layer: Layer) -> Code:
    code = layer.config.get("function")
    if isinstance(code, Code):
        return code
    if isinstance(code, str):
        return Code(code, "function")
    raise Unsupported(
        "AK3001",
        f"the function of the Lambda is a {type(code).__name__}",
        layer=layer.name,
        key="function",
        next_step="Report this file: the spelling is not one that AnyKeras knows.",
    )


def _arguments(layer: Layer) -> Mapping[str, Any]:
    held = layer.config.get("arguments")
    return dict(held) if isinstance(held, Mapping) else {}


@place_where(lambda layer: layer.class_name == "Merge" and isinstance(layer.config.get("mode"), Code))
def merge_layer(layer: Layer, site: Site) -> Lifted:
    """A Merge whose mode is a function of the list of its inputs (keras 1.2.2 engine/topology.py)."""
    code = layer.config["mode"]
    assert isinstance(code, Code)
    return function(layer, code, site.args[0], site.context, extra=_arguments(layer), objects=site.objects)
