"""The last step back: layers in the words of tf.keras and Keras 2, key by key; what they do not take is left out or refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from ..catalog import renames
from ..catalog.releases import Release, Since
from ..catalog.signatures import NOW, find_default, find_signature
from ..document.model import Layer, Object, Value
from ..document.walk import rebuild
from .activations import OLD_HARD_SIGMOID
from .forms import RESET_AFTER
from .rulebook import refuse

# Arguments that change nothing of what a loaded model predicts, whatever their value.
_WITHOUT_EFFECT: Final = {
    "seed", "zero_output_for_mask", "use_cudnn", "bounding_box_format", "implementation", "synchronized", "flash_attention",
    "renorm_momentum", "value_range", "autocast", "lora_alpha", "input_length",
}  # fmt: skip
_EVERY_LAYER: Final = frozenset({"name", "trainable", "dtype"})
# Layers of TensorFlow's own operations, which no table of signatures has.
_OPERATIONS: Final = frozenset({"TFOpLambda", "SlicingOpLambda", "TensorFlowOpLayer"})
_ACTIVATIONS: Final = ("activation", "recurrent_activation")
_TEXTS: Final = ("TextVectorization", "StringLookup")
_SHAPES_OF_HEADS: Final = Since(None, tf="2.5")
_BACKWARD: Final = Since(None, tf="2.1")


def respell(model: Layer, release: Release) -> Layer:
    """The model with every layer as the release writes it. Raises Unsupported, naming the layer and the key."""
    return rebuild(model, lambda layer: layer if layer.graph is not None else _layer(layer, release))


def _layer(layer: Layer, release: Release) -> Layer:
    if layer.class_name in _OPERATIONS:
        return layer
    known = find_signature(layer.class_name, release.signatures)
    if known is None:
        raise refuse(layer.name, f"it has no layer {layer.class_name}", release)
    config = {renames.FORMER_ARGUMENTS.get((layer.class_name, key), key): value for key, value in layer.config.items()}
    for key in _ACTIVATIONS:
        if key in config:
            config[key] = _function(layer, key, config[key], release)
    special = _SPECIAL.get(layer.class_name)
    if special is not None:
        config = special(layer, config, release)
    taken = frozenset(known.defaults) | known.written | _EVERY_LAYER | _ALSO.get(layer.class_name, frozenset())
    kept = {key: value for key, value in config.items() if key in taken or _matters(layer, key, value, release)}
    stated = known.defaults.keys() | _ALSO.get(layer.class_name, frozenset())
    return replace(layer, config={key: value for key, value in kept.items() if value is not None or key in stated})


# Arguments of a base class that the tables do not show.
_ALSO: Final[Mapping[str, frozenset[str]]] = {
    "InputLayer": frozenset({"batch_input_shape", "sparse"}),
    "Bidirectional": frozenset({"backward_layer"}),  # weights are counted by it; spelling leaves it out where it must
    "MultiHeadAttention": frozenset({"query_shape", "key_shape", "value_shape"}),
    **dict.fromkeys(
        (f"ConvLSTM{rank}D" for rank in (1, 2, 3)), frozenset({"unroll", "return_state", "stateful", "go_backwards"})
    ),
}


def _matters(layer: Layer, key: str, value: Value, release: Release) -> bool:
    """False for an argument that can be left out; raises Unsupported for one that cannot."""
    stated = find_default(layer.class_name, key, NOW)
    plain = value is None or value is False or value == () or (type(value) is type(stated) and value == stated)
    if plain or key in _WITHOUT_EFFECT or key.endswith("_initializer"):
        return False
    if (key, value) in (("data_format", "channels_last"), ("groups", 1)):
        return False
    raise refuse(layer.name, f"{layer.class_name} has no argument {key!r} there, which is {value!r:.60}", release, key)


def _function(layer: Layer, key: str, value: Value, release: Release) -> Value:
    if isinstance(value, Layer):
        raise refuse(layer.name, f"a model stands for the {key}", release, key)
    if isinstance(value, Object):
        raise refuse(layer.name, f"an object of class {value.class_name} stands for the {key}", release, key)
    names = {**renames.FORMER_ACTIVATIONS, OLD_HARD_SIGMOID: "hard_sigmoid"}
    return names.get(value, value) if isinstance(value, str) else value


Special = Callable[[Layer, dict[str, Value], Release], dict[str, Value]]


def _input(layer: Layer, config: dict[str, Value], release: Release) -> dict[str, Value]:
    if config.pop("ragged", None) and not Since(None, tf="2.1").holds(release):
        raise refuse(layer.name, "a ragged input", release, "ragged")
    dtype = config.get("dtype")
    if release.line == "keras2" and dtype == "string":
        raise refuse(layer.name, "an input of texts", release, "dtype")
    return {key: config.get(key) for key in ("batch_input_shape", "dtype", "sparse")} | {"sparse": bool(config.get("sparse"))}


def _heads(layer: Layer, config: dict[str, Value], release: Release) -> dict[str, Value]:
    for key in ("use_gate", "sliding_window"):
        if config.pop(key, None):
            raise refuse(layer.name, f"attention with {key}", release, key)
    if isinstance(config.get("output_shape"), int):
        config["output_shape"] = (config["output_shape"],)
    if _SHAPES_OF_HEADS.holds(release):
        config |= dict.fromkeys(("query_shape", "key_shape", "value_shape"))
    return config


def _normalized(layer: Layer, config: dict[str, Value], release: Release) -> dict[str, Value]:
    axis = config.get("axis")
    if isinstance(axis, tuple) and layer.class_name == "BatchNormalization":
        if len(axis) != 1:
            raise refuse(layer.name, "a normalization over several axes", release, "axis")
        config["axis"] = axis[0]
    if config.get("renorm"):
        return config
    return {key: value for key, value in config.items() if not key.startswith("renorm")}


def _layer_norm(layer: Layer, config: dict[str, Value], release: Release) -> dict[str, Value]:
    if config.pop("rms_scaling", None):
        raise refuse(layer.name, "rms_scaling", release, "rms_scaling")
    return config


def _gru(layer: Layer, config: dict[str, Value], release: Release) -> dict[str, Value]:
    if config.get("reset_after", True) and not RESET_AFTER.holds(release):
        raise refuse(layer.name, "a GRU with reset_after", release, "reset_after")
    return config


def _text(layer: Layer, config: dict[str, Value], release: Release) -> dict[str, Value]:
    return {**config, "dtype": "string"}


def _both_ways(layer: Layer, config: dict[str, Value], release: Release) -> dict[str, Value]:
    inner = config.get("layer")
    if isinstance(inner, Layer):
        config["layer"] = replace(inner, name=inner.name.removeprefix("forward_"))
    if not _BACKWARD.holds(release):
        _check_halves(layer, release)
    return config


def _attention(layer: Layer, config: dict[str, Value], release: Release) -> dict[str, Value]:
    if config.get("score_mode") == "dot":
        config.pop("score_mode")
    if Since(None, tf="2.9").holds(release) and layer.class_name == "Attention":
        config.setdefault("score_mode", "dot")
    return config


def _row(layer: Layer, config: dict[str, Value], release: Release) -> dict[str, Value]:
    """Keras 2.1 gives the layout of a row itself (keras 2.1.5 layers/convolutional.py, Conv1D)."""
    if release.line != "keras2" or Since(keras2="2.2").holds(release):
        return config
    if config.pop("data_format", None) == "channels_first":
        raise refuse(layer.name, "a convolution of rows with channels_first", release, "data_format")
    return config


def _separable(layer: Layer, config: dict[str, Value], release: Release) -> dict[str, Value]:
    """TensorFlow.js refuses what other convolutions call their kernel (``SeparableConv`` of layers/convolutional.js)."""
    if release.line != "tfjs":
        return config
    return {key: value for key, value in config.items() if not key.startswith("kernel_") or key == "kernel_size"}


_SPECIAL: Final[Mapping[str, Special]] = {
    "SeparableConv2D": _separable,
    "InputLayer": _input,
    "MultiHeadAttention": _heads,
    "BatchNormalization": _normalized,
    "LayerNormalization": _layer_norm,
    **dict.fromkeys(("GRU", "GRUCell"), _gru),
    **dict.fromkeys(_TEXTS, _text),
    "Bidirectional": _both_ways,
    **dict.fromkeys(("Conv1D", "SeparableConv1D"), _row),
    **dict.fromkeys(("Attention", "AdditiveAttention"), _attention),
}


def _check_halves(layer: Layer, release: Release) -> None:
    """Before TensorFlow 2.1 the second half is always made from the first."""
    one, other = (layer.config.get(key) for key in ("layer", "backward_layer"))
    if not isinstance(one, Layer) or not isinstance(other, Layer):
        return
    differing = [key for key in one.config if key not in ("go_backwards", "name") and one.config[key] != other.config.get(key)]
    if differing or one.class_name != other.class_name:
        raise refuse(layer.name, f"the halves differ in {', '.join(differing)}", release, "backward_layer")
