"""Layers of keras-retinanet, keras-resnet, keras-frcnn, and of the SSD networks."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ...document.model import Layer, Value
from ...migrations import RuleContext
from ...recovery.functions import Operand, Refused
from ...recovery.graph_ops import GraphOps
from ...tensors import Tensor
from ..base import has_only, register_shim, weights_ending
from ..blocks import defer, in_operations, legacy_function, scale_axis

_PYRAMID = re.compile(r"P\d+_upsampled")


@register_shim("AK5095", classes=("UpsampleLike",))
def upsample_like(layer: Layer, context: RuleContext) -> Layer | None:
    """``take(take(source, rows, 1), columns, 2)``."""
    return defer(layer, _write_upsample_like) if has_only(layer) and _PYRAMID.fullmatch(layer.name) else None


@in_operations
def _write_upsample_like(ops: GraphOps, inputs: Operand, layer: Layer) -> Operand:
    source, target = inputs
    axes = (2, 3) if ops.context.data_format == "channels_first" else (1, 2)
    for axis in axes:
        source = ops.take(source, _nearest(ops, source, target, axis), axis=axis)
    return source


def _nearest(ops: GraphOps, source: Operand, target: Operand, axis: int) -> Operand:
    """For each place of the target floor(place * before / after), in float32 as TensorFlow's kernel counts."""
    before, after = _row(ops, source, axis), _row(ops, target, axis)
    scale = ops.divide(ops.sum(before), ops.sum(after))
    places = ops.subtract(ops.cumsum(after), 1.0)
    last = ops.subtract(ops.sum(before), 1.0)
    return ops.cast(ops.minimum(ops.floor(ops.multiply(places, scale)), last), "int32")


def _row(ops: GraphOps, x: Operand, axis: int) -> Operand:
    """Ones along one axis."""
    key = tuple(slice(None) if i == axis else 0 for i in range(ops.rank(x)))
    return ops.cast(ops.ones_like(ops.getitem(x, key)), "float32")


_ROLES = {"gamma": "gamma", "beta": "beta", "moving_mean": "moving_mean", "moving_variance": "moving_variance"}
_FIXED = {"gamma": "gamma", "beta": "beta", "running_mean": "moving_mean", "running_std": "moving_variance"}
_OWN = (
    "axis", "momentum", "epsilon", "center", "scale", "beta_initializer", "gamma_initializer", "moving_mean_initializer",
    "moving_variance_initializer", "beta_regularizer", "gamma_regularizer", "beta_constraint", "gamma_constraint",
)  # fmt: skip


def _weights_by_role(layer: Layer, roles: Mapping[str, str]) -> dict[str, Tensor] | None:
    """The weights by the roles of Keras 3; None where one has another name."""
    found = {}
    for key, tensor in layer.weights.items():
        role = next((roles[end] for end in roles if key.removesuffix(":0").endswith(end)), None)
        if role is None or role in found:
            return None
        found[role] = tensor
    return found


def _keep(layer: Layer, *keys: str) -> dict[str, Value]:
    return {key: layer.config[key] for key in (*keys, "dtype") if key in layer.config}


@register_shim("AK5103", classes=("BatchNormalization",))
def frozen_normalization(layer: Layer, context: RuleContext) -> Layer | None:
    """BatchNormalization(trainable=not freeze)."""
    weights = _weights_by_role(layer, _ROLES)
    if not has_only(layer, "freeze", *_OWN) or weights is None or "freeze" not in layer.config:
        return None
    frozen = bool(layer.config["freeze"])
    trainable = not frozen and layer.config.get("trainable") is not False
    return Layer("BatchNormalization", layer.name, {**_keep(layer, *_OWN), "trainable": trainable}, weights)


@register_shim("AK5105", classes=("FixedBatchNormalization",))
def replace_fixed(layer: Layer, context: RuleContext) -> Layer | None:
    """BatchNormalization(axis, epsilon, trainable=False)."""
    weights = _weights_by_role(layer, _FIXED)
    known = {"axis", "epsilon"} <= layer.config.keys()
    if not known or not has_only(layer, "axis", "epsilon", "gamma_regularizer", "beta_regularizer") or weights is None:
        return None
    config = {**_keep(layer, "axis", "epsilon"), "trainable": False}
    return Layer("BatchNormalization", layer.name, config, weights)


# Layers of the SSD networks.


Numbers = npt.NDArray[np.float64]
_KEYS = (
    "img_height", "img_width", "this_scale", "next_scale", "aspect_ratios", "two_boxes_for_ar1", "this_steps",
    "this_offsets", "clip_boxes", "variances", "coords", "normalize_coords",
)  # fmt: skip


@dataclass(frozen=True)
class _Stretch:
    """The boxes along one direction: (width, boxes) across and (height, 1, boxes) down."""

    low: Numbers
    high: Numbers

    @property
    def center(self) -> Numbers:
        return (self.low + self.high) / 2

    @property
    def length(self) -> Numbers:
        return self.high - self.low


# The four coordinates from the stretches across and down, as `coords` names them.
_COORDINATES: Mapping[str, Callable[[_Stretch, _Stretch], tuple[Numbers, ...]]] = {
    "centroids": lambda x, y: (x.center, y.center, x.length, y.length),
    "corners": lambda x, y: (x.low, y.low, x.high, y.high),
    "minmax": lambda x, y: (x.low, x.high, y.low, y.high),
}


@register_shim("AK5092", classes=("AnchorBoxes",))
def anchor_boxes(layer: Layer, context: RuleContext) -> Layer | None:
    """Coordinates across (width, boxes) and down (height, 1, boxes), spread over the map and stacked."""
    known = set(_KEYS) <= layer.config.keys() and has_only(layer, *_KEYS) and layer.config["coords"] in _COORDINATES
    return defer(layer, _write_anchor_boxes) if known else None


@in_operations
def _write_anchor_boxes(ops: GraphOps, x: Operand, layer: Layer) -> Operand:
    config = layer.config
    if ops.context.data_format == "channels_first":
        x = ops.transpose(x, (0, 2, 3, 1))
    height, width = ops.shape(x)[1:3]
    if not (isinstance(height, int) and isinstance(width, int)):
        raise Refused("default boxes belong to a feature map of unknown size", "AK3043")
    sides = _sides(config)
    across = _stretch(config, "img_width", 1, np.arange(width, dtype="float64")[:, None], sides[:, 0])
    down = _stretch(config, "img_height", 0, np.arange(height, dtype="float64")[:, None, None], sides[:, 1])
    nothing = ops.zeros_like(ops.getitem(x, (slice(None), slice(None), slice(None), slice(0, 1))))
    boxes = _COORDINATES[str(config["coords"])](across, down)
    spread = [ops.add(nothing, part.astype("float32")) for part in boxes]
    like = ops.zeros_like(spread[0])
    return ops.stack([*spread, *(ops.add(like, value) for value in _to_floats(config["variances"]))], axis=-1)


def _sides(config: Mapping[str, Value]) -> Numbers:
    """The width and height of each box of a place, in pixels: (boxes, 2)."""
    size = min(_to_float(config["img_height"]), _to_float(config["img_width"]))
    scale, following = _to_float(config["this_scale"]), _to_float(config["next_scale"])
    found = []
    for ratio in _to_floats(config["aspect_ratios"]):
        root = np.sqrt(ratio)
        found.append((scale * size * root, scale * size / root))
        if ratio == 1 and config["two_boxes_for_ar1"]:
            found.append((np.sqrt(scale * following) * size,) * 2)
    return np.array(found)


def _stretch(config: Mapping[str, Value], image: str, axis: int, places: Numbers, sides: Numbers) -> _Stretch:
    """The boxes along one direction; `axis` is 0 for height and 1 for width, the order of steps and offsets."""
    pixels = _to_float(config[image])
    step = _pick(config["this_steps"], axis, pixels / places.size)
    offset = _pick(config["this_offsets"], axis, 0.5)
    centers = (offset + places) * step
    ends = np.stack([centers - sides / 2.0, centers + sides / 2.0])
    if config["clip_boxes"]:
        ends = np.where(ends >= pixels, pixels - 1, np.where(ends < 0, 0.0, ends))
    if config["normalize_coords"]:
        ends = ends / pixels
    return _Stretch(*ends)


def _pick(value: Value, axis: int, usual: float) -> float:
    """A number for both directions, or one for each; `usual` where there is none."""
    if value is None:
        return usual
    return _to_float(value[axis]) if isinstance(value, tuple) else _to_float(value)


def _to_floats(value: Value) -> list[float]:
    if not isinstance(value, tuple):
        raise Refused(f"{value!r} is no list of numbers")
    return [_to_float(item) for item in value]


def _to_float(value: Value) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Refused(f"{value!r} is no number")
    return float(value)


@register_shim("AK5091", classes=("L2Normalization", "Normalize"))
def l2_normalization(layer: Layer, context: RuleContext) -> Layer | None:
    """``K.l2_normalize(x, axis) * gamma``."""
    first = context.writer.data_format == "channels_first"
    if first or not has_only(layer, "gamma_init", "scale") or weights_ending(layer, "gamma") is None:
        return None
    return defer(layer, _write_l2_normalization)


@in_operations
def _write_l2_normalization(ops: GraphOps, x: Operand, layer: Layer) -> Operand:
    gamma = (weights_ending(layer, "gamma") or {})["gamma"].read()
    return scale_axis(ops, legacy_function(ops.context, "keras.backend.l2_normalize")(ops, x, 3), 3, gamma)
