"""Weights by layer: the layouts of Keras 0.x (numbers) and of Keras 1 to 3 `.h5` (names), and trees of objects.

Sources: keras/models.py save_weights (0.3.3), keras/engine/topology.py save_weights_to_hdf5_group (1.2.2),
keras/engine/saving.py save_attributes_to_hdf5_group (2.2.4), keras/src/legacy/saving/legacy_h5_format.py (3.15.1).
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable, Sequence

from ... import limits
from ...errors import Malformed
from ...tensors import Tensor
from ..base import NamedWeights, TreeWeights, WeightGroup
from ..guard import guard_decoding
from ..source import limit_error
from .nodes import StoredNode, read_text

LAYERS, WEIGHTS = "layer_names", "weight_names"
TOP_LEVEL = "top_level_model_weights"
TREES = ("layers", "_layer_checkpoint_dependencies", "vars")
# One group of numbered tensors a layer; `graph` is the whole Graph model of Keras 0.x.
NUMBERED = re.compile(r"(?:layer_(\d+)|graph)\Z")


def has_names(node: StoredNode) -> bool:
    """Does this group list its layers in attributes?"""
    return LAYERS in node.attributes or LAYERS + "0" in node.attributes


def has_numbers(node: StoredNode) -> bool:
    """Is this group one of Keras 0.x (``layer_0/param_0``)?"""
    return any(NUMBERED.match(name) and "nb_params" in child.attributes for name, child in node.children.items())


def has_tree(node: StoredNode) -> bool:
    """Is this group a tree of objects with ``vars`` (Keras 2.12 and later)?"""
    found = [child for name, child in node.children.items() if _find_first_part(name) in TREES]
    return any(child.stored is None for child in found) and any(
        below.path.rsplit("/", 1)[-1] == "vars" and below.stored is None for top in found for below in top.walk()
    )


def read_weights(node: StoredNode, root: StoredNode, prefix: str = "") -> NamedWeights | TreeWeights | None:
    """The weights of a group in whichever layout it has, None when it has none. `prefix` opens their addresses.

    Raises Malformed (AK1103, AK1107, AK1109).
    """
    if has_names(node):
        return _read_named(node, root, prefix)
    if has_numbers(node):
        return _read_numbered(node, prefix)
    return _read_tree(node, prefix) if has_tree(node) else None


def read_strings(node: StoredNode, name: str) -> list[str] | None:
    """A list of strings in an attribute, or in its parts ``name0``, ``name1`` ...; None where there is none."""
    attributes = node.attributes
    if name in attributes:
        return _read_strings(attributes[name], node.path, name)
    parts = sorted((key for key in attributes if re.fullmatch(name + r"\d+", key)), key=lambda k: int(k[len(name) :]))
    if [int(key[len(name) :]) for key in parts] != list(range(len(parts))):
        raise Malformed("AK1109", f"parts of the list are missing: {parts[:5]}", part=node.path or "/", key=name)
    return [s for key in parts for s in _read_strings(attributes[key], node.path, key)] if parts else None


def _read_strings(value: object, path: str, key: str) -> list[str]:
    with guard_decoding(f"{path or '/'} attribute {key}"):
        # An empty list is stored as no numbers at all, since h5py cannot tell what it was a list of.
        items = _read_texts(value if isinstance(value, list | array) else [value], path, key)
    if any(item is None for item in items):
        raise Malformed("AK1109", "the list holds something that is not text", part=path or "/", key=key)
    return [item for item in items if item is not None]


def _read_texts(values: Iterable[object], path: str, key: str) -> list[str | None]:
    """Each as text; a crafted list can repeat one long text, so that all of them together are bounded."""
    left, found = limits.current().attribute_bytes, []
    for value in values:
        found.append(read_text(value))
        left -= len(found[-1] or "")
        if left < 0:
            bound = limits.current().attribute_bytes
            raise limit_error("characters in a list of names", bound - left, bound, path or "/", key)
    return found


def read_named_tensors(node: StoredNode, root: StoredNode, prefix: str) -> list[tuple[str, Tensor]]:
    """The tensors that a group lists in ``weight_names``. Raises Malformed when one is listed and not there."""
    names = read_strings(node, WEIGHTS)
    if names is None:
        raise Malformed(
            "AK1109",
            "the group does not list its weights",
            part=node.path,
            key=WEIGHTS,
            next_step="Saving stopped before the file was complete, or it was edited. Use another save of the model.",
        )
    if len(set(names)) != len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise Malformed(
            "AK1109",
            f"{twice!r} is listed for several weights, of which the file can hold one",
            part=node.path,
            key=WEIGHTS,
            next_step="Saving failed in the middle ('name already exists'). Save it again, as .keras where that works.",
        )
    return [(name, _read_array(node, root, name, prefix)) for name in names]


def _read_array(node: StoredNode, root: StoredNode, name: str, prefix: str) -> Tensor:
    found = node.find(name, root)
    if found is None or found.stored is None:
        raise Malformed(
            "AK1109",
            f"the weight {name!r} is listed and not stored",
            part=node.path,
            key=WEIGHTS,
            next_step="Saving stopped before the file was complete, or it was edited. Use another save of the model.",
        )
    return found.stored.tensor(prefix)


def _read_named(node: StoredNode, root: StoredNode, prefix: str) -> NamedWeights:
    layers = read_strings(node, LAYERS) or []
    if len(set(layers)) != len(layers):
        raise Malformed("AK1109", "a layer is listed twice", part=node.path or "/", key=LAYERS)
    groups = []
    for layer in layers:
        child = node.find(layer, node)
        if child is None or child.stored is not None:
            raise Malformed("AK1109", f"the layer {layer!r} is listed and has no group", part=node.path or "/", key=LAYERS)
        groups.append(WeightGroup(layer, tuple(read_named_tensors(child, root, prefix))))
    top = node.children.get(TOP_LEVEL)
    if top is not None and TOP_LEVEL not in layers and (own := read_named_tensors(top, root, prefix)):
        groups.append(WeightGroup(TOP_LEVEL, tuple(own)))
    return NamedWeights(tuple(groups))


def _read_numbered(node: StoredNode, prefix: str) -> NamedWeights:
    layers = {name: child for name, child in node.children.items() if NUMBERED.match(name)}
    ordered = sorted(layers, key=by_number)
    count = node.attributes.get("nb_layers")
    numbered = [f"layer_{i}" for i in range(len(ordered))]
    if count is not None and (_read_whole(count, node, "nb_layers") != len(ordered) or ordered != numbered):
        raise Malformed("AK1109", f"{count!r} layers are declared, {len(ordered)} stored", part=node.path or "/")
    groups = []
    for name in ordered:
        child = layers[name]
        total = _read_whole(child.attributes.get("nb_params"), child, "nb_params")
        stored = len(child.children)
        if total > stored:
            raise Malformed("AK1109", f"{total} weights are declared, {stored} stored", part=child.path)
        names = [f"param_{i}" for i in range(total)]
        groups.append(WeightGroup(name, tuple((n, _read_array(child, child, n, prefix)) for n in names)))
    return NamedWeights(tuple(groups), indexed=True)


def _read_whole(value: object, node: StoredNode, key: str) -> int:
    with guard_decoding(f"{node.path or '/'} attribute {key}"):
        number = value[0] if isinstance(value, array) and len(value) == 1 else value
        if not isinstance(number, int):
            raise TypeError(f"{value!r} is not a whole number")
        return number


def by_number(path: str) -> list[tuple[bool, int, str]]:
    """Sort key: numbers inside a path by their value."""
    return [(part.isdigit(), int(part) if part.isdigit() else 0, part) for part in re.split(r"(\d+)", path)]


def _read_tree(node: StoredNode, prefix: str) -> TreeWeights:
    start = len(node.path) + 1 if node.path else 0
    tensors, names = {}, {}
    for below in _list_below(node, exclude=("optimizer", "metrics")):
        path = _write_forward_slashes(below.path[start:])
        if below.stored is not None and below.stored.dtype is not None:
            if path in tensors:
                raise Malformed("AK1109", "a weight is stored twice, with slashes and with backslashes", part=below.path)
            tensors[path] = below.stored.tensor(prefix)
        elif path.endswith("vars"):
            with guard_decoding(f"{below.path} attribute name"):
                name = read_text(below.attributes.get("name"))
            if name is not None:
                names[path.removesuffix("vars").rstrip("/")] = name
    return TreeWeights({path: tensors[path] for path in sorted(tensors, key=by_number)}, names, "vars" in node.children)


def _list_below(node: StoredNode, exclude: Sequence[str]) -> Iterable[StoredNode]:
    return (n for name, child in node.children.items() if _find_first_part(name) not in exclude for n in child.walk())


def _write_forward_slashes(path: str) -> str:
    """The path of a variable as every system but Windows writes it.

    Keras 2.12 to 2.15 joined the parts of a path with ``tf.io.gfile.join``, a backslash on Windows, for which HDF5 has no
    meaning: ``layers\\lstm\\cell/vars/0`` (keras 2.15 saving/saving_lib.py, `_save_state`). The variable's own name stays.
    """
    group, vars_, own = path.rpartition("/vars/")
    return group.replace("\\", "/") + vars_ + own if vars_ else own.replace("\\", "/")


def _find_first_part(name: str) -> str:
    """The outermost object that a top-level group belongs to: ``layers`` of ``layers\\dense``."""
    return name.partition("\\")[0]


def read_optimizer(node: StoredNode, root: StoredNode, prefix: str) -> tuple[tuple[str, Tensor], ...]:
    """The optimizer's tensors beside a model: ``optimizer_weights`` with names, or ``optimizer/vars/N``."""
    legacy = node.children.get("optimizer_weights")
    if legacy is not None and read_strings(legacy, WEIGHTS) is not None:
        return tuple(read_named_tensors(legacy, root, prefix))
    trees = [child for name, child in node.children.items() if _find_first_part(name) == "optimizer"]
    start = len(node.path) + 1 if node.path else 0
    stored = [(n.path[start:], n.stored) for tree in trees for n in tree.walk() if n.stored and n.stored.dtype]
    found = {_write_forward_slashes(path): held.tensor(prefix) for path, held in stored}
    return tuple((path, found[path]) for path in sorted(found, key=by_number))
