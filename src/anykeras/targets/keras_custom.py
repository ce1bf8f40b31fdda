"""Filling the variables of a layer of a custom class: by name, else in the order in which its writer saved them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..catalog.operations import spell_in_snake_case
from ..document.edit import UniqueNames
from ..document.model import Layer
from ..document.walk import walk
from ..errors import Malformed
from ..keras_private import list_own_variables
from ..tensors import Tensor
from .lowering import LoweredTraining

Named = tuple[str, Tensor]


def weights_of(layer: Layer) -> list[Named]:
    """All tensors of a layer and of the layers in its configuration, in the order of the file; inner ones as ``layer/role``."""
    return [(f"{held.name}/{role}" if path else role, t) for path, held in walk(layer) for role, t in held.weights.items()]


def fill_custom(live: Any, layer: Layer) -> int:
    """Give every variable of `live` its tensor, each tensor used once; how many there are.

    Raises:
        Malformed: the file holds other weights than the class has.
    """
    for variable, (_, tensor) in pair_variables(live, layer):
        variable.assign(tensor.read())
    return len({id(variable) for variable in live.weights})


def pair_variables(live: Any, layer: Layer) -> list[tuple[Any, Named]]:
    """Each variable of a live layer with its tensor and the name of that in the file. Raises Malformed."""
    held = weights_of(layer)
    variables = [*live.trainable_weights, *live.non_trainable_weights]
    if len(held) != len(variables) or not live.built:
        raise _other(layer, live, f"the class makes {_list_shapes(variables)} and the file holds {_list_tensors(held)}")
    found = _bind_by_path(live, held) or _bind_by_name(variables, held)
    if found is None:
        saved = variables if layer.config.get("trainable") is not False else list(live.weights)
        found = list(zip(saved, held, strict=True))
    for variable, (_, tensor) in found:
        if tuple(variable.shape) != tensor.shape:
            raise _other(
                layer, live, f"{variable.path} has the shape {tuple(variable.shape)} and {tensor.origin} {tensor.shape}"
            )
    return found


def slots_in_order(model: Any, training: LoweredTraining, holders: Sequence[tuple[Any, Layer]]) -> Sequence[Tensor] | None:
    """All variables of the optimizer, those of custom classes at their place among the weights that the model trains.

    None where the weights that the file has slots for are not those that the classes train.

    Args:
        model: the live model.
        training: as lowered.
        holders: each live layer of a custom class with its layer in the document.
    """
    own: dict[int, dict[str, Tensor]] = {}
    for number, (live, layer) in enumerate(holders):
        slots_of = {kind: dict(weights_of(shadows[number])) for kind, shadows in training.custom.items()}
        for variable, (name, _) in pair_variables(live, layer):
            own[id(variable)] = {kind: slots[name] for kind, slots in slots_of.items()}
    trained = {id(variable) for variable in model.trainable_variables}
    if any((slot.origin == "zeros") is (key in trained) for key, held in own.items() for slot in held.values()):
        return None
    left = list(training.variables)
    found = [left.pop(0) for _ in range(training.scalars)]
    for group in training.groups:
        for variable in model.trainable_variables:
            held = own.get(id(variable), {})
            found += [held[kind] if held else left.pop(0) for kind in group]
    return [*found, *left]


def _bind_by_path(live: object, held: Sequence[Named]) -> list[tuple[Any, Named]] | None:
    """Weights filed under object paths (``vars/0``, ``dense/vars/1``): the variables there; None for other names."""
    if not all("vars/" in name for name, _ in held):
        return None
    found = []
    for name, tensor in held:
        path, _, number = name.rpartition("vars/")
        holder = _inside(live, [part for part in path.split("/") if part])
        variables = [] if holder is None else list_own_variables(holder)
        if not number.isdigit() or int(number) >= len(variables):
            return None
        found.append((variables[int(number)], (name, tensor)))
    return found if len({id(variable) for variable, _ in found}) == len(found) else None


def _inside(live: object, path: Sequence[str]) -> Any:
    """The object that Keras files under a path: attributes, and items of containers by class and number."""
    found = live
    for part in path:
        items = list(found.values()) if isinstance(found, Mapping) else found
        found = _list_items(items).get(part) if isinstance(items, list | tuple) else getattr(found, part, None)
        if found is None:
            return None
    return found


def _list_items(items: Sequence[object]) -> dict[str, Any]:
    """``dense``, ``dense_1`` ... (keras 3.15.1 ``saving/saving_lib.py``, ``_save_container_state``)."""
    names = UniqueNames()
    return {names.claim(spell_in_snake_case(type(item).__name__), first=1): item for item in items}


def _bind_by_name(variables: Sequence[Any], held: Sequence[Named]) -> list[tuple[Any, Named]] | None:
    """The pairing by names, None where one fits no variable or several."""
    found, taken = [], set[int]()
    for name, tensor in held:
        fits = [v for v in variables if _is_called(name, v) and tuple(v.shape) == tensor.shape]
        if len(fits) != 1 or id(fits[0]) in taken:
            return None
        taken.add(id(fits[0]))
        found.append((fits[0], (name, tensor)))
    return found


def _is_called(name: str, variable: Any) -> bool:
    """Whether a name in the file is this variable's: ``kernel``, ``dense_1/kernel``, ``my_dense_1_W``."""
    owner, _, role = name.removesuffix(":0").rpartition("/")
    path = str(variable.path).split("/")
    if owner and owner not in path:
        return False
    return role == path[-1] or role.endswith(f"_{path[-1]}") or path[-1].endswith(f"_{role}")


def _other(layer: Layer, live: object, seen: str) -> Malformed:
    return Malformed(
        "AK5005",
        f"{type(live).__name__} has other weights than the file: {seen}",
        layer=layer.name,
        next_step="Give the class as it was when the model was saved.",
    )


def _list_shapes(variables: Sequence[Any]) -> str:
    return ", ".join(f"{variable.name} {tuple(variable.shape)}" for variable in variables) or "no weights"


def _list_tensors(held: Sequence[Named]) -> str:
    return ", ".join(f"{name} {tensor.shape}" for name, tensor in held) or "none"
