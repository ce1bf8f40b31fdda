"""Small layers of published networks: activations, EfficientNet's dropouts, Scale, faceswap, progressively grown GANs."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ...document.build import Builder
from ...document.model import Layer, Ref, Value
from ...migrations import RuleContext
from ...recovery.functions import Operand, Refused
from ...recovery.graph_ops import GraphOps
from ..base import has_only, register_shim, weights_ending
from ..blocks import defer, in_operations, scale_axis

Curve = Callable[[Builder, Ref, float], Ref]


def _swish(sub: Builder, x: Ref, beta: float) -> Ref:
    return sub.op("multiply", x, sub.op("sigmoid", sub.op("multiply", x, beta)))


def _eswish(sub: Builder, x: Ref, beta: float) -> Ref:
    return sub.op("multiply", sub.op("multiply", x, beta), sub.op("sigmoid", x))


def _mila(sub: Builder, x: Ref, beta: float) -> Ref:
    return sub.op("multiply", x, sub.op("tanh", sub.op("softplus", sub.op("add", x, beta))))


# Without arguments: a name of Keras 3.
_NAMED: Mapping[str, str] = {"Mish": "mish", "Swish": "silu", "ReLU6": "relu6", "Relu6": "relu6", "HardSwish": "hard_swish"}
# With the argument beta, a number that does not train.
_CURVED: Mapping[str, Curve] = {"Swish": _swish, "Eswish": _eswish, "ESwish": _eswish, "Mila": _mila}


@register_shim("AK5115", classes=tuple(dict.fromkeys((*_NAMED, *_CURVED))))
def curve(layer: Layer, context: RuleContext) -> Layer | None:
    """Activation(name), or Activation(model)."""
    beta = layer.config.get("beta")
    if not has_only(layer, "beta") or layer.weights or isinstance(beta, bool):
        return None
    function: Value = _NAMED.get(layer.bare_class_name) if "beta" not in layer.config else None
    if isinstance(beta, int | float) and layer.bare_class_name in _CURVED:
        sub = Builder(f"{layer.name}_function", layer.address)
        function = sub.finish(_CURVED[layer.bare_class_name](sub, sub.input(), float(beta)))
    if function is None:
        return None
    kept = {key: layer.config[key] for key in ("dtype",) if key in layer.config}
    return Layer("Activation", layer.name, {"activation": function, **kept})


# Layers of progressively grown networks.


@register_shim("AK5118", classes=("MinibatchStdev",))
def minibatch_deviation(layer: Layer, context: RuleContext) -> Layer | None:
    """concatenate(x, mean(sqrt(variance over the batch + 1e-8)))."""
    if not has_only(layer) or layer.weights:
        return None
    sub = Builder(layer.name, layer.address)
    x = sub.input()
    apart = sub.op("square", sub.op("subtract", x, sub.op("mean", x, axis=0, keepdims=True)))
    deviation = sub.op("sqrt", sub.op("add", sub.op("mean", apart, axis=0, keepdims=True), 1e-8))
    number = sub.op("mean", deviation, keepdims=True)
    like = sub.op("zeros_like", sub.op("mean", x, axis=-1, keepdims=True))
    return sub.finish(sub.op("concatenate", (x, sub.op("add", like, number)), axis=-1))


@register_shim("AK5117", classes=("PixelNormalization",))
def pixel_normalization(layer: Layer, context: RuleContext) -> Layer | None:
    """x / sqrt(mean(x^2) + 1e-8)."""
    if not has_only(layer) or layer.weights:
        return None
    sub = Builder(layer.name, layer.address)
    x = sub.input()
    mean = sub.op("mean", sub.op("square", x), axis=-1, keepdims=True)
    return sub.finish(sub.op("divide", x, sub.op("sqrt", sub.op("add", mean, 1e-8))))


# The dropouts of EfficientNet for Keras.


@register_shim("AK5116", classes=("DropConnect",))
def drop_connect(layer: Layer, context: RuleContext) -> Layer | None:
    """Dropout(rate, noise_shape=(None, 1, 1, 1))."""
    rate = layer.config.get("drop_connect_rate")
    if not has_only(layer, "drop_connect_rate") or isinstance(rate, bool) or not isinstance(rate, int | float):
        return None
    return Layer("Dropout", layer.name, {"rate": float(rate), "noise_shape": (None, 1, 1, 1)})


@register_shim("AK5061", classes=("FixedDropout",))
def fixed_dropout(layer: Layer, context: RuleContext) -> Layer | None:
    """Dropout(rate, noise_shape, seed)."""
    if not {"rate", "noise_shape"} <= layer.config.keys():
        return None
    keys = ("rate", "noise_shape", "seed", "trainable", "dtype")
    return Layer("Dropout", layer.name, {key: layer.config[key] for key in keys if key in layer.config})


# Scale of the Caffe networks (DenseNet, ResNet) that were brought to Keras.


@register_shim("AK5090", classes=("Scale",))
def scale(layer: Layer, context: RuleContext) -> Layer | None:
    """EinsumDense("abcd,d->abcd", bias_axes="d")."""
    if not {"axis", "momentum"} <= layer.config.keys() or not has_only(layer, "axis", "momentum"):
        return None
    if weights_ending(layer, "gamma", "beta") is None or not isinstance(layer.config["axis"], int):
        return None
    return defer(layer, _write_scale)


@in_operations
def _write_scale(ops: GraphOps, x: Operand, layer: Layer) -> Operand:
    held = weights_ending(layer, "gamma", "beta") or {}
    axis = layer.config["axis"]
    assert isinstance(axis, int)
    return scale_axis(ops, x, axis, held["gamma"].read(), held["beta"].read())


# Layers of faceswap, DeepFaceLab and of image translation networks.


@register_shim("AK5097", classes=("PixelShuffler",))
def pixel_shuffler(layer: Layer, context: RuleContext) -> Layer | None:
    """reshape, transpose, reshape."""
    match layer.config.get("size"), layer.config.get("data_format"):
        case (int(), int()), ("channels_first" | "channels_last"):
            return defer(layer, _write_pixel_shuffler) if has_only(layer, "size", "data_format") else None
    return None


@in_operations
def _write_pixel_shuffler(ops: GraphOps, x: Operand, layer: Layer) -> Operand:
    match layer.config["size"], ops.shape(x):
        case (int(down), int(across)), (_, int(a), int(b), int(c)):
            pass
        case _:
            raise Refused("the pixels of an image of unknown size are laid out anew", "AK3043")
    if layer.config["data_format"] == "channels_first":
        spread = ops.reshape(x, (-1, down, across, a // (down * across), b, c))
        return ops.reshape(ops.transpose(spread, (0, 3, 4, 1, 5, 2)), (-1, a // (down * across), b * down, c * across))
    spread = ops.reshape(x, (-1, a, b, down, across, c // (down * across)))
    return ops.reshape(ops.transpose(spread, (0, 1, 3, 2, 4, 5)), (-1, a * down, b * across, c // (down * across)))


@register_shim("AK5096", classes=("ReflectionPadding2D",))
def reflection_padding(layer: Layer, context: RuleContext) -> Layer | None:
    """``pad(x, ..., mode="reflect")``."""
    if has_only(layer, "padding") and _same(layer.config.get("padding")) is not None:
        return defer(layer, _write_reflection_padding)
    numbers = [layer.config.get(key) for key in ("stride", "kernel_size")]
    whole = has_only(layer, "stride", "kernel_size") and all(isinstance(n, int) for n in numbers)
    return defer(layer, _write_reflection_padding) if whole else None


def _same(padding: Value) -> int | None:
    """The padding of all four borders; None where they differ."""
    match padding:
        case int(one) if not isinstance(one, bool):
            return one
        case (int(one), int(other)) if one == other:
            return one
    return None


@in_operations
def _write_reflection_padding(ops: GraphOps, x: Operand, layer: Layer) -> Operand:
    axes = (2, 3) if ops.context.data_format == "channels_first" and "padding" not in layer.config else (1, 2)
    widths: list[tuple[int, int]] = [(0, 0)] * 4
    for axis in axes:
        widths[axis] = _border(layer, ops.shape(x)[axis])
    return ops.pad(x, tuple(widths), mode="reflect")


def _border(layer: Layer, size: Operand) -> tuple[int, int]:
    """The rows before and after; `size` is needed for those of a convolution."""
    one = _same(layer.config.get("padding"))
    if one is not None:
        return one, one
    stride, kernel = layer.config["stride"], layer.config["kernel_size"]
    assert isinstance(stride, int) and isinstance(kernel, int)
    if not isinstance(size, int):
        raise Refused("the border of an image of unknown size", "AK3043")
    whole = max(kernel - (size % stride or stride), 0)
    return whole // 2, whole - whole // 2
