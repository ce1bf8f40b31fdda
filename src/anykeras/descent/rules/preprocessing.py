"""Layers for numbers and texts that a release lacks, or gives other shapes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...catalog.releases import Since, exists_in_keras3
from ...document.build import Builder
from ...document.model import Config, Layer, Ref
from ...tensors import constant
from ..forms import model_of, reshape
from ..rulebook import LEGACY, Place, back_rule

_LOOKUPS = ("CategoryEncoding", "Discretization", "Hashing", "IntegerLookup", "StringLookup")


@back_rule("AK2430", since=exists_in_keras3("3.14"), classes=("Discretization",))
def count_bins(layer: Layer, place: Place) -> Layer | None:
    """Keras 3 before 3.14 says the shape of what it reads, whatever it gives: a CategoryEncoding says the shape of its own."""
    bins, mode = layer.config.get("bin_boundaries"), layer.config.get("output_mode", "int")
    if mode == "int":
        return None
    if not isinstance(bins, tuple) or layer.config.get("sparse"):
        raise place.refuse(layer, f"output_mode {mode!r} says another shape than it gives", "output_mode")
    numbers = replace(layer.with_config(output_mode="int", dtype="int64"), name=f"{layer.name}_numbers")
    encoding: Config = {"num_tokens": len(bins) + 1, "output_mode": mode}
    return model_of(layer, place, lambda builder, x: builder.layer("CategoryEncoding", encoding, builder.add(numbers, x)))


@back_rule("AK2432", since=exists_in_keras3("3.15"), classes=("Normalization",), report=False)
def repeat_statistics(layer: Layer, place: Place) -> Layer | None:
    """A mean that is one number stands once for each feature: in a stack, older minors want so many of them."""
    said = {key: layer.config.get(key) for key in ("mean", "variance")}
    axis = layer.config.get("axis", -1)
    axes = axis if isinstance(axis, tuple) else (axis,)
    if axis is None or not place.shape or not all(isinstance(value, int | float) for value in said.values()):
        return None
    sizes = [place.shape[one] for one in axes if isinstance(one, int)]
    if len(sizes) != len(axes) or len(sizes) != 1 or sizes[0] is None:
        return None
    return layer.with_config(**{key: (value,) * sizes[0] for key, value in said.items()})


@back_rule("AK2432", since=LEGACY, classes=("Discretization",), report=False)
def widen_numbers(layer: Layer, place: Place) -> Layer | None:
    """TensorFlow sorts no numbers of 16 bits into bins."""
    dtype = place.inputs[0].dtype if place.inputs else None
    if dtype not in ("float16", "bfloat16") or place.held:
        return None
    wide = replace(layer.with_config(dtype="float32"), name=f"{layer.name}_bins")
    return model_of(layer, place, lambda builder, x: builder.add(wide, builder.op("cast", x, "float32")))


@back_rule("AK2432", since=exists_in_keras3("3.12"), classes=("Discretization",), report=False)
def give_integers(layer: Layer, place: Place) -> Layer | None:
    """Keras 3 before 3.12 gives the numbers of bins in the dtype of the layer; later ones give integers."""
    whole = layer.config.get("output_mode", "int") != "int" or f"{layer.config.get('dtype')!r}".startswith("'int")
    if whole:
        return None
    return layer.with_config(dtype="int64")


@back_rule("AK2432", since=exists_in_keras3("3.4"), classes=("CategoryEncoding",), report=False)
def encode_integers(layer: Layer, place: Place) -> Layer | None:
    """Before Keras 3.4 it takes no numbers that are floats."""
    dtype = place.inputs[0].dtype if place.inputs else None
    if dtype is None or not dtype.startswith("float"):
        return None
    encoding = replace(layer, name=f"{layer.name}_encoding")
    return model_of(layer, place, lambda builder, x: builder.add(encoding, builder.op("cast", x, "int32")))


@back_rule("AK2430", since=Since("3.6"), classes=("CategoryEncoding",))
def one_hot_without_axis(layer: Layer, place: Place) -> Layer | None:
    """Before Keras 3.6, one_hot of a column keeps the axis of size one: a table of ones takes the numbers of the bins."""
    if layer.config.get("output_mode") != "one_hot" or place.release.line != "keras3":
        return None
    given, count = place.shape, layer.config.get("num_tokens")
    if given is None:
        raise place.refuse(layer, "one_hot of a column keeps its axis there, and the shape is not known", "output_mode")
    if given[-1] != 1:
        return None
    if len(given) != 2 or not isinstance(count, int):
        raise place.refuse(layer, "one_hot of a column keeps its axis there", "output_mode")
    table = {"embeddings": constant(np.eye(count))}
    config: Config = {"input_dim": count, "output_dim": count, "trainable": False}

    def steps(builder: Builder, x: Ref) -> Ref:
        rows = builder.layer("Embedding", config, x, weights=table)
        return reshape(builder, rows, [count])

    return model_of(layer, place, steps)


@back_rule("AK2431", since=Since(tf="2.6", tfjs="4.22"), classes=_LOOKUPS)
def check_lookup(layer: Layer, place: Place) -> Layer | None:
    """Before TensorFlow 2.6 these layers were experimental, under other names and with other tables."""
    raise place.refuse(layer, "no layer like it")


@back_rule("AK2431", since=LEGACY, classes=_LOOKUPS)
def check_rank(layer: Layer, place: Place) -> Layer | None:
    """tf.keras counts columns alone: ``encode_categorical_inputs`` refuses an outcome of more than two axes."""
    mode, shape = layer.config.get("output_mode", "multi_hot"), place.shape
    if place.release.line != "tf" or shape is None or mode not in ("one_hot", "multi_hot", "count", "tf_idf"):
        return None
    if len(shape) + (mode == "one_hot" and shape[-1] != 1) > 2:
        raise place.refuse(layer, f"output_mode {mode} of a tensor of {len(shape)} axes", "output_mode")
    return None


@back_rule(
    "AK2432",
    since=LEGACY,
    classes=("IntegerLookup",),
    report=False,
)
def look_up_in_integers(layer: Layer, place: Place) -> Layer | None:
    """tf.keras takes no dtype but integers with output_mode int; Keras 3 gives integers whatever the dtype."""
    if layer.config.get("output_mode", "int") != "int" or str(layer.config.get("dtype", "int64")).startswith("int"):
        return None
    return layer.with_config(dtype="int64")


@back_rule(
    "AK2432",
    since=LEGACY,
    classes=("LSTM", "GRU", "SimpleRNN", "RNN", "ConvLSTM*"),
    report=False,
)
def roll(layer: Layer, place: Place) -> Layer | None:
    """Unrolled, tf.keras wants a known number of steps, takes no ConvLSTM, and mixes up masks; the outcome is the same."""
    return layer.with_config(unroll=False) if layer.config.get("unroll") else None


@back_rule("AK2432", since=LEGACY, classes=("ZeroPadding1D",), report=False)
def pad_steps(layer: Layer, place: Place) -> Layer | None:
    """Keras 2 writes `data_format` of ZeroPadding1D and does not take it (convolutional.py, 2.3.1)."""
    if place.release.line != "keras2" or "data_format" not in layer.config:
        return None
    if layer.config["data_format"] == "channels_first":
        raise place.refuse(layer, "its channels come last", "data_format")
    return layer.without("data_format")


@back_rule("AK2431", since=Since(tf="2.9"), classes=("TextVectorization",))
def check_vocabulary(layer: Layer, place: Place) -> Layer | None:
    """HDF5 files before TensorFlow 2.9 keep no vocabulary."""
    raise place.refuse(layer, "its files keep no vocabulary")
