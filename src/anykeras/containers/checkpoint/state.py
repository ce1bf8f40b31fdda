"""What an optimizer keeps in a TensorFlow checkpoint: by the objects of tf.keras, or by the names of TensorFlow 1.

Each tensor is called ``KIND of KEY``, where KEY is the origin of the weight that it belongs to, so that nothing depends on an
order; the count of steps is ``iterations``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...tensors import Tensor
from ..wire.messages import TrackedObject
from .bundle import Bundle
from .objects import children_of, list_items, read_objects, value_key

OF = " of "
STEPS = "iterations"
SLOTS = re.compile(
    r"/(Adam|Momentum|RMSProp|Adagrad|Adadelta|Ftrl|ExponentialMovingAverage)(_\d+)?\Z|\A(beta\d_power|global_step)\Z"
)
"""Variables that an optimizer of TensorFlow 1 keeps beside the weights (tensorflow/python/training, 1.15.5)."""
_KINDS = {
    "Adam": "m", "Adam_1": "v", "Momentum": "momentum", "RMSProp": "rms", "RMSProp_1": "momentum", "Adagrad": "accumulator",
    "Adadelta": "accum_grad", "Adadelta_1": "accum_var",
}  # fmt: skip
"""Their slots, as OptimizerV2 of tf.keras calls them."""


def read_state(bundle: Bundle) -> tuple[tuple[str, Tensor], ...]:
    """The count of steps and every slot; nothing where there is no optimizer."""
    nodes = read_objects(bundle)
    return tuple(_by_objects(bundle, nodes) if nodes else _by_names(bundle))


def _by_objects(bundle: Bundle, nodes: tuple[TrackedObject, ...]) -> Iterator[tuple[str, Tensor]]:
    at = children_of(nodes[0]).get("optimizer")
    if at is None:
        return
    children = children_of(nodes[at])
    listed = list_items(nodes[at], nodes, "_variables") or []
    steps = children.get("iter", children.get("_iterations", listed[0] if listed else None))
    if steps is not None and (key := value_key(nodes[steps])) in bundle.entries and key is not None:
        yield STEPS, bundle.tensor(key)
    for slot in nodes[at].slots:  # OptimizerV2, tf.keras to 2.10 and legacy ones after
        key, owner = (value_key(nodes[number]) if 0 <= number < len(nodes) else None for number in (slot.node, slot.original))
        if key in bundle.entries and key is not None and owner is not None:
            yield f"{slot.slot}{OF}{owner}", bundle.tensor(key)
    names = _full_names(nodes, at)
    for number in listed:  # tf.keras 2.11 and later: ``Adam/m/dense/kernel``
        key, pieces = value_key(nodes[number]), _full_name(nodes[number]).split("/")
        for start in (1, 2):
            owner = names.get("/".join(pieces[start:]))
            if owner and key in bundle.entries and key is not None:
                yield f"{pieces[start - 1]}{OF}{owner}", bundle.tensor(key)
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


def _by_names(bundle: Bundle) -> Iterator[tuple[str, Tensor]]:
    if "global_step" in bundle.entries:
        yield STEPS, bundle.tensor("global_step")
    for key in bundle.entries:
        owner, _, last = key.rpartition("/")
        if last in _KINDS and owner in bundle.entries:
            yield f"{_KINDS[last]}{OF}{owner}", bundle.tensor(key)
