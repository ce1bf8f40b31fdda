"""What the rules of the way back build with: submodels that take a layer's place, affine layers, activations by layers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from ..catalog.releases import Since
from ..document.build import Builder
from ..document.model import Config, Layer, Ref, Value
from ..tensors import constant
from .rulebook import Place

EPSILON: Final = 1e-3
RESCALING: Final = Since(tf="2.3", tfjs="4.22")

RESET_AFTER: Final = Since(tf="1.13", keras2="2.2")
"""A GRU that resets after the product (`reset_after`)."""

Step = Callable[[Builder, Ref], Ref]


def model_of(layer: Layer, place: Place, steps: Callable[..., Value], inputs: int = 1) -> Layer:
    """A model in the place of a layer: `steps` gets the builder and the inputs.

    Raises Unsupported where the shape of an input is not known.
    """
    builder = Builder(layer.name, layer.address)
    ends = []
    for number in range(inputs):
        spec = place.inputs[number] if number < len(place.inputs) else None
        if spec is None or spec.shape is None:
            raise place.refuse(layer, "the shape of what it is called on is not known")
        ends.append(builder.input(spec.shape[1:], spec.dtype or "float32", f"{layer.name}_input_{number + 1}"))
    trainable = layer.config.get("trainable")
    return builder.finish(steps(builder, *ends), trainable is not False)


def pass_through(layer: Layer) -> Layer:
    """A layer that gives what it gets, in the place of another."""
    return Layer("Activation", layer.name, {"activation": "linear"}, address=layer.address)


def width_of(layer: Layer, place: Place) -> int:
    """The size of the last axis of what a layer is called on. Raises Unsupported where it is not known."""
    if place.width is None:
        raise place.refuse(layer, "the size of the last axis of its input is not known")
    return place.width


def find_affine(builder: Builder, x: Ref, width: int, scale: ArrayLike, offset: ArrayLike = 0.0) -> Ref:
    """``x * scale + offset`` along the last axis: a BatchNormalization with fixed statistics, which every Keras has."""
    ones = np.ones(width, "float32")
    weights = {
        "gamma": constant(ones * np.asarray(scale, "float32")),
        "beta": constant(ones * np.asarray(offset, "float32")),
        "moving_mean": constant(np.zeros(width)),
        "moving_variance": constant(ones - np.float32(EPSILON)),
    }
    config = {"axis": -1, "epsilon": EPSILON, "trainable": False, "scale": True, "center": True, "momentum": 0.99}
    return builder.layer("BatchNormalization", config, x, weights=weights)


def find_scaled(builder: Builder, x: Ref, place: Place, width: int, scale: float, offset: float = 0.0) -> Ref:
    """As `affine`, for two numbers: a Rescaling where the release has one."""
    if RESCALING.holds(place.release):
        return builder.layer("Rescaling", {"scale": scale, "offset": offset}, x)
    return find_affine(builder, x, width, scale, offset)


def make_unit_rows(builder: Builder, rows: Ref, width: int) -> Ref:
    """Each row of ``(batch, steps, width)`` by its length, which is 1e-6 at least: Dot with `normalize` by the unit matrix.

    The matrix is the bias of a Dense layer, as every Keras knows no constants. Source: keras 2.2.4 layers/merge.py, `Dot`.
    """
    config: Config = {"activation": "linear", "trainable": False, "use_bias": True}
    nothing = {"kernel": constant(np.zeros((width, 1))), "bias": constant(np.zeros(1))}
    one = builder.layer("Dense", {**config, "units": 1}, builder.layer("GlobalMaxPooling1D", {}, rows), weights=nothing)
    unit = {"kernel": constant(np.zeros((1, width * width))), "bias": constant(np.eye(width).reshape(-1))}
    flat = builder.layer("Dense", {**config, "units": width * width}, one, weights=unit)
    matrix = reshape(builder, flat, (width, width))
    return builder.layer("Dot", {"axes": (2, 1), "normalize": True}, (rows, matrix))


def make_activation(builder: Builder, x: Ref, function: str | Layer) -> Ref:
    """A layer that is a function."""
    name = function.name if isinstance(function, Layer) else function
    return builder.layer("Activation", {"activation": function}, x, name=f"{builder.name}_{name}")


def reshape(builder: Builder, x: Ref, shape: Sequence[int]) -> Ref:
    """A Reshape; at most one size may be -1."""
    return builder.layer("Reshape", {"target_shape": tuple(shape)}, x)
