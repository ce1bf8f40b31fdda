"""Binding: every tensor of the file to exactly one role of one layer, or a reported refusal.

Names decide where they can. Otherwise the order in which the writer saved them does, reproduced exactly: Keras 1 and
2 save for each top-level layer its trainable weights and then the others, collected layer by layer through nested
models and wrappers (``Container.trainable_weights``, keras/engine/topology.py 2.1; ``_legacy_weights``,
tensorflow/python/keras/saving/hdf5_format.py 2.4).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..catalog import OPERATION_LAYERS, Role, find
from ..containers.base import NamedWeights, WeightGroup
from ..document.model import Era, Layer, Path
from ..document.walk import fill_weights, layers_of, list_children, walk
from ..errors import Malformed
from ..tensors import Tensor
from ..texts import spell_count
from .scattered import gather_weights, name_halves, refuse_names


@dataclass(frozen=True)
class SavedWeight:
    """What one tensor of a file can be: a role of a layer, which lies at `path` in the model."""

    path: Path
    layer: Layer
    role: Role

    @property
    def tensor(self) -> Tensor:
        """The tensor that is bound to it. Raises KeyError."""
        return self.layer.weights[self.role.name]


Located = tuple[Path, Layer]
Bound = dict[Path, dict[str, Tensor]]  # by path: layers of one model may share a name with others


def bind_named(model: Layer, weights: NamedWeights, era: Era, part: str) -> Layer:
    """The model with the tensors of a legacy HDF5 file in their roles, and names for layers that had none.

    Raises Malformed when a tensor has no place, a place has no tensor, or which goes where cannot be decided.
    """
    if model.graph is None:
        raise Malformed("AK1204", "the weights are those of a model and the architecture describes a single layer", part=part)
    bound: Bound = {}
    names: dict[Path, str] = {}
    tops = _list_top_layers((), model, weights, era)
    if weights.scattered:
        weights = gather_weights(weights, [top for _, top in tops if top.name], _count_weights(tops, era), part)
    for found, group in _pair_groups(tops, weights, era, part):
        if not found[1].name:
            names[found[0]] = group.name
        _bind_group(found, group, era, bound, f"{part}/{group.name}", weights.scattered)
    return fill_weights(model, bound, names)


def _count_weights(tops: Sequence[Located], era: Era) -> dict[str, int | None]:
    """How many weights each layer takes that takes some; None where a class in it is unknown."""
    open_ended = {top.name for _, top in tops if any(is_unknown(inner, era) for inner in layers_of(top))}
    counts = {top.name: len(list_saved_weights(top, era, path)) for path, top in tops}
    return {name: None if name in open_ended else count for name, count in counts.items() if count or name in open_ended}


def _list_top_layers(path: Path, model: Layer, weights: NamedWeights, era: Era) -> list[Located]:
    """The layers that have a group of their own in the file.

    Keras 0 saved a Graph as one group (keras/models.py 0.3.3); Keras 1 saved the layers of the branches under a leading
    Merge one by one (``Sequential.flattened_layers``, keras/models.py 1.2.2).
    """
    if weights.indexed and [group.name for group in weights.groups] == ["graph"]:
        return [(path, model)]
    if model.graph is None:
        return [(path, model)]
    found = [(path + step, layer) for step, layer in model.graph.members]
    first = found[0] if model.graph.sequential and found else None
    if era is not Era.KERAS1 or first is None or not isinstance(first[1].config.get("layers"), tuple):
        return found
    branches = [(first[0] + step, branch) for step, branch in list_children(first[1]) if step[0] == "layers"]
    inner = [top for at, branch in branches for top in _list_top_layers(at, branch, weights, era)]
    return list({layer.name: (at, layer) for at, layer in [*inner, *found[1:]]}.values())


def _pair_groups(located: Sequence[Located], weights: NamedWeights, era: Era, part: str) -> list[tuple[Located, WeightGroup]]:
    """Which group belongs to which layer: by name; by position where the layers have none or other ones."""
    layers = [layer for _, layer in located]
    by_name = {group.name: group for group in weights.groups}
    named = [found for found in located if found[1].name in by_name]
    without = [layer for layer in layers if layer.name not in by_name]
    needing = [layer for layer in without if not weights.indexed and _expects_weights(layer, era)]
    if not weights.indexed and not needing and all(layer.name for layer in layers):
        _check_orphans(weights, {layer.name for _, layer in named}, part)
        return [(found, by_name[found[1].name]) for found in named]
    if len(located) == len(weights.groups) and _names_agree(layers, weights.groups):
        return list(zip(located, weights.groups, strict=True))
    counted = [found for found in located if found[1].class_name != "InputLayer"]
    if len(counted) == len(weights.groups) and _names_agree([layer for _, layer in counted], weights.groups):
        return list(zip(counted, weights.groups, strict=True))
    full = [group for group in weights.groups if group.weights]
    weighted = [found for found in located if _expects_weights(found[1], era)]
    if len(full) == len(weighted):
        return list(zip(weighted, full, strict=True))
    raise Malformed(
        "AK1205",
        f"the weights file holds {spell_count(len(full), 'layer')} with weights and the architecture {len(weighted)}"
        f" ({_find_first(needing)} has none in the file)",
        part=part,
        next_step="Give the weights that were saved from this architecture.",
    )


def _find_first(layers: Sequence[Layer]) -> str:
    return repr(layers[0].name or layers[0].class_name) if layers else "a layer"


def _names_agree(layers: Sequence[Layer], groups: Sequence[WeightGroup]) -> bool:
    """No layer sits across from a group that belongs to another layer by name."""
    known = {layer.name for layer in layers if layer.name}
    return all(layer.name == group.name or group.name not in known for layer, group in zip(layers, groups, strict=True))


def _check_orphans(weights: NamedWeights, known: set[str], part: str) -> None:
    for group in weights.groups:
        if group.weights and group.name not in known:
            raise Malformed(
                "AK1206",
                f"the file holds weights for {group.name!r}, and the architecture has no such layer",
                part=part,
                layer=group.name,
                next_step="Give the architecture that these weights were saved from.",
            )


def _expects_weights(layer: Layer, era: Era) -> bool:
    return any(_list_roles(inner, era) for inner in layers_of(layer)) or any(
        is_unknown(inner, era) for inner in layers_of(layer)
    )


def is_unknown(layer: Layer, era: Era) -> bool:
    """A class that the catalog does not have: its weights are known by their names in the file only."""
    if layer.graph is not None or layer.operation or layer.class_name in OPERATION_LAYERS:
        return False
    return find(layer.class_name, era) is None


def _list_roles(layer: Layer, era: Era) -> Sequence[Role]:
    found = find(layer.class_name, era)
    roles = [role for role in found.roles(layer) if not role.copy and not role.stored] if found is not None else []
    return [*roles, *(extra for role in roles for extra in _bind_low_rank(layer, role))]


def _bind_low_rank(layer: Layer, role: Role) -> list[Role]:
    """The two factors that HDF5 files hold beside a kernel trained with LoRA (keras 3.3 to 3.15 ``enable_lora``)."""
    if not layer.config.get("lora_rank") or role.name not in ("kernel", "embeddings"):
        return []
    return [Role(f"lora_{role.name}_{factor}") for factor in "ab"]


def list_saved_weights(layer: Layer, era: Era, path: Path = ()) -> list[SavedWeight]:
    """The weights of the layer at `path` and all inside it, in the order in which Keras up to 2 and tf.keras save them.

    Keras 0 went layer by layer (``get_weights`` of keras/layers/containers.py 0.3.3), its successors take what is
    trainable first.
    """
    if era is Era.KERAS0:
        return [SavedWeight(at, inner, role) for at, inner in walk(layer, path) for role in _list_roles(inner, era)]
    trainable, other = _collect(path, layer, era)
    return trainable + other


def list_trainable_weights(model: Layer, era: Era) -> list[SavedWeight]:
    """All weights that are trained, in the order of ``model.trainable_weights``."""
    return [weight for weight in _collect((), model, era)[0] if weight.role.name in weight.layer.weights]


def _collect(path: Path, layer: Layer, era: Era) -> tuple[list[SavedWeight], list[SavedWeight]]:
    trainable: list[SavedWeight] = []
    other: list[SavedWeight] = []
    # An unknown class has the weights that the file gave it; that they are all trained shows when slots are fitted.
    own = [Role(name) for name in layer.weights] if is_unknown(layer, era) else _list_roles(layer, era)
    for role in own:
        (trainable if role.trainable else other).append(SavedWeight(path, layer, role))
    for step, inner in list_children(layer) if layer.graph is None else layer.graph.members:
        inner_trainable, inner_other = _collect(path + step, inner, era)
        trainable += inner_trainable
        other += inner_other
    if layer.config.get("trainable") is False:
        return [], trainable + other
    return trainable, other


def _bind_group(found: Located, group: WeightGroup, era: Era, bound: Bound, part: str, scattered: bool = False) -> None:
    path, layer = found
    if any(is_unknown(inner, era) for inner in layers_of(layer)):
        _bind_unknown(found, group, era, bound)
        return
    weights = list_saved_weights(layer, era, path)
    if len(weights) != len(group.weights):
        raise Malformed(
            "AK1207",
            f"{layer.class_name} {group.name!r} has {len(weights)} weights and the file holds {len(group.weights)}",
            part=part,
            layer=group.name,
            next_step="Give the architecture that these weights were saved from.",
        )
    if scattered and layer.class_name == "Bidirectional":
        group = name_halves(layer, group)
    named = _bind_by_name(weights, group)
    if named is None and scattered:
        raise refuse_names(layer, group, part)
    for weight, tensor in named or _bind_by_order(weights, group, part):
        bound.setdefault(weight.path, {})[weight.role.name] = tensor


def _bind_by_name(weights: Sequence[SavedWeight], group: WeightGroup) -> list[tuple[SavedWeight, Tensor]] | None:
    """The pairing by names, or None where some name fits no weight or several."""
    pairs: list[tuple[SavedWeight, Tensor]] = []
    taken: set[int] = set()
    for name, tensor in group.weights:
        fitting = [i for i, weight in enumerate(weights) if names_weight(name, weight)]
        if len(fitting) != 1 or fitting[0] in taken:
            return None
        taken.add(fitting[0])
        pairs.append((weights[fitting[0]], tensor))
    return pairs


def names_weight(saved: str, weight: SavedWeight) -> bool:
    """Whether a saved name spells out this layer and role: ``dense_1_W``, ``dense_1/kernel:0``, ``m/dense_1/kernel:0``."""
    parts = saved.removesuffix(":0").split("/")
    owner = weight.layer.name
    for role in (weight.role.name, *weight.role.also):
        if parts[-1] == f"{owner}_{role}":
            return True
        words = role.split("/")
        if parts[-len(words) :] == words and owner in parts[: -len(words)]:
            return True
    return False


def _bind_by_order(weights: Sequence[SavedWeight], group: WeightGroup, part: str) -> list[tuple[SavedWeight, Tensor]]:
    """The pairing by the writer's saving order, refused where a name says that another role is meant."""
    pairs = []
    for weight, (name, tensor) in zip(weights, group.weights, strict=True):
        if not _may_name(name, weight.role, [other.role for other in weights]):
            raise Malformed(
                "AK1208",
                f"the weight {name!r} is saved where {weight.role.name!r} of {weight.layer.name!r} belongs",
                part=part,
                layer=weight.layer.name,
                next_step="Please report the file: its saving order is not one that AnyKeras knows.",
            )
        pairs.append((weight, tensor))
    return pairs


def _may_name(saved: str, role: Role, others: Sequence[Role]) -> bool:
    """False when the saved name ends in another role's name and not in this one's."""
    whole = "/" + saved.removesuffix(":0")

    def fits(candidate: Role) -> bool:
        return any(whole.endswith((f"/{word}", f"_{word}")) for word in (candidate.name, *candidate.also))

    return fits(role) or not any(fits(other) for other in others if other.name != role.name)


def _find_owner(layer: Layer, strangers: Mapping[Path, Layer], parts: Sequence[str], path: Path, before: Path) -> Path:
    """The path of the unknown class that a saved name means: the one of that name, or inside what has that name.

    A model inside a class keeps the names of its own layers; then it is the class of the weight `before`.
    """
    inner = list(walk(layer, path))
    named = [at for at, held in inner if held.name in parts or parts[-1].startswith(f"{held.name}_")]
    return next((at for holder in named[::-1] for at in strangers if at[: len(holder)] == holder), before)


def _is_ambiguous(found: Located, group: WeightGroup, era: Era, bound: Bound) -> bool:
    """Whether the order leaves open which tensors are those of the one unknown class among known layers; else they are
    bound: it has as many as the others leave."""
    order = [(path, inner) for path, inner in walk(found[1], found[0]) if is_unknown(inner, era) or _list_roles(inner, era)]
    if any(not role.trainable for _, inner in order for role in _list_roles(inner, era)):
        return True
    left = len(group.weights) - sum(len(_list_roles(inner, era)) for _, inner in order)
    tensors = list(group.weights)
    if left < 0 or is_unknown(found[1], era):
        return True
    for path, inner in order:
        roles = [role.name for role in _list_roles(inner, era)]
        names = roles or [name.removesuffix(":0").rpartition("/")[2] for name, _ in tensors[:left]]
        bound[path] = {name: tensor for name, (_, tensor) in zip(names, tensors, strict=False)}
        tensors = tensors[len(names) :]
    return False


def _bind_unknown(found: Located, group: WeightGroup, era: Era, bound: Bound) -> None:
    """Known layers inside take what names them; the rest belongs to the unknown class, under its saved names."""
    path, layer = found
    rest: list[tuple[str, Tensor]] = []
    weights = list_saved_weights(layer, era, path)
    for name, tensor in group.weights:
        fitting = [weight for weight in weights if names_weight(name, weight)]
        if len(fitting) == 1:
            bound.setdefault(fitting[0].path, {})[fitting[0].role.name] = tensor
        else:
            rest.append((name, tensor))
    strangers = {at: inner for at, inner in walk(layer, path) if is_unknown(inner, era)}
    if len(rest) == len(group.weights) and len(strangers) == 1 and weights and not _is_ambiguous(found, group, era, bound):
        return
    owner = next(iter(strangers), path)
    for name, tensor in rest:
        parts = name.removesuffix(":0").split("/")
        owner = _find_owner(layer, strangers, parts, path, owner)
        held = bound.setdefault(owner, {})
        key = parts[-1]
        held[key if key not in held else f"{key}_{len(held)}"] = tensor
