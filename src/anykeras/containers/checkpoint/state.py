"""What an optimizer keeps in a TensorFlow checkpoint: by the objects of tf.keras, or by the names of TensorFlow 1.

Each slot says to which weight it belongs, by the key that is the origin of that weight, so that nothing depends on an order.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ...tensors import Tensor
from ..base import OwnedSlot
from ..wire.messages import TrackedObject
from .bundle import Bundle
from .objects import children_of, list_items, value_key

SLOTS = re.compile(
    r"/(Adam|Momentum|RMSProp|Adagrad|Adadelta|Ftrl|ExponentialMovingAverage)(_\d+)?\Z|\A(beta\d_power|global_step)\Z"
)
"""Variables that an optimizer of TensorFlow 1 keeps beside the weights (tensorflow/python/training, 1.15.5)."""
_KINDS = {
    "Adam": "m", "Adam_1": "v", "Momentum": "momentum", "RMSProp": "rms", "RMSProp_1": "momentum", "Adagrad": "accumulator",
    "Adadelta": "accum_grad", "Adadelta_1": "accum_var",
}  # fmt: skip
"""Their slots, as OptimizerV2 of tf.keras calls them."""


@dataclass(frozen=True)
class State:
    """The count of steps, and every slot."""

    steps: Tensor | None = None
    slots: tuple[OwnedSlot, ...] = ()


def read_state(bundle: Bundle, nodes: tuple[TrackedObject, ...]) -> State:
    """What the optimizer keeps; nothing where there is none."""
    if not nodes:
        steps = bundle.tensor("global_step") if "global_step" in bundle.entries else None
        return State(steps, tuple(_by_names(bundle)))
    at = children_of(nodes[0]).get("optimizer")
    return State() if at is None else State(_find_steps(bundle, nodes, at), tuple(_by_objects(bundle, nodes, at)))


def _find_steps(bundle: Bundle, nodes: tuple[TrackedObject, ...], at: int) -> Tensor | None:
    children, listed = children_of(nodes[at]), list_items(nodes[at], nodes, "_variables")
    steps = children.get("iter", children.get("_iterations", listed[0] if listed else None))
    key = value_key(nodes[steps]) if steps is not None else None
    return bundle.tensor(key) if key is not None and key in bundle.entries else None


def _by_objects(bundle: Bundle, nodes: tuple[TrackedObject, ...], at: int) -> Iterator[OwnedSlot]:
    listed = list_items(nodes[at], nodes, "_variables") or []
    for slot in nodes[at].slots:  # OptimizerV2, tf.keras to 2.10 and legacy ones after
        key, owner = (value_key(nodes[number]) if 0 <= number < len(nodes) else None for number in (slot.node, slot.original))
        if key in bundle.entries and key is not None and owner is not None:
            yield OwnedSlot(slot.slot, owner, bundle.tensor(key))
    names = _full_names(nodes, at)
    for number in listed:  # tf.keras 2.11 and later: ``Adam/m/dense/kernel``
        key, pieces = value_key(nodes[number]), _full_name(nodes[number]).split("/")
        for start in (1, 2):
            owner = names.get("/".join(pieces[start:]))
            if owner and key in bundle.entries and key is not None:
                yield OwnedSlot(pieces[start - 1], owner, bundle.tensor(key))
                break


def _full_names(nodes: tuple[TrackedObject, ...], optimizer: int) -> dict[str, str]:
    """The keys of variables by their names, where no two have the same."""
    found: dict[str, str] = {}
    for node in nodes:
        key, name = value_key(node), _full_name(node)
        if key is not None and name and "/.OPTIMIZER_SLOT/" not in key and not key.startswith("optimizer/"):
            found[name] = "" if found.get(name, key) != key else key
    return found


def _full_name(node: TrackedObject) -> str:
    return next((value.full_name for value in node.values if value.full_name), "")


def _by_names(bundle: Bundle) -> Iterator[OwnedSlot]:
    for key in bundle.entries:
        owner, _, last = key.rpartition("/")
        if last in _KINDS and owner in bundle.entries:
            yield OwnedSlot(_KINDS[last], owner, bundle.tensor(key))
