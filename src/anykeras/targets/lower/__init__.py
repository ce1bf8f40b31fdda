"""A document in current Keras 3 words, as what the chosen target is made from. Imports no framework."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ...catalog.layout import Place, Slot, places, slots
from ...catalog.shapes import fill
from ...document.model import Document, Era, FromUser, Layer
from ...document.walk import rebuild, walk
from ...errors import Bug, Malformed, Unsupported
from .layers import Lower
from .lookups import with_idf_weights
from .names import rename
from .pooling import with_pooling_layers
from .result import Binding, Json, Lowered, LoweredTraining, Owner, tensor_of
from .training import lower_training

__all__ = ["Binding", "Json", "Lowered", "LoweredTraining", "Owner", "lower"]

MINORS = ("3.15",)


def lower(document: Document, minor: str = MINORS[-1]) -> Lowered:
    """Lower a document that speaks Keras 3.

    Args:
        document: of era keras3, with a model that has a graph.
        minor: the Keras 3 minor to write for; one of `MINORS`.

    Raises:
        Unsupported, MissingObject: something that Keras of that minor cannot hold, with its layer and key.
        Malformed: the graph leads nowhere, or some weights are missing.
    """
    if minor not in MINORS:
        raise Unsupported("AK6005", f"there is no target Keras {minor}", next_step=f"choose one of {', '.join(MINORS)}")
    if document.era is not Era.KERAS3 or document.model.graph is None:
        raise Bug("AK6009", f"a document of {document.era} was lowered, or one without a model")
    model, renamed = _ready(document.model)
    config = Lower().layer(model)
    wanted, given = slots(model), _places(model)
    return Lowered(
        config,
        bind(model, wanted),
        sum(not slot.role.copy and not slot.role.stored for slot in wanted),
        minor,
        renamed,
        lower_training(document.training, model, wanted, [place.layer for place in given]),
        given,
    )


def _ready(model: Layer) -> tuple[Layer, Mapping[str, str]]:
    return rename(rebuild(rebuild(_with_shapes(model), with_pooling_layers), with_idf_weights))


def _places(model: Layer) -> tuple[Place, ...]:
    return tuple(place for place in places(model) if isinstance(place.layer.origin, FromUser) and not place.again)


def _with_shapes(model: Layer) -> Layer:
    """The model with the shapes of inner inputs that a migration left to be found out."""
    open_ended = any("batch_shape" in layer.config and layer.config["batch_shape"] is None for layer in walk(model))
    return fill(model) if open_ended else model


def bind(model: Layer, wanted: Iterable[Slot]) -> tuple[Binding, ...]:
    """Each variable with its tensor; none where the document has no weights at all.

    Raises Malformed where only some variables have a tensor, Unsupported where a tensor has no variable.
    """
    if not any(layer.weights for layer in walk(model)):
        return ()
    bound, missing, used = [], [], set()
    for slot in wanted:
        tensor = tensor_of(slot.layer, slot.role.name)
        if tensor is None:
            missing.append(slot)
        else:
            used.add((id(slot.layer), slot.role.name))
            bound.append(Binding(slot, tensor))
    if missing:
        names = ", ".join(f"{slot.layer.name}.{slot.role.name}" for slot in missing[:5])
        raise Malformed(
            "AK6006",
            f"{len(missing)} of {len(missing) + len(bound)} weights of the model are not in the file: {names}",
            layer=missing[0].layer.name,
        )
    _check_all_used(model, used)
    return tuple(bound)


def _check_all_used(model: Layer, used: set[tuple[int, str]]) -> None:
    given = {id(inner) for layer in walk(model) if isinstance(layer.origin, FromUser) for inner in walk(layer)}
    for layer in walk(model):
        if id(layer) in given:
            continue  # its variables are known when the class has made them
        left = [name for name in layer.weights if (id(layer), name) not in used]
        if left:
            raise Unsupported(
                "AK6007",
                f"no variable of {layer.class_name} takes the weights {', '.join(map(repr, left))}",
                layer=layer.name,
                next_step="report the file: a weight would be lost",
            )
