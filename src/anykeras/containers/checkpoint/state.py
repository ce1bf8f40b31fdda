"""What an optimizer keeps in a TensorFlow checkpoint, by the objects of tf.keras and Keras 3 (by names: ``named.py``).

Each slot says to which weight it belongs, by the key that is the origin of that weight, so that nothing depends on an order.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from ...tensors import Tensor
from ..base import OwnedSlot
from ..wire.messages import TrackedObject
from .bundle import Bundle
from .objects import find_value_key, list_children, list_items

STEPS, RATE = "iterations", "learning_rate"
"""What the count of steps and the learning rate are called among the counters of an optimizer."""


@dataclass(frozen=True)
class SavedState:
    """The counters by name, and every slot: with its owner, else in `listed` in the order in which they were made."""

    counters: Mapping[str, Tensor] = field(default_factory=dict)
    slots: tuple[OwnedSlot, ...] = ()
    listed: tuple[tuple[str, Tensor], ...] = ()


def read_state(bundle: Bundle, nodes: tuple[TrackedObject, ...]) -> SavedState:
    """What the optimizer keeps; nothing where there is none."""
    at = list_children(nodes[0]).get("optimizer")
    if at is None:
        return SavedState()
    return SavedState(dict(_find_counters(bundle, nodes, at)), tuple(_read_by_objects(bundle, nodes, at)))


def _find_counters(bundle: Bundle, nodes: tuple[TrackedObject, ...], at: int) -> Iterator[tuple[str, Tensor]]:
    children, listed = list_children(nodes[at]), list_items(nodes[at], nodes, "_variables") or []
    steps = children.get("iter", children.get("_iterations", listed[0] if listed else None))
    rate = children.get("learning_rate", children.get("_learning_rate"))
    for name, number in ((STEPS, steps), (RATE, rate)):
        key = find_value_key(nodes[number]) if number is not None else None
        if key is not None and key in bundle.entries:
            yield name, bundle.tensor(key)


def _read_by_objects(bundle: Bundle, nodes: tuple[TrackedObject, ...], at: int) -> Iterator[OwnedSlot]:
    listed = list_items(nodes[at], nodes, "_variables") or []
    for slot in nodes[at].slots:  # OptimizerV2, tf.keras to 2.10 and legacy ones after
        key, owner = (
            find_value_key(nodes[number]) if 0 <= number < len(nodes) else None for number in (slot.node, slot.original)
        )
        if key in bundle.entries and key is not None and owner is not None:
            yield OwnedSlot(slot.slot, owner, bundle.tensor(key))
    names = _list_full_names(nodes, at)
    for number in listed:  # tf.keras 2.11 and later: ``Adam/m/dense/kernel``
        key, pieces = find_value_key(nodes[number]), _find_full_name(nodes[number]).split("/")
        for start in (1, 2):
            owner = names.get("/".join(pieces[start:]))
            if owner and key in bundle.entries and key is not None:
                yield OwnedSlot(pieces[start - 1], owner, bundle.tensor(key))
                break


def _list_full_names(nodes: tuple[TrackedObject, ...], optimizer: int) -> dict[str, str]:
    """The keys of variables by their names, where no two have the same."""
    found: dict[str, str] = {}
    for node in nodes:
        key, name = find_value_key(node), _find_full_name(node)
        if key is not None and name and "/.OPTIMIZER_SLOT/" not in key and not key.startswith("optimizer/"):
            found[name] = "" if found.get(name, key) != key else key
    return found


def _find_full_name(node: TrackedObject) -> str:
    return next((value.full_name for value in node.values if value.full_name), "")
