"""Names, arguments and objects that mean what they meant and are spelled otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ...catalog import find, renames
from ...catalog.renames import HARD_SIGMOID
from ...document.build import Builder, make_sequential
from ...document.model import Config, Era, Layer, Object, Value
from ..rulebook import RuleContext, rule

# Classes that share their present name's variables but are stored under their own (tf.keras 2.15 .keras files). Keras 3
# synchronizes BatchNormalization between replicas on TensorFlow alone, and outputs outside training do not depend on
# it.
_REPLACED = {"SyncBatchNormalization": "BatchNormalization"}


@rule(
    "AK2201",
    to=Era.KERAS3,
    report=False,
)
def rename_class(layer: Layer, context: RuleContext) -> Layer | None:
    """The name of the catalog's entry."""
    if layer.graph is not None:
        return None
    entry = find(layer.class_name, Era.TF2)
    name = _REPLACED.get(layer.class_name) or (entry.name if entry else layer.class_name)
    return replace(layer, class_name=name) if name != layer.class_name else None


# Former arguments that nothing writes any more.
_ARGUMENTS: Mapping[tuple[str, str], str] = {
    **renames.ARGUMENTS,
    ("InputLayer", "input_dtype"): "dtype",
    ("CategoryEncoding", "max_tokens"): "num_tokens",
    ("Discretization", "bins"): "bin_boundaries",
    ("IntegerLookup", "max_values"): "max_tokens",
    ("IntegerLookup", "mask_value"): "mask_token",
    ("IntegerLookup", "oov_value"): "oov_token",
}
# (argument, former value): present value. tf.keras 2.3 to 2.5, experimental/preprocessing.
_VALUES: Mapping[tuple[str, Value], Value] = {
    ("output_mode", "binary"): "multi_hot",
    ("output_mode", "tf-idf"): "tf_idf",
    ("output_mode", "tfidf"): "tf_idf",
}
_ENCODERS = {"CategoryEncoding", "TextVectorization", "StringLookup", "IntegerLookup", "Hashing", "Discretization"}
_RENAMED_CLASSES = tuple(sorted({class_name for class_name, _ in _ARGUMENTS} | _ENCODERS))


@rule(
    "AK2202",
    to=Era.KERAS3,
    classes=_RENAMED_CLASSES,
    report=False,
)
def rename_arguments(layer: Layer, context: RuleContext) -> Layer | None:
    """The same values under their present names; a present name in the file wins."""
    renamed = {key: new for key in layer.config if (new := _ARGUMENTS.get((layer.class_name, key)))}
    values = {
        key: _VALUES[key, value]
        for key, value in layer.config.items()
        if layer.class_name in _ENCODERS and isinstance(value, str) and (key, value) in _VALUES
    }
    if not renamed and not values:
        return None
    moved = {new: layer.config[key] for key, new in renamed.items() if layer.config.get(new) is None}
    return layer.without(*renamed).with_config(**moved, **values)


# Initializers that carry their dtype or a name of their time. keras 2.2.2 renamed the distribution `normal`, which
# always was truncated (keras 2.2.4 initializers.py); dtype is an argument of TensorFlow 1's initializers.
_INITIALIZERS: Mapping[str, str] = {
    "IdentityInitializer": "Identity",
    **renames.INITIALIZERS,
    "GlorotNormalV2": "GlorotNormal",
    "GlorotUniformV2": "GlorotUniform",
    "random_uniform": "RandomUniform",
    "random_normal": "RandomNormal",
    "truncated_normal": "TruncatedNormal",
}
_POLICIES = ("Policy", "PolicyV1", "PolicyV2")
_FLOAT32 = ("infer", "_infer", "infer_with_float32_vars", "default_policy")


@rule(
    "AK2204",
    to=Era.KERAS3,
    after=("AK2201",),
    report=False,
)
def respell_objects(layer: Layer, context: RuleContext) -> Layer | None:
    """Every value of the configuration in present spelling; the axis of BatchNormalization as a number."""
    config = {key: _respell(key, value) for key, value in layer.config.items()}
    axis = config.get("axis")
    if layer.class_name == "BatchNormalization" and isinstance(axis, tuple) and len(axis) == 1:
        config["axis"] = axis[0]
    if all(config[key] is layer.config[key] for key in config):
        return None
    return replace(layer, config=config)


# Names of dtypes that TensorFlow and numpy take too (`tf.as_dtype`, TF 1.4 to 2.15).
_DTYPES: Mapping[str, str] = {"float": "float32", "half": "float16", "double": "float64"}


def _respell(key: str, value: Value) -> Value:
    if isinstance(value, Mapping) and value.keys() == {"type", "value"}:
        return value["value"]  # keras 2.2.4 engine/topology.py, `get_json_type`
    if key == "dtype":
        return _DTYPES.get(value, value) if isinstance(value, str) else _policy(value)
    if key.endswith("initializer") and isinstance(value, Object):
        return _initializer(value)
    if key.endswith("activation"):
        return _ACTIVATION_NAMES.get(value, value) if isinstance(value, str) else _function(value)
    return value


def _policy(value: Value) -> Value:
    if isinstance(value, Object) and value.class_name in _POLICIES and isinstance(value.config, Mapping):
        value = value.config.get("name")
    return "float32" if value in _FLOAT32 else value


def _initializer(value: Object) -> Object:
    config = value.config
    if isinstance(config, str):
        return value
    kept = {k: v for k, v in config.items() if k not in ("dtype", "partition_info", "verify_shape")}
    if kept.get("distribution") == renames.TRUNCATED[0]:
        kept["distribution"] = renames.TRUNCATED[1]
    name = _INITIALIZERS.get(value.class_name, value.class_name)
    if name == value.class_name and len(kept) == len(config) and kept == config:
        return value
    return replace(value, class_name=name, config=kept)


# The activations of tf.keras 2.15 (activations.py), all of which Keras 3 has under the same name.
_ACTIVATIONS = frozenset(
    [
        "elu",
        "exponential",
        "gelu",
        "hard_sigmoid",
        "leaky_relu",
        "linear",
        "log_softmax",
        "mish",
        "relu",
        "relu6",
        "selu",
        "sigmoid",
        "silu",
        "softmax",
        "softplus",
        "softsign",
        "swish",
        "tanh",
    ]
)


# Functions of tf.nn that tf.keras 2.4 to 2.11 wrote by the names in TensorFlow's sources (activations.py 2.8; the first is
# respelled there since 2.1).
_ACTIVATION_NAMES: Mapping[str, str] = {"softmax_v2": "softmax", "log_softmax_v2": "log_softmax"}


def _function(value: Value) -> Value:
    """A function of Keras by its bare name (``serialize_keras_object`` of Keras 2.12 to 2.15)."""
    if isinstance(value, Object) and value.class_name == "function" and value.config in _ACTIVATIONS:
        return value.config if value.module in (None, "builtins", "keras.activations") else value
    return value


@rule(
    "AK2290",
    to=Era.KERAS3,
    classes=("DepthwiseConv1D", "DepthwiseConv2D"),
    report=False,
)
def rename_kernel(layer: Layer, context: RuleContext) -> Layer | None:
    """The weight under its present name."""
    weights = {renames.WEIGHTS.get((layer.class_name, role), role): tensor for role, tensor in layer.weights.items()}
    return replace(layer, weights=weights) if weights.keys() != layer.weights.keys() else None


# Activations that mean something else under the same name, or that Keras 3 does not have.


_ARGUMENTS_OF_KERAS2_ACTIVATIONS = ("activation", "recurrent_activation")


def clipped_line(dtype: Value = None) -> Layer:
    typed: Config = {"dtype": dtype} if isinstance(dtype, str) else {}
    line = Layer("Rescaling", "hard_sigmoid_line", {"scale": HARD_SIGMOID["scale"], "offset": HARD_SIGMOID["offset"], **typed})
    clip = Layer("ReLU", "hard_sigmoid_clip", {"max_value": HARD_SIGMOID["max_value"], **typed})
    return make_sequential("hard_sigmoid", line, clip)


@rule(
    "AK2220",
    to=Era.KERAS3,
)
def hard_sigmoid(layer: Layer, context: RuleContext) -> Layer | None:
    """The old function in place of its name, in every argument that takes an activation."""
    if all(find(layer.class_name, era) is None for era in (Era.KERAS3, Era.KERAS2)):
        return None
    named = [key for key in _ARGUMENTS_OF_KERAS2_ACTIVATIONS if layer.config.get(key) == "hard_sigmoid"]
    if not named:
        return None
    return layer.with_config(**{key: clipped_line(layer.config.get("dtype")) for key in named})


@rule(
    "AK2221",
    to=Era.KERAS3,
    classes=("ThresholdedReLU", "ReLU"),
    after=("AK2280", "AK2281"),  # ReLU ended masks in tf.keras up to 2.4, and ThresholdedReLU did not
)
def replace_thresholded_relu(layer: Layer, context: RuleContext) -> Layer | None:
    """The same layer as a ReLU; below 0, where ReLU takes no threshold, as an activation."""
    kept = {key: value for key, value in layer.config.items() if key in ("dtype", "trainable")}
    if layer.class_name == "ThresholdedReLU":
        config: Config = {"threshold": layer.config.get("theta", 1.0)}
    else:
        config = {key: layer.config.get(key) for key in ("max_value", "negative_slope", "threshold")}
    threshold = config["threshold"]
    if isinstance(threshold, int | float) and threshold < 0:
        activation = _relu_from_below_zero(layer, config)
        return Layer("Activation", layer.name, {**kept, "activation": activation}, address=layer.address)
    return None if layer.class_name == "ReLU" else Layer("ReLU", layer.name, {**kept, **config}, address=layer.address)


def _relu_from_below_zero(layer: Layer, config: Config) -> Layer:
    """keras 2.3.1 backend/tensorflow_backend.py `relu`, with a threshold that is not zero."""
    sub = Builder(f"{layer.name}_relu", layer.address)
    x, threshold = sub.input(), config["threshold"]
    y = sub.op("where", sub.op("greater", x, threshold), x, 0.0)
    if config.get("max_value") is not None:
        y = sub.op("clip", y, 0.0, config["max_value"])
    if slope := config.get("negative_slope"):
        below = sub.op("relu", sub.op("subtract", threshold, x))
        y = sub.op("subtract", y, sub.op("multiply", below, slope))
    return sub.finish(y)
