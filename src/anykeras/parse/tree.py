"""Binding weights that are filed under object paths: Keras 3, and ``.keras`` files of Keras 2.12 to 2.15."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from ..catalog import layout
from ..catalog.base import mode_of
from ..catalog.operations import spell_in_snake_case
from ..containers.base import Asset, TreeWeights
from ..document.model import Era, Layer, Path
from ..document.walk import fill_weights, layers_of, rebuild_paths
from ..errors import Malformed, Unsupported
from ..tensors import Tensor
from .shared import share_variables
from .weights import Bound, is_unknown

_VOCABULARY = "vocabulary.txt"


def bind_tree(model: Layer, weights: TreeWeights, era: Era) -> Layer:
    """The model with every tensor in the role that its path stands for.

    Raises Malformed when a tensor has no role or a role no tensor.
    """
    bound: Bound = {}
    left = dict(weights.tensors)
    tree = infer_filing(model, weights.tensors, era)
    holders = layout.list_stored_layers(model, era, tree)
    specs = layout.specs_of(holders, era)
    once = {} if all(spec.path in left for spec in specs) else share_variables(specs, weights.tensors)
    for spec in specs:
        tensor = weights.tensors.get(spec.path, once.get(spec.path))
        left.pop(spec.path, None)
        if tensor is not None:
            bound.setdefault(spec.holder.path, {})[spec.role.name] = tensor
        elif spec.path not in weights.tensors:
            raise Malformed(
                "AK1212",
                f"{spec.layer.class_name} {spec.layer.name!r} should have a weight {spec.role.name!r}",
                part=spec.path,
                layer=spec.layer.name,
                next_step="Check that architecture and weights were saved from the same model.",
            )
    _bind_unknown(holders, left, era, bound)
    found = fill_weights(model, bound)
    _check_quantized(found)
    if left:
        _check_none_beside(found, left, era, tree)
    return found


def _check_quantized(model: Layer) -> None:
    """Raises Unsupported where a kernel is in 8 bits and the configuration does not say with which scales.

    Keras to 3.15 writes a quantized MultiHeadAttention so, and cannot open it either.
    """
    for layer in layers_of(model):
        for role, tensor in layer.weights.items():
            if role.endswith("kernel") and tensor.dtype in ("int8", "uint8") and not mode_of(layer.config):
                raise _make_quantized_error(layer, f"{role!r} is {tensor.dtype}")


def _check_none_beside(model: Layer, left: Mapping[str, Tensor], era: Era, tree: layout.Tree) -> None:
    """Raises Unsupported where attention has more variables in one place than its roles: scales of 8-bit floats."""
    homes = {spec.path.rpartition("/")[0]: spec.layer for spec in layout.list_variable_specs(model, era, tree)}
    for path in left:
        layer = homes.get(path.rpartition("/")[0])
        if layer is not None and layer.class_name.endswith("Attention"):
            raise _make_quantized_error(layer, f"it has one more variable, {path!r}")


def _make_quantized_error(layer: Layer, seen: str) -> Unsupported:
    return Unsupported(
        "AK1213",
        f"{layer.class_name} {layer.name!r} is quantized and its configuration does not say so ({seen})",
        layer=layer.name,
        next_step="Save the model before `quantize()`; Keras itself does not open this file either.",
    )


def _bind_unknown(holders: Iterable[layout.StoredLayer], left: Mapping[str, Tensor], era: Era, bound: Bound) -> None:
    """What lies below the path of a class that the catalog does not have is its own, under the path from there on."""
    strangers = [(found.home, found.path) for found in holders if not found.again and is_unknown(found.layer, era)]
    for dataset, tensor in left.items():
        owners = [(home, path) for home, path in strangers if not home or dataset.startswith(home + "/")]
        if owners:
            home, path = max(owners, key=lambda owner: len(owner[0]))
            bound.setdefault(path, {})[dataset[len(home) :].lstrip("/")] = tensor


def infer_filing(model: Layer, paths: Iterable[str], era: Era) -> layout.Tree:
    """How the release that wrote these paths files layers: of several ways, the one that fits most layers of the model."""
    old = any(path.startswith(layout.KERAS2_14_TREE.container) for path in paths)
    if not old and era is Era.KERAS3:
        return layout.KERAS3_TREE
    own = layout.KERAS2_14_TREE if old else layout.KERAS2_15_TREE
    groups = {"/".join(parts[:end]) for parts in (path.split("/") for path in paths) for end in range(1, len(parts))}

    def fit(tree: layout.Tree) -> int:
        return sum(found.home in groups for found in layout.list_stored_layers(model, era, tree))

    words = {re.sub(r"_\d+$", "", group.rpartition("/")[2]) for group in groups}
    unknown = (inner.class_name for inner in layers_of(model) if is_unknown(inner, era))
    held = frozenset(name for name in unknown if spell_in_snake_case(name.rpartition(">")[2]) in words)
    doubled = [replace(layout.KERAS2_13_TREE, strangers=held)] if old else []
    return max(own, replace(own, once=True), *doubled, key=fit)


def _split_words(layer: Layer, text: str) -> tuple[str | int, ...]:
    """The lines of a vocabulary, as the numbers that they are where the layer looks up numbers."""
    lines = text.splitlines()
    while lines and not lines[-1]:  # Keras drops them too (index_lookup.py, `load_assets`, 3.15.1)
        lines.pop()
    whole = str(layer.config.get("vocabulary_dtype", "string")).startswith("int")
    if whole and all(line.removeprefix("-").isdecimal() and len(line) < 20 for line in lines):
        return tuple(int(line) for line in lines)
    return tuple(lines)


def bind_assets(model: Layer, assets: Mapping[str, Asset], era: Era) -> Layer:
    """The model with vocabularies from the box as lists in the configuration of their layers."""
    if not assets:
        return model
    texts = {
        path.removeprefix("assets/").rpartition("/")[0]: asset
        for path, asset in assets.items()
        if path.endswith("/" + _VOCABULARY)
    }
    tree = infer_filing(model, [path.removeprefix("assets/") for path in assets], era)
    homes = {found.path: found.home for found in layout.list_stored_layers(model, era, tree)}

    def fill(path: Path, layer: Layer) -> Layer:
        asset = texts.get(homes.get(path, ""))
        if asset is None:
            return layer
        return layer.with_config(vocabulary=_split_words(layer, asset.read().decode("utf-8")))

    return rebuild_paths(model, fill)
