"""The names that Keras 2 changed: classes, arguments, their values, and weights. Plain renames, as one table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ...catalog import find
from ...document.model import Era, Layer, Object, Value
from ...findings import Affects, Fidelity, Finding
from ...tensors import Tensor
from ..rulebook import EVERY_OTHER, RuleContext, rule
from .keras1_layouts import OLD, channels_first

# Keras 1 class: Keras 2 class (keras/legacy/interfaces.py and keras/layers/*.py, 2.0.0).
CLASSES: Mapping[str, str] = {
    "Convolution1D": "Conv1D",
    "Convolution2D": "Conv2D",
    "Convolution3D": "Conv3D",
    "AtrousConvolution1D": "Conv1D",
    "AtrousConvolution2D": "Conv2D",
    "AtrousConv1D": "Conv1D",
    "AtrousConv2D": "Conv2D",
    "SeparableConvolution2D": "SeparableConv2D",
    "TimeDistributedDense": "Dense",  # the Dense of today maps the last axis, and passes masks on as this did
}

ARGUMENTS: Mapping[str, str] = {
    "output_dim": "units",
    "init": "kernel_initializer",
    "inner_init": "recurrent_initializer",
    "bias": "use_bias",
    "W_regularizer": "kernel_regularizer",
    "U_regularizer": "recurrent_regularizer",
    "b_regularizer": "bias_regularizer",
    "W_constraint": "kernel_constraint",
    "b_constraint": "bias_constraint",
    "inner_activation": "recurrent_activation",
    "dropout_W": "dropout",
    "dropout_U": "recurrent_dropout",
    "nb_filter": "filters",
    "filter_length": "kernel_size",
    "border_mode": "padding",
    "subsample": "strides",
    "subsample_length": "strides",
    "atrous_rate": "dilation_rate",
    "dim_ordering": "data_format",
    "p": "rate",
    "sigma": "stddev",
    "pool_length": "pool_size",
    "stride": "strides",
    "length": "size",
    "beta_init": "beta_initializer",
    "gamma_init": "gamma_initializer",
}
# What an argument is called where the table above does not hold; None drops it.
_OWN_ARGUMENTS: Mapping[str, Mapping[str, str | None]] = {
    "Embedding": {
        "output_dim": "output_dim",
        "input_dim": "input_dim",
        "init": "embeddings_initializer",
        "W_regularizer": "embeddings_regularizer",
        "W_constraint": "embeddings_constraint",
        "dropout": None,
        "activity_regularizer": None,
    },
    "PReLU": {"init": "alpha_initializer"},
    "SeparableConvolution2D": {"init": "depthwise_initializer"},
    "SeparableConv2D": {"init": "depthwise_initializer"},
    "InputLayer": {"batch_input_shape": "batch_input_shape", "input_dtype": "dtype", "input_tensor": None},
}
# Read elsewhere, or without a meaning in Keras 2: where a layer stood, how it was computed, how it began.
_DROPPED = frozenset(
    [
        "input_dim",
        "input_length",
        "input_dtype",
        "input_shape",
        "batch_input_shape",
        "consume_less",
        "weights",
        "mode",
        "cache_enabled",
    ]
)
_SIZES = (("nb_row", "nb_col"), ("kernel_dim1", "kernel_dim2", "kernel_dim3"))

ROLES: Mapping[str, str] = {
    "W": "kernel",
    "U": "recurrent_kernel",
    "b": "bias",
    "alphas": "alpha",
    "running_mean": "moving_mean",
    "running_std": "moving_variance",
}
_OWN_ROLES: Mapping[str, Mapping[str, str]] = {"Embedding": {"W": "embeddings"}}

_ORDERINGS: Mapping[Value, str] = {"th": "channels_first", "tf": "channels_last"}
# keras/initializations.py 1.2.2: scale 0.05 unless said, orthogonal with 1.1.
_INITIALIZERS: Mapping[str, Value] = {
    "uniform": Object("RandomUniform", {"minval": -0.05, "maxval": 0.05}),
    "normal": Object("RandomNormal", {"mean": 0.0, "stddev": 0.05}),
    "orthogonal": Object("Orthogonal", {"gain": 1.1}),
    "identity": Object("Identity", {"gain": 1.0}),
    "zero": Object("Zeros", {}),
    "one": Object("Ones", {}),
}
_KEPT = ("MaxoutDense", "Highway", "Merge", "SReLU", "ParametricSoftplus")  # read whole by rules of their own


def _rate_of_dropout(value: Value) -> Value:
    """Keras 1 drops nothing unless the rate is between 0 and 1 (keras/layers/core.py Dropout.call 1.2.2)."""
    return value if isinstance(value, (int, float)) and 0 < value < 1 else 0.0


def _value(layer: Layer, key: str, value: Value, context: RuleContext) -> Value:
    """The value of an argument under its new name."""
    if key == "data_format" and value not in _ORDERINGS.values():
        return _ORDERINGS["th" if channels_first(layer, context.writer) else "tf"]
    if key.endswith("_initializer") and isinstance(value, str):
        return _INITIALIZERS.get(value, value)
    if key in ("rate", "dropout", "recurrent_dropout"):
        return _rate_of_dropout(value)
    return value


def _config(layer: Layer, context: RuleContext) -> dict[str, Value]:
    own = _OWN_ARGUMENTS.get(layer.class_name, {})
    made: dict[str, Value] = {}
    for key, value in layer.config.items():
        usual = None if key in _DROPPED else ARGUMENTS.get(key, key)
        new = own.get(key, usual)
        if new is not None:
            made[new] = _value(layer, new, value, context)
    for keys in _SIZES:
        if keys[0] in made:
            made["kernel_size"] = tuple(made.pop(key, None) for key in keys)
    if "forget_bias_init" in made:
        made["unit_forget_bias"] = made.pop("forget_bias_init") == "one"
    if made.get("shared_axes") == (None,):
        made["shared_axes"] = None
    return made


def _weights(layer: Layer) -> dict[str, Tensor]:
    own = _OWN_ROLES.get(layer.class_name, {})
    return {own.get(role, ROLES.get(role, role)): tensor for role, tensor in layer.weights.items()}


@rule(
    "AK2180",
    to=Era.KERAS2,
    eras=OLD,
    after=EVERY_OTHER,
    report=False,
)
def _rename(layer: Layer, context: RuleContext) -> Layer | None:
    known = layer.class_name == "Conv2DTranspose" or any(find(layer.class_name, era) is not None for era in OLD)
    if layer.graph is not None or layer.class_name in _KEPT or not known:
        return None
    made = replace(
        layer,
        class_name=CLASSES.get(layer.class_name, layer.class_name),
        config=_config(layer, context),
        weights=_weights(layer),
    )
    return None if made == layer else made


# What ``get_config`` of Keras 0 and 1 forgot to write, and where else it can be read.


# Classes whose get_config leaves dim_ordering out, in every release from 0.3.3 to 1.2.2 that has them.
_IMAGES = (
    *(f"{name}{rank}D" for name in ("UpSampling", "ZeroPadding", "Cropping") for rank in (2, 3)),
    *(f"SpatialDropout{rank}D" for rank in (2, 3)),
)


@rule(
    "AK2103",
    to=Era.KERAS2,
    eras=OLD,
    classes=_IMAGES,
    report=False,
)
def _state_image_order(layer: Layer, context: RuleContext) -> Layer | None:
    said = layer.config.get("dim_ordering") in ("th", "tf") and context.writer.era is Era.KERAS1
    if said or "data_format" in layer.config:
        return None  # in Keras 0 what stands there is the default of the constructor, not of the file
    layer = layer.without("dim_ordering")
    ordering = "th" if channels_first(layer, context.writer) else "tf"
    if layer.class_name.startswith("SpatialDropout"):  # drops nothing at prediction
        return layer.with_config(dim_ordering=ordering)
    writer = context.writer
    said_by = "data_format= says" if writer.data_format_given else "all other layers of the file say"
    source = f"as {said_by}" if writer.data_format else f"the default of {writer}, as no other layer decides it"
    seen = f"{layer.class_name} does not write whether its images are channels first or last"
    fidelity = Fidelity.EXACT if writer.data_format_given else Fidelity.APPROXIMATE  # until the shapes decide it
    done = f"taken for dim_ordering={ordering!r}, {source}"
    context.findings.append(Finding("AK2103", layer.address or layer.name, seen, done, fidelity))
    return layer.with_config(dim_ordering=ordering)


@rule(
    "AK2104",
    to=Era.KERAS2,
    eras=OLD,
    classes=("PReLU", "SReLU", "ParametricSoftplus"),
    report=False,
)
def _state_shared_axes(layer: Layer, context: RuleContext) -> Layer | None:
    vector = next(iter(layer.weights.values()), None)
    if vector is None or layer.config.get("shared_axes") not in (None, (None,)):
        return None
    axes = tuple(axis for axis, length in enumerate(vector.shape, start=1) if length == 1)
    return layer.with_config(shared_axes=axes) if axes else None


# Regularizers and constraints of Keras 0 and 1: plain dictionaries with a name.


_L1L2 = ("WeightRegularizer", "ActivityRegularizer", "L1L2Regularizer", "l1", "l2", "l1l2")
# (class of Keras 1, its arguments): class of Keras 2 and theirs (keras/constraints.py 1.2.2 and 2.0.0).
_CONSTRAINTS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "MaxNorm": ("MaxNorm", {"m": "max_value", "axis": "axis"}),
    "NonNeg": ("NonNeg", {}),
    "UnitNorm": ("UnitNorm", {"axis": "axis"}),
    "MinMaxNorm": ("MinMaxNorm", {"low": "min_value", "high": "max_value", "rate": "rate", "axis": "axis"}),
}
# The names that Keras 1 resolved in its modules beside the classes.
_ALIASES = {"maxnorm": "MaxNorm", "nonneg": "NonNeg", "unitnorm": "UnitNorm"}


def _translate(value: Mapping[str, Value]) -> Value:
    """The object that a dictionary names, the dictionary itself where the name is another's, None for what is gone."""
    name = value.get("name")
    if not isinstance(name, str):
        return value
    if name in _L1L2:
        return Object("L1L2", {"l1": value.get("l1", 0.0), "l2": value.get("l2", 0.0)})
    known = _CONSTRAINTS.get(_ALIASES.get(name, name))
    if known is None:
        return Object(name, {key: held for key, held in value.items() if key != "name"})
    class_name, renamed = known
    return Object(class_name, {new: value[old] for old, new in renamed.items() if old in value})


@rule(
    "AK2105",
    to=Era.KERAS2,
    eras=OLD,
    report=False,
)
def _respell_objects(layer: Layer, context: RuleContext) -> Layer | None:
    changed: dict[str, Value] = {}
    for key, value in layer.config.items():
        if not key.endswith(("_regularizer", "_constraint")) or not isinstance(value, Mapping):
            continue
        changed[key] = _translate(value)
        if value.get("name") == "EigenvalueRegularizer":
            changed[key] = None
            seen = f"{key} is an EigenvalueRegularizer"
            where = layer.address or layer.name
            context.findings.append(Finding("AK2105", where, seen, "dropped", Fidelity.LOSSY, Affects.TRAINING))
    return replace(layer, config={**layer.config, **changed}) if changed else None
