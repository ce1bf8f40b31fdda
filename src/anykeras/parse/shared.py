"""Layers that stand in several models and whose variables a file of Keras 3 (or a `.keras` of tf.keras) holds once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from ..catalog import layout
from ..document.model import Layer, Path
from ..document.walk import layers_of, rebuild
from ..findings import Fidelity, Finding
from ..tensors import Tensor


def share_variables(specs: Iterable[layout.VariableSpec], tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Variables that are stored once, for layers that the model holds in several places: by the path of the other place.

    A layer that a model calls and that a model inside it calls too is listed in both and saved where it is met first
    (``visited_saveables``, keras/src/saving/saving_lib.py 3.3.3). It is the layer of the same name, class and arguments of
    which everything is stored; where there are several such, nothing is found.
    """
    by_layer: dict[Path, list[layout.VariableSpec]] = {}
    layers: dict[Path, Layer] = {}
    for spec in specs:
        by_layer.setdefault(spec.holder.path, []).append(spec)
        layers[spec.holder.path] = spec.layer
    whole = [path for path, own in by_layer.items() if all(spec.path in tensors for spec in own)]
    found: dict[str, Tensor] = {}
    for path, own in by_layer.items():
        if any(spec.path in tensors for spec in own):
            continue
        same = [other for other in whole if _is_same(layers[path], layers[other])]
        if len(same) == 1 and len(by_layer[same[0]]) == len(own):
            pairs = zip(own, by_layer[same[0]], strict=True)
            found.update({mine.path: tensors[theirs.path] for mine, theirs in pairs})
    return found


def _is_same(one: Layer, other: Layer) -> bool:
    """Whether two layers of a document are the same layer of the writer, as far as the configuration tells."""
    alike = one.name == other.name and one.class_name == other.class_name
    return alike and _find_bare(one) == _find_bare(other)


def _find_bare(layer: Layer) -> Layer:
    """The layer without what depends on where it stands."""
    return rebuild(layer, lambda inner: replace(inner, address="").without("build_config", "batch_input_shape"))


def list_shared_findings(model: Layer) -> list[Finding]:
    """One finding for each layer whose weights are those of another layer in the model."""
    met: dict[Tensor, Layer] = {}
    findings = []
    for layer in layers_of(model):
        tensors = list(layer.weights.values())
        first = met.setdefault(tensors[0], layer) if tensors else layer
        if first is not layer:
            findings.append(
                Finding(
                    "AK1214",
                    layer.address,
                    f"{layer.class_name} {layer.name!r} stands in two models and is stored once, for {first.address}",
                    "both places have its weights; further training changes each by itself",
                    Fidelity.EQUIVALENT,
                )
            )
    return findings
