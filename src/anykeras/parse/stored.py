"""What the stored weights say about arguments that the configuration leaves out."""

from __future__ import annotations

from collections.abc import Iterator

from ..catalog import layout
from ..containers.base import NamedWeights, Raw, TreeWeights
from ..document.model import Era, Layer
from ..document.walk import rebuild_paths, walk
from ..findings import Finding
from .reading import ParseContext
from .tree import infer_filing


def restore_arguments(model: Layer, raw: Raw, context: ParseContext) -> Layer:
    """The model with the arguments that its writer left out of the configuration and that the stored weights show.

    Keras 3.0 to 3.3 does not write `rms_scaling` of a LayerNormalization, which then keeps gamma alone
    (``get_config`` of keras/src/layers/normalization/layer_normalization.py, 3.0.5).
    """
    candidates = {path: layer for path, layer in walk(model) if _may_scale_by_rms(layer)}
    if context.era is not Era.KERAS3 or not candidates:
        return model
    alone = set(_with_gamma_alone(model, raw))
    found = {
        path for path, layer in candidates.items() if (layer.name if isinstance(raw.weights, NamedWeights) else path) in alone
    }
    for path in found:
        context.findings.append(
            Finding(
                "AK1215",
                candidates[path].address,
                f"LayerNormalization {candidates[path].name!r} has gamma stored and no beta",
                "rms_scaling=True, which Keras 3.0 to 3.3 did not write down",
            )
        )
    return rebuild_paths(model, lambda path, layer: layer.with_config(rms_scaling=True) if path in found else layer)


def _may_scale_by_rms(layer: Layer) -> bool:
    config = layer.config
    plain = layer.class_name == "LayerNormalization" and "rms_scaling" not in config
    return plain and bool(config.get("center", True) and config.get("scale", True))


def _with_gamma_alone(model: Layer, raw: Raw) -> Iterator[object]:
    """The layers of which the file holds gamma and no beta: by path in a tree of variables, else by name."""
    if isinstance(raw.weights, TreeWeights):
        tensors = raw.weights.tensors
        for stored in layout.list_stored_layers(model, Era.KERAS3, infer_filing(model, tensors, Era.KERAS3)):
            if f"{stored.home}/vars/0" in tensors and f"{stored.home}/vars/1" not in tensors:
                yield stored.path
    elif isinstance(raw.weights, NamedWeights):
        # Keras 3.0 names the weights of a layer of the model itself by their roles alone, below the layer.
        names = [f"{group.name}/{name}".split("/") for group in raw.weights.groups for name, _ in group.weights]
        kept: dict[str, set[str]] = {}
        for parts in names:
            kept.setdefault(parts[-2], set()).add(parts[-1])
        yield from (layer for layer, roles in kept.items() if roles == {"gamma"})
