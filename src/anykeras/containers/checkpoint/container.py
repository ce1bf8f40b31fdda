"""TensorFlow checkpoints as a container: weights by layer, as far as the objects or the names of the variables tell it."""

from __future__ import annotations

import os
import re
from dataclasses import replace

from ... import limits
from ...errors import Malformed, NotAModel
from ...tensors import Tensor
from ..base import Match, NamedWeights, Raw, WeightGroup
from ..folder import DiskFolder, Folder
from ..foreign import LFS_POINTERS
from ..source import ByteSource
from ..wire.messages import TrackedObject
from .bundle import Bundle, read_bundle
from .named import read_named
from .objects import find_value_key, is_keras3, list_children, list_items, list_layers_of_model, read_objects
from .state import SavedState, read_state
from .table import FOOTER, MAGIC, MOST_BYTES

INDEX = ".index"
DATA = re.compile(r"\.data-\d{5}-of-\d{5}\Z")
SKIPPED = ("keras_api", "optimizer", "_random_generator", "loss_tracker")
"""Attributes that lead to no weight of a layer, or to one that is reached another way."""


class Checkpoint:
    """What ``save_weights``, ``tf.train.Checkpoint`` and ``tf.train.Saver`` write, by prefix, index or folder."""

    name = "checkpoint"

    def match(self, path: str, head: bytes) -> str | None:
        """By the end of an index, given itself, by its prefix, or as the only one of a folder."""
        index = find_index(path)
        return None if index is None else f"a table of tensors in {index}"

    def read(self, match: Match) -> Raw:
        """The weights. Raises Malformed, LimitExceeded, Unsupported or NotAModel (AK1153 for a data file that is missing)."""
        if match.folder is not None:
            folder, name = match.folder, find_name(match.folder) or ""
        else:
            root, file = os.path.split(find_index(match.path) or match.path)
            folder, name = DiskFolder(root or "."), file.removesuffix(INDEX)
        bundle = open_bundle(folder, name)
        nodes = read_objects(bundle)
        stamps = {"backend": "tensorflow", **({"keras_version": "3.0.0"} if is_keras3(nodes) else {})}
        if nodes:
            return _hold(match, read_weights(bundle, nodes), read_state(bundle, nodes), stamps)
        named = read_named(bundle)
        notes = ["weights by the names of TensorFlow variables"]
        if named.averages:
            notes.append(f"it keeps moving averages of {named.averages} variables too; the variables themselves are read")
        return replace(_hold(match, named.weights, named.state, stamps), notes=tuple(notes))


def _hold(match: Match, weights: NamedWeights, state: SavedState, stamps: dict[str, str]) -> Raw:
    listed = (*state.counters.items(), *state.listed)
    return Raw(match, weights=weights, attributes=stamps, optimizer=listed, slots=state.slots)


def find_index(path: str) -> str | None:
    """The index that `path` means; None where there is none. Raises NotAModel (AK1143) where a folder holds several."""
    if os.path.isdir(path):
        name = find_name(DiskFolder(path))
        return None if name is None else os.path.join(path, name + INDEX)
    candidates = (path, path + INDEX, DATA.sub(INDEX, path))
    return next((found for found in candidates if found.endswith(INDEX) and _is_index(found)), None)


def find_name(folder: Folder) -> str | None:
    """The checkpoint of a folder. Raises NotAModel where it holds several (AK1143), or a pointer of git-lfs (AK1130)."""
    names = sorted(name.removesuffix(INDEX) for name in folder.names() if name.endswith(INDEX))
    if len(names) > 1:
        raise NotAModel(
            "AK1143",
            f"the folder holds several checkpoints: {', '.join(names[:5])}",
            part=folder.name,
            next_step=f"Name one of them, such as {os.path.join(folder.name, names[-1])}.",
        )
    if not names or (folder.size(names[0] + INDEX) or 0) < FOOTER:
        return None
    index = open_part(folder, names[0] + INDEX, limits.current().tensor_bytes)
    return names[0] if index.read(index.size - len(MAGIC), len(MAGIC)) == MAGIC else None


def _is_index(path: str) -> bool:
    try:
        size = os.stat(path).st_size
        if not os.path.isfile(path) or size < FOOTER:
            return False
        with open(path, "rb") as file:
            file.seek(size - len(MAGIC))
            return file.read() == MAGIC
    except (OSError, ValueError):
        return False


def open_bundle(folder: Folder, name: str) -> Bundle:
    """The bundle of that name in a folder. Raises NotAModel where data files are missing, Malformed where they are short."""
    shards: dict[int, ByteSource] = {}

    def open_shard(number: int, count: int) -> ByteSource:
        if number not in shards:
            shards[number] = open_part(folder, _find_data_file(name, number, count), limits.current().tensor_bytes)
        return shards[number]

    bundle = read_bundle(open_part(folder, name + INDEX, MOST_BYTES), open_shard)
    _check_data(folder, name, bundle)
    return bundle


def _find_data_file(name: str, number: int, count: int) -> str:
    return f"{name}.data-{number:05}-of-{count:05}"


def _check_data(folder: Folder, name: str, bundle: Bundle) -> None:
    """Whether every data file is there and as long as the index says, before anything is read from them."""
    ends = dict.fromkeys(range(bundle.shards), 0)
    for entry in (*bundle.entries.values(), *bundle.parts.values()):
        if entry.shard in ends:
            ends[entry.shard] = max(ends[entry.shard], entry.offset + entry.size)
    for number, end in ends.items():
        file = _find_data_file(name, number, bundle.shards)
        size = folder.size(file)
        if size is None or size < end:
            open_part(folder, file, limits.current().tensor_bytes)  # which says what is there instead
            raise Malformed(
                "AK1104",
                f"the index describes {end:,} bytes of {file}, and it has {size or 0:,}",
                part=folder.name,
                next_step="Download or copy the file again: it is cut off.",
            )


def open_part(folder: Folder, name: str, limit: int) -> ByteSource:
    """A file of a folder. Raises NotAModel: AK1153 where it is missing, AK1130 for a pointer of git-lfs."""
    if folder.size(name) is None:
        raise NotAModel(
            "AK1153",
            f"{name} is not in the folder",
            part=folder.name,
            next_step="Copy all files of the model or checkpoint into one folder.",
        )
    source = folder.open(name, limit)
    if source.read(0, 64).startswith(LFS_POINTERS):
        raise NotAModel(
            "AK1130",
            f"{name} is a git-lfs pointer; the file itself was never downloaded",
            part=folder.name,
            next_step="Run git lfs pull in the repository that it came from.",
        )
    return source


def read_weights(bundle: Bundle, nodes: tuple[TrackedObject, ...]) -> NamedWeights:
    """The weights by layer, in the order of the model's layers where objects tell it."""
    model = _find_model(nodes)
    listed = [(f"layer-{number}", child) for number, child in list_layers_of_model(nodes, model)]
    held = [(name, child) for name, child in list_children(nodes[model]).items() if name not in SKIPPED]
    seen = {model}  # TensorFlow 2.13 and later: a model is an attribute of itself, ``root``
    groups = []
    for name, child in listed or held:
        if listed or child not in seen:
            groups.append(_group(bundle, nodes, name, child, set() if listed else seen))
    optimizer = list_children(nodes[0]).get("optimizer")
    trained = list_items(nodes[optimizer], nodes, "_trainable_variables") if optimizer is not None else None
    groups += [_group(bundle, nodes, "optimizer", child, seen) for child in trained or () if not listed and child not in seen]
    return NamedWeights(tuple(groups))


def _find_model(nodes: tuple[TrackedObject, ...]) -> int:
    """The object that has layers: the root, or the only child that has (``tf.train.Checkpoint(model=model)``)."""
    held = {child for name, child in list_children(nodes[0]).items() if name not in SKIPPED and child and nodes[child].children}
    lone = held.pop() if len(held) == 1 else 0
    return 0 if list_layers_of_model(nodes, 0) else lone if list_layers_of_model(nodes, lone) else 0


def _group(bundle: Bundle, nodes: tuple[TrackedObject, ...], name: str, top: int, seen: set[int]) -> WeightGroup:
    """The variables below an object under their full names; the group is called as their scope, where they have one.

    Objects in `seen` are in another group; those of this one are added.
    """
    found: list[tuple[str, Tensor]] = []
    waiting = [top]
    seen.add(top)
    while waiting:
        node = nodes[waiting.pop()]
        key = find_value_key(node)
        if key is not None and key in bundle.entries:
            full = next((value.full_name for value in node.values if value.full_name), key.partition("/.ATTRIBUTES")[0])
            found.append((f"{full}:0", bundle.tensor(key)))
        inside = [child for attribute, child in list_children(node).items() if attribute not in SKIPPED and child not in seen]
        seen.update(inside)
        waiting += inside[::-1]
    scopes = {full.partition("/")[0] for full, _ in found}
    return WeightGroup(scopes.pop() if len(scopes) == 1 else name, tuple(found))
