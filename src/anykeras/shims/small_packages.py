"""Layers of packages with a few: keras.applications, kashgari, tensorflow-model-optimization, SpectralNormalizationKeras."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..catalog.signatures import NOW, find_signature
from ..document.build import Builder
from ..document.model import Config, Layer
from ..migrations import RuleContext
from ..recovery.code_sites import CodeSite
from ..recovery.functions import Operand, Refused
from ..recovery.graph_ops import GraphOps
from ..tensors import Array, Tensor, combine
from .base import SHARED, register_shim, unwrap
from .blocks import defer, in_layers, in_operations, input_shape


@register_shim("AK5084", classes=("KMaxPooling",))
def k_max_pooling(layer: Layer, context: RuleContext) -> Layer | None:
    """(batch, k, channels). Without `sorted` the order is left to TensorFlow, which is not known."""
    config = layer.config
    if config.keys() - SHARED != {"k", "sorted", "data_format"} or layer.weights or config["sorted"] is not True:
        return None
    sub = Builder(layer.name, layer.address)
    x = sub.input()
    if config["data_format"] != "channels_first":
        x = sub.op("transpose", x, (0, 2, 1))
    largest = sub.op("top_k", x, config["k"])
    return sub.finish(sub.op("transpose", largest, (0, 2, 1)))


@register_shim("AK5083", classes=("NonMaskingLayer", "NonMasking"))
def non_masking(layer: Layer, context: RuleContext) -> Layer | None:
    """An operation hands no mask on."""
    if layer.config.keys() - SHARED or layer.weights:
        return None
    sub = Builder(layer.name, layer.address)
    return sub.finish(sub.op("copy", sub.input()))


# PruneLowMagnitude of tensorflow-model-optimization.


@register_shim("AK5063", classes=("PruneLowMagnitude",))
def pruning(layer: Layer, context: RuleContext) -> Layer | None:
    """The wrapped layer with its weights; further training prunes nothing."""
    return unwrap(layer)


# DenseSN, ConvSN2D and their like: layers under spectral normalisation, of IShengFang/SpectralNormalizationKeras.


Numbers = NDArray[np.float64]
_NATIVE: Final[Mapping[str, str]] = {
    "DenseSN": "Dense",
    "ConvSN1D": "Conv1D",
    "ConvSN2D": "Conv2D",
    "ConvSN3D": "Conv3D",
    "ConvSN2DTranspose": "Conv2DTranspose",
}


@register_shim("AK5081", classes=tuple(_NATIVE))
def spectral_layer(layer: Layer, context: RuleContext) -> Layer | None:
    """Weights kernel, bias, sn; further training normalises nothing."""
    native = _NATIVE[layer.bare_class_name]
    known = find_signature(native, NOW)
    bias = {"bias"} if layer.config.get("use_bias") is True else set()
    if known is None or layer.weights.keys() != {"kernel", "sn"} | bias or context.writer.backend == "theano":
        return None
    kernel, vector = layer.weights["kernel"], layer.weights["sn"]
    if layer.config.keys() - SHARED - known.defaults.keys() or vector.shape != (1, kernel.shape[-1]):
        return None
    weights = {role: layer.weights[role] for role in bias} | {"kernel": _normalize_kernel(kernel, vector)}
    config = {key: value for key, value in layer.config.items() if key in known.defaults or key in ("trainable", "dtype")}
    return Layer(native, layer.name, config, weights)


def _normalize_kernel(kernel: Tensor, vector: Tensor) -> Tensor:
    def compute(w: Array, u: Array) -> Array:
        flat: Numbers = w.astype("float64").reshape(-1, w.shape[-1])
        v = _unit_vector(u.astype("float64") @ flat.T)
        sigma = v @ flat @ _unit_vector(v @ flat).T
        return np.asarray((flat / sigma).reshape(w.shape)).astype(w.dtype)

    return combine("spectral normalisation", [kernel, vector], kernel.shape, compute)


def _unit_vector(v: Numbers) -> Numbers:
    return np.asarray(v / (np.sqrt((v**2).sum()) + 1e-12))


# Layers of CapsNet-Keras: dynamic routing between capsules.


KEYS = frozenset(("num_capsule", "dim_capsule", "routings"))
_EPSILON = 1e-7  # K.epsilon(), which the files do not hold


@register_shim("AK5110", classes=("CapsuleLayer",))
def capsule_layer(layer: Layer, context: RuleContext) -> Layer | None:
    """W (num_capsule, capsules below, dim_capsule, dim below)."""
    weight = layer.weights.get("W")
    sizes = [layer.config.get(key) for key in ("num_capsule", "dim_capsule")]
    known = KEYS <= layer.config.keys() <= {"name", "kernel_initializer", *SHARED, *KEYS}
    if not known or weight is None or len(layer.weights) > 1 or len(weight.shape) != 4:
        return None
    return defer(layer, _write_capsule_layer) if [weight.shape[0], weight.shape[2]] == sizes else None


@in_operations
def _write_capsule_layer(ops: GraphOps, x: Operand, layer: Layer) -> Operand:
    weight = layer.weights["W"]
    above, below, length, _ = weight.shape
    rounds = layer.config["routings"]
    if not isinstance(rounds, int) or not 0 < rounds <= 100:
        raise Refused(f"{rounds!r} rounds of routing")
    config = {"equation": "bik,nidk->bnid", "output_shape": (above, below, length)}
    hat = ops.layer("EinsumDense", config, x, weights={"kernel": weight.read()})
    agreement = ops.zeros_like(ops.sum(hat, axis=-1))
    for number in range(rounds):
        outputs = _squash(ops, ops.einsum("bni,bnid->bnd", ops.softmax(agreement, axis=1), hat))
        if number < rounds - 1:
            agreement = ops.add(agreement, ops.einsum("bnd,bnid->bni", outputs, hat))
    return outputs


def _squash(ops: GraphOps, vectors: Operand) -> Operand:
    """|v|^2 / (1 + |v|^2) times the unit vector of v."""
    squared = ops.sum(ops.square(vectors), axis=-1, keepdims=True)
    scale = ops.divide(ops.divide(squared, ops.add(squared, 1.0)), ops.sqrt(ops.add(squared, _EPSILON)))
    return ops.multiply(scale, vectors)


def is_among_capsules(layer: Layer, context: RuleContext) -> bool:
    """A layer without arguments and weights, in a model that has a CapsuleLayer."""
    if layer.weights or not layer.config.keys() <= {"name", *SHARED}:
        return False
    return "CapsuleLayer" in context.surroundings.class_names and any(
        x.class_name == "CapsuleLayer" and x.config.keys() >= KEYS for x in context.surroundings.layers
    )


_EPSILON = 1e-7


@register_shim("AK5111", classes=("Length",))
def length(layer: Layer, context: RuleContext) -> Layer | None:
    """sqrt(sum(x^2))."""
    if not is_among_capsules(layer, context):
        return None
    sub = Builder(layer.name, layer.address)
    squared = sub.op("sum", sub.op("square", sub.input()), axis=-1)
    if context.writer.library != "keras":
        squared = sub.op("add", squared, _EPSILON)
    return sub.finish(sub.op("sqrt", squared))


@register_shim("AK5112", classes=("Mask",))
def mask(layer: Layer, context: RuleContext) -> Layer | None:
    """``reshape(x * one_hot[..., None], (-1, capsules * length))``."""
    return defer(layer, _write_mask) if is_among_capsules(layer, context) else None


@in_operations
def _write_mask(ops: GraphOps, inputs: Operand, layer: Layer) -> Operand:
    vectors, label = inputs if isinstance(inputs, list) else (inputs, None)
    _, count, length = ops.shape(vectors)
    if not (isinstance(count, int) and isinstance(length, int)):
        raise Refused("capsules of which the number is not known are put in a row", "AK3043")
    if label is None:
        lengths = ops.sqrt(ops.sum(ops.square(vectors), axis=-1))
        label = ops.one_hot(ops.argmax(lengths, axis=1), count)
    return ops.reshape(ops.multiply(vectors, ops.expand_dims(label, axis=-1)), (-1, count * length))


# Layers that keras.applications defines and does not register: ConvNeXt and InceptionResNetV2, which no Keras 3 reloads alone.


@register_shim("AK5087", classes=("LayerScale", "StochasticDepth", "CustomScaleLayer"))
def layer_of_applications(layer: Layer, context: RuleContext) -> Layer | None:
    """A depthwise convolution of one pixel; Dropout of whole samples; a sum. All of them train as before."""
    words = layer.config.keys() - SHARED
    if layer.bare_class_name == "LayerScale" and words == {"init_values", "projection_dim"} and len(layer.weights) == 1:
        return defer(layer, _write_scale)
    if layer.bare_class_name == "StochasticDepth" and words == {"drop_path_rate"} and not layer.weights:
        return defer(layer, _write_dropout)
    scale = layer.config.get("scale")
    if words != {"scale"} or not isinstance(scale, int | float) or layer.weights:
        return None
    sub = Builder(layer.name, layer.address)
    first, second = sub.input(), sub.input()
    scaled = sub.layer("Rescaling", {"scale": float(scale), "offset": 0.0}, second)
    return sub.finish(sub.layer("Add", {}, (first, scaled)))


@in_layers
def _write_scale(layer: Layer, site: CodeSite) -> Layer:
    (gamma,) = layer.weights.values()
    rank, channels = len(input_shape(site)), gamma.size
    config = {key: layer.config[key] for key in ("trainable", "dtype") if key in layer.config}
    if rank not in (3, 4):
        letters = "abcdefgh"[:rank]
        einsum: Config = {
            "equation": f"{letters},{letters[-1]}->{letters}",
            "output_shape": (*input_shape(site)[1:-1], channels),
        }
        return Layer("EinsumDense", layer.name, {**config, **einsum}, {"kernel": gamma})
    pixel: Config = {"kernel_size": (1,) * (rank - 2), "use_bias": False, "data_format": "channels_last"}
    kernel = gamma.reshape(*(1,) * (rank - 2), channels, 1)
    return Layer(f"DepthwiseConv{rank - 2}D", layer.name, {**config, **pixel}, {"kernel": kernel})


@in_layers
def _write_dropout(layer: Layer, site: CodeSite) -> Layer:
    config = {key: layer.config[key] for key in ("trainable", "dtype") if key in layer.config}
    whole = (None, *(1,) * (len(input_shape(site)) - 1))
    return Layer("Dropout", layer.name, {**config, "rate": layer.config["drop_path_rate"], "noise_shape": whole})
