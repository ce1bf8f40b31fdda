"""HDF5 as a container: find the model in the file and say everything that is in it."""

from __future__ import annotations

from collections.abc import Iterator

from ...errors import Malformed, NotAModel
from ...tensors import Tensor
from ..base import Json, Match, NamedWeights, Raw, TreeWeights
from ..guard import guard_decoding
from ..json_text import parse_model_json
from ..source import ByteSource
from .legacy import has_names, has_numbers, has_tree, read_optimizer, read_strings, read_weights
from .nodes import StoredNode, open_tree, read_text

CONFIG, TRAINING, MODEL_WEIGHTS = "model_config", "training_config", "model_weights"
SEARCH = 4  # groups inside groups that are searched for a model
STAMPS = 256  # longest text that is taken for a stamp (keras_version, backend)


def read_hdf5(source: ByteSource, match: Match) -> Raw:
    """The Raw of an HDF5 file or of a window that holds one."""
    root = open_tree(source)
    home = _find_home(root, source.name)
    notes = [f"the model lies in the group {home.path!r}"] if home.path else []
    architecture = _read_json(home, CONFIG, notes)
    inside = home.children.get(MODEL_WEIGHTS)
    weights_home = inside if inside is not None and inside.stored is None else home
    weights = read_weights(weights_home, root)
    if weights is None and weights_home is not home:
        raise Malformed("AK1109", "the group of the weights lists no layers", part=weights_home.path)
    optimizer = read_optimizer(home, root, "")
    return Raw(
        match,
        architecture,
        _name_part(home) if architecture is not None else "",
        {**_read_stamps(weights_home), **_read_stamps(home)},
        weights,
        _read_json(home, TRAINING, notes),
        optimizer,
        notes=tuple(notes),
        leftovers=_list_leftovers(root, weights, [tensor.origin for _, tensor in optimizer]),
    )


def _name_part(home: StoredNode) -> str:
    return f"{home.path}/{CONFIG}" if home.path else CONFIG


def _holds_model(node: StoredNode) -> bool:
    weights = MODEL_WEIGHTS in node.children or has_names(node) or has_numbers(node) or has_tree(node)
    return node.stored is None and (_has_config(node) or weights)


def _has_config(node: StoredNode) -> bool:
    return CONFIG in node.attributes or CONFIG + "0" in node.attributes


def _find_home(root: StoredNode, name: str) -> StoredNode:
    """The group that holds the model: the root, or the only one among the outermost groups that do."""
    level = [root]
    for _ in range(SEARCH + 1):
        found = [node for node in level if _holds_model(node)]
        whole = [node for node in found if _has_config(node)]
        candidates = whole or found
        if len(candidates) > 1:
            raise NotAModel(
                "AK1147",
                f"the file holds several models: {', '.join(sorted(n.path for n in candidates)[:8])}",
                part=name,
                next_step="Copy the one that you want into a file of its own with h5py.",
            )
        if candidates:
            return candidates[0]
        level = [child for node in level for child in node.children.values() if child.stored is None]
    raise NotAModel(
        "AK1105",
        f"an HDF5 file without a Keras model; its top level holds {_read_contents(root)}",
        part=name,
        next_step="Give the file that model.save() or model.save_weights() wrote.",
    )


def _read_contents(root: StoredNode) -> str:
    names = [*root.children, *(f"attribute {key}" for key in root.attributes)]
    return ", ".join(repr(n) for n in names[:6]) + (" ..." if len(names) > 6 else "") if names else "nothing"


def _read_json(node: StoredNode, key: str, notes: list[str]) -> Json:
    """JSON in an attribute, in one piece or in parts (``model_config0`` ...)."""
    part = f"{node.path}/{key}" if node.path else key
    value = node.attributes.get(key)
    with guard_decoding(part):
        whole = read_text(value) if value is not None else "".join(read_strings(node, key) or []) or None
    if whole is None and value is not None:
        raise Malformed("AK1103", f"the attribute is not text but {type(value).__name__}", part=part)
    return parse_model_json(whole, part, notes) if whole else None


def _read_stamps(node: StoredNode) -> dict[str, str]:
    """Short texts in the attributes: ``keras_version``, ``backend`` and whatever else the writer left."""
    stamps = {}
    for key, value in node.attributes.items():
        if key in (CONFIG, TRAINING) or not isinstance(value, (bytes, str)):
            continue
        stamp = value.decode("utf-8", "replace") if isinstance(value, bytes) else value
        if len(stamp) <= STAMPS:
            stamps[key] = stamp
    return stamps


def _list_leftovers(root: StoredNode, weights: NamedWeights | TreeWeights | None, optimizer: list[str]) -> tuple[str, ...]:
    claimed = set(optimizer) | set(_list_origins(weights))
    return tuple(n.path for n in root.walk() if n.stored is not None and n.path not in claimed)


def _list_origins(weights: NamedWeights | TreeWeights | None) -> Iterator[str]:
    if isinstance(weights, NamedWeights):
        yield from (tensor.origin for group in weights.groups for _, tensor in group.weights)
    elif weights is not None:
        yield from (tensor.origin for tensor in weights.tensors.values())


def read_weights_store(
    source: ByteSource,
) -> tuple[NamedWeights | TreeWeights | None, tuple[tuple[str, Tensor], ...], tuple[str, ...]]:
    """(weights, optimizer's tensors, leftovers) of the weights file inside a `.keras` archive."""
    root = open_tree(source)
    weights = read_weights(root, root)
    optimizer = read_optimizer(root, root, "")
    return weights, optimizer, _list_leftovers(root, weights, [tensor.origin for _, tensor in optimizer])
