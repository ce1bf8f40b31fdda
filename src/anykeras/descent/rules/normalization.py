"""Normalizations and rescalings that a release lacks."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from ...catalog.releases import Since
from ...catalog.shapes import Spec
from ...document.build import Builder
from ...document.model import Config, Layer, Ref, Value
from ...tensors import Array, constant
from ..forms import RESCALING, find_affine, make_unit_rows, model_of, reshape, width_of
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
    axis, rank = layer.config.get("axis", -1), len(place.shape or ())
    by_dot = not _HAVE_ROOTS.holds(place.release)
    if by_dot and axis not in (-1, rank - 1, (-1,), (rank - 1,)):
        raise place.refuse(layer, "it normalizes other axes than the last", "axis")

    def steps(builder: Builder, x: Ref) -> Ref:
        if by_dot:
            return _over_rows(layer, place, builder, x, lambda rows, width: make_unit_rows(builder, rows, width))
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
        if not _HAVE_ROOTS.holds(place.release):
            line = np.eye(width), scale, np.zeros(width), _check_epsilon(layer, place)
            return _over_rows(layer, place, builder, x, lambda rows, _: _divide_by_root(builder, rows, *line))
        mean = builder.op("mean", builder.layer("Multiply", {}, (x, x)), axis=-1, keepdims=True)
        factor = builder.op("rsqrt", builder.op("add", mean, epsilon))
        return find_affine(builder, builder.op("multiply", x, factor), width, scale)

    return model_of(layer, place, steps)


_NO_ROOTS = Since(None, tfjs="4.22")
"""Nothing but normalizations takes roots there."""


_HAVE_ROOTS = Since(tf="1.15")
"""Nothing takes roots in Keras 2 but Dot with `normalize`."""


def _over_rows(layer: Layer, place: Place, builder: Builder, x: Ref, steps: Callable[[Ref, int], Ref]) -> Ref:
    """What `steps` makes of a tensor as rows of features, in the shape of the tensor again."""
    shape, width = place.shape or (), width_of(layer, place)
    if len(shape) == 3:
        return steps(x, width)
    sizes = [size for size in shape[1:] if size is not None]
    if len(sizes) < len(shape) - 1:
        raise place.refuse(layer, "its input has sizes that are open")
    return reshape(builder, steps(reshape(builder, x, (-1, width)), width), sizes)


def _check_epsilon(layer: Layer, place: Place) -> float:
    """What is added to the mean of squares. Raises Unsupported where Dot would take its own smallest sum of squares."""
    epsilon, width = (
        layer.config.get("epsilon", 1e-6 if layer.class_name == "RMSNormalization" else 1e-3),
        width_of(layer, place),
    )
    if not isinstance(epsilon, int | float) or epsilon * width < _SMALLEST:
        raise place.refuse(layer, "no layer divides by the root of so little", "epsilon")
    return float(epsilon)


_SMALLEST = 1e-7
"""Of a sum of squares, for Dot on Theano (keras 2.2.4 backend/theano_backend.py, `l2_normalize`); 1e-12 on TensorFlow."""


def _divide_by_root(builder: Builder, rows: Ref, mix: Array, gamma: Array, beta: Array, epsilon: float) -> Ref:
    """Features times `mix`, by the root of their mean square, and a line behind: ``epsilon`` is one more feature of a row."""
    width = len(mix)
    plain: Config = {"use_bias": True, "activation": "linear", "trainable": False}
    root = np.append(np.zeros(width), math.sqrt(width * epsilon))
    wider = {"kernel": constant(np.pad(mix, ((0, 0), (0, 1)))), "bias": constant(root)}
    unit = make_unit_rows(builder, builder.layer("Dense", {**plain, "units": width + 1}, rows, weights=wider), width + 1)
    back = {
        "kernel": constant(np.eye(width + 1, width) * np.asarray(gamma, "float64") * math.sqrt(width)),
        "bias": constant(beta),
    }
    return builder.layer("Dense", {**plain, "units": width}, unit, weights=back)


@back_rule("AK2415", since=Since(tf="1.15", tfjs="4.22"), classes=("LayerNormalization",))
def normalize_by_dot(layer: Layer, place: Place) -> Layer | None:
    """Rows less their mean, to the length one by a Dot with `normalize`, and the scale behind."""
    if not place.shape or layer.config.get("rms_scaling"):
        raise place.refuse(layer, "rms_scaling, or the shape of its input is not known")
    axis, rank = layer.config.get("axis", -1), len(place.shape)
    axes = sorted(one % rank for one in (axis if isinstance(axis, tuple) else (axis,)) if isinstance(one, int))
    if axes != list(range(rank - len(axes), rank)) or axes[0] == 0 or any(size is None for size in place.shape[axes[0] :]):
        raise place.refuse(layer, "it normalizes other axes than the last, or of open sizes", "axis")
    sizes = [size for size in place.shape[axes[0] :] if size is not None]
    width = math.prod(sizes)
    flat = replace(place, inputs=(Spec((*place.shape[: axes[0]], width), "float32"),))
    gamma, beta = (
        layer.weights[role].read().reshape(-1) if role in layer.weights else np.full(width, value)
        for role, value in (("gamma", 1.0), ("beta", 0.0))
    )
    line = np.eye(width) - 1 / width, gamma, beta, _check_epsilon(layer, flat)
    outer = place.shape[1 : axes[0]]
    if len(sizes) > 1 and any(size is None for size in outer):
        raise place.refuse(layer, "its input has sizes that are open")

    def steps(builder: Builder, x: Ref) -> Ref:
        known = [size for size in outer if size is not None]
        x = x if len(sizes) == 1 else reshape(builder, x, (*known, width))
        y = _over_rows(layer, flat, builder, x, lambda rows, _: _divide_by_root(builder, rows, *line))
        return y if len(sizes) == 1 else reshape(builder, y, (*known, *sizes))

    return model_of(layer, place, steps)


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
