"""What single releases refuse or mix up in the calls of a functional model: their form, their order, layers in several models.

Sources are ``from_config`` of the releases named; every fact was met by running genuine files in genuine stacks.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ..catalog.releases import CAUSAL_CALLS, Since
from . import objects
from .forecast import Reader

Config = Mapping[str, Any]
FLAT_ENDS: Final = Since(keras3="3.4")  # functional_from_config, map_tensors
WAITS_FOR_CALLS: Final = Since(keras3="3.7")  # models/functional.py: IndexError, which is waited for; ValueError before
HISTORY: Final = re.compile(r'"keras_history": \[("(?:[^"\\]|\\.)*"),')
# Layers whose names are also operations of Keras 3, which HDF5 does not tell apart.
MERGES: Final = ("Add", "Subtract", "Multiply", "Maximum", "Minimum", "Average", "Concatenate", "Dot")
STATES_OF_BIDIRECTIONAL: Final = Since(tf="1.13", keras2="2.1")
STATEFUL: Final = ("LSTM", "GRU", "SimpleRNN", "RNN", "Bidirectional", "ConvLSTM2D")


def look_at_graph(reader: Reader, config: Config, name: str) -> None:
    """Nodes and ends of a functional model."""
    release = reader.release
    ends = [config.get(key) for key in ("input_layers", "output_layers")]
    passed = {str(end[0]) for side in ends[1:] if isinstance(side, list) for end in side if isinstance(end, list) and end}
    inputs = {e.get("name") for e in config.get("layers", ()) if isinstance(e, dict) and e.get("class_name") == "InputLayer"}
    if release.line == "keras3" and makes_masks_again(config):
        reader.notes.doubts.append("masks are operations in the file, and one name comes twice when a layer makes them again")
    entries = [e for e in config.get("layers", ()) if isinstance(e, dict)]
    joined = any((e.get("class_name"), e.get("name")) == ("Concatenate", "concatenate") for e in entries)
    if release.line == "keras3" and reader.content.masked and joined:
        reader.notes.doubts.append("the operation that joins masks may get the name of the layer concatenate")
    if release.line == "keras3" and passed & inputs:
        reader.notes.doubts.append("an input is also an output, which not every model of Keras 3 loads")
    flat = any(isinstance(end, list) and end and isinstance(end[0], str) for end in ends)
    if release.line == "keras3" and flat and not FLAT_ENDS.holds(release):
        reader.refuse(
            "TypeError: <class 'Functional'> could not be deserialized properly",
            "one input or output is written without a list around it since Keras 3.4",
            name,
            "input_layers",
        )
    look_at_waiting(reader, config, name)
    for entry in config.get("layers", ()):
        nodes = entry.get("inbound_nodes") if isinstance(entry, dict) else None
        for node in nodes if isinstance(nodes, list) else ():
            look_at_node(reader, entry, node)


def makes_masks_again(config: Config) -> bool:
    """Whether Keras 3 saved the masks of some layers as operations, and those of others not."""
    entries = [entry for entry in config.get("layers", ()) if isinstance(entry, dict)]
    operations = sum(entry.get("class_name") == "NotEqual" and entry.get("name") == "not_equal" for entry in entries)
    makers = sum(bool(inner.get("mask_zero")) for entry in entries if isinstance(inner := entry.get("config"), dict))
    return bool(operations) and makers > operations


def look_at_waiting(reader: Reader, config: Config, name: str) -> None:
    """Calls in the form of Keras 3 on what later layers give, which early minors do not wait for."""
    if reader.release.line != "keras3" or WAITS_FOR_CALLS.holds(reader.release):
        return
    entries = [entry for entry in config.get("layers", ()) if isinstance(entry, dict)]
    place = {str(entry.get("name")): number for number, entry in enumerate(entries)}
    for number, entry in enumerate(entries):
        nodes = entry.get("inbound_nodes")
        given = json.dumps([node for node in nodes if isinstance(node, dict)]) if isinstance(nodes, list) else ""
        parents = [json.loads(found) for found in HISTORY.findall(given)]
        later = [parent for parent in parents if place.get(parent, -1) > number]
        if later:
            said = "ValueError: Layer node index out of bounds."
            reader.refuse(said, f"it is called on {later[0]}, which comes later", str(entry.get("name", name)), "inbound_nodes")
            return


def look_at_sharing(reader: Reader, model: Any) -> None:
    """One layer in several models: Keras 3 counts its calls anew in each, and loses some."""
    seen: dict[str, str] = {}
    for place, entry in iterate_held_layers(model, ""):
        config = entry.get("config")
        name = str(entry.get("name") or (config.get("name") if isinstance(config, dict) else None) or "")
        if entry.get("class_name") == "InputLayer" or not name:
            continue
        if seen.setdefault(name, place) != place:
            reader.notes.doubts.append(f"{name} is in several models, whose calls Keras 3 does not always find again")
            return


def iterate_held_layers(model: Any, place: str) -> Iterator[tuple[str, Config]]:
    """The layers of a functional model and of those in it, with where they are."""
    for number, entry in enumerate(iterate_top_layers(model)):
        yield place, entry
        if entry.get("class_name") in objects.MODELS:
            yield from iterate_held_layers(entry, f"{place}/{entry.get('name')}/{number}")


def look_at_node(reader: Reader, entry: Config, node: Any) -> None:
    """One call of a layer."""
    if isinstance(node, dict) and reader.release.line != "keras3":
        said = "ValueError: Improperly formatted model config"
        reader.refuse(said, "calls are written in another form since Keras 3", str(entry.get("name", "")), "inbound_nodes")
    positions = node.get("args") if isinstance(node, dict) else None
    merges = reader.release.line == "keras3" and not reader.typed and entry.get("class_name") in MERGES
    if merges and isinstance(positions, list) and len(positions) > 1:
        reason = f"the operation {entry['class_name']} is taken for the layer of that name in HDF5"
        reader.refuse("TypeError: too many positional arguments", reason, str(entry.get("name", "")), "inbound_nodes")
    if isinstance(node, list) and not CAUSAL_CALLS.holds(reader.release):
        last = [part[3] for part in node if isinstance(part, list) and len(part) > 3 and isinstance(part[3], dict)]
        if any(kwargs.get("use_causal_mask") for kwargs in last):
            said = "TypeError: call() got an unexpected keyword argument 'use_causal_mask'"
            reader.refuse(said, "calls take no causal mask yet", str(entry.get("name", "")), "inbound_nodes")
    several = isinstance(node, list) and len(node) > 1 and entry.get("class_name") in STATEFUL
    if several and entry.get("class_name") == "RNN" and reader.release.line == "tf":
        reader.notes.doubts.append("initial states of cells are further inputs, which not every release counts alike")
    if several and not STATES_OF_BIDIRECTIONAL.holds(reader.release) and entry.get("class_name") == "Bidirectional":
        said = "AttributeError: 'list' object has no attribute 'get_shape'"
        reader.refuse(said, "a Bidirectional takes no initial states yet", str(entry.get("name", "")), "inbound_nodes")
    if several and reader.release.line == "keras3":
        said = f"ValueError: Layer expects 1 input(s), but it received {len(node)} input tensors"
        reason = "initial states are given as further inputs, which Keras 3 does not read"
        reader.refuse(said, reason, str(entry.get("name", "")), "inbound_nodes")


def look_at_order(reader: Reader, model: Any) -> None:
    """Calls of a shared layer: before Keras 3 one whose inputs come later is put off, and the calls get mixed up."""
    entries = {str(entry.get("name")): entry for entry in iterate_top_layers(model)}
    made = dict.fromkeys(entries, 0)
    waiting = [(name, node) for name, entry in entries.items() for node in iterate_calls(entry)]
    first = True
    while waiting:
        left = []
        for name, node in waiting:
            if any(made.get(parent, 0) <= index for parent, index in node.inputs):
                left.append((name, node))
                continue
            if made[name] != node.number:
                said = f"{name} is called several times, which older releases put in another order"
                reader.notes.doubts.append(said)
                return
            made[name] += 1
        if len(left) == len(waiting) and not first:
            return
        waiting, first = left, False


@dataclass(frozen=True)
class Call:
    """The inputs of one call of a layer: names and call numbers."""

    number: int
    inputs: tuple[tuple[str, int], ...]


def iterate_calls(entry: Config) -> Iterator[Call]:
    """The calls of a layer in the form before Keras 3; the one of an input layer has no inputs."""
    nodes = entry.get("inbound_nodes")
    if not isinstance(nodes, list):
        return
    for number, node in enumerate(nodes or ([[]] if entry.get("class_name") == "InputLayer" else [])):
        refs = node if isinstance(node, list) else []
        inputs = [(r[0], r[1]) for r in refs if isinstance(r, list) and len(r) > 1 and isinstance(r[1], int)]
        yield Call(number, tuple((str(name), index) for name, index in inputs))


def iterate_top_layers(model: Any) -> Iterator[dict[str, Any]]:
    """The layers of the top level of a model."""
    config = model.get("config") if isinstance(model, dict) else None
    layers = config.get("layers") if isinstance(config, dict) else config
    yield from (layer for layer in layers if isinstance(layer, dict)) if isinstance(layers, list) else ()
