"""The weights of a file as a release looks for them: under which paths, for which layers, of which shape."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from ..catalog.layout import KERAS2_14_TREE, KERAS2_15_TREE
from ..catalog.releases import LAYERS_COUNTED_ONCE, LAYERS_IN_TREE, Since
from ..containers.base import TreeWeights
from . import calls
from .forecast import Reader

Config = Mapping[str, Any]
WITHOUT_VARS: Final = Since(keras3="3.6")  # saving_lib.py, _load_state
RESET_AFTER: Final = Since(tf="2.0")  # the default of GRU
NO_VARIABLES: Final = "ValueError: Layer expected variables, but received 0 variables during loading."
NO_THIRD_COPY: Final = "before Keras 3.3 a Bidirectional keeps a third copy of its layer, whose weights the file does not have"
_MAY_BE_BARE: Final = ("time_distributed", "functional", "sequential")  # layers that have weights or none
BIDIRECTIONAL_ALONE: Final = Since(keras3="3.3")  # no Wrapper any more, which holds the layer a third time


def look(reader: Reader) -> None:
    """The weights, where their form decides."""
    if isinstance(reader.raw.weights, TreeWeights):
        look_at_tree(reader, reader.raw.weights)
    elif reader.release.line == "keras3" and not BIDIRECTIONAL_ALONE.holds(reader.release):
        look_at_halves(reader)
    look_at_branches(reader)
    for layer, shapes in reader.list_groups().items():
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
        look_at_counts(reader, [path.split("/") for path in weights.tensors], KERAS2_14_TREE.container)
        return
    own, other = KERAS2_14_TREE.container, KERAS2_15_TREE.container
    if LAYERS_IN_TREE.holds(release):
        own, other = other, own
    parts = [path.split("/") for path in weights.tensors]
    if any(path[0] == other for path in parts):
        reader.refuse(NO_VARIABLES, f"this release looks for weights under {own}, the file has them under {other}", "", "vars")
    elif own == KERAS2_14_TREE.container:
        look_at_counts(reader, parts, own)


def look_at_counts(reader: Reader, paths: list[list[str]], container: str) -> None:
    """How layers of one class are told apart: to 2.13 a layer with weights counts twice (dense, dense_2), in 2.14 once."""
    numbers: dict[tuple[tuple[str, ...], str], set[int]] = {}
    for path in paths:
        for at, part in enumerate(path[1:], 1):
            base, _, number = part.rpartition("_")
            base, number = (base, number) if number.isdecimal() and base else (part, "0")
            if path[at - 1] == container:
                numbers.setdefault((tuple(path[:at]), base), set()).add(int(number))
    once = reader.release.line == "keras3" or LAYERS_COUNTED_ONCE.holds(reader.release)
    for (_, base), found in numbers.items():
        step, other = (1, 2) if once else (2, 1)
        if found == set(range(0, step * len(found), step)):
            continue
        if base in _MAY_BE_BARE or found != set(range(0, other * len(found), other)):
            reader.notes.doubts.append("tf.keras 2.12 and 2.13 count the layers of one class otherwise than later releases")
        else:
            reason = f"this release looks for the second layer of a class as {base}_{step}, the file has {base}_{other}"
            reader.refuse(NO_VARIABLES, reason, "", "vars")


def look_at_bidirectional(reader: Reader, weights: TreeWeights) -> None:
    """A Bidirectional that holds its layer a third time, built by the file, for which the file has no weights."""
    if not any(is_built(entry) for entry in list_entries(reader.raw.architecture)):
        return
    homes = {path.partition("/forward_layer/")[0] for path in weights.tensors if "/forward_layer/" in path}
    if any(not any(path.startswith(f"{home}/layer/") for path in weights.tensors) for home in homes):
        said = "ValueError: A total of 1 objects could not be loaded. Example error message for object <GRUCell>"
        reader.refuse(said, NO_THIRD_COPY, "", "layer")


def look_at_halves(reader: Reader) -> None:
    """The same in HDF5, where the weights of a Bidirectional are counted."""
    names = [weight for shapes in reader.list_groups().values() for weight in shapes]
    for entry in list_entries(reader.raw.architecture):
        own = (
            [part for name in names if (part := name.partition(f"{entry['config'].get('name')}/")[2])]
            if is_built(entry)
            else []
        )
        if own and all(part.startswith(("forward_", "backward_")) for part in own):
            said = "ValueError: Weight count mismatch for layer #0. Layer expects 9 weight(s). Received 6 saved weight(s)"
            reader.refuse(said, NO_THIRD_COPY, str(entry["config"].get("name")), "layer")


def is_built(entry: Config) -> bool:
    """Whether a Bidirectional says how its layer is built."""
    config = entry.get("config")
    inner = config.get("layer") if entry.get("class_name") == "Bidirectional" and isinstance(config, dict) else None
    return isinstance(inner, dict) and bool(inner.get("build_config"))


def list_entries(model: Any) -> Iterator[Config]:
    """All layers of a model and of the models in it."""
    for _, entry in calls.iterate_held_layers(model, ""):
        yield entry


def look_at_branches(reader: Reader) -> None:
    """A Sequential that begins with a Merge: Keras 2 does not count the layers of its branches for the weights."""
    first = next(calls.iterate_top_layers(reader.raw.architecture), {})
    config = first.get("config")
    if reader.release.line != "keras2" or first.get("class_name") != "Merge" or not isinstance(config, dict):
        return
    whole = reader.raw.architecture
    if not isinstance(whole, dict) or whole.get("class_name") != "Sequential":
        return
    named = {str(name) for entry in calls.iterate_top_layers(whole) if (name := (entry.get("config") or {}).get("name"))}
    held = {layer: shapes for layer, shapes in reader.list_groups().items() if shapes}
    outside = sum(layer in named for layer in held)
    if outside < len(held):
        said = "ValueError: You are trying to load a weight file containing "
        said += f"{len(held)} layers into a model with {outside} layers."
        reader.refuse(said, "layers in the branches of a Merge do not get their weights", str(config.get("name", "")), "layers")
    else:
        reader.notes.doubts.append("a Sequential that begins with a Merge of layers without weights was not met")


def look_at_weight(reader: Reader, layer: str, weight: str, shape: Sequence[int]) -> None:
    """One tensor of HDF5."""
    entry = list_gru_entries(reader).get(layer)
    if entry is None or "bias" not in weight.rpartition("/")[2]:
        return
    after = entry.get("reset_after")
    after = RESET_AFTER.holds(reader.release) if after is None else after
    if after and len(shape) == 1:
        said = "ValueError: GRU(reset_after=False) is not compatible with GRU(reset_after=True)"
        reader.refuse(
            said, "the file does not say reset_after, whose default is another one in this release", layer, "reset_after"
        )


def list_gru_entries(reader: Reader) -> Mapping[str, Config]:
    """The configurations of the GRU layers of the top level, and of those in a wrapper, by the name of the outer layer."""
    found: dict[str, Config] = {}
    for entry in calls.iterate_top_layers(reader.raw.architecture):
        outer = entry.get("config")
        held = outer.get("layer") if isinstance(outer, dict) else None
        layer = held if isinstance(held, dict) else entry
        if layer.get("class_name") == "GRU" and isinstance(outer, dict) and isinstance(layer.get("config"), dict):
            found[str(outer.get("name"))] = layer["config"]
    return found
