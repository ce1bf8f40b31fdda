"""The objects of a checkpoint: which attribute of which object each tensor is.

The key ``_CHECKPOINTABLE_OBJECT_GRAPH`` holds them, in every checkpoint that ``tf.train.Checkpoint``, ``save_weights`` or a
SavedModel of TensorFlow 1.13 and later wrote (``tensorflow/python/checkpoint/checkpoint.py`` of 2.21).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Protocol

from ..wire import read_message
from ..wire.messages import Child, TrackedObject, TrackedObjects
from ..wire.reader import make_wire_error
from .bundle import Bundle

OBJECT_GRAPH = "_CHECKPOINTABLE_OBJECT_GRAPH"
VALUE = "VARIABLE_VALUE"
_OF_KERAS3 = frozenset({"_operations", "_kernel", "_embeddings", "_trainable_variables"})
LAYER = re.compile(r"layer-(\d{1,9})\Z")


class HasChildren(Protocol):
    """An object of a checkpoint or of a SavedModel."""

    @property
    def children(self) -> tuple[Child, ...]:
        """Its attributes that are objects."""


def read_objects(bundle: Bundle) -> tuple[TrackedObject, ...]:
    """The objects of a checkpoint, the root first; none where it was written by names (``tf.train.Saver``)."""
    if OBJECT_GRAPH not in bundle.entries:
        return ()
    nodes = read_message(TrackedObjects, bundle.text(OBJECT_GRAPH), bundle.name).nodes
    check_children(nodes, bundle.name)
    return nodes


def check_children(nodes: Sequence[HasChildren], part: str) -> None:
    """Raises Malformed (AK1150) where an object is said to have a child that is not there."""
    for node in nodes:
        if any(not 0 <= child.node < len(nodes) for child in node.children):
            raise make_wire_error("an object refers to one that is not there", part)


def list_children(node: HasChildren) -> dict[str, int]:
    """The numbers of the children by attribute."""
    return {child.name: child.node for child in node.children}


def list_items(node: HasChildren, nodes: Sequence[HasChildren], name: str) -> list[int] | None:
    """The numbers of the objects in the list `name` of an object; None where it has no such list."""
    at = list_children(node).get(name)
    if at is None:
        return None
    return [
        child for _, child in sorted((int(k), n) for k, n in list_children(nodes[at]).items() if re.fullmatch(r"\d{1,9}", k))
    ]


def list_layers_in_order(node: HasChildren) -> list[tuple[int, int]]:
    """The layers of a model in its order: place, and number of the object; empty for what is no model."""
    return sorted((int(m[1]), child) for name, child in list_children(node).items() if (m := LAYER.match(name)))


def list_layers_of_model(nodes: Sequence[HasChildren], at: int) -> list[tuple[int, int]]:
    """The same, or the operations of a functional model of Keras 3, which a sequential one keeps inside."""
    inside = list_children(nodes[at]).get("_functional", at)
    return list_layers_in_order(nodes[at]) or list(enumerate(list_items(nodes[inside], nodes, "_operations") or ()))


def is_keras3(nodes: Sequence[HasChildren]) -> bool:
    """Whether a layer, model or optimizer of Keras 3 is among the objects: they have attributes that no earlier ones had."""
    return any(not _OF_KERAS3.isdisjoint(list_children(node)) for node in nodes)


def find_value_key(node: TrackedObject) -> str | None:
    """The key of a variable's value; None for an object that is no variable."""
    return next((value.key for value in node.values if value.name == VALUE), None)


def pair_objects(left: Sequence[HasChildren], right: Sequence[HasChildren]) -> Mapping[int, int]:
    """The objects of `right` that are reached from the root by the same attributes as those of `left`."""
    if not left or not right:
        return {}
    pairs, waiting = {0: 0}, [(0, 0)]
    while waiting:
        one, other = waiting.pop()
        theirs = list_children(right[other])
        for name, child in list_children(left[one]).items():
            if name in theirs and child not in pairs:
                pairs[child] = theirs[name]
                waiting.append((child, theirs[name]))
    return pairs
