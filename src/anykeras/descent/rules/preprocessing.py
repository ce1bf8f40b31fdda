"""Layers for numbers and texts that a release lacks, or gives other shapes."""

from __future__ import annotations

from dataclasses import replace

from ...catalog.releases import Since
from ...document.model import Layer
from ..forms import model_of, reshape
from ..rulebook import Place, back_rule

_LOOKUPS = ("CategoryEncoding", "Discretization", "Hashing", "IntegerLookup", "StringLookup")


@back_rule("AK2430", since=Since("3.6"), classes=("Discretization", "CategoryEncoding"))
def one_hot_without_axis(layer: Layer, place: Place) -> Layer | None:
    """Before Keras 3.6, one_hot of a column keeps the axis of size one: a Reshape takes it away."""
    if layer.config.get("output_mode") != "one_hot" or place.release.line != "keras3":
        return None
    shape, given = place.output.shape, place.shape
    if given is None or shape is None or shape[-1] is None:
        raise place.refuse(layer, "one_hot of a column keeps its axis there, and the shape is not known", "output_mode")
    if given[-1] != 1:
        return None
    plain = replace(layer, name=f"{layer.name}_column")
    sizes = [size if size is not None else -1 for size in shape[1:]]
    return model_of(layer, place, lambda builder, x: reshape(builder, builder.add(plain, x), sizes))


@back_rule("AK2431", since=Since(tf="2.6"), classes=_LOOKUPS)
def check_lookup(layer: Layer, place: Place) -> Layer | None:
    """Before TensorFlow 2.6 these layers were experimental, under other names and with other tables."""
    raise place.refuse(layer, "no layer like it")


@back_rule("AK2431", since=Since(tf="2.9"), classes=("TextVectorization",))
def check_vocabulary(layer: Layer, place: Place) -> Layer | None:
    """HDF5 files before TensorFlow 2.9 keep no vocabulary."""
    raise place.refuse(layer, "its files keep no vocabulary")
