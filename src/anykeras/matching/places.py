"""The layers of a model that take weights, and which of them stands before which.

A place is one layer with variables of its own. Two places are ordered where the graph orders them: one's outcome flows
into the other. Layers side by side are not, and neither are the parts of a class whose call nobody knows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ..catalog import find
from ..catalog.base import Shape
from ..catalog.layout import KERAS2_13_TREE, KERAS2_14_TREE, KERAS2_15_TREE, KERAS3_TREE, list_layers, list_stored_layers
from ..catalog.shapes.variables import Shapes, infer_variables
from ..document.graph import find_parents, list_inputs
from ..document.model import Era, Graph, Layer, Member, Path
from ..document.walk import list_children, walk
from .atoms import Generated, read_generated

Trail = tuple[tuple[Path, Path, bool], ...]
"""The way to a place: each holder's path, the step inside it, and whether the holder fixes the order of what it holds."""


@dataclass(frozen=True, eq=False)
class Place:
    """One layer of the model with variables of its own.

    Attributes:
        index: which place of the model it is, in the order in which Keras 3 lists layers.
        path: the layer's path in the document.
        layer: the layer.
        shapes: the shape of each variable by role; a size that is not known is None, and so is a whole shape.
        known: whether the catalog knows the class; else the roles are the names of its variables.
        holders: the names of the layers around it, outermost first.
    """

    index: int
    path: Path
    layer: Layer
    shapes: Mapping[str, Shape | None]
    known: bool
    holders: tuple[str, ...]
    trail: Trail = field(repr=False, default=())

    @property
    def name(self) -> str:
        """The layer's name."""
        return self.layer.name

    @property
    def class_name(self) -> str:
        """The layer's class."""
        return self.layer.class_name

    @property
    def generated(self) -> Generated | None:
        """The name as Keras generates it; None for one of the author's own."""
        return read_generated(self.layer.name)

    @property
    def label(self) -> str:
        """The name, with the names around it where it is inside another layer."""
        return "/".join((*self.holders, self.layer.name))


class Places:
    """All places of a model.

    Args:
        model: the model.
        by_branch: whether they are to be listed as `lists_branches` says: what depends on the first input alone, then what
            depends on the second too, and so on. Two that differ in that are ordered by it.
    """

    def __init__(self, model: Layer, by_branch: bool = False) -> None:
        self.model = model
        self.layers = dict(walk(model))
        self._shapes = infer_variables(model)
        self._levels: dict[Path, _Level] = {}
        listed = tuple(self._number(self._visit(model, (), (), ())))
        self._branches = [self._branch_of(place) for place in listed] if by_branch else [0] * len(listed)
        if self._branches != sorted(self._branches):
            ranked = sorted(listed, key=lambda place: self._branches[place.index])
            listed = tuple(replace(place, index=index) for index, place in enumerate(ranked))
            self._branches.sort()
        self.all: tuple[Place, ...] = listed

    def _branch_of(self, place: Place) -> int:
        """The last of the model's inputs that a place depends on, as a number."""
        graph = self.model.graph
        if graph is None or not place.path or not isinstance(place.path[0], Member):
            return 0
        names, level = [ref.layer for ref in list_inputs(graph)], self._level(())
        return max((number for number, name in enumerate(names) if level.is_before(name, place.path[0].name)), default=0)

    def _number(self, found: Iterator[tuple[Path, Layer, tuple[str, ...], Trail]]) -> Iterator[Place]:
        index = 0
        for path, layer, holders, trail in found:
            shapes = _shapes_of(layer, self._shapes.get(path, {}))
            if shapes:
                yield Place(index, path, layer, shapes, _is_known(layer), holders, trail)
                index += 1

    def _visit(
        self, layer: Layer, path: Path, holders: tuple[str, ...], trail: Trail
    ) -> Iterator[tuple[Path, Layer, tuple[str, ...], Trail]]:
        yield path, layer, holders, trail
        around = (*holders, layer.name) if path else ()
        fixed = _is_known(layer)
        for step, inner in _order_children(layer):
            yield from self._visit(inner, path + step, around, (*trail, (path, step, fixed)))

    def is_before(self, one: Place, other: Place) -> bool | None:
        """Whether `one` stands before `other` (False: behind it); None where nothing orders them."""
        if self.are_branches(one, other):
            return one.index < other.index
        for (holder, step, fixed), (_, beside, _) in zip(one.trail, other.trail, strict=False):
            if step == beside:
                continue
            if isinstance(step[0], Member) and isinstance(beside[0], Member):
                flows = self._flows(holder, step[0], beside[0])
                # A layer called twice is listed by its first call, and what comes behind the second may be listed before it.
                return flows if flows is (one.index < other.index) else None
            return one.index < other.index if fixed else None
        return one.index < other.index

    def are_branches(self, one: Place, other: Place) -> bool:
        """Whether two places are ordered by the inputs that they depend on."""
        return self._branches[one.index] != self._branches[other.index]

    def _flows(self, holder: Path, one: Member, other: Member) -> bool | None:
        return self._level(holder).is_before(one.name, other.name)

    def _level(self, holder: Path) -> _Level:
        if holder not in self._levels:
            self._levels[holder] = _Level(self.layers[holder].graph)
        return self._levels[holder]

    def homes(self) -> Iterator[Mapping[str, int]]:
        """For each way in which releases file the layers of a model: the number of a place by its path in the file."""
        by_path = {place.path: place.index for place in self.all}
        for tree in (KERAS3_TREE, KERAS2_15_TREE, KERAS2_14_TREE, KERAS2_13_TREE):
            stored = list_stored_layers(self.model, Era.KERAS3, tree)
            yield {found.home: by_path[found.path] for found in stored if found.path in by_path and not found.again}


class _Level:
    """What flows into what among the layers of one graph."""

    def __init__(self, graph: Graph | None) -> None:
        layers = graph.layers if graph is not None else ()
        self.number = {layer.name: index for index, layer in enumerate(layers)}
        self.reach = None if graph is None or graph.sequential else _reach(graph, self.number)

    def is_before(self, one: str, other: str) -> bool | None:
        """Whether one layer stands before another; None where neither flows into the other, or each into the other."""
        first, second = self.number.get(one), self.number.get(other)
        if first is None or second is None:
            return None
        if self.reach is None:
            return first < second
        forth, back = bool(self.reach[first] >> second & 1), bool(self.reach[second] >> first & 1)
        return None if forth == back else forth


def _order_children(layer: Layer) -> Iterator[tuple[Path, Layer]]:
    """The layers inside, those of a graph as Keras 3 lists them."""
    inside = list(list_children(layer))
    if layer.graph is None or layer.graph.sequential:
        yield from inside
        return
    rank = {inner.name: number for number, inner in enumerate(list_layers(layer.graph))}
    yield from sorted(inside, key=lambda found: rank.get(found[1].name, len(rank)) if isinstance(found[0][0], Member) else -1)


def _is_known(layer: Layer) -> bool:
    return layer.graph is not None or find(layer.class_name, Era.KERAS3) is not None


def _shapes_of(layer: Layer, inferred: Shapes) -> Mapping[str, Shape | None]:
    """The variables of a layer by role: those that it holds where it holds some, else those that its arguments make."""
    if layer.weights:
        return {role: tensor.shape for role, tensor in layer.weights.items()}
    entry = find(layer.class_name, Era.KERAS3)
    if entry is None or layer.operation:
        return {}
    roles = [role.name for role in entry.roles(layer) if not role.copy]
    return {role: tuple(inferred[role]) if role in inferred else None for role in roles}


def _reach(graph: Graph, number: Mapping[str, int]) -> list[int]:
    """For every layer the set of layers that it flows into, as bits."""
    follows: list[set[int]] = [set() for _ in number]
    for (name, _), sources in find_parents(graph).items():
        for source, _ in sources:
            if source in number and name in number and source != name:
                follows[number[source]].add(number[name])
    reached = [0] * len(follows)
    changed = True
    while changed:  # a second round only where a layer that is called several times stands on both sides of another
        changed = False
        for index in _follow_backwards(follows):
            found = reached[index]
            for after in follows[index]:
                found |= reached[after] | 1 << after
            changed, reached[index] = changed or found != reached[index], found
    return reached


def _follow_backwards(follows: Sequence[set[int]]) -> list[int]:
    """The layers, each behind those that it flows into as far as there is no loop."""
    done: dict[int, None] = {}
    for start in range(len(follows)):
        waiting = [(start, iter(follows[start]))]
        entered = {start}
        while waiting:
            index, rest = waiting[-1]
            following = next((after for after in rest if after not in done and after not in entered), None)
            if following is None:
                done.setdefault(index)
                waiting.pop()
            else:
                entered.add(following)
                waiting.append((following, iter(follows[following])))
    return list(done)
