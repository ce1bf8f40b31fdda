"""The whole way from everything in the box to a document."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from ..catalog import layout
from ..catalog.known_models import find_known_model
from ..containers.base import NamedWeights, Raw, TreeWeights
from ..document.build import Builder
from ..document.edit import UniqueNames
from ..document.model import Document, Era, Layer, Writer
from ..document.walk import layers_of, rebuild, rebuild_paths, walk
from ..errors import Malformed, NotAModel
from ..findings import Finding
from ..tensors import Tensor
from . import keras3, legacy
from .premade import parse_premade
from .reading import IsCustom, ParseContext, is_never_custom, mapping
from .scattered import report_others
from .shared import list_shared_findings
from .training import parse_training, report_left_out
from .tree import bind_assets, bind_tree, infer_filing
from .weights import bind_named


def parse(raw: Raw, writer: Writer, is_custom: IsCustom = is_never_custom) -> Document:
    """The document of a file, in the vocabulary of its `writer` (:func:`era.infer`).

    `is_custom` tells classes of the user, or of a package, from built-in ones of the same name.

    Raises NotAModel for weights without an architecture, Malformed for what contradicts itself.
    """
    if raw.architecture is None:
        raise NotAModel(
            "AK1210",
            f"{raw.match.path} holds weights and no architecture{describe_known_model(raw)}",
            part=raw.part or raw.match.name,
            next_step='Give both: anykeras.load_model("architecture.json", weights="weights.h5").',
        )
    context = ParseContext(writer.era, raw.part or "architecture", is_custom=is_custom)
    model = parse_premade(raw, writer, context) or _parse_whole_model(raw, writer, context)
    model = _name_layers(model)
    findings = (*context.findings, *list_shared_findings(model))
    training = parse_training(raw, model, writer)
    if isinstance(raw.weights, NamedWeights) and raw.weights.scattered:
        findings = (*findings, *report_others(raw.weights, model))
    return Document(model, writer, writer.era, training, (*findings, *report_left_out(raw, training)))


def _parse_whole_model(raw: Raw, writer: Writer, context: ParseContext) -> Layer:
    model = restore_arguments(parse_architecture(raw, writer, context), raw, context)
    return _wrap_in_graph(_bind_weights(model, raw, writer), raw, writer)


def describe_known_model(raw: Raw) -> str:
    """Which network everybody used has weights like these, as the end of a sentence."""
    known = find_known_model(tensor.shape for tensor in _iterate_tensors(raw))
    return f"; they have the shapes of {known}" if known else ""


def _iterate_tensors(raw: Raw) -> Iterable[Tensor]:
    if isinstance(raw.weights, NamedWeights):
        return [tensor for group in raw.weights.groups for _, tensor in group.weights]
    return raw.weights.tensors.values() if raw.weights is not None else ()


def parse_architecture(raw: Raw, writer: Writer, context: ParseContext) -> Layer:
    """The model without its weights, in the writer's vocabulary; what it took to read it is noted in `context`."""
    data = mapping(raw.architecture, context, "the architecture")
    if "config" not in data and isinstance(data.get("model_config"), dict):
        data = mapping(data["model_config"], context, "model_config")
    try:
        if writer.era is Era.KERAS0:
            from . import keras0  # loaded only for the oldest files

            model = keras0.parse_model(data, context)
        elif writer.era is Era.KERAS3 or isinstance(data.get("module"), str):
            model = keras3.parse_layer(data, context)
        else:
            model = legacy.parse_layer(data, context)
    except RecursionError:
        raise Malformed("AK1209", "the configuration is nested too deep", part=context.part) from None
    if model.graph is None and _build_shape(raw, writer) is None:
        raise Malformed(
            "AK1211",
            f"the configuration describes a {model.class_name}, which is not a Sequential or functional model",
            part=context.part,
            layer=model.name,
            next_step="Build the model with the code that defined it, and load the weights into it.",
        )
    return model


def _build_shape(raw: Raw, writer: Writer) -> tuple[int | None, ...] | None:
    """The shape that a subclassed model was built for, where the file says it (``build_config`` of Keras 2.12 on)."""
    built = raw.architecture.get("build_config") if isinstance(raw.architecture, dict) else None
    shape = built.get("input_shape") if isinstance(built, dict) else None
    known = isinstance(shape, list) and shape and all(size is None or isinstance(size, int) for size in shape)
    if not known or not isinstance(shape, list) or not isinstance(raw.weights, TreeWeights):
        return None
    return tuple(size if isinstance(size, int) else None for size in shape)


def _wrap_in_graph(model: Layer, raw: Raw, writer: Writer) -> Layer:
    """A model of a class of its own as the one layer of a functional model, which is all that its file tells."""
    shape = _build_shape(raw, writer)
    if model.graph is not None or shape is None:
        return model
    name = model.name or model.bare_class_name.lower()
    sub = Builder(f"{name}_model", model.address)
    end = sub.add(replace(model, name=name), sub.input(shape[1:]))
    return sub.finish(end)


def _bind_weights(model: Layer, raw: Raw, writer: Writer) -> Layer:
    if isinstance(raw.weights, NamedWeights):
        return bind_named(model, raw.weights, writer.era, "model_weights")
    if isinstance(raw.weights, TreeWeights):
        return bind_assets(bind_tree(model, raw.weights, writer.era), raw.assets, writer.era)
    return model


def _name_layers(model: Layer) -> Layer:
    """A name for every layer that has none, as Keras would have made it: ``sequential_1``."""
    names = UniqueNames(layer.name for layer in layers_of(model))

    def name(layer: Layer) -> Layer:
        return layer if layer.name else replace(layer, name=names.number(layer.bare_class_name.lower()))

    return rebuild(model, name)


# What the stored weights say about arguments that the configuration leaves out.


def restore_arguments(model: Layer, raw: Raw, context: ParseContext) -> Layer:
    """The model with the arguments that its writer left out of the configuration and that the stored weights show.

    Keras 3.0 to 3.3 does not write `rms_scaling` of a LayerNormalization, which then keeps gamma alone
    (``get_config`` of keras/src/layers/normalization/layer_normalization.py, 3.0.5).
    """
    candidates = {path: layer for path, layer in walk(model) if _may_scale_by_rms(layer)}
    if context.era is not Era.KERAS3 or not candidates:
        return model
    alone = set(_keep_gamma_alone(model, raw))
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


def _keep_gamma_alone(model: Layer, raw: Raw) -> Iterator[object]:
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
