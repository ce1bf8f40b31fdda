"""Where Keras 3 keeps every weight of a model: ``layers/dense_1/vars/0`` and the like.

The path of a layer is made of snake-case class names with a counter for each container, in the order in which the model
lists its layers, never of the layer's own name. Sources: keras 3.15.1 ``saving/saving_lib.py`` (``_save_state``,
``_save_container_state``, ``_walk_saveable``) and ``utils/naming.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from ..document.model import Era, Graph, Layer, Value
from ..document.walk import walk as whole
from .base import LayerEntry, Role, find
from .graph_order import layer_order
from .masking import hidden_parents
from .operations import snake_case


@dataclass(frozen=True)
class Tree:
    """How a release files the layers of a model: under which attribute, in whose order, counted how.

    `doubled`: a layer with weights counts twice, as ``layer_with_weights-0`` and as ``layer-0``
    (``Functional._layer_checkpoint_dependencies``, keras 2.13.1 engine/functional.py).
    """

    container: str = "layers"
    by_depth: bool = True
    doubled: bool = False


KERAS3_TREE = Tree()
KERAS2_15_TREE = Tree(by_depth=False)  # keras 2.14 and 2.15, tf_keras
KERAS2_13_TREE = Tree("_layer_checkpoint_dependencies", by_depth=False, doubled=True)  # keras 2.12 and 2.13


@dataclass(frozen=True)
class Step:
    """How to go from a live object to one inside it: the layer of that name, an attribute, or an item of a list."""

    kind: Literal["layer", "attribute", "item"]
    name: str | int


@dataclass(frozen=True)
class Place:
    """A layer and where its state lies. `again` marks a second visit: the state lies where the first one says."""

    layer: Layer
    path: str
    steps: tuple[Step, ...] = ()
    again: bool = False


@dataclass(frozen=True)
class Slot:
    """One variable: role `role` of the layer at `place`, stored at `path`; `index` is its number inside `owner`."""

    place: Place
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
        return self.place.layer

    @property
    def steps(self) -> tuple[Step, ...]:
        """The way to the live object that owns the variable."""
        inner = tuple(Step("attribute", part) for part in self.role.at.split("/") if part)
        return (*self.place.steps, *inner)


def places(model: Layer, era: Era = Era.KERAS3, tree: Tree = KERAS3_TREE) -> list[Place]:
    """Every layer of `model` with its path, parents first; operations have none."""
    return list(_visit(Place(model, ""), _Walk(era, tree)))


def slots(model: Layer, era: Era = Era.KERAS3, tree: Tree = KERAS3_TREE) -> list[Slot]:
    """Every variable that is stored for `model`, in the order in which Keras saves them."""
    return [slot for place in places(model, era, tree) if not place.again for slot in slots_at(place, era)]


@dataclass
class _Walk:
    """One walk over a model: the vocabulary, the release's way of filing, and where each object was first seen."""

    era: Era
    tree: Tree
    seen: dict[int, Place] = field(default_factory=dict)


def slots_at(place: Place, era: Era = Era.KERAS3) -> list[Slot]:
    """The variables of one layer (not of the layers inside it); none where the catalog does not know the class."""
    entry = find(place.layer.class_name, era)
    counts: dict[str, int] = {}
    found: list[Slot] = []
    for role in entry.roles(place.layer) if entry else ():
        owner = join(place.path, role.at)
        found.append(Slot(place, role, owner, counts.get(owner, 0)))
        counts[owner] = counts.get(owner, 0) + 1
    return found


def listed(graph: Graph, by_depth: bool = True) -> list[Layer]:
    """The layers of a model as ``model.layers`` lists them: operations left out, InputLayers as Keras has them.

    Keras 3 sorts them by depth; Keras 2 wrote the configuration in the order of ``model.layers`` already.
    """
    if graph.sequential:
        first_is_input = bool(graph.layers) and graph.layers[0].class_name == "InputLayer"
        return list(graph.layers[1:] if first_is_input else graph.layers)
    if not by_depth:
        return list(graph.layers)
    by_name = {layer.name: layer for layer in graph.layers}
    ordered = [by_name[name] for name in layer_order(graph, hidden_parents(graph))]
    return [layer for layer in ordered if not layer.operation]


def numbered(layers: Iterable[Layer], era: Era = Era.KERAS3) -> Iterator[tuple[Layer, str]]:
    """Each layer of one container with its name there: ``dense``, ``dense_1`` ..."""
    used: dict[str, int] = {}
    for layer in layers:
        name = snake_case(_stored_class(layer, find(layer.class_name, era)))
        count = used.get(name, -1) + 1
        used[name] = count
        yield layer, f"{name}_{count}" if count else name


def join(*parts: str) -> str:
    """Parts of a path, empty ones left out."""
    return "/".join(part for part in parts if part)


def _stored_class(layer: Layer, entry: LayerEntry | None) -> str:
    """The Python name of the class, which is not always the public name of the file."""
    return layer.bare_class_name if entry is None else entry.name


def _visit(place: Place, walk: _Walk) -> Iterator[Place]:
    first = walk.seen.setdefault(id(place.layer), place)
    if first is not place:
        yield Place(place.layer, first.path, place.steps, again=True)
        return
    yield place
    layer, entry = place.layer, find(place.layer.class_name, walk.era)
    if layer.graph is not None:
        inner = listed(layer.graph, walk.tree.by_depth)
        yield from _container(place, walk.tree.container, inner, walk, lambda i, x: (Step("layer", x.name),))
    for key, at in entry.children if entry else ():
        yield from _child(place, at, layer.config.get(key), walk)


def _child(place: Place, at: str, value: Value, walk: _Walk) -> Iterator[Place]:
    to = Step("attribute", at)
    if isinstance(value, Layer):
        yield from _visit(Place(value, join(place.path, at), (*place.steps, to)), walk)
    elif isinstance(value, tuple):
        inner = [item for item in value if isinstance(item, Layer)]
        yield from _container(place, at, inner, walk, lambda i, x: (to, Step("item", i)))


def _container(
    place: Place, at: str, layers: Sequence[Layer], walk: _Walk, way: Callable[[int, Layer], tuple[Step, ...]]
) -> Iterator[Place]:
    doubled = walk.tree.doubled and at == walk.tree.container
    twice = {id(layer) for layer in layers if doubled and _weighted(layer, walk.era)}
    counted = [layer for layer in layers for _ in range(2 if id(layer) in twice else 1)]
    met: set[int] = set()
    for i, (layer, name) in enumerate(numbered(counted, walk.era)):
        if id(layer) in twice and id(layer) in met:
            continue
        met.add(id(layer))
        yield from _visit(Place(layer, join(place.path, at, name), (*place.steps, *way(i, layer))), walk)


def _weighted(layer: Layer, era: Era) -> bool:
    """Whether the layer or one inside it has weights."""
    return any(known.roles(inner) for inner in whole(layer) if (known := find(inner.class_name, era)) is not None)
