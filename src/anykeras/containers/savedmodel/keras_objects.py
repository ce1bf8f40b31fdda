"""The Keras objects of a SavedModel: metadata, layers and variables, by their numbers in the object graph.

Sources: tensorflow/python/keras/saving/saved_model (TF 2.0.4, 2.4.4), keras/saving/legacy/saved_model (keras 2.15.0).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ...tensors import Tensor
from ..base import Json
from ..checkpoint.bundle import Bundle
from ..checkpoint.objects import (
    check_children,
    find_value_key,
    list_children,
    list_items,
    list_layers_in_order,
    pair_objects,
    read_objects,
)
from ..json_text import parse_json
from ..wire.messages import MetaGraph, SavedObject, SlotVariable, TrackedObject
from .files import GRAPH, METADATA, Files

WRITTEN_OUT = ("__tuple__", "TensorShape")  # tuples and shapes inside the metadata: {"class_name", "items"}


@dataclass(frozen=True)
class KerasObjects:
    """`nodes` of the SavedModel, `tracked` of its checkpoint, and which of these is which of those (`pairs`)."""

    nodes: Sequence[SavedObject]
    tracked: Sequence[TrackedObject]
    pairs: Mapping[int, int]
    texts: Mapping[int, str] = field(repr=False)
    bundle: Bundle = field(repr=False)
    part: str

    def metadata(self, number: int) -> dict[str, Json]:
        """The Keras metadata of an object, tuples and shapes as lists; empty where it has none."""
        text = self.texts.get(number)
        if not text:
            return {}
        value = _simplify(parse_json(text, f"{self.part}[{number}]"))
        return value if isinstance(value, dict) else {}

    def children(self, number: int) -> dict[str, int]:
        """The children of an object by attribute."""
        return list_children(self.nodes[number])

    def items(self, number: int, name: str) -> list[int] | None:
        """The objects in a list of an object."""
        return list_items(self.nodes[number], self.nodes, name)

    def layers(self, number: int) -> list[int]:
        """The layers of a model, in its order."""
        return [child for _, child in list_layers_in_order(self.nodes[number])]

    def variable(self, number: int) -> tuple[str, Tensor] | None:
        """Name and tensor of an object that is a variable with a value in the checkpoint."""
        variable, pair = self.nodes[number].variable, self.pairs.get(number)
        key = find_value_key(self.tracked[pair]) if pair is not None else None
        if variable is None or key is None or key not in self.bundle.entries:
            return None
        return f"{variable.name}:0", self.bundle.tensor(key)

    def slots(self, number: int) -> tuple[SlotVariable, ...]:
        """What an optimizer keeps for each variable: numbers of objects of the checkpoint."""
        pair = self.pairs.get(number)
        return self.tracked[pair].slots if pair is not None else ()

    def slot_tensor(self, slot: SlotVariable) -> Tensor | None:
        """The tensor of a slot."""
        key = find_value_key(self.tracked[slot.node]) if 0 <= slot.node < len(self.tracked) else None
        return self.bundle.tensor(key) if key is not None and key in self.bundle.entries else None


def read_keras_objects(files: Files, graph: MetaGraph) -> KerasObjects | None:
    """The objects with their metadata, None where Keras wrote none (``tf.Module``, Keras 3 exports, TensorFlow 1)."""
    nodes = graph.objects.nodes if graph.objects is not None else ()
    check_children(nodes, f"{files.root}/{GRAPH}")
    beside = {item.node: item.metadata for item in files.keras_metadata().nodes}
    inside = {
        number: node.user.metadata
        for number, node in enumerate(nodes)
        if node.user is not None and node.user.identifier.startswith("_tf_keras") and node.user.metadata
    }
    texts = beside or inside
    if 0 not in texts or not nodes:
        return None
    bundle = files.bundle()
    tracked = read_objects(bundle)
    return KerasObjects(nodes, tracked, pair_objects(nodes, tracked), texts, bundle, METADATA if beside else GRAPH)


CALLS = ("__call__",)


def read_layer_functions(objects: KerasObjects) -> dict[str, tuple[str, ...]]:
    """The functions that were traced of each layer's call, by its name; none for a name that several layers have."""
    found: dict[str, tuple[str, ...]] = {}
    for number, node in enumerate(objects.nodes):
        name = objects.metadata(number).get("name") if node.user is not None and number in objects.texts else None
        if not isinstance(name, str):
            continue
        children = objects.children(number)
        call = next((children[key] for key in CALLS if key in children), None)
        held = objects.nodes[call].function if call is not None else None
        found[name] = held.concrete if held is not None and name not in found else ()
    return found


def _simplify(value: Json) -> Json:
    """Without what only the metadata writes: tuples and shapes as objects, and the numbers of shared objects."""
    if isinstance(value, dict):
        if value.keys() == {"class_name", "items"} and value["class_name"] in WRITTEN_OUT:
            return _simplify(value["items"])
        return {key: _simplify(item) for key, item in value.items() if key != "shared_object_id"}
    return [_simplify(item) for item in value] if isinstance(value, list) else value
