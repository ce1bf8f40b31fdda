"""What weights do not tell of a layer: the arguments that change its outputs and leave no trace in shapes.

They are the arguments of the class in current Keras that the writer's release had too, less those that shapes tell and those
that act on training alone. They are not listed class by class: ``catalog.signatures`` has every release.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from ..catalog.signatures import MISSING, Missing, find_default, find_signature
from ..document.model import Era, Value, Writer


def _list_words(text: str) -> list[str]:
    return text.split()


# Arguments that act on training, on speed, or on the place of a layer in a program.
_SILENT = frozenset(
    _list_words(
        """
    name trainable dtype input_dim input_shape batch_input_shape input_length batch_size autocast weights seed
    dropout recurrent_dropout unroll implementation use_cudnn flash_attention stateful return_state momentum
    renorm renorm_clipping renorm_momentum synchronized unit_forget_bias lora_rank lora_alpha
    quantization_config noise_shape sparse backward_layer layer mask arguments output_shape invert
    """
    )
)
_TRAINING = re.compile(r".*_(initializer|regularizer|constraint)\Z|activity_regularizer\Z")
# Arguments that shapes tell, or that no layer of its class leaves open.
_IN_SHAPES = frozenset(
    _list_words(
        """
    units filters kernel_size output_dim use_bias center groups depth_multiplier num_heads key_dim value_dim
    data_format shared_axes mean variance rms_scaling use_gate reset_after
    """
    )
)
_OF_OTHERS = {
    ("BatchNormalization", "scale"),
    ("LayerNormalization", "scale"),
    ("GroupNormalization", "scale"),
    ("LeakyReLU", "alpha"),
}
_STILL_OPEN = {("GroupNormalization", "groups")}
# Layers that do nothing when a model predicts: their arguments need no answer.
TRAINING_ONLY = re.compile(r"(Alpha|Gaussian|Spatial)?Dropout(\dD)?\Z|GaussianNoise\Z|ActivityRegularization\Z")
# Words of Keras 0 to 2 for arguments of today.
_THEN = {
    "recurrent_activation": "inner_activation",
    "negative_slope": "alpha",
    "padding": "border_mode",
    "strides": "subsample",
    "dilation_rate": "atrous_rate",
}
# Classes of then by what Keras calls them today.
SUCCESSORS: Mapping[str, str] = {
    "CuDNNLSTM": "LSTM",
    "CuDNNGRU": "GRU",
    "TimeDistributedDense": "Dense",
    **{f"Convolution{rank}D": f"Conv{rank}D" for rank in (1, 2, 3)},
}
# TensorFlow 1.13 to 2.1 stamp alike; up to 1.15 recurrent layers began with hard_sigmoid, from 2.0 on with sigmoid.
_BOTH_DEFAULTS = "2.2.4-tf"
_PREDECESSORS = {later: earlier for earlier, later in SUCCESSORS.items() if earlier.startswith("Convolution")}


@dataclass(frozen=True)
class Unknown:
    """An argument that the weights do not tell, and what the writer took where nothing was stated (MISSING: nothing)."""

    name: str
    suggestion: Value | Missing


def list_unknown_arguments(class_name: str, known: Mapping[str, Value], writer: Writer) -> tuple[Unknown, ...]:
    """The arguments of a class of current Keras that change its outputs and that neither shapes nor `known` tell.

    Args:
        class_name: a class of current Keras.
        known: arguments that are known.
        writer: of the weights, whose defaults are the suggestions.
    """
    found = find_signature(class_name)
    if found is None or TRAINING_ONLY.match(class_name):
        return ()
    then = _signature_then(class_name, writer)
    names = [
        name
        for name in found.defaults
        if name not in known and name not in _SILENT and not _TRAINING.match(name) and _is_open(class_name, name)
    ]
    if then is not None:
        names = [name for name in names if found.defaults[name] is MISSING or {name, _THEN.get(name, name)} & then.keys()]
    return tuple(Unknown(name, _suggest(class_name, name, writer, then or {})) for name in names)


def _is_open(class_name: str, argument: str) -> bool:
    if (class_name, argument) in _STILL_OPEN:
        return True
    return argument not in _IN_SHAPES and (class_name, argument) not in _OF_OTHERS


def _signature_then(class_name: str, writer: Writer) -> Mapping[str, Value | Missing] | None:
    """Arguments and defaults in the writer's release; None where it had no such class."""
    if writer.era is Era.KERAS3 and writer.version is None:
        return None
    for name in (class_name, _PREDECESSORS.get(class_name, class_name)):
        found = find_signature(name, writer)
        if found is not None:
            return found.defaults
    return None


def _suggest(class_name: str, argument: str, writer: Writer, then: Mapping[str, Value | Missing]) -> Value | Missing:
    """The default of then; where that release had no such class or argument, the one of today."""
    if argument == "recurrent_activation" and writer.version == _BOTH_DEFAULTS:
        return MISSING
    for word in (argument, _THEN.get(argument, argument)):
        found = then.get(word, MISSING)
        if found is not MISSING and not (found is None and word == "alpha"):
            return found
    return find_default(class_name, argument)
