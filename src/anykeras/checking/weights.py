"""The weights of a file as a release looks for them: under which paths, for which layers, of which shape."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from ..catalog.layout import KERAS2_13_TREE, KERAS2_15_TREE
from ..catalog.releases import Since
from ..containers.base import TreeWeights
from . import facts
from .forecast import Reader

Config = Mapping[str, Any]
WITHOUT_VARS: Final = Since(keras3="3.6")  # saving_lib.py, _load_state
RESET_AFTER: Final = Since(tf="2.0")  # the default of GRU
LAYERS_IN_TREE: Final = Since(tf="2.15")  # saving_lib.py: the other name is skipped from 2.15 on (keras 2.13.1 to 2.15.0)
COUNTED_ONCE: Final = Since(tf="2.14")  # saving_lib.py, _save_container_state: a layer met again is not counted
BIDIRECTIONAL_ALONE: Final = Since(keras3="3.3")  # no Wrapper any more, which holds the layer a third time


def look(reader: Reader) -> None:
    """The weights, where their form decides."""
    if isinstance(reader.raw.weights, TreeWeights):
        look_at_tree(reader, reader.raw.weights)
    look_at_branches(reader)
    for layer, shapes in reader.groups().items():
        for weight, shape in shapes.items():
            look_at_weight(reader, layer, weight, shape)


def look_at_tree(reader: Reader, weights: TreeWeights) -> None:
    """Weights by object path."""
    release = reader.release
    if release.line == "keras3":
        if not weights.padded and not WITHOUT_VARS.holds(release):
            said = "KeyError: \"Unable to synchronously open object (object 'vars' doesn't exist)\""
            reader.refuse(said, "the weights file of newer releases has no place for layers without weights", "", "vars")
        if not BIDIRECTIONAL_ALONE.holds(release):
            look_at_bidirectional(reader, weights)
        return
    own, other = KERAS2_13_TREE.container, KERAS2_15_TREE.container
    if LAYERS_IN_TREE.holds(release):
        own, other = other, own
    parts = [path.split("/") for path in weights.tensors]
    if any(path[0] == other for path in parts):
        said = "ValueError: Layer expected variables, but received 0 variables during loading."
        reader.refuse(said, f"this release looks for weights under {own}, the file has them under {other}", "", "vars")
    elif own == KERAS2_13_TREE.container:
        look_at_counts(reader, {path[1] for path in parts if path[0] == own and len(path) > 1})


def look_at_counts(reader: Reader, names: set[str]) -> None:
    """How layers of one class are told apart: up to 2.13 by every second number, in 2.14 by every number."""
    numbers = [int(number) for _, _, number in (name.rpartition("_") for name in names) if number.isdecimal()]
    once = any(number % 2 for number in numbers)
    if numbers and once != COUNTED_ONCE.holds(reader.release):
        reader.notes.doubts.append("tf.keras 2.14 counts the layers of one class otherwise than 2.13")


def look_at_bidirectional(reader: Reader, weights: TreeWeights) -> None:
    """A Bidirectional that holds its layer a third time, built by the file, for which the file has no weights."""
    if not any(is_built(entry) for entry in entries_of(reader.raw.architecture)):
        return
    homes = {path.partition("/forward_layer/")[0] for path in weights.tensors if "/forward_layer/" in path}
    if any(not any(path.startswith(f"{home}/layer/") for path in weights.tensors) for home in homes):
        said = "ValueError: A total of 1 objects could not be loaded. Example error message for object <GRUCell>"
        reason = "before Keras 3.3 a Bidirectional keeps a third copy of its layer, whose weights the file does not have"
        reader.refuse(said, reason, "", "layer")


def is_built(entry: Config) -> bool:
    """Whether a Bidirectional says how its layer is built."""
    config = entry.get("config")
    inner = config.get("layer") if entry.get("class_name") == "Bidirectional" and isinstance(config, dict) else None
    return isinstance(inner, dict) and bool(inner.get("build_config"))


def entries_of(model: Any) -> Iterator[Config]:
    """All layers of a model and of the models in it."""
    for _, entry in facts.held_layers(model, ""):
        yield entry


def look_at_branches(reader: Reader) -> None:
    """A Sequential that begins with a Merge: Keras 2 does not count the layers of its branches for the weights."""
    first = next(facts.top_layers(reader.raw.architecture), {})
    config = first.get("config")
    if reader.release.line != "keras2" or first.get("class_name") != "Merge" or not isinstance(config, dict):
        return
    whole = reader.raw.architecture
    if not isinstance(whole, dict) or whole.get("class_name") != "Sequential":
        return
    named = {str(name) for entry in facts.top_layers(whole) if (name := (entry.get("config") or {}).get("name"))}
    held = {layer: shapes for layer, shapes in reader.groups().items() if shapes}
    outside = sum(layer in named for layer in held)
    if outside < len(held):
        said = "ValueError: You are trying to load a weight file containing "
        said += f"{len(held)} layers into a model with {outside} layers."
        reader.refuse(said, "layers in the branches of a Merge do not get their weights", str(config.get("name", "")), "layers")
    else:
        reader.notes.doubts.append("a Sequential that begins with a Merge of layers without weights was not met")


def look_at_weight(reader: Reader, layer: str, weight: str, shape: Sequence[int]) -> None:
    """One tensor of HDF5."""
    entry = gru_entries(reader).get(layer)
    if entry is None or "bias" not in weight.rpartition("/")[2]:
        return
    after = entry.get("reset_after")
    after = RESET_AFTER.holds(reader.release) if after is None else after
    if after and len(shape) == 1:
        said = "ValueError: GRU(reset_after=False) is not compatible with GRU(reset_after=True)"
        reader.refuse(
            said, "the file does not say reset_after, whose default is another one in this release", layer, "reset_after"
        )


def gru_entries(reader: Reader) -> Mapping[str, Config]:
    """The configurations of the GRU layers of the top level."""
    return {
        str(entry["config"].get("name")): entry["config"]
        for entry in facts.top_layers(reader.raw.architecture)
        if entry.get("class_name") == "GRU" and isinstance(entry.get("config"), dict)
    }
