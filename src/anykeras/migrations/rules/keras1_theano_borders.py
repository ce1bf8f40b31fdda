"""How Theano treats the borders of an image with ``padding="same"``, in Keras 0, 1 and 2.

Written in the vocabulary of Keras 2, which documents of all three speak by then.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from ...document.build import Builder
from ...document.model import Era, Layer, Ref, Slice, Value, Writer
from ...errors import Unsupported
from ...lazily import np
from ...tensors import Tensor
from ..rulebook import RuleContext, rule
from .keras1_convolution import pad_before
from .keras1_layouts import OLD, integers, on_theano

_ERAS = (*OLD, Era.KERAS2)
_CONVOLUTIONS: Mapping[str, int] = {
    "Conv1D": 1, "Conv2D": 2, "Conv3D": 3, "SeparableConv1D": 1, "SeparableConv2D": 2, "DepthwiseConv2D": 2,
}  # fmt: skip
_POOLINGS = {f"{kind}Pooling{rank}D": rank for kind in ("Max", "Average") for rank in (1, 2, 3)}
_LOWEST = -3.4028234663852886e38  # of float32


@dataclass(frozen=True)
class _Window:
    """How a window of `size` slides along one axis: from `before` places ahead of the image (behind its start where
    negative), by `stride`."""

    size: int
    stride: int
    before: int

    @property
    def after(self) -> int:
        """Padding at the end that gives one outcome for each stride begun, as Theano is cut to."""
        return self.size - 1 - self.before if self.before >= 0 else self.before

    @property
    def usual(self) -> bool:
        """Whether Keras 3's own ``same`` does this for every length of the image."""
        return self.before >= 0 and (self.size == 1 or (self.stride == 1 and self.before == (self.size - 1) // 2))


def _convolve(size: int, stride: int) -> _Window:
    """Theano's ``half``: half the (dilated) kernel on both sides."""
    return _Window(size, stride, size // 2)


def _find_pool_window(size: int, stride: int, writer: Writer) -> _Window:
    """keras/backend/theano_backend.py pool2d: the window less one or, where it is odd, less two; before 1.2 also of size 1."""
    least = 0 if writer.era in OLD and () < writer.release < (1, 2) else 2
    return _Window(size, stride, size - 2 if size > least and size % 2 else size - 1)


def _both(windows: list[_Window]) -> Value:
    pairs = tuple((max(w.before, 0), max(w.after, 0)) for w in windows)
    return pairs if len(pairs) > 1 else pairs[0]


def _pads(layer: Layer, rank: int, windows: list[_Window]) -> tuple[str, dict[str, Value]]:
    config: dict[str, Value] = {"padding": _both(windows)}
    if rank > 1 or layer.config.get("data_format") == "channels_first":
        config["data_format"] = layer.config.get("data_format", "channels_last")
    return f"ZeroPadding{rank}D", config


@rule(
    "AK2231",
    to=Era.KERAS3,
    eras=_ERAS,
    classes=tuple(_CONVOLUTIONS),
)
def _center(layer: Layer, context: RuleContext) -> Layer | None:
    rank = _CONVOLUTIONS[layer.class_name]
    windows = _windows(layer, context, rank)
    if not windows or all(window.usual for window in windows):
        return None
    pad_class, pad_config = _pads(layer, rank, windows)
    return pad_before(layer, pad_class, pad_config, {"padding": "valid"})


def _windows(layer: Layer, context: RuleContext, rank: int) -> list[_Window]:
    """The windows of a convolution with ``same`` that Theano computed; none for any other."""
    if not on_theano(context.writer) or layer.config.get("padding") != "same":
        return []
    size = integers(layer.config.get("kernel_size"), rank)
    strides = integers(layer.config.get("strides", 1), rank)
    rates = integers(layer.config.get("dilation_rate", 1), rank)
    wide = [(k - 1) * rate + 1 for k, rate in zip(size, rates, strict=False)]
    if rank == 3 and context.writer.era in OLD and context.writer.release < (1, 1):
        return [_Window(k, s, (k - 1) // 2) for k, s in zip(wide, strides, strict=False)]  # conv3d2d, padded by hand
    return [_convolve(k, s) for k, s in zip(wide, strides, strict=False)]


@rule(
    "AK2232",
    to=Era.KERAS3,
    eras=_ERAS,
    classes=tuple(_POOLINGS),
)
def _replace_pooling(layer: Layer, context: RuleContext) -> Layer | None:
    rank = _POOLINGS[layer.class_name]
    size = integers(layer.config.get("pool_size"), rank)
    strides = integers(layer.config.get("strides") or layer.config.get("pool_size"), rank)
    if not on_theano(context.writer) or layer.config.get("padding") != "same" or not size or not strides:
        return None
    windows = [_find_pool_window(k, s, context.writer) for k, s in zip(size, strides, strict=True)]
    behind = [window for window in windows if window.before < 0]
    if behind and not (layer.class_name.startswith("Max") and len(behind) == rank):
        raise Unsupported(
            "AK2232",
            f"{layer.class_name} {layer.name!r} of size {size} read outside of the image on Theano, and gave arbitrary numbers",
            layer=layer.name,
            key="pool_size",
            writer=str(context.writer),
            next_step="Build the model with padding 'valid' along the axes in which the size is 1.",
        )
    if layer.class_name.startswith("Max"):
        return None if all(window.usual for window in windows) else _largest(layer, windows)
    # From 2.0.4 to 2.1.4 the zeros around the image counted in its averages, but for volumes (`th_avg_pool_mode`).
    zeros = context.writer.era is Era.KERAS2 and (2, 0, 4) <= context.writer.release < (2, 1, 5) and rank < 3
    if all(window.usual and (not zeros or window.size == 1) for window in windows):
        return None
    return _mean(layer, rank, windows, zeros)


def _largest(layer: Layer, windows: list[_Window]) -> Layer:
    sub = Builder(layer.name, layer.address)
    x = _crop(sub, sub.input(), layer, windows)
    wide = sub.op("pad", x, _around(layer, _both(windows), (0, 0)), mode="constant", constant_values=_LOWEST)
    return sub.finish(sub.add(_inside(layer), wide))


def _around(layer: Layer, axes: Value, other: Value) -> Value:
    """`axes`, for each in which the window slides, with `other` for those of batch and channels."""
    spatial = axes if isinstance(axes, tuple) and isinstance(axes[0], tuple | Slice) else (axes,)
    first = layer.config.get("data_format") == "channels_first"
    return (other, other, *spatial) if first else (other, *spatial, other)


def _crop(sub: Builder, x: Ref, layer: Layer, windows: list[_Window]) -> Ref:
    """The image without the edges that windows begin behind."""
    if all(window.before >= 0 for window in windows):
        return x
    return sub.op("get_item", x, _around(layer, tuple(Slice(-w.before, w.before) for w in windows), Slice()))


def _mean(layer: Layer, rank: int, windows: list[_Window], zeros: bool) -> Layer:
    """Sums over the window divided by how much of it lies inside, which is the quotient of two averages with zeros; or with
    `zeros` by its size."""
    sub = Builder(layer.name, layer.address)
    pad_class, pad_config = _pads(layer, rank, windows)
    pad, pool = Layer(pad_class, f"{layer.name}_pad", pad_config), _inside(layer)
    x = sub.input()

    def average(value: Ref) -> Ref:
        return sub.add(pool, sub.add(pad, value))

    return sub.finish(average(x) if zeros else sub.op("divide", average(x), average(sub.op("ones_like", x))))


def _inside(layer: Layer) -> Layer:
    return replace(layer.with_config(padding="valid"), name=f"{layer.name}_pool")


@rule(
    "AK2233",
    to=Era.KERAS3,
    eras=_ERAS,
    classes=("ConvLSTM2D",),
    after=("AK2230",),
)
def _even_states(layer: Layer, context: RuleContext) -> Layer | None:
    size = integers(layer.config.get("kernel_size"), 2)
    if not on_theano(context.writer) or not size or all(k % 2 for k in size):
        return None
    more = (1 - size[0] % 2, 1 - size[1] % 2)
    kernels = {role: _with_zeros(layer.weights[role], more) for role in ("kernel", "recurrent_kernel") if role in layer.weights}
    grown = layer.with_weights(**kernels).with_config(kernel_size=(size[0] + more[0], size[1] + more[1]))
    if layer.config.get("padding") == "same":
        return grown
    sub = Builder(layer.name, layer.address)
    pad_config: dict[str, Value] = {
        "padding": ((0, more[0]), (0, more[1])),
        "data_format": layer.config.get("data_format", "channels_last"),
    }
    pad = Layer("ZeroPadding2D", f"{layer.name}_zeros", pad_config)
    wide = sub.layer("TimeDistributed", {"layer": pad}, sub.input(), name=f"{layer.name}_pad")
    inner = replace(grown, name=f"{layer.name}_conv")
    return sub.finish(sub.add(inner, wide), layer.config.get("trainable") is not False)


def _with_zeros(kernel: Tensor, more: tuple[int, int]) -> Tensor:
    """The kernel with further rows and columns of zeros at the end."""
    rows, columns, *rest = kernel.shape
    widths = [(0, more[0]), (0, more[1]), (0, 0), (0, 0)]
    return kernel.rearrange("zeros", (rows + more[0], columns + more[1], *rest), lambda a: np.pad(a, widths))
