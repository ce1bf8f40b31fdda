"""Shapes that files of Keras 3 record beside the layers, where they say what a configuration leaves out.

``__keras_tensor__`` holds the shape of every tensor between two layers of a functional model, ``build_config`` the shape
that a layer of a sequence was built for (keras/src/saving/serialization_lib.py and keras/src/layers/layer.py, 3.0 to 3.15).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from ..containers.base import Json

# Keras 3.0 to 3.14 wrote these without their `output_padding` (`get_config`, layers/convolutional/base_conv_transpose.py).
_CLASSES = ("Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose")
KEY = "recorded_shapes"

Shape = tuple[int | None, ...]


def note_shapes(listed: Sequence[Json], functional: bool) -> list[Json]:
    """The layers of a model, with ``recorded_shapes`` (of the input, of the output) on those that need them."""
    if not any(_lacks(item) for item in listed):
        return list(listed)
    found = _find_between(listed) if functional else _follow_row(listed)
    return [_add_shapes(item, found) if _lacks(item) else item for item in listed]


def _lacks(item: Json) -> bool:
    config = item.get("config") if isinstance(item, dict) else None
    return isinstance(item, dict) and item.get("class_name") in _CLASSES and isinstance(config, dict) and (
        "output_padding" not in config
    )  # fmt: skip


def _add_shapes(item: Json, found: Mapping[str, tuple[Shape, Shape]]) -> Json:
    config = item.get("config") if isinstance(item, dict) else None
    if not isinstance(item, dict) or not isinstance(config, dict):
        return item
    shapes = found.get(_find_name(item))
    return item if shapes is None else {**item, "config": {**config, KEY: [list(shape) for shape in shapes]}}


def _find_name(item: Json) -> str:
    if not isinstance(item, dict):
        return ""
    config = item.get("config")
    name = item.get("name") or (config.get("name") if isinstance(config, dict) else None)
    return name if isinstance(name, str) else ""


def _find_between(listed: Sequence[Json]) -> dict[str, tuple[Shape, Shape]]:
    """By layer: the shape that its first call takes, and the one that is taken from it."""
    taken: dict[str, Shape] = {}
    offered: dict[str, Shape] = {}
    for item in listed:
        nodes = item.get("inbound_nodes") if isinstance(item, dict) else None
        for source, shape in _list_tensors(nodes):
            offered.setdefault(source, shape)
            taken.setdefault(_find_name(item), shape)
    return {name: (taken[name], offered[name]) for name in taken.keys() & offered.keys()}


def _list_tensors(value: Json) -> Iterator[tuple[str, Shape]]:
    """The tensors that first calls give, wherever they stand in the arguments."""
    stack = [value]
    while stack:
        held = stack.pop(0)
        if isinstance(held, list):
            stack = [*held, *stack]
        elif isinstance(held, dict):
            config = held.get("config")
            if held.get("class_name") == "__keras_tensor__" and isinstance(config, dict):
                history, shape = config.get("keras_history"), _find_shape(config.get("shape"))
                if isinstance(history, list) and history[1:] == [0, 0] and isinstance(history[0], str) and shape:
                    yield history[0], shape
            else:
                stack = [*held.values(), *stack]


def _follow_row(listed: Sequence[Json]) -> dict[str, tuple[Shape, Shape]]:
    built = [(item, _read_built(item)) for item in listed]
    return {_find_name(item): (shape, after) for (item, shape), (_, after) in pairwise(built) if shape and after}


def _read_built(item: Json) -> Shape | None:
    config = item.get("build_config") if isinstance(item, dict) else None
    return _find_shape(config.get("input_shape")) if isinstance(config, dict) else None


def _find_shape(value: Json) -> Shape | None:
    if not isinstance(value, list) or not all(size is None or type(size) is int for size in value):
        return None
    return tuple(size if isinstance(size, int) else None for size in value)
