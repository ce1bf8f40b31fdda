"""Binding: every tensor of the file to exactly one role of one layer, or a reported refusal.

Names decide where they can. Otherwise the order in which the writer saved them does, reproduced exactly: Keras 1 and
2 save for each top-level layer its trainable weights and then the others, collected layer by layer through nested
models and wrappers (``Container.trainable_weights``, keras/engine/topology.py 2.1; ``_legacy_weights``,
tensorflow/python/keras/saving/hdf5_format.py 2.4).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..catalog import Role, find
from ..containers.base import NamedWeights, WeightGroup
from ..document.model import Era, Layer
from ..document.walk import filled, inside, walk
from ..errors import Malformed
from ..tensors import Tensor


@dataclass(frozen=True)
class Slot:
    """A place for one tensor: a role of a layer somewhere inside a top-level layer."""

    layer: Layer
    role: Role


Bound = dict[int, dict[str, Tensor]]  # by id of the layer object: layers of one model may share a name with others


def bind_named(model: Layer, weights: NamedWeights, era: Era, part: str) -> Layer:
    """The model with the tensors of a legacy HDF5 file in their roles, and names for layers that had none.

    Raises Malformed when a tensor has no place, a place has no tensor, or which goes where cannot be decided.
    """
    if model.graph is None:
        raise Malformed("AK1204", "the weights belong to a model and the architecture is none", part=part)
    bound: Bound = {}
    names: dict[int, str] = {}
    for layer, group in _pair(_top_layers(model, weights, era), weights, era, part):
        if not layer.name:
            names[id(layer)] = group.name
        _bind_group(layer, group, era, bound, f"{part}/{group.name}")
    return filled(model, bound, names)


def _top_layers(model: Layer, weights: NamedWeights, era: Era) -> list[Layer]:
    """The layers that have a group of their own in the file.

    Keras 0 saved a Graph as one group (keras/models.py 0.3.3); Keras 1 saved the layers of the branches under a leading
    Merge one by one (``Sequential.flattened_layers``, keras/models.py 1.2.2).
    """
    if weights.indexed and [group.name for group in weights.groups] == ["graph"]:
        return [model]
    if model.graph is None:
        return [model]
    layers = list(model.graph.layers)
    branches = layers[0].config.get("layers") if model.graph.sequential and layers else None
    if era is not Era.KERAS1 or not isinstance(branches, tuple):
        return layers
    inner = [layer for branch in branches if isinstance(branch, Layer) for layer in _top_layers(branch, weights, era)]
    return list({layer.name: layer for layer in [*inner, *layers[1:]]}.values())


def _pair(layers: Sequence[Layer], weights: NamedWeights, era: Era, part: str) -> list[tuple[Layer, WeightGroup]]:
    """Which group belongs to which layer: by name; by position where the layers have none or other ones."""
    by_name = {group.name: group for group in weights.groups}
    named = [layer for layer in layers if layer.name in by_name]
    needing = [layer for layer in layers if not weights.indexed and layer not in named and _expects(layer, era)]
    if not weights.indexed and not needing and all(layer.name for layer in layers):
        _no_orphans(weights, {layer.name for layer in named}, part)
        return [(layer, by_name[layer.name]) for layer in named]
    if len(layers) == len(weights.groups) and _agree(layers, weights.groups):
        return list(zip(layers, weights.groups, strict=True))
    counted = [layer for layer in layers if layer.class_name != "InputLayer"]
    if len(counted) == len(weights.groups) and _agree(counted, weights.groups):
        return list(zip(counted, weights.groups, strict=True))
    full = [group for group in weights.groups if group.weights]
    weighted = [layer for layer in layers if _expects(layer, era)]
    if len(full) == len(weighted):
        return list(zip(weighted, full, strict=True))
    raise Malformed(
        "AK1205",
        f"the weights file holds {len(full)} layers with weights and the architecture {len(weighted)}"
        f" ({_first(needing)} has none in the file)",
        part=part,
        next_step="Give the weights that belong to this architecture.",
    )


def _first(layers: Sequence[Layer]) -> str:
    return repr(layers[0].name or layers[0].class_name) if layers else "a layer"


def _agree(layers: Sequence[Layer], groups: Sequence[WeightGroup]) -> bool:
    """No layer sits across from a group that belongs to another layer by name."""
    known = {layer.name for layer in layers if layer.name}
    return all(layer.name == group.name or group.name not in known for layer, group in zip(layers, groups, strict=True))


def _no_orphans(weights: NamedWeights, known: set[str], part: str) -> None:
    for group in weights.groups:
        if group.weights and group.name not in known:
            raise Malformed(
                "AK1206",
                f"the file holds weights for {group.name!r}, and the architecture has no such layer",
                part=part,
                layer=group.name,
                next_step="Give the architecture that belongs to these weights.",
            )


def _expects(layer: Layer, era: Era) -> bool:
    return any(_roles(inner, era) for inner in walk(layer)) or any(unknown(inner, era) for inner in walk(layer))


def unknown(layer: Layer, era: Era) -> bool:
    """A class that the catalog does not have: its weights are known by their names in the file only."""
    return layer.graph is None and not layer.operation and find(layer.class_name, era) is None


def _roles(layer: Layer, era: Era) -> Sequence[Role]:
    found = find(layer.class_name, era)
    roles = [role for role in found.roles(layer) if not role.copy and not role.stored] if found is not None else []
    return [*roles, *(extra for role in roles for extra in _low_rank(layer, role))]


def _low_rank(layer: Layer, role: Role) -> list[Role]:
    """The two factors that HDF5 files hold beside a kernel trained with LoRA (keras 3.3 to 3.15 ``enable_lora``)."""
    if not layer.config.get("lora_rank") or role.name not in ("kernel", "embeddings"):
        return []
    return [Role(f"lora_{role.name}_{factor}") for factor in "ab"]


def saved_slots(layer: Layer, era: Era) -> list[Slot]:
    """The slots of a layer and all inside it, in the order in which Keras up to 2 and tf.keras save them.

    Keras 0 went layer by layer (``get_weights`` of keras/layers/containers.py 0.3.3), its successors take what is
    trainable first.
    """
    if era is Era.KERAS0:
        return [Slot(inner, role) for inner in walk(layer) for role in _roles(inner, era)]
    trainable, other = _collect(layer, era)
    return trainable + other


def trainable_slots(model: Layer, era: Era) -> list[Slot]:
    """The slots of all weights that are trained, in the order of ``model.trainable_weights``."""
    return [slot for slot in _collect(model, era)[0] if slot.role.name in slot.layer.weights]


def _collect(layer: Layer, era: Era) -> tuple[list[Slot], list[Slot]]:
    trainable: list[Slot] = []
    other: list[Slot] = []
    # An unknown class has the weights that the file gave it; that they are all trained shows when slots are fitted.
    own = [Role(name) for name in layer.weights] if unknown(layer, era) else _roles(layer, era)
    for role in own:
        (trainable if role.trainable else other).append(Slot(layer, role))
    for inner in _saved_children(layer, era):
        inner_trainable, inner_other = _collect(inner, era)
        trainable += inner_trainable
        other += inner_other
    if layer.config.get("trainable") is False:
        return [], trainable + other
    return trainable, other


def _saved_children(layer: Layer, era: Era) -> list[Layer]:
    """The layers inside, in saving order: as the catalog lists them, then as the configuration does."""
    if layer.graph is not None:
        return list(layer.graph.layers)
    return list(inside(layer))


def _bind_group(layer: Layer, group: WeightGroup, era: Era, bound: Bound, part: str) -> None:
    if any(unknown(inner, era) for inner in walk(layer)):
        _bind_unknown(layer, group, era, bound)
        return
    slots = saved_slots(layer, era)
    if len(slots) != len(group.weights):
        raise Malformed(
            "AK1207",
            f"{layer.class_name} {group.name!r} has {len(slots)} weights and the file holds {len(group.weights)}",
            part=part,
            layer=group.name,
            next_step="Check that architecture and weights come from the same model.",
        )
    for slot, tensor in _by_name(slots, group) or _by_order(slots, group, part):
        bound.setdefault(id(slot.layer), {})[slot.role.name] = tensor


def _by_name(slots: Sequence[Slot], group: WeightGroup) -> list[tuple[Slot, Tensor]] | None:
    """The pairing by names, or None where some name fits no slot or several."""
    pairs: list[tuple[Slot, Tensor]] = []
    taken: set[int] = set()
    for name, tensor in group.weights:
        fitting = [i for i, slot in enumerate(slots) if names_slot(name, slot)]
        if len(fitting) != 1 or fitting[0] in taken:
            return None
        taken.add(fitting[0])
        pairs.append((slots[fitting[0]], tensor))
    return pairs


def names_slot(saved: str, slot: Slot) -> bool:
    """Whether a saved name spells out this layer and role: ``dense_1_W``, ``dense_1/kernel:0``, ``m/dense_1/kernel:0``."""
    parts = saved.removesuffix(":0").split("/")
    owner = slot.layer.name
    for role in (slot.role.name, *slot.role.also):
        if parts[-1] == f"{owner}_{role}":
            return True
        words = role.split("/")
        if parts[-len(words) :] == words and owner in parts[: -len(words)]:
            return True
    return False


def _by_order(slots: Sequence[Slot], group: WeightGroup, part: str) -> list[tuple[Slot, Tensor]]:
    """The pairing by the writer's saving order, refused where a name says that another role is meant."""
    pairs = []
    for slot, (name, tensor) in zip(slots, group.weights, strict=True):
        if not _may_name(name, slot.role, [s.role for s in slots]):
            raise Malformed(
                "AK1208",
                f"the weight {name!r} stands where {slot.role.name!r} of {slot.layer.name!r} belongs",
                part=part,
                layer=slot.layer.name,
                next_step="Report this file: its saving order is not one that AnyKeras knows.",
            )
        pairs.append((slot, tensor))
    return pairs


def _may_name(saved: str, role: Role, others: Sequence[Role]) -> bool:
    """False when the saved name ends in another role's name and not in this one's."""
    whole = "/" + saved.removesuffix(":0")

    def fits(candidate: Role) -> bool:
        return any(whole.endswith((f"/{word}", f"_{word}")) for word in (candidate.name, *candidate.also))

    return fits(role) or not any(fits(other) for other in others if other.name != role.name)


def _owner(layer: Layer, strangers: Sequence[Layer], parts: Sequence[str]) -> Layer:
    """The unknown class that a saved name means: the one of that name, or inside what has that name."""
    named = [inner for inner in walk(layer) if inner.name in parts or parts[-1].startswith(f"{inner.name}_")]
    known = {id(stranger) for stranger in strangers}
    return next((s for holder in named[::-1] for s in walk(holder) if id(s) in known), strangers[0])


def _between(layer: Layer, group: WeightGroup, era: Era, bound: Bound) -> bool:
    """Whether the order leaves open which tensors are those of the one unknown class among known layers; else they are
    bound: it has as many as the others leave."""
    order = [inner for inner in walk(layer) if unknown(inner, era) or _roles(inner, era)]
    if any(not role.trainable for inner in order for role in _roles(inner, era)):
        return True
    left = len(group.weights) - sum(len(_roles(inner, era)) for inner in order)
    tensors = list(group.weights)
    if left < 0 or unknown(layer, era):
        return True
    for inner in order:
        roles = [role.name for role in _roles(inner, era)]
        names = roles or [name.removesuffix(":0").rpartition("/")[2] for name, _ in tensors[:left]]
        bound[id(inner)] = {name: tensor for name, (_, tensor) in zip(names, tensors, strict=False)}
        tensors = tensors[len(names) :]
    return False


def _bind_unknown(layer: Layer, group: WeightGroup, era: Era, bound: Bound) -> None:
    """Known layers inside take what names them; the rest belongs to the unknown class, under its saved names."""
    rest: list[tuple[str, Tensor]] = []
    slots = saved_slots(layer, era)
    for name, tensor in group.weights:
        fitting = [slot for slot in slots if names_slot(name, slot)]
        if len(fitting) == 1:
            bound.setdefault(id(fitting[0].layer), {})[fitting[0].role.name] = tensor
        else:
            rest.append((name, tensor))
    strangers = [inner for inner in walk(layer) if unknown(inner, era)]
    if len(rest) == len(group.weights) and len(strangers) == 1 and slots and not _between(layer, group, era, bound):
        return
    for name, tensor in rest:
        parts = name.removesuffix(":0").split("/")
        owner = _owner(layer, strangers, parts)
        key = parts[-1]
        held = bound.setdefault(id(owner), {})
        held[key if key not in held else f"{key}_{len(held)}"] = tensor
