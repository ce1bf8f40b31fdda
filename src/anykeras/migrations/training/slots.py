"""What an optimizer keeps for each weight, carried to the weights that the model has in the end.

A slot goes where its weight goes: transposed, cut and joined as that is. A weight that was computed from several has no
such slot, because a momentum or a mean of squares does not follow the weight's arithmetic: it starts fresh.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ...catalog.optimizers import AVERAGE
from ...document.model import Document, Object, Training
from ...document.walk import layers_of
from ...findings import Fidelity
from ...lazily import np
from ...tensors import Tensor, constant, zeros
from .notes import Notes

Slots = Mapping[Tensor, Tensor]
# What kinds of slots start from where they do not start from zeros, and its default (keras 3.15.1 adagrad.py, ftrl.py).
_START = ("accumulator", "initial_accumulator_value", 0.1)
_NAMED = 3  # at most so many weights by name in a finding


def carry_slots(document: Document, notes: Notes) -> Training | None:
    """The training with its slots by the weights of the document's model.

    Args:
        document: of Keras 3, with slots by the weights of the file.
        notes: takes a finding about the weights whose slots start fresh, and about those that are computed and go on.
    """
    training = document.training
    if training is None or not training.slots:
        return training
    held = {weight for slots in training.slots.values() for weight in slots}
    weights = {
        weight: f"{layer.name}/{role}"
        for layer in layers_of(document.model)
        for role, weight in layer.weights.items()
        if any(leaf in held for leaf in weight.leaves())
    }
    carried = {kind: {weight: _carry(weight, slots) for weight in weights} for kind, slots in training.slots.items()}
    computed = {weight: name for weight, name in weights.items() if _is_computed(weight)}
    fresh = [name for weight, name in computed.items() if any(slots[weight] is None for slots in carried.values())]
    _report(fresh, "the optimizer starts fresh for them", Fidelity.LOSSY, notes)
    kept = [name for name in computed.values() if name not in fresh]
    _report(kept, "the optimizer goes on; a step moves them once where it moved each part", Fidelity.APPROXIMATE, notes)
    return replace(
        training,
        slots={
            kind: {weight: slot or _fresh(weight, kind, training) for weight, slot in slots.items()}
            for kind, slots in carried.items()
        },
    )


def _is_computed(weight: Tensor) -> bool:
    return not weight.rearranged and all(leaf.rearranged for leaf in weight.leaves())


def _carry(weight: Tensor, slots: Slots) -> Tensor | None:
    """The slot with all changes of its weight; None where the weight is computed. Parts that were not trained have zeros."""
    return weight.follow_slots(lambda leaf: slots.get(leaf) or zeros(leaf.shape, leaf.dtype))


def _fresh(weight: Tensor, kind: str, training: Training) -> Tensor:
    """What the slot of a weight that was never trained holds."""
    if kind == AVERAGE:
        return weight
    named, key, value = _START
    if kind != named:
        return zeros(weight.shape, weight.dtype, "fresh")
    held = training.config.get("optimizer")
    said = held.config.get(key) if isinstance(held, Object) and isinstance(held.config, Mapping) else None
    start = float(said) if isinstance(said, int | float) else value
    return constant(np.full(weight.shape, start), weight.dtype, "fresh")


def _report(names: list[str], done: str, fidelity: Fidelity, notes: Notes) -> None:
    """One finding about computed weights, where there are any."""
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    if names:
        seen = f"the optimizer trained other weights, from which {', '.join(names[:_NAMED])}{more} are computed"
        notes.add("AK4017", "optimizer", seen, done, fidelity)
