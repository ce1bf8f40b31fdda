"""Activations that a release lacks, or has with another meaning."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from ...catalog.releases import Since
from ...catalog.renames import ACTIVATIONS
from ...document.build import Builder
from ...document.model import Layer, Ref
from ...tensors import Array, Tensor
from ..activations import EXPRESSIONS, MODELS_AS_FUNCTIONS, OLD_HARD_SIGMOID, holds
from ..forms import model_of
from ..rulebook import LEGACY, NEVER, Place, back_rule

# Layers that are linear up to their activation: a factor of their weights is one of what the activation sees.
_LINEAR: Final = ("Dense", "Conv1D", "Conv2D", "Conv3D", "Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose")
_PRODUCTS: Final = ("SeparableConv1D", "SeparableConv2D", "DepthwiseConv1D", "DepthwiseConv2D", "EinsumDense")
_LAST_KERNEL: Final = {"SeparableConv1D": "pointwise_kernel", "SeparableConv2D": "pointwise_kernel"}
# The columns of a recurrent layer's weights that the recurrent activation sees, in units.
_LSTM: Final = ("LSTM", "LSTMCell", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D")
_GATES: Final = {**dict.fromkeys(_LSTM, (1, 1, 0, 1)), **dict.fromkeys(("GRU", "GRUCell"), (1, 1, 0))}
_SLOPE: Final = 5 / 6


@back_rule(
    "AK2400",
    since=LEGACY,
    classes=(*_LINEAR, *_PRODUCTS),
)
def scale_for_hard_sigmoid(layer: Layer, place: Place) -> Layer | None:
    """The hard_sigmoid of Keras 3 has the slope 1/6, the one before 1/5: weights times 5/6 give the same."""
    if layer.config.get("activation") != "hard_sigmoid" or not layer.weights:
        return None
    return _scale_weights(layer, _SLOPE, OLD_HARD_SIGMOID)


@back_rule("AK2400", since=MODELS_AS_FUNCTIONS, classes=(*_LINEAR, *_PRODUCTS))
def scale_from_old(layer: Layer, place: Place) -> Layer | None:
    """The other way round, for minors of Keras 3 that take no model for the older function."""
    if layer.config.get("activation") != OLD_HARD_SIGMOID or place.release.line != "keras3" or not layer.weights:
        return None
    return _scale_weights(layer, 1 / _SLOPE, "hard_sigmoid")


def _scale_weights(layer: Layer, factor: float, function: str) -> Layer:
    kernel = _LAST_KERNEL.get(layer.class_name, "kernel")
    weights = {name: _times(t, factor) if name in (kernel, "bias") else t for name, t in layer.weights.items()}
    return replace(layer.with_config(activation=function), weights=weights)


@back_rule("AK2400", since=LEGACY, classes=tuple(_GATES))
def scale_gates(layer: Layer, place: Place) -> Layer | None:
    """The same for the gates of a recurrent layer, whose columns are scaled."""
    if layer.config.get("recurrent_activation") != "hard_sigmoid" or not layer.weights:
        return None
    return _scale_gates(layer, _SLOPE, OLD_HARD_SIGMOID)


@back_rule("AK2400", since=MODELS_AS_FUNCTIONS, classes=tuple(_GATES))
def scale_gates_from_old(layer: Layer, place: Place) -> Layer | None:
    """The other way round, for minors of Keras 3 that take no model for the older function."""
    if layer.config.get("recurrent_activation") != OLD_HARD_SIGMOID or place.release.line != "keras3" or not layer.weights:
        return None
    return _scale_gates(layer, 1 / _SLOPE, "hard_sigmoid")


def _scale_gates(layer: Layer, slope: float, function: str) -> Layer:
    gates = np.repeat(np.asarray(_GATES[layer.class_name]), layer.weights["kernel"].shape[-1] // len(_GATES[layer.class_name]))
    factor = np.where(gates, np.float32(slope), np.float32(1))
    weights = {name: _times(t, factor) for name, t in layer.weights.items()}
    return replace(layer.with_config(recurrent_activation=function), weights=weights)


def _times(tensor: Tensor, factor: float | Array) -> Tensor:
    return tensor.compute("slope of hard_sigmoid", tensor.shape, lambda a: (a * np.asarray(factor, a.dtype)).astype(a.dtype))


@back_rule(
    "AK2401",
    since=NEVER,
    classes=("Activation",),
)
def express_activation(layer: Layer, place: Place) -> Layer | None:
    """A function that the release lacks, as layers that it has."""
    function = layer.config.get("activation")
    if not isinstance(function, str) or holds(function, place.release):
        return None
    express = EXPRESSIONS.get(ACTIVATIONS.get(function, function))
    if express is None:
        raise place.refuse(layer, f"the activation {function!r} has no expression there", "activation")
    width = place.width or 0
    if not width:
        raise place.refuse(layer, "the size of the last axis of its input is not known")
    return model_of(layer, place, lambda builder, x: express(builder, x, place, width))


@back_rule("AK2401", since=NEVER, classes=(*_LINEAR, *_PRODUCTS))
def split_activation(layer: Layer, place: Place) -> Layer | None:
    """A layer with such a function, as the layer without it and the function behind."""
    function = layer.config.get("activation")
    if not isinstance(function, str) or holds(function, place.release):
        return None
    plain = replace(layer.with_config(activation="linear"), name=f"{layer.name}_linear")

    def steps(builder: Builder, x: Ref) -> Ref:
        return builder.layer("Activation", {"activation": function}, builder.add(plain, x))

    return model_of(layer, place, steps)


@back_rule("AK2401", since=NEVER, classes=("LSTM*", "GRU*", "SimpleRNN*", "ConvLSTM*"))
def check_recurrent_activations(layer: Layer, place: Place) -> Layer | None:
    """Inside a recurrent layer no function can be said otherwise."""
    for key in ("activation", "recurrent_activation"):
        function = layer.config.get(key)
        if isinstance(function, str) and not holds(function, place.release):
            raise place.refuse(layer, f"the {key} {function!r} is not in it, or is another function there", key)
    return None


@back_rule("AK2402", since=Since(tf="1.15", keras2="2.2", tfjs="4.22"), classes=("ReLU",))
def relu_by_activations(layer: Layer, place: Place) -> Layer | None:
    """ReLU as a layer is of Keras 2.2.3: the function of that name, less what is above the largest value."""
    largest = layer.config.get("max_value")
    if any(layer.config.get(key) not in (None, 0, 0.0) for key in ("negative_slope", "threshold")):
        raise place.refuse(layer, "a slope or threshold")
    if largest is None:
        return Layer("Activation", layer.name, {"activation": "relu"}, address=layer.address)
    from ..forms import find_affine, make_activation, width_of

    assert isinstance(largest, int | float)
    width = width_of(layer, place)

    def steps(builder: Builder, x: Ref) -> Ref:
        above = make_activation(builder, find_affine(builder, x, width, 1.0, -largest), "relu")
        return builder.layer("Subtract", {}, (make_activation(builder, x, "relu"), above))

    return model_of(layer, place, steps)


@back_rule("AK2401", since=MODELS_AS_FUNCTIONS, classes=("Activation", *_LINEAR, *_PRODUCTS))
def call_model_behind(layer: Layer, place: Place) -> Layer | None:
    """A model that stands for the activation, as a layer behind."""
    function = layer.config.get("activation")
    if not isinstance(function, Layer):
        return None
    plain = replace(layer.with_config(activation="linear"), name=f"{layer.name}_linear")

    def steps(builder: Builder, x: Ref) -> Ref:
        return builder.add(function, x if layer.class_name == "Activation" else builder.add(plain, x))

    return model_of(layer, place, steps)


@back_rule("AK2401", since=MODELS_AS_FUNCTIONS, classes=("*",))
def check_models_as_functions(layer: Layer, place: Place) -> Layer | None:
    """Before Keras 3.10 no model can stand for an activation."""
    for key in ("activation", "recurrent_activation"):
        if isinstance(layer.config.get(key), Layer):
            raise place.refuse(layer, f"a model stands for its {key}", key)
    return None
