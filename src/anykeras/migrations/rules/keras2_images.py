"""Images resized as they were: from the corners of pixels, and by kernels that Keras 3 does not have."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from ...catalog.shapes import Spec, infer
from ...document.build import Builder
from ...document.edit import change_layers
from ...document.graph import iterate_steps
from ...document.model import Ellipsis_, Era, Layer, Ref, Slice, Value, Writer
from ...errors import Unsupported
from ...findings import Fidelity, Finding
from ...lazily import np
from ...tensors import constant
from ..rulebook import RuleContext, rule

if TYPE_CHECKING:
    from numpy.typing import NDArray

Array: TypeAlias = "NDArray[Any]"


def _corner(writer: Writer) -> bool:
    """Whether the writer's bilinear upsampling starts from corners of pixels and not from their centres.

    keras 2.2.3 to 2.3.1 calls ``resize_bilinear`` of TensorFlow 1, or Theano's ``bilinear_upsampling``, which puts
    pixels
    where that does; tf.keras calls it up to TensorFlow 1.12, and ``resize_images_v2`` from 1.14 on (its Keras calls
    itself 2.2.4-tf from 1.13 on).
    """
    if writer.library == "keras":
        return True
    return bool(writer.release) and writer.release < (2, 2, 4)


@rule(
    "AK2255",
    to=Era.KERAS3,
    eras=(Era.KERAS2, Era.TF2),
    classes=("UpSampling2D",),
)
def from_the_corner(layer: Layer, context: RuleContext) -> Layer | None:
    """Repeat the edge, repeat pixels, average, crop."""
    if layer.config.get("interpolation") != "bilinear" or not _corner(context.writer):
        return None
    size = layer.config.get("size", (2, 2))
    size = size if isinstance(size, tuple) else (size, size)
    data_format = layer.config.get("data_format") or "channels_last"
    first = data_format == "channels_first"
    sub = Builder(layer.name, layer.address)
    x = sub.input()
    for axis in (2, 3) if first else (1, 2):
        x = sub.op("concatenate", (x, _last(sub, x, axis)), axis=axis)
    form: dict[str, Value] = {"data_format": data_format}
    x = sub.layer("UpSampling2D", {"size": size, "interpolation": "nearest", **form}, x)
    x = sub.layer("AveragePooling2D", {"pool_size": size, "strides": (1, 1), "padding": "valid", **form}, x)
    x = sub.layer("Cropping2D", {"cropping": ((0, 1), (0, 1)), **form}, x)
    return sub.finish(x)


_KNOWN = ("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5")
_OTHERWISE = ("bicubic", "lanczos3", "lanczos5")


@rule(
    "AK2256",
    to=Era.KERAS3,
    classes=("UpSampling2D", "Resizing"),
    after=("AK2254",),
    report=False,
)
def known_interpolation(layer: Layer, context: RuleContext) -> Layer | None:
    """The name in small letters. Raises Unsupported for a way that Keras 3 does not have."""
    way = layer.config.get("interpolation")
    if not isinstance(way, str):
        return None
    if way.lower() in _OTHERWISE:
        done = f"Keras 3 resizes by {way!r} as TensorFlow does on TensorFlow alone; the size of the image is not known here"
        context.findings.append(Finding("AK2256", layer.address or layer.name, f"{layer.class_name} by {way!r}", done,
                                        Fidelity.APPROXIMATE))  # fmt: skip
    if way in _KNOWN:
        return None
    if way.lower() not in _KNOWN:
        raise Unsupported(
            "AK2256",
            f"{layer.class_name} resizes by {way!r}, which Keras 3 does not have",
            layer=layer.name,
            key="interpolation",
            next_step="Choose another interpolation in the Keras that wrote the file.",
        )
    return layer.with_config(interpolation=way.lower())


def _last(sub: Builder, x: Ref, axis: int) -> Ref:
    whole = (Slice(),) * axis
    return sub.op("get_item", x, (*whole, Slice(-1, None), Ellipsis_()))


def _keys(x: float) -> float:
    """Keys' cubic, a = -1/2."""
    return (1.5 * x - 2.5) * x * x + 1 if x <= 1 else ((-0.5 * x + 2.5) * x - 4) * x + 2 if x < 2 else 0.0


def _cubic(size: int, wanted: int) -> Array:
    """Keys' cubic as ``resize_bicubic`` has it: distances in steps of 1/1024, nothing beyond the edge counted."""
    weights = np.zeros((wanted, size))
    for out in range(wanted):
        centre = (out + 0.5) * size / wanted - 0.5
        first = math.floor(centre)
        step = round((centre - first) * 1024) / 1024
        for at, away in zip(range(first - 1, first + 3), (step + 1, step, 1 - step, 2 - step), strict=True):
            if 0 <= at < size:
                weights[out, at] = _keys(away)
    return np.asarray(weights / weights.sum(1, keepdims=True))


def _sample(kernel: Callable[[float], float], radius: float) -> Callable[[int, int], Array]:
    """A kernel read at the distance of every pixel within its radius, as ``scale_and_translate`` does."""

    def weights(size: int, wanted: int) -> Array:
        centres = (np.arange(wanted) + 0.5) * size / wanted
        away = np.abs(np.arange(size) + 0.5 - centres[:, None])
        made = np.vectorize(kernel, otypes=[float])(away) * (away < radius)
        return np.asarray(made / made.sum(1, keepdims=True))

    return weights


def _lanczos(radius: int) -> Callable[[float], float]:
    return lambda x: float(np.sinc(x) * np.sinc(x / radius))


def _mitchell(x: float) -> float:
    return ((7 * x - 12) * x * x + 16 / 3) / 6 if x < 1 else ((-7 / 3 * x + 12) * x - 20) * x / 6 + 16 / 9


def _area(size: int, wanted: int) -> Array:
    """The share of each pixel in the stretch that an output pixel covers."""
    ends = np.arange(wanted + 1)[:, None] * size / wanted
    shared = np.minimum(ends[1:], np.arange(1, size + 1)) - np.maximum(ends[:-1], np.arange(size))
    return np.asarray(np.maximum(shared, 0) * wanted / size)


_WEIGHTS: Mapping[str, Callable[[int, int], Array]] = {
    "bicubic": _cubic,
    "lanczos3": _sample(_lanczos(3), 3),
    "lanczos5": _sample(_lanczos(5), 5),
    "gaussian": _sample(lambda x: math.exp(-2 * x * x), 1.5),
    "mitchellcubic": _sample(_mitchell, 2),
    "area": _area,
}
_LARGEST = 2**20  # numbers of a matrix: it is written out in the configuration


@rule(
    "AK2254",
    to=Era.KERAS3,
    eras=(Era.TF2,),
    classes=("Functional", "Sequential"),
    after=("AK2202", "AK2210"),
)
def by_matrices(model: Layer, context: RuleContext) -> Layer | None:
    """Such layers of the model's graph as models of two products."""
    graph = model.graph
    if graph is None or context.writer.era is not Era.TF2 or not any(_way(layer) for layer in graph.layers):
        return None
    met = infer(model)
    seen = {
        layer.name: met.get(taken) for layer, _, call in iterate_steps(graph) for taken in call.args if isinstance(taken, Ref)
    }
    changed = change_layers(model, lambda layer: _by_matrices(layer, seen.get(layer.name)))
    return None if changed is model else changed


def _way(layer: Layer) -> str:
    way = layer.config.get("interpolation")
    known = layer.class_name in ("UpSampling2D", "Resizing") and isinstance(way, str) and way.lower() in _WEIGHTS
    cropped = layer.config.get("crop_to_aspect_ratio") or layer.config.get("pad_to_aspect_ratio")
    return str(way).lower() if known and not cropped else ""


def _by_matrices(layer: Layer, given: Spec | None) -> Layer:
    shape = given.shape if given is not None and given.shape is not None else ()
    first = layer.config.get("data_format") == "channels_first"
    size = shape[2:4] if first else shape[1:3]
    if not _way(layer) or len(shape) != 4 or None in size:
        return layer
    height, width = _read_size(layer, size)
    if not (isinstance(height, int) and isinstance(width, int)):
        return layer
    (rows, columns), weights = size, _WEIGHTS[_way(layer)]
    assert rows is not None and columns is not None
    if max(rows * height, columns * width) > _LARGEST:
        return layer
    down, across = constant(weights(rows, height)), constant(weights(columns, width))
    sub = Builder(layer.name, layer.address)
    x = sub.op("cast", sub.input(), dtype="float32")
    if first:
        x = sub.op("matmul", sub.op("matmul", down, x), across.transpose(1, 0))
    else:
        x = sub.op("swapaxes", sub.op("matmul", across, x), 1, 2)
        x = sub.op("swapaxes", sub.op("matmul", down, x), 1, 2)
    return sub.finish(x)


def _read_size(layer: Layer, size: Sequence[int | None]) -> tuple[Value, Value]:
    if layer.class_name == "Resizing":
        return layer.config.get("height"), layer.config.get("width")
    factor = layer.config.get("size", (2, 2))
    factors = factor if isinstance(factor, tuple) else (factor, factor)
    made = [old * by if isinstance(old, int) and isinstance(by, int) else None for old, by in zip(size, factors, strict=True)]
    return made[0], made[1]
