"""A document in current Keras 3 words, as what the chosen target is made from. Imports no framework."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from ... import limits
from ...catalog.layout import VariableSpec, list_stored_layers, specs_of
from ...catalog.shapes import fill
from ...document.model import Document, Era, FromUser, Layer, Path
from ...document.walk import layers_of, rebuild, walk
from ...errors import Bug, Malformed, Unsupported
from ..checks import check_calls, check_shapes, check_strides
from .layers import Lower, add_idf_weights, keep_wrapped_layers, use_pooling_layers
from .minors import MINORS, find_nearest_minor
from .names import rename
from .result import Binding, Json, Lowered, LoweredTraining, Owner, tensor_of
from .training import lower_training, omit_untrusted
from .trust import check_model, check_training, list_user_names

__all__ = [
    "MINORS",
    "Binding",
    "Json",
    "Lowered",
    "LoweredTraining",
    "Owner",
    "check_model",
    "find_nearest_minor",
    "lower",
    "lower_layer",
    "omit_untrusted",
    "prepare",
]


def lower(document: Document, minor: str = MINORS[-1]) -> Lowered:
    """Lower a document that speaks Keras 3.

    Args:
        document: of era keras3, with a model that has a graph.
        minor: the Keras 3 minor to write for; one of `MINORS`.

    Raises:
        Unsupported, MissingObject: something that Keras of that minor cannot hold, or that no model may name, with its
            layer and key.
        Malformed: the graph leads nowhere, or some weights are missing or do not fit the configuration.
    """
    if minor not in MINORS:
        raise Unsupported(
            "AK6005", f"AnyKeras does not write for Keras {minor}", next_step=f"Choose one of: {', '.join(MINORS)}."
        )
    if document.era is not Era.KERAS3 or document.model.graph is None:
        raise Bug("AK6009", f"a document of {document.era} was lowered, or one without a model")
    with limits.spend(limits.budget()):
        return _lower(document, minor)


def _lower(document: Document, minor: str) -> Lowered:
    model, renamed = _prepare(document.model, minor)
    config = Lower(minor).layer(model)
    holders = list_stored_layers(model)
    wanted = specs_of(holders)
    check_strides(model, renamed)
    bindings = _bind_checked(model, wanted, renamed)
    custom = tuple(found for found in holders if isinstance(found.layer.origin, FromUser) and not found.again)
    training = lower_training(document.training, model, wanted, [found.layer for found in custom], minor)
    names = list_user_names(model, document.training)
    check_model(config, names)
    check_training(training.config if training is not None else {}, names)
    keep_wrapped_layers(config)  # after the check, which lets such numbers through from nowhere else
    return Lowered(
        config,
        bindings,
        sum(not spec.role.copy and not spec.role.stored for spec in wanted),
        minor,
        renamed,
        training,
        custom,
        tuple(holders),
    )


def lower_layer(layer: Layer, minor: str) -> dict[str, Json]:
    """One layer by itself as Keras of that minor serializes it. Raises as `lower` does."""
    config = Lower(minor).layer(layer)
    check_model(config, list_user_names(layer))
    return config


def prepare(document: Document) -> Document:
    """The document with known inputs and acceptable names, each call of an operation a layer of its own: what the way to an
    older release begins with.

    Raises as `lower` does: for a name that no model may name (of another release nobody knows what it would do with it; what
    belongs to training only is left out there), for a graph that leads nowhere, for weights that do not fit.
    """
    model, renamed = _prepare(document.model, MINORS[-1])
    check_model(Lower(MINORS[-1]).layer(model), list_user_names(model))
    _bind_checked(model, specs_of(list_stored_layers(model)), renamed)
    return replace(document, model=model)


def _bind_checked(model: Layer, wanted: Sequence[VariableSpec], renamed: Mapping[str, str]) -> tuple[Binding, ...]:
    bindings = bind(model, wanted)
    check_calls(model)
    check_shapes(model, [(binding.spec, binding.tensor) for binding in bindings], renamed)
    return bindings


def _prepare(model: Layer, minor: str) -> tuple[Layer, Mapping[str, str]]:
    return rename(rebuild(rebuild(_with_shapes(model), use_pooling_layers), add_idf_weights), minor)


def _with_shapes(model: Layer) -> Layer:
    """The model with the shapes of inner inputs that a migration left to be found out, or that older Kerases did not mind."""
    return fill(model) if any(inner.graph is not None and path for path, inner in walk(model)) else model


def bind(model: Layer, wanted: Iterable[VariableSpec]) -> tuple[Binding, ...]:
    """Each variable with its tensor; none where the document has no weights at all.

    Raises Malformed where only some variables have a tensor, Unsupported where a tensor has no variable.
    """
    if not any(layer.weights for layer in layers_of(model)):
        return ()
    bound, missing, used = [], [], set()
    for spec in wanted:
        tensor = tensor_of(spec.layer, spec.role.name)
        if tensor is None:
            missing.append(spec)
        else:
            used.add(spec.target)
            bound.append(Binding(spec, tensor))
    if missing:
        names = ", ".join(f"{spec.layer.name}.{spec.role.name}" for spec in missing[:5])
        raise Malformed(
            "AK6006",
            f"{len(missing)} of {len(missing) + len(bound)} weights of the model are not in the file: {names}",
            layer=missing[0].layer.name,
            next_step="Check that architecture and weights were saved from the same model.",
        )
    _check_all_used(model, used)
    return tuple(bound)


def _check_all_used(model: Layer, used: set[tuple[Path, str]]) -> None:
    custom = {at for path, layer in walk(model) if isinstance(layer.origin, FromUser) for at, _ in walk(layer, path)}
    for path, layer in walk(model):
        if path in custom:
            continue  # its variables are known when the class has made them
        left = [name for name in layer.weights if (path, name) not in used]
        if left:
            raise Unsupported(
                "AK6007",
                f"{layer.class_name} has no variable for the weights {', '.join(map(repr, left))}",
                layer=layer.name,
                next_step="Please report the file: a weight would be lost.",
            )
