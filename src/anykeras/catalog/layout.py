"""Where Keras 3 keeps every weight of a model: ``layers/dense_1/vars/0`` and the like.

The path of a layer is made of snake-case class names with a counter for each container, in the order in which the model
lists its layers, never of the layer's own name. Sources: keras 3.15.1 ``saving/saving_lib.py`` (``_save_state``,
``_save_container_state``, ``_walk_saveable``) and ``utils/naming.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from ..document.graph import Node, find_parents, list_refs
from ..document.model import Era, Graph, Layer, Path
from ..document.walk import layers_of
from ..errors import Malformed
from .base import LayerEntry, Role, find
from .masks import find_hidden_parents
from .operations import spell_in_snake_case


def order_names(graph: Graph, hidden: Mapping[Node, Sequence[Node]] | None = None) -> list[str]:
    """Names of the layers and operations of a functional graph as ``model.operations`` lists them.

    What no output depends on is left out; an unused input stays. `hidden` adds parents that the graph does not spell
    out (see `catalog.masks`). Raises Malformed where a reference leads nowhere or the graph has a cycle.
    """
    sources: dict[Node, Sequence[Node]] = {**find_parents(graph)}
    for node, more in (hidden or {}).items():
        sources[node] = [*sources.get(node, ()), *more]
    finished, visited = _walk(sources, [(ref.layer, ref.node) for ref in list_refs(graph.outputs)])
    layer_depth = _find_depths(sources, finished)
    for ref in list_refs(graph.inputs):
        if ref.layer not in layer_depth:
            layer_depth[ref.layer], visited[ref.layer] = 0, -1
    real = {layer.name for layer in graph.layers}
    named = [name for name in layer_depth if name in real]
    return sorted(named, key=lambda name: (-layer_depth[name], visited[name]))


def order_by_creation(graph: Graph, order: Sequence[str]) -> list[str] | None:
    """The layers of `order` so that each comes after all that any of its calls waits for; None where that cannot be.

    A stack that makes the calls of a layer one after the other makes them in the order of the file then, also those of a
    layer that is shared.
    """
    waits: dict[str, dict[str, None]] = {name: {} for name in order}
    for (name, number), sources in find_parents(graph).items():
        if name in waits:  # a call may wait for one before it of the same layer
            waits[name].update(dict.fromkeys(x for x, n in sources if x in waits and (x != name or n >= number)))
    placed: dict[str, None] = {}
    for first in order:
        stack, opened = [(first, iter(waits[first]))], {first}
        while stack:
            name, rest = stack[-1]
            following = next((source for source in rest if source not in placed), None)
            if following is None:
                stack.pop()
                opened.discard(name)
                placed[name] = None
            elif following in opened:
                return None
            else:
                opened.add(following)
                stack.append((following, iter(waits[following])))
    return list(placed)


def _walk(parents: Mapping[Node, Sequence[Node]], roots: Sequence[Node]) -> tuple[list[Node], dict[str, int]]:
    """Nodes in the order in which a depth-first walk leaves them, and the rank of each layer's first visit."""
    finished: dict[Node, None] = {}
    visited: dict[str, int] = {}
    for root in roots:
        if root in finished:
            continue
        stack = [(root, iter(_find_parents(parents, root)))]
        open_nodes = {root}
        visited.setdefault(root[0], len(visited))
        while stack:
            node, rest = stack[-1]
            following = next((n for n in rest if n not in finished), None)
            if following is None:
                stack.pop()
                open_nodes.discard(node)
                finished[node] = None
                continue
            if following in open_nodes:
                raise Malformed("AK1291", "the graph has a cycle", layer=following[0])
            visited.setdefault(following[0], len(visited))
            open_nodes.add(following)
            stack.append((following, iter(_find_parents(parents, following))))
    return list(finished), visited


def _find_parents(parents: Mapping[Node, Sequence[Node]], node: Node) -> Sequence[Node]:
    if node not in parents:
        raise Malformed("AK1290", f"the graph refers to call {node[1]} of {node[0]!r}, which it does not have", layer=node[0])
    return parents[node]


def _find_depths(parents: Mapping[Node, Sequence[Node]], finished: Sequence[Node]) -> dict[str, int]:
    """The depth of each layer: the largest of its calls, counted from the outputs."""
    node_depth: dict[Node, int] = {}
    layer_depth: dict[str, int] = {}
    for node in reversed(finished):
        depth = max(node_depth.get(node, 0), layer_depth.get(node[0], 0))
        layer_depth[node[0]] = node_depth[node] = depth
        for parent in parents[node]:
            node_depth[parent] = max(depth + 1, node_depth.get(parent, 0))
    return layer_depth


# Where Keras 3 keeps every weight of a model: ``layers/dense_1/vars/0`` and the like.


@dataclass(frozen=True)
class Tree:
    """How a release files the layers of a model: under which attribute, in whose order, counted how.

    `doubled`: a layer with weights counts twice, as ``layer_with_weights-0`` and as ``layer-0``
    (``Functional._layer_checkpoint_dependencies``, keras 2.13.1 engine/functional.py). `once`: a layer of several models, which
    is filed where it is met first, is not counted in the others (``_save_container_state``, keras 2.14.0 saving/saving_lib.py).
    `strangers`: the classes unknown to the catalog that have weights.
    """

    container: str = "layers"
    by_depth: bool = True
    doubled: bool = False
    once: bool = False
    strangers: frozenset[str] = frozenset()


KERAS3_TREE = Tree()
KERAS2_15_TREE = Tree(by_depth=False)  # keras 2.15, tf_keras: ATTR_SKIPLIST has _layer_checkpoint_dependencies
KERAS2_14_TREE = Tree("_layer_checkpoint_dependencies", by_depth=False)  # keras 2.14: what was met is not counted again
KERAS2_13_TREE = replace(KERAS2_14_TREE, doubled=True)  # keras 2.12 and 2.13


@dataclass(frozen=True)
class Access:
    """How to go from a live object to one inside it: the layer of that name, an attribute, or an item of a list."""

    kind: Literal["layer", "attribute", "item"]
    name: str | int


@dataclass(frozen=True)
class StoredLayer:
    """A layer and where its state lies.

    `home` is the group of its variables (``layers/dense_1``), `path` its place in the document, `steps` the way to the
    live object. `again` marks a second visit: the state lies where the first one says.
    """

    layer: Layer
    home: str
    path: Path = ()
    steps: tuple[Access, ...] = ()
    again: bool = False


@dataclass(frozen=True)
class VariableSpec:
    """One variable: role `role` of the layer `holder`, stored at `path`; `index` is its number inside `owner`."""

    holder: StoredLayer
    role: Role
    owner: str
    index: int

    @property
    def path(self) -> str:
        """The dataset's path, such as ``layers/lstm/cell/vars/0``."""
        return join(self.owner, "vars", self.key)

    @property
    def key(self) -> str:
        """The dataset's name: a number, unless the class names its datasets itself."""
        return self.role.stored or str(self.index)

    @property
    def layer(self) -> Layer:
        """The layer that the variable belongs to in the document."""
        return self.holder.layer

    @property
    def target(self) -> tuple[Path, str]:
        """The layer by its path in the document, and the role: what a map of weights is keyed by."""
        return self.holder.path, self.role.name

    @property
    def steps(self) -> tuple[Access, ...]:
        """The way to the live object that owns the variable."""
        inner = tuple(Access("attribute", part) for part in self.role.at.split("/") if part)
        return (*self.holder.steps, *inner)


def list_stored_layers(model: Layer, era: Era = Era.KERAS3, tree: Tree = KERAS3_TREE) -> list[StoredLayer]:
    """Every layer of `model` with where its state lies, parents first; operations have none."""
    return list(_visit(StoredLayer(model, ""), _Walk(era, tree)))


def list_variable_specs(model: Layer, era: Era = Era.KERAS3, tree: Tree = KERAS3_TREE) -> list[VariableSpec]:
    """Every variable that is stored for `model`, in the order in which Keras saves them."""
    return specs_of(list_stored_layers(model, era, tree), era)


def specs_of(holders: Iterable[StoredLayer], era: Era = Era.KERAS3) -> list[VariableSpec]:
    """The variables of stored layers, in order; none of a second visit."""
    return [spec for holder in holders if not holder.again for spec in _list_own_specs(holder, era)]


@dataclass
class _Walk:
    """One walk over a model: the vocabulary, the release's way of filing, and where each layer was first seen."""

    era: Era
    tree: Tree
    seen: dict[Path, StoredLayer] = field(default_factory=dict)
    homes: dict[tuple[str, str], str] = field(default_factory=dict)  # where a tree that files once has a layer, by its name

    def home_of(self, layer: Layer) -> str | None:
        """Where a layer of this name and class was filed before, if the tree files layers once."""
        return self.homes.get((layer.name, layer.class_name)) if self.tree.once and layer.name else None


def _list_own_specs(holder: StoredLayer, era: Era) -> list[VariableSpec]:
    """The variables of one layer (not of the layers inside it); none where the catalog does not know the class."""
    entry = find(holder.layer.class_name, era)
    counts: dict[str, int] = {}
    found: list[VariableSpec] = []
    for role in entry.roles(holder.layer) if entry else ():
        owner = join(holder.home, role.at)
        found.append(VariableSpec(holder, role, owner, counts.get(owner, 0)))
        counts[owner] = counts.get(owner, 0) + 1
    return found


def list_layers(graph: Graph, by_depth: bool = True) -> list[Layer]:
    """The layers of a model as ``model.layers`` lists them: operations left out, InputLayers as Keras has them.

    Keras 3 sorts them by depth; Keras 2 wrote the configuration in the order of ``model.layers`` already.
    """
    return [layer for _, layer in _list_members(graph, by_depth)]


def _list_members(graph: Graph, by_depth: bool) -> list[tuple[Path, Layer]]:
    found = list(graph.members)
    if graph.sequential:
        first_is_input = bool(found) and found[0][1].class_name == "InputLayer"
        return found[1:] if first_is_input else found
    if not by_depth:
        return found
    by_name = {layer.name: (step, layer) for step, layer in found}
    ordered = [by_name[name] for name in order_names(graph, find_hidden_parents(graph))]
    return [(step, layer) for step, layer in ordered if not layer.operation]


def number_names(layers: Iterable[Layer], era: Era = Era.KERAS3) -> Iterator[str]:
    """The name of each layer of one container there: ``dense``, ``dense_1`` ..."""
    used: dict[str, int] = {}
    for layer in layers:
        name = spell_in_snake_case(_find_stored_class(layer, find(layer.class_name, era)))
        count = used.get(name, -1) + 1
        used[name] = count
        yield f"{name}_{count}" if count else name


def join(*parts: str) -> str:
    """Parts of a path, empty ones left out."""
    return "/".join(part for part in parts if part)


def _find_stored_class(layer: Layer, entry: LayerEntry | None) -> str:
    """The Python name of the class, which is not always the public name of the file."""
    return layer.bare_class_name if entry is None else entry.name


def _visit(holder: StoredLayer, walk: _Walk) -> Iterator[StoredLayer]:
    first = walk.seen.setdefault(holder.path, holder)
    if first is not holder:
        yield replace(holder, home=first.home, again=True)
        return
    yield holder
    layer, entry = holder.layer, find(holder.layer.class_name, walk.era)
    if layer.graph is not None:
        inner = _list_members(layer.graph, walk.tree.by_depth)
        yield from _find_container(holder, walk.tree.container, inner, walk, lambda i, x: (Access("layer", x.name),))
    for key, at in entry.children if entry else ():
        yield from _find_child(holder, key, at, walk)


def _find_child(holder: StoredLayer, key: str, at: str, walk: _Walk) -> Iterator[StoredLayer]:
    to, value = Access("attribute", at), holder.layer.config.get(key)
    if isinstance(value, Layer):
        yield from _visit(StoredLayer(value, join(holder.home, at), (*holder.path, key), (*holder.steps, to)), walk)
    elif isinstance(value, tuple):
        inner: list[tuple[Path, Layer]] = [((key, i), item) for i, item in enumerate(value) if isinstance(item, Layer)]
        yield from _find_container(holder, at, inner, walk, lambda i, x: (to, Access("item", i)))


def _find_container(
    holder: StoredLayer,
    at: str,
    inner: Sequence[tuple[Path, Layer]],
    walk: _Walk,
    way: Callable[[int, Layer], tuple[Access, ...]],
) -> Iterator[StoredLayer]:
    doubled = walk.tree.doubled and at == walk.tree.container
    met = {found[0]: walk.home_of(found[1]) for found in inner}
    for (step, layer), home in ((found, met[found[0]]) for found in inner if met[found[0]] is not None):
        yield from _visit(StoredLayer(layer, home or "", holder.path + step), walk)
    inner = [found for found in inner if met[found[0]] is None]
    counted = [(found, copy) for found in inner for copy in range(2 if doubled and _has_weights(found[1], walk) else 1)]
    names = number_names((layer for (_, layer), _ in counted), walk.era)
    for i, (((step, layer), copy), name) in enumerate(zip(counted, names, strict=True)):
        if copy == 0:
            home, steps = join(holder.home, at, name), (*holder.steps, *way(i, layer))
            walk.homes[layer.name, layer.class_name] = home
            yield from _visit(StoredLayer(layer, home, holder.path + step, steps), walk)


def _has_weights(layer: Layer, walk: _Walk) -> bool:
    """Whether the layer or one inside it has weights."""
    inside = ((inner, find(inner.class_name, walk.era)) for inner in layers_of(layer))
    return any(known.roles(inner) if known else inner.class_name in walk.tree.strangers for inner, known in inside)
