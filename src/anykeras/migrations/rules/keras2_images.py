"""Bilinear upsampling as it was before half-pixel centres."""

from __future__ import annotations

from ...document.build import Builder
from ...document.model import Era, Layer, Writer
from ...document.values import Config, Ellipsis_, Ref, Slice, Value
from ...errors import Unsupported
from ..rule import Context, Example, rule

K2 = Writer(Era.KERAS2, "keras", "2.3.1", "tensorflow")
TF = Writer(Era.TF2, "tf.keras", "2.4.0", "tensorflow")
_UP: Config = {"size": (2, 2), "data_format": "channels_last", "interpolation": "bilinear"}


def _is_averaged(layer: Layer) -> bool:
    return layer.graph is not None and any(inner.class_name == "AveragePooling2D" for inner in layer.graph.layers)


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
    "Bilinear upsampling started at the corner of the first pixel",
    to=Era.KERAS3,
    eras=(Era.KERAS2, Era.TF2),
    classes=("UpSampling2D",),
    what="Bilinear upsampling of Keras 2 uses TensorFlow 1's `resize_bilinear`: output pixel `i s + k` lies a share "
    "`k / s` of the way from input pixel `i` to the next, and the last pixel is repeated.",
    why="Keras 3 puts pixels at their centres, which shifts every output by half a pixel.",
    changes="The layer becomes a model of its name: the last row and column repeated once, nearest upsampling, a "
    "running average of `s` pixels, and the overhang cut off. That is the same interpolation, for images of any size.",
    versions="Keras 2.2.3 to 2.3, tf.keras to TensorFlow 1.12",
    references=("keras 2.3.1 backend/tensorflow_backend.py, `resize_images`",),
    examples=[Example(Layer("UpSampling2D", "up", _UP), _is_averaged, K2)],
    leaves_alone=[
        Example(Layer("UpSampling2D", "up", _UP), Layer("UpSampling2D", "up", _UP), TF),
        Example(
            Layer("UpSampling2D", "up", {"interpolation": "nearest"}),
            Layer("UpSampling2D", "up", {"interpolation": "nearest"}),
            K2,
        ),
    ],
)
def from_the_corner(layer: Layer, context: Context) -> Layer | None:
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


@rule(
    "AK2256",
    "Ways of resizing that Keras 3 does not have",
    to=Era.KERAS3,
    classes=("UpSampling2D", "Resizing"),
    what="tf.keras resizes images by `area`, `gaussian` and `mitchellcubic` as well.",
    why="Keras 3 knows nearest, bilinear, bicubic, lanczos3 and lanczos5; another way of resizing gives other pixels.",
    changes="Such a file is refused. A known name is written in small letters. `bicubic` of TensorFlow looks its "
    "weights up in a table of 1024 steps, so that other backends give pixels that differ from it in the third digit.",
    versions="tf.keras 2.3 to 2.15",
    examples=[
        Example(
            Layer("Resizing", "r", {"interpolation": "Bilinear"}),
            Layer("Resizing", "r", {"interpolation": "bilinear"}),
            TF,
        )
    ],
    leaves_alone=[Example(Layer("Resizing", "r", {"height": 3}), Layer("Resizing", "r", {"height": 3}), TF)],
    report=False,
)
def known_interpolation(layer: Layer, context: Context) -> Layer | None:
    """The name in small letters. Raises Unsupported for a way that Keras 3 does not have."""
    way = layer.config.get("interpolation")
    if not isinstance(way, str) or way in _KNOWN:
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
