"""Layers made of layers: the weights of each part, from the names of a .keras file or the order of an HDF5 file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from ...document.build import Builder
from ...document.model import Config, Era, Layer, Ref, Value
from ...migrations import RuleContext
from ...tensors import Tensor
from ..base import strip_number

Weights = Mapping[str, Tensor]
_PROJECTIONS: Final = ("query", "key", "value", "output")
_ROLES: Final[Mapping[str, tuple[str, ...]]] = {
    "attention": tuple(f"{name}_{role}" for name in _PROJECTIONS for role in ("kernel", "bias")),
    "dense": ("kernel", "bias"),
    "normalization": ("gamma", "beta"),
    "table": ("embeddings",),
}
_BOXED: Final = re.compile(r"(?:(?P<part>.*)/)?vars/(?P<number>\d+)$")


@dataclass(frozen=True)
class Part:
    """One layer inside: the attribute that holds it, and what it is.

    Parts with the same attribute, one behind the other, stand in a Sequential there.
    """

    attribute: str
    kind: str


def parts(**kinds: str) -> tuple[Part, ...]:
    """Parts by attribute; the kinds of a Sequential are one string: ``ffn="dense dense"``."""
    return tuple(Part(attribute, kind) for attribute, text in kinds.items() for kind in text.split())


def weights_of_parts(layer: Layer, wanted: Sequence[Part]) -> list[Weights] | None:
    """The weights of each part by role, None unless they are just the weights of the layer."""
    boxed = any(_BOXED.match(role) for role in layer.weights)
    return _by_name(layer, wanted) if boxed else _by_order(layer, wanted)


def _by_order(layer: Layer, wanted: Sequence[Part]) -> list[Weights] | None:
    """An HDF5 file names a variable by the layer inside (``dense_7/kernel``) and keeps the order of the attributes."""
    named = [(strip_number(role), tensor) for role, tensor in layer.weights.items()]
    found: list[Weights] = []
    for part in wanted:
        roles = _ROLES[part.kind]
        mine, named = named[: len(roles)], named[len(roles) :]
        if [name for name, _ in mine] != [role.rpartition("_")[2] for role in roles]:
            return None
        found.append(dict(zip(roles, (tensor for _, tensor in mine), strict=True)))
    return None if named else found


def _by_name(layer: Layer, wanted: Sequence[Part]) -> list[Weights] | None:
    """A .keras file names the attribute, and inside a Sequential the layer: ``ffn/layers/dense_1/vars/0``."""
    held: dict[str, dict[int, Tensor]] = {}
    for role, tensor in layer.weights.items():
        match = _BOXED.match(role)
        if match is None:
            return None
        held.setdefault(match["part"] or "", {})[int(match["number"])] = tensor
    found: list[Weights] = []
    for attribute, group in groupby(wanted, lambda part: part.attribute):
        inside = [name for name in held if name == attribute or name.startswith(f"{attribute}/")]
        weights = list(_fill(list(group), {name: held.pop(name) for name in sorted(inside, key=_natural)}))
        if not weights or any(weight is None for weight in weights):
            return None
        found += [weight for weight in weights if weight is not None]
    return None if held else found


def _fill(group: Sequence[Part], held: Mapping[str, Mapping[int, Tensor]]) -> Iterator[Weights | None]:
    if group[0].kind == "attention":
        yield _fill_attention(held)
        return
    if len(group) != len(held):
        yield None
        return
    for part, tensors in zip(group, held.values(), strict=True):
        roles = _ROLES[part.kind]
        fits = sorted(tensors) == list(range(len(roles)))
        yield {role: tensors[i] for i, role in enumerate(roles)} if fits else None


def _fill_attention(held: Mapping[str, Mapping[int, Tensor]]) -> Weights | None:
    by_word = {name.rpartition("/")[2].lstrip("_"): tensors for name, tensors in held.items()}
    if by_word.keys() != {f"{name}_dense" for name in _PROJECTIONS} or any(sorted(t) != [0, 1] for t in by_word.values()):
        return None
    return {f"{name}_{role}": by_word[f"{name}_dense"][i] for name in _PROJECTIONS for i, role in enumerate(("kernel", "bias"))}


def _natural(name: str) -> tuple[str, int]:
    """``dense`` before ``dense_1`` before ``dense_10``."""
    stem, _, number = name.rpartition("_")
    return (stem, int(number)) if number.isdecimal() else (name, 0)


# The parts, made and called.


def fits_attention(weights: Weights, size: Value, heads: Value) -> bool:
    """Whether these are the projections of `heads` heads on `size` features."""
    query, key, value, output = (weights[f"{name}_kernel"].shape for name in _PROJECTIONS)
    return len(query) == 3 and query[:2] == (size, heads) and key == query and value[:2] == query[:2] and output[-1] == size


def fits_dense(weights: Weights, inside: Value, outside: Value) -> bool:
    """Whether this is the Dense layer from `inside` features to `outside`."""
    return weights["kernel"].shape == (inside, outside) and weights["bias"].shape == (outside,)


def add_attention(sub: Builder, weights: Weights, query: Ref, value: Ref, rate: float = 0.0, /, **kwargs: Value) -> Ref:
    """A MultiHeadAttention, called."""
    _, heads, size = weights["query_kernel"].shape
    config: Config = {"num_heads": heads, "key_dim": size, "value_dim": weights["value_kernel"].shape[-1], "dropout": rate}
    return sub.add(
        Layer("MultiHeadAttention", f"{sub.name}_attention", config, weights, address=sub.address), query, value, **kwargs
    )


def add_dense(sub: Builder, weights: Weights, x: Ref, activation: str = "linear") -> Ref:
    """A Dense layer, called."""
    return sub.layer("Dense", {"units": weights["kernel"].shape[-1], "activation": activation}, x, weights=weights)


def add_norm(sub: Builder, weights: Weights, x: Ref, epsilon: float) -> Ref:
    """A LayerNormalization, called."""
    return sub.layer("LayerNormalization", {"epsilon": epsilon}, x, weights=weights)


def add_rows(sub: Builder, weights: Weights, numbers: Ref, trainable: bool = True) -> Ref:
    """An Embedding, called."""
    rows, size = weights["embeddings"].shape
    config: Config = {"input_dim": rows, "output_dim": size, "trainable": trainable}
    return sub.layer("Embedding", config, numbers, weights=weights)


def add_dropout(sub: Builder, x: Ref, rate: Value) -> Ref:
    """A Dropout, called; `x` itself where nothing is dropped."""
    dropped = isinstance(rate, int | float) and 0 < rate < 1
    return sub.layer("Dropout", {"rate": float(rate)}, x) if dropped and isinstance(rate, int | float) else x


def attention_reads_masks(context: RuleContext) -> bool:
    """Whether MultiHeadAttention took the masks of its inputs by itself: since TensorFlow 2.10, and in Keras 3."""
    writer = context.writer
    return writer.era is Era.KERAS3 or writer.release >= (2, 10)


def is_trainable(layer: Layer) -> bool:
    """What the configuration says of further training."""
    return layer.config.get("trainable") is not False


def predicts_tokens(context: RuleContext) -> bool:
    """Whether a Dense layer has a unit for each word of a table: a language model, whose attention looks back only."""
    sizes = {
        layer.config.get(key)
        for layer in context.surroundings.layers
        for key in ("vocab_size", "input_dim")
        if layer.class_name in ("Embedding", "TokenAndPositionEmbedding", "PositionalEmbedding")
    }
    units = {layer.config.get("units") for layer in context.surroundings.layers if layer.class_name == "Dense"}
    return bool({size for size in sizes & units if isinstance(size, int) and size > 1})
