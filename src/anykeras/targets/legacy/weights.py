"""The weights of a descended model in the order in which an HDF5 file of tf.keras or Keras 2 counts them.

A loading stack matches weights by position: layer by layer as the model lists them, inside one layer or nested model first all
that are trained, then all others; a frozen layer inside a nested model belongs to the others.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ...catalog import Role, find
from ...catalog.base import LayerEntry
from ...document.model import Era, Layer
from ...tensors import Tensor
from .spelling import order_layers


@dataclass(frozen=True)
class Weight:
    """One weight of a layer: its tensor, its role and whether it is trained."""

    layer: Layer
    role: str
    tensor: Tensor
    trained: bool

    @property
    def name(self) -> str:
        """The name in the file, which only has to differ from others."""
        return f"{self.layer.name}/{self.role}"


def list_weights(layer: Layer, frozen: bool = False) -> Iterator[Weight]:
    """The weights of a layer and all in it, as the layer's own class lists them."""
    frozen = frozen or layer.config.get("trainable") is False
    if layer.graph is not None:
        for inner in order_layers(layer):
            yield from list_weights(inner, frozen)
        return
    for role, tensor in list_own(layer):
        yield Weight(layer, role.name, tensor, role.trainable and not frozen)
    for _, _, held in list_held(layer):
        yield from list_weights(held, frozen)


def list_own(layer: Layer) -> Iterator[tuple[Role, Tensor]]:
    """The weights of a layer itself, as its class lists them."""
    entry = _find_entry(layer)
    for role in entry.roles(layer) if entry is not None else ():
        tensor = None if role.copy else layer.weights.get(role.name)
        if tensor is not None:
            yield role, tensor


def list_held(layer: Layer) -> Iterator[tuple[str, int, Layer]]:
    """The layers in the configuration of one, each with its key and its place there."""
    entry = _find_entry(layer)
    for key, _ in entry.children if entry is not None else ():
        held = layer.config.get(key)
        for number, item in enumerate(held if isinstance(held, tuple) else (held,)):
            if isinstance(item, Layer):
                yield key, number, item


def _find_entry(layer: Layer) -> LayerEntry | None:
    """What the catalog says of the class, in the words of the document before: `kernel` of a depthwise convolution."""
    return find(layer.class_name, Era.KERAS3) or find(layer.class_name, Era.TF2)


def list_in_file_order(layer: Layer) -> list[Weight]:
    """The weights of one layer of the model in the order of the file."""
    found = list(list_weights(layer))
    return [w for w in found if w.trained] + [w for w in found if not w.trained]


def list_trained(model: Layer) -> list[Weight]:
    """``model.trainable_weights``, which the optimizer counts."""
    return [weight for weight in list_weights(model) if weight.trained]
