"""Dense after Flatten: the rows of its kernel in the order in which the model flattens an image, not in the file's.

Keras 0 and 1 laid images out as their convolutions did, which the kernels tell. Keras 2.0 and 2.1 had one layout of kernels
for both, so nothing in the file tells. From 2.2 on Flatten itself puts the channels last.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from ..catalog.base import OLD
from ..catalog.shapes import infer
from ..document.graph import list_inputs, list_outputs
from ..document.model import Call, Era, Graph, Layer, Member, Ref, refs
from ..document.walk import layers_of
from ..tensors import Array, Tensor
from .forms import FIRST, LAST
from .places import Place, Places

# Layers that leave every number where it is.
_PASSES = frozenset(
    {"Dropout", "Activation", "ReLU", "LeakyReLU", "PReLU", "ELU", "Softmax", "BatchNormalization", "GaussianNoise",
     "GaussianDropout", "AlphaDropout", "ActivityRegularization", "Identity", "Masking", "LayerNormalization"}
)  # fmt: skip
_SINCE_FLATTEN_ORDERS = (2, 2)
_MOST_STEPS = 64
_IMAGE = 3  # axes of an image beside the batch, at least


@dataclass(frozen=True)
class Flattened:
    """What a Dense gets: an image of these sizes, of this format, flattened in the order of its axes or channels last."""

    sizes: tuple[int, ...]
    data_format: str
    rows: str

    @property
    def matters(self) -> bool:
        """Whether the order of the rows differs between formats."""
        channels = self.sizes[0] if self.data_format == FIRST else self.sizes[-1]
        return 1 < channels < math.prod(self.sizes)


def rows_of_file(era: Era, release: tuple[int, ...], layout: str | None) -> str | None:
    """In which order the writer flattened an image of that layout; None where the file does not tell."""
    if era in OLD:
        return layout
    if era is Era.KERAS2 and release < _SINCE_FLATTEN_ORDERS:
        return layout
    return LAST


def reorder(kernel: Tensor, found: Flattened, there: str) -> Tensor:
    """The kernel with its rows, that are in the order `there`, in the order of the model."""
    sizes = found.sizes if found.data_format == FIRST else (found.sizes[-1], *found.sizes[:-1])
    channels, space = sizes[0], sizes[1:]
    width = kernel.shape[-1]

    def move(array: Array) -> Array:
        if there == FIRST:
            image = array.reshape(channels, *space, width)
            return image.transpose(*range(1, len(space) + 1), 0, len(space) + 1).reshape(array.shape)
        image = array.reshape(*space, channels, width)
        return image.transpose(len(space), *range(len(space)), len(space) + 1).reshape(array.shape)

    return kernel.rearrange("rows reordered", kernel.shape, move)


class Flattenings:
    """Which layers of a model get a flattened image."""

    def __init__(self, places: Places) -> None:
        self.model, self.layers = places.model, places.layers

    def before(self, place: Place) -> Flattened | None:
        """The image that a Dense gets flattened; None where it gets something else, or it is not known."""
        if place.class_name != "Dense" or not isinstance(place.path[-1], Member):
            return None
        path = place.path
        holders = [self.layers[path[:size]] for size in range(len(path)) if path[:size] in self.layers]
        if any(held.graph is None for held in holders):
            return None
        walk = _Backwards(holders)
        for layer, ref in walk.steps(place.layer.name):
            if layer.class_name not in _PASSES:
                return self._flattened(layer, walk.graph, ref)
        return None

    def _flattened(self, layer: Layer, holder: Layer, ref: Ref) -> Flattened | None:
        inner = layer.config.get("layer")
        timed = layer.class_name == "TimeDistributed" and isinstance(inner, Layer)
        flat = inner if timed and isinstance(inner, Layer) else layer
        target = flat.config.get("target_shape")
        if flat.class_name != "Flatten" and not (
            flat.class_name == "Reshape" and isinstance(target, tuple) and len(target) == 1
        ):
            return None
        shape = self._shape_before(layer, holder, ref)
        sizes = shape[2:] if timed and shape else shape[1:] if shape else ()
        if len(sizes) < _IMAGE or None in sizes:
            return None
        known = tuple(size for size in sizes if size is not None)
        data_format = self._data_format(holder)
        ordered = flat.class_name == "Flatten" and flat.config.get("data_format") == FIRST and data_format == FIRST
        return Flattened(known, data_format, LAST if ordered else data_format)

    def _shape_before(self, layer: Layer, holder: Layer, ref: Ref) -> tuple[int | None, ...] | None:
        built = layer.config.get("build_config")
        shape = built.get("input_shape") if isinstance(built, dict) else None
        if isinstance(shape, tuple):
            return tuple(size if isinstance(size, int) else None for size in shape)
        spec = infer(holder).get(ref)
        return tuple(spec.shape) if spec is not None and spec.shape is not None else None

    def _data_format(self, holder: Layer) -> str:
        """That of the layers of images beside; channels last where none says."""
        for model in (holder, self.model):
            said = [layer.config.get("data_format") for layer in layers_of(model) if layer.class_name != "Flatten"]
            if found := [value for value in said if value in (FIRST, LAST)]:
                return str(found[0])
        return LAST


class _Backwards:
    """The way back from a layer, out of nested models and into them."""

    def __init__(self, holders: list[Layer]) -> None:
        self.holders = holders
        self.graph = self.holders[-1]

    def steps(self, name: str) -> Iterator[tuple[Layer, Ref]]:
        """Each layer before the one of that name, with the tensor that it is called on, as long as there is only one."""
        ref = self._argument(name)
        for _ in range(_MOST_STEPS):
            if ref is None:
                return
            layer = (
                next((layer for layer in _make_graph(self.graph).layers if layer.name == ref.layer), None)
                if ref.layer
                else None
            )
            if layer is None or layer.class_name == "InputLayer":
                if len(self.holders) < 2:
                    return
                inner = self.holders.pop()
                self.graph = self.holders[-1]
                ref = self._argument(inner.name)
                continue
            if layer.graph is not None:
                self.holders.append(layer)
                self.graph = layer
                found = list_outputs(_make_graph(layer))
                ref = found if isinstance(found, Ref) else None
                continue
            before = self._argument(layer.name)
            if before is None:
                return
            yield layer, before
            ref = before

    def _argument(self, name: str) -> Ref | None:
        """What a layer is called on; None where it is called several times or on several tensors."""
        graph = _make_graph(self.graph)
        if graph.sequential:
            at = next((index for index, layer in enumerate(graph.layers) if layer.name == name), 0)
            return Ref(graph.layers[at - 1].name) if at else next(iter(list_inputs(graph)), None)
        calls: tuple[Call, ...] = graph.calls.get(name, ())
        given = refs(calls[0].args) if calls else []
        return given[0] if len(given) == 1 else None


def _make_graph(layer: Layer) -> Graph:
    assert layer.graph is not None
    return layer.graph
