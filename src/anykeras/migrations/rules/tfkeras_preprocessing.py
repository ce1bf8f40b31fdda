"""Preprocessing layers of tf.keras: state that is not in the file, and dtypes that meant the output."""

from __future__ import annotations

from dataclasses import replace

from ...document.build import Builder
from ...document.model import Config, Era, Layer
from ...errors import Unsupported
from ...lazily import np
from ...tensors import Array, combine
from ..rulebook import RuleContext, rule

_LOOKUPS = ("StringLookup", "IntegerLookup", "TextVectorization")


@rule(
    "AK2270",
    to=Era.KERAS3,
    eras=tuple(Era),
    classes=_LOOKUPS,
    report=False,
)
def vocabulary_in_file(layer: Layer, context: RuleContext) -> Layer | None:
    """The layer without the size; raises Unsupported where the size is all there is."""
    size = layer.config.get("vocabulary_size")
    if layer.config.get("vocabulary") is None and isinstance(size, int):
        raise Unsupported(
            "AK2279",
            f"{layer.class_name} was adapted to {size} entries, and the file does not hold them",
            layer=layer.name,
            key="vocabulary",
            next_step="Convert the SavedModel or .keras file of the same model, or give the vocabulary to the layer.",
        )
    return layer.without("vocabulary_size") if "vocabulary_size" in layer.config else None


@rule(
    "AK2271",
    to=Era.KERAS3,
    classes=("Discretization", "Embedding", "Hashing"),
    after=("AK2210",),
    report=False,
)
def drop_integer_dtype(layer: Layer, context: RuleContext) -> Layer | None:
    """Without a dtype of whole numbers; a Hashing to numbers of bins without any other."""
    dtype = layer.config.get("dtype")
    whole = isinstance(dtype, str) and "int" in dtype
    if layer.class_name == "Hashing":  # its outcome was int64 whatever the dtype said (2.6 hashing.py)
        return (
            layer.without("dtype")
            if dtype is not None and layer.config.get("output_mode", "int") == "int" and not whole
            else None
        )
    return layer.without("dtype") if whole else None


@rule(
    "AK2273",
    to=Era.KERAS3,
    classes=("RandomHeight", "RandomWidth"),
)
def without_random_size(layer: Layer, context: RuleContext) -> Layer | None:
    """An Identity layer of the same name."""
    return Layer("Identity", layer.name, address=layer.address)


@rule(
    "AK2274",
    to=Era.KERAS3,
    classes=("RandomFourierFeatures",),
)
def fourier_features(layer: Layer, context: RuleContext) -> Layer | None:
    """Dense, then cos."""
    found = layer.weights
    if not found:
        return None
    kernel, scale = found["unscaled_kernel"], found["kernel_scale"]

    def divide_by(values: Array, by: Array) -> Array:
        return np.asarray(np.divide(values, by), values.dtype)

    weights = {"kernel": combine("W / scale", [kernel, scale], kernel.shape, divide_by), "bias": found["bias"]}
    config: Config = {"units": kernel.shape[1], "activation": "linear", "use_bias": True, "trainable": False}
    sub = Builder(layer.name, layer.address)
    inner = Layer("Dense", layer.name, config, weights, address=layer.address)
    return sub.finish(sub.op("cos", sub.add(inner, sub.input((kernel.shape[0],)))))


@rule(
    "AK2275",
    to=Era.KERAS3,
    classes=("Discretization",),
)
def bins_from_summary(layer: Layer, context: RuleContext) -> Layer | None:
    """The boundaries in the configuration, the weight gone."""
    summary, bins = layer.weights.get("summary"), layer.config.get("num_bins")
    if summary is None or not isinstance(bins, int) or bins < 1:
        return None
    values, weights = summary.read()
    if len(values) * (1.0 / bins) >= 1:
        shares = 1.0 / bins + np.arange(0.0, 1.0, 1.0 / bins)
        seen = np.cumsum(weights)
        values = np.interp(shares, seen / seen[-1], values).astype("float32")
    bounds = tuple(float(value) for value in values[:-1])
    return replace(layer.without("num_bins").with_config(bin_boundaries=bounds), weights={})


_SMART = (2, 7)


@rule(
    "AK2276",
    to=Era.KERAS3,
    classes=("RandomCrop",),
)
def replace_cropped_resizing(layer: Layer, context: RuleContext) -> Layer | None:
    """A Resizing layer. Raises Unsupported for releases that resized first."""
    if context.writer.release and context.writer.release < _SMART:
        raise Unsupported(
            "AK2276",
            "RandomCrop of this release resizes before it crops, to a size that depends on the image",
            layer=layer.name,
            next_step="Replace the layer by Resizing or CenterCrop in the Keras that wrote the file.",
        )
    kept = {key: layer.config[key] for key in ("height", "width", "dtype") if key in layer.config}
    config: Config = {**kept, "interpolation": "bilinear", "crop_to_aspect_ratio": True}
    return Layer("Resizing", layer.name, config, address=layer.address)
