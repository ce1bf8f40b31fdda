"""Normalizations and rescalings that a release lacks."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from ...catalog.releases import Since
from ...document.build import Builder
from ...document.model import Config, Layer, Ref, Value
from ...tensors import Array, constant
from ..forms import RESCALING, find_affine, model_of, reshape, width_of
from ..rulebook import LEGACY, Place, back_rule


@back_rule(
    "AK2410",
    since=RESCALING,
    classes=("Rescaling",),
)
def rescale_by_statistics(layer: Layer, place: Place) -> Layer | None:
    """A frozen BatchNormalization is the same line."""
    scale, offset = layer.config.get("scale", 1.0), layer.config.get("offset", 0.0)
    parts = [np.asarray(value, "float32") for value in (scale, offset)]
    width = width_of(layer, place)
    return model_of(layer, place, lambda builder, x: find_affine(builder, x, width, *parts))


@back_rule("AK2410", since=Since(tf="2.9"), classes=("Normalization",))
def normalize_by_statistics(layer: Layer, place: Place) -> Layer | None:
    """The same for Normalization, whose mean and variance HDF5 files before TensorFlow 2.9 do not bring back."""
    axis = layer.config.get("axis", -1)
    rank = len(place.shape or ())
    last = axis in (-1, rank - 1) or axis in ((-1,), (rank - 1,))
    if not last or layer.config.get("invert"):
        raise place.refuse(layer, "it normalizes other axes than the last, or the other way round", "axis")
    stated = [layer.config.get(key) for key in ("mean", "variance")]
    held = [
        layer.weights[key].read() if value is None else np.asarray(value)
        for key, value in zip(("mean", "variance"), stated, strict=True)
    ]
    mean, deviation = held[0].reshape(-1), np.maximum(np.sqrt(held[1].reshape(-1)), 1e-7)
    width = width_of(layer, place)

    def steps(builder: Builder, x: Ref) -> Ref:
        ones = np.ones(width, "float32")
        weights = {
            "gamma": constant(ones / deviation),
            "beta": constant(ones * 0),
            "moving_mean": constant(ones * mean),
            "moving_variance": constant(ones - np.float32(1e-3)),
        }
        config = {"axis": -1, "epsilon": 1e-3, "trainable": False, "scale": True, "center": True, "momentum": 0.99}
        return builder.layer("BatchNormalization", config, x, weights=weights)

    return model_of(layer, place, steps)


@back_rule("AK2411", since=Since(tf="2.9"), classes=("UnitNormalization",))
def normalize_to_unit(layer: Layer, place: Place) -> Layer | None:
    """Its formula over operations (keras 3.15.1, unit_normalization.py)."""
    axis = layer.config.get("axis", -1)

    def steps(builder: Builder, x: Ref) -> Ref:
        squares = builder.op("sum", builder.layer("Multiply", {}, (x, x)), axis=axis, keepdims=True)
        return builder.op("multiply", x, builder.op("rsqrt", builder.op("maximum", squares, 1e-12)))

    return model_of(layer, place, steps)


@back_rule(
    "AK2412",
    since=Since("3.10"),
    classes=("RMSNormalization",),
)
def normalize_by_root(layer: Layer, place: Place) -> Layer | None:
    """Its formula over operations; its scale is a frozen BatchNormalization (keras 3.15.1, rms_normalization.py)."""
    rank = len(place.shape or ())
    if layer.config.get("axis", -1) not in (-1, rank - 1, (-1,), (rank - 1,)):
        raise place.refuse(layer, "it normalizes other axes than the last", "axis")
    epsilon, width = layer.config.get("epsilon", 1e-6), width_of(layer, place)
    scale = layer.weights["scale"].read() if layer.weights else np.ones(width)

    def steps(builder: Builder, x: Ref) -> Ref:
        if _NO_ROOTS.holds(place.release):
            return _mirror(builder, x, scale, epsilon)
        mean = builder.op("mean", builder.layer("Multiply", {}, (x, x)), axis=-1, keepdims=True)
        factor = builder.op("rsqrt", builder.op("add", mean, epsilon))
        return find_affine(builder, builder.op("multiply", x, factor), width, scale)

    return model_of(layer, place, steps)


_NO_ROOTS = Since(None, tfjs="4.22")
"""Nothing but normalizations takes roots there."""


def _mirror(builder: Builder, x: Ref, scale: Array, epsilon: Value) -> Ref:
    """Features and their negatives together have the mean 0, so that a LayerNormalization divides by the root alone."""
    negative = builder.layer("Rescaling", {"scale": -1.0, "offset": 0.0}, x)
    both = builder.layer("Concatenate", {"axis": -1}, (x, negative))
    gamma = constant(np.concatenate([scale, np.zeros_like(scale)]))
    config: Config = {"axis": -1, "epsilon": epsilon, "scale": True, "center": False}
    normal = builder.layer("LayerNormalization", config, both, weights={"gamma": gamma})
    half = {"kernel": constant(np.eye(2 * scale.size, scale.size))}
    plain: Config = {"units": scale.size, "use_bias": False, "activation": "linear", "trainable": False}
    return builder.layer("Dense", plain, normal, weights=half)


@back_rule("AK2413", since=Since(tf="2.11"), classes=("GroupNormalization",))
def normalize_groups(layer: Layer, place: Place) -> Layer | None:
    """Groups on an axis of their own, a LayerNormalization over the rest, and the scale behind."""
    shape, groups = place.shape or (), layer.config.get("groups", 32)
    if layer.config.get("axis", -1) not in (-1, len(shape) - 1) or len(shape) < 2 or any(size is None for size in shape[1:]):
        raise place.refuse(layer, "groups along another axis than the last, or over sizes that are open", "axis")
    sizes = [size for size in shape[1:] if size is not None]
    width, count = sizes[-1], sizes[-1] if groups == -1 else groups
    assert isinstance(count, int)
    inner, steps_ = width // count, math.prod(sizes[:-1])
    gamma, beta = (
        layer.weights[name].read() if name in layer.weights else value for name, value in (("gamma", 1.0), ("beta", 0.0))
    )

    def steps(builder: Builder, x: Ref) -> Ref:
        apart = builder.layer("Permute", {"dims": (2, 1, 3)}, reshape(builder, x, (steps_, count, inner)))
        config = {"axis": -1, "epsilon": layer.config.get("epsilon", 1e-3), "scale": False, "center": False}
        flat = builder.layer("LayerNormalization", config, reshape(builder, apart, (count, steps_ * inner)))
        back = builder.layer("Permute", {"dims": (2, 1, 3)}, reshape(builder, flat, (count, steps_, inner)))
        return find_affine(builder, reshape(builder, back, sizes), width, gamma, beta)

    return model_of(layer, place, steps)


@back_rule("AK2414", since=LEGACY, classes=("SpectralNormalization",))
def unwrap_spectral(layer: Layer, place: Place) -> Layer | None:
    """The layer inside: outside training the wrapper does nothing (and HDF5 files do not know it)."""
    inner = layer.config.get("layer")
    return replace(inner, name=layer.name) if isinstance(inner, Layer) else None
