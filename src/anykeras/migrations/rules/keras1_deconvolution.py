"""Deconvolution2D of Keras 1, which was told its output shape."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from ...document.build import Builder
from ...document.model import Era, Layer, Ref, Value
from ...errors import Unsupported
from ...tensors import Tensor
from ..rulebook import RuleContext, rule
from .keras1_convolution import sizes
from .keras1_layouts import OLD, channels_first, integers, move_constraint, on_theano


@dataclass(frozen=True)
class _Axis:
    """One spatial axis of a transposed convolution: how long its input is, and which part of all outcomes is kept."""

    inputs: int
    first: int
    kept: int


def _valid(out: int, kernel: int, stride: int) -> _Axis:
    return _Axis((out - kernel) // stride + 1, 0, out)


def _full(out: int, kernel: int, stride: int) -> _Axis:
    return _Axis((out + kernel - 2) // stride + 1, kernel - 1, out)


def _same_tensorflow(out: int, kernel: int, stride: int) -> _Axis:
    inputs = -(-out // stride)
    return _Axis(inputs, max((inputs - 1) * stride + kernel - out, 0) // 2, out)


def _same_theano(out: int, kernel: int, stride: int) -> _Axis:
    """Half a kernel on both sides; the outcome of an even kernel is cut as that of a convolution would be."""
    inputs = (out + 2 * (kernel // 2) - kernel) // stride + 1
    return _Axis(inputs, kernel // 2, out if kernel % 2 else min(out, -(-inputs // stride)))


_BORDERS: Mapping[tuple[str, bool], Callable[[int, int, int], _Axis]] = {
    ("valid", False): _valid,
    ("valid", True): _valid,
    ("same", False): _same_tensorflow,
    ("same", True): _same_theano,
    ("full", True): _full,
}


@rule(
    "AK2154",
    to=Era.KERAS2,
    eras=OLD,
    classes=("Deconvolution2D", "Deconv2D"),
    after=("AK2101", "AK2153"),
)
def _deconvolution(layer: Layer, context: RuleContext) -> Layer | None:
    first = channels_first(layer, context.writer)
    axes = _axes(layer, first, on_theano(context.writer))
    strides, kernel = integers(layer.config.get("subsample", 1), 2), sizes(layer)
    config = {key: value for key, value in layer.config.items() if key != "output_shape"}
    made = replace(layer, class_name="Conv2DTranspose", config=config, weights=_exchange(layer))
    made = made.with_config(border_mode="valid", W_constraint=move_constraint(config.get("W_constraint"), (0, 1, 3, 2)))
    more = [0, 0]
    crops: list[Value] = []
    for i, (axis, k, s) in enumerate(zip(axes, kernel, strides, strict=True)):
        there, wanted = axis.inputs * s + max(k - s, 0), axis.first + axis.kept
        more[i] = max(-(-(wanted - there) // s), 0)
        crops.append((axis.first, there + more[i] * s - wanted))
    if not any(more) and crops == [(0, 0), (0, 0)]:
        return made
    return _crop(made, tuple((0, m) for m in more), tuple(crops), "th" if first else "tf")


def _axes(layer: Layer, first: bool, theano: bool) -> list[_Axis]:
    shape, mode = layer.config.get("output_shape"), layer.config.get("border_mode", "valid")
    strides, kernel = integers(layer.config.get("subsample", 1), 2), sizes(layer)
    out = integers(shape[2:] if first else shape[1:3], 2) if isinstance(shape, tuple) and len(shape) == 4 else ()
    border = _BORDERS.get((str(mode), theano))
    if border is None or not out or not strides or len(kernel) != 2:
        raise Unsupported(
            "AK2154",
            f"Deconvolution2D {layer.name!r} with output_shape {shape!r}, border_mode {mode!r}",
            layer=layer.name,
            key="output_shape",
            next_step="The rows and columns of output_shape have to be numbers.",
        )
    return [border(o, k, s) for o, k, s in zip(out, kernel, strides, strict=True)]


def _exchange(layer: Layer) -> dict[str, Tensor]:
    role = "kernel" if "kernel" in layer.weights else "W"
    weights = {r: t for r, t in layer.weights.items() if r != role}
    found = layer.weights.get(role)
    return weights if found is None else {**weights, "kernel": found.transpose(0, 1, 3, 2)}


def _crop(layer: Layer, pad: Value, crop: Value, ordering: str) -> Layer:
    sub = Builder(layer.name, layer.address)
    x: Ref = sub.input()
    if pad != ((0, 0), (0, 0)):
        x = sub.layer("ZeroPadding2D", {"padding": pad, "dim_ordering": ordering}, x, name=f"{layer.name}_pad")
    y = sub.add(replace(layer, name=f"{layer.name}_conv"), x)
    if crop != ((0, 0), (0, 0)):
        y = sub.layer("Cropping2D", {"cropping": crop, "dim_ordering": ordering}, y, name=f"{layer.name}_crop")
    return sub.finish(y, layer.config.get("trainable") is not False)
