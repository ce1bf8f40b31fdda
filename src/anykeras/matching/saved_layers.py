"""A weights file as a list of layers: the names that it has, what their weights tell of them, and how widths follow.

HDF5 files list the layers of the top level in order, also those without weights. Trees list them by class, so that an order
across classes is only known where the widths leave one.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ..containers.base import NamedWeights, TreeWeights
from ..document.model import Era, Writer
from .atoms import Atom, class_of_name, read_atoms, read_generated
from .kinds import Kind, find_kind, find_kind_in_layout, find_layouts

_HALVES = ("forward_layer", "backward_layer")
_MOST = 12  # weights that one layer of Keras 0 had at most: an LSTM
_CONTAINERS = ("layers", "_layer_checkpoint_dependencies")
_MODELS = ("Functional", "Sequential", "Model", "Graph")


@dataclass(frozen=True)
class SavedLayer:
    """One layer of a file.

    Attributes:
        name: as the file has it.
        class_name: what the generated name tells, or the path in a tree; None for a name of the author's own.
        kind: what the weights tell; None without weights, and where they fit no known class.
        atoms: the weights, one atom a layer without layers inside.
        inner: the layers inside, for a nested model or a layer of the author's own that holds layers.
        generated: whether Keras made the name.
    """

    name: str
    class_name: str | None = None
    kind: Kind | None = None
    atoms: tuple[Atom, ...] = ()
    inner: tuple[SavedLayer, ...] = ()
    generated: bool = False

    @property
    def weights(self) -> dict[str, tuple[int, ...]]:
        """Shapes by role, of all its atoms."""
        if len(self.atoms) == 1:
            return {role: tensor.shape for role, tensor in self.atoms[0].tensors.items()}
        return {f"{atom.name}/{role}": tensor.shape for atom in self.atoms for role, tensor in atom.tensors.items()}


@dataclass(frozen=True)
class SavedLayers:
    """The layers of a file; `layout` of the kernels of Keras 0 and 1 (``th``, ``tf``), and whether a kernel proves it."""

    layers: tuple[SavedLayer, ...]
    in_order: bool
    lists_all: bool
    layout: str | None = None
    layout_proved: bool = False

    @property
    def weighted(self) -> list[SavedLayer]:
        """The layers with weights of their own, those of nested models in their places."""
        return [layer for layer in unfold(self.layers) if layer.atoms and not layer.inner]


def unfold(layers: Iterable[SavedLayer]) -> Iterator[SavedLayer]:
    """Every layer, each before those inside it."""
    for layer in layers:
        yield layer
        yield from unfold(layer.inner)


def read_layers(weights: NamedWeights | TreeWeights, writer: Writer) -> SavedLayers:
    """The layers of a weights file."""
    atoms = read_atoms(weights, writer.era)
    layouts = _iterate_layouts(atoms, writer)
    found = [_read(weights, atoms, writer.era, layout) for layout in layouts]
    if len(found) == 1:
        return replace(found[0], layout=layouts[0], layout_proved=layouts[0] is not None)
    breaks = [len(follow_widths(saved).breaks) for saved in found]
    best = breaks.index(min(breaks))  # the backend's own layout where widths follow in both
    return replace(found[best], layout=layouts[best], layout_proved=breaks[0] != breaks[1])


def _iterate_layouts(atoms: Sequence[Atom], writer: Writer) -> list[str | None]:
    """The layout that the kernels of Keras 0 or 1 have; both where each kernel can be either, the backend's own before."""
    if writer.era not in (Era.KERAS0, Era.KERAS1):
        return [None]
    possible = [layouts for layouts in (find_layouts(atom, writer.era) for atom in atoms) if layouts]
    if not possible:
        return [None]
    proved = {next(iter(layouts)) for layouts in possible if len(layouts) == 1}
    if len(proved) == 1:
        return [*proved]
    return ["th", "tf"] if writer.backend == "theano" else ["tf", "th"]


def _read(weights: NamedWeights | TreeWeights, atoms: Sequence[Atom], era: Era, layout: str | None) -> SavedLayers:
    reader = _Reader(era, layout)
    if isinstance(weights, TreeWeights):
        layers = reader.tree(atoms, weights)
        return SavedLayers(layers, len(layers) < 2, bool(weights.names))
    by_group: dict[str, list[Atom]] = {}
    for atom in atoms:
        by_group.setdefault(atom.group, []).append(atom)
    layers = tuple(reader.group(group.name, by_group.get(group.name, []), weights.indexed) for group in weights.groups)
    return SavedLayers(layers, in_order=True, lists_all=True)


@dataclass(frozen=True)
class _Reader:
    era: Era
    layout: str | None

    def kind(self, atom: Atom, class_name: str | None = None) -> Kind | None:
        if self.layout is None:
            return find_kind(atom, self.era, class_name)
        return find_kind_in_layout(atom, self.era, self.layout, class_name)

    def group(self, name: str, atoms: Sequence[Atom], numbered: bool) -> SavedLayer:
        """The layer that a group of an HDF5 file is of."""
        generated = not numbered and read_generated(name) is not None
        class_name = class_of_name(name, self.era) if not numbered else None
        layer = SavedLayer(name, class_name, atoms=tuple(atoms), generated=generated)
        if not atoms:
            return layer
        halves = [_take_half(atom) for atom in atoms]
        if len(atoms) == 2 and halves == ["forward", "backward"]:
            return replace(layer, kind=_both_ways(self.kind(atoms[0])), class_name="Bidirectional")
        if len(atoms) == 1 and not numbered and not _is_nested(name, atoms[0]):
            inside = None if class_name == "TimeDistributed" else class_name
            kind = self.kind(atoms[0], inside)
            if kind is not None and class_name == "TimeDistributed":
                kind = replace(kind, wrapper="TimeDistributed", rank=None if kind.rank is None else kind.rank + 1)
            return replace(layer, kind=kind)
        if len(atoms) == 1 and numbered:
            kind = self.kind(atoms[0])
            return replace(layer, kind=kind) if kind is not None else replace(layer, inner=tuple(self.cut(atoms[0])))
        if len(atoms) == 1:
            return replace(layer, inner=(self.leaf(atoms[0]),))
        return replace(layer, inner=tuple(self.inside(atoms)))

    def cut(self, atom: Atom) -> list[SavedLayer]:
        """The layers of a Graph, Merge or container of Keras 0, which saved all it held as one: the fewest that fit."""
        listed = list(atom.tensors.items())
        best: dict[int, list[SavedLayer]] = {0: []}
        for end in range(1, len(listed) + 1):
            for start in range(max(0, end - _MOST), end):
                part = replace(atom, tensors=dict(listed[start:end]))
                kind = self.kind(part) if start in best else None
                if kind is not None and (end not in best or len(best[start]) + 1 < len(best[end])):
                    name = f"{atom.name}/{len(best[start]) + 1}"
                    best[end] = [*best[start], SavedLayer(name, kind=kind, atoms=(part,))]
        return best.get(len(listed), [])

    def leaf(self, atom: Atom) -> SavedLayer:
        """The layer of one atom."""
        return SavedLayer(atom.name, atom.hint, self.kind(atom), (atom,), generated=atom.generated is not None)

    def inside(self, atoms: Sequence[Atom]) -> Iterator[SavedLayer]:
        """The layers of a nested group: the halves of one Bidirectional as one."""
        rest = list(atoms)
        while rest:
            atom = rest.pop(0)
            other = next((a for a in rest if _take_half(atom) and _take_half(a) and _find_stem(a) == _find_stem(atom)), None)
            if other is None:
                yield self.leaf(atom)
                continue
            rest.remove(other)
            name = atom.owner[-2] if len(atom.owner) > 1 else _find_stem(atom)[-1]
            kind = _both_ways(self.kind(atom))
            yield SavedLayer(name, "Bidirectional", kind, (atom, other), generated=read_generated(name) is not None)

    def tree(self, atoms: Sequence[Atom], weights: TreeWeights) -> tuple[SavedLayer, ...]:
        """The layers of a tree of objects, and those without weights that it names."""
        by_home: dict[str, list[Atom]] = {}
        for atom in atoms:
            by_home.setdefault(_find_home(atom), []).append(atom)
        names = {path.split("/", 1)[1]: name for path, name in weights.names.items() if _is_layer_path(path)}
        listed = dict.fromkeys([*by_home, *(home for home in names if home not in by_home)])
        return tuple(self.at(home, names.get(home, home), by_home.get(home, [])) for home in listed)

    def at(self, home: str, name: str, atoms: Sequence[Atom]) -> SavedLayer:
        """The layer at a place of a tree; its last word tells the class."""
        class_name = class_of_name(home, self.era)
        layer = SavedLayer(name, class_name, atoms=tuple(atoms), generated=read_generated(name) is not None)
        if not atoms:
            return layer
        depth = 1 + (atoms[0].owner[0] in _CONTAINERS)
        below = [atom.owner[depth:] for atom in atoms]
        if len(atoms) == 2 and [part[-1:] for part in below] == [_HALVES[:1], _HALVES[1:]]:
            return replace(layer, kind=_both_ways(self.kind(atoms[0])))
        if len(atoms) == 1 and below[0] in ((), ("layer",)):
            kind = self.kind(atoms[0], None if below[0] else class_name)
            if kind is not None and below[0] and class_name == "TimeDistributed":
                kind = replace(kind, wrapper=class_name, rank=None if kind.rank is None else kind.rank + 1)
            return replace(layer, kind=kind)
        return replace(layer, inner=tuple(self.inside(atoms)))


def _take_half(atom: Atom) -> str | None:
    """Which half of a Bidirectional an atom is."""
    for word in ("forward", "backward"):
        if any(part.startswith(f"{word}_") for part in atom.owner):
            return word
    return None


def _find_stem(atom: Atom) -> tuple[str, ...]:
    return tuple(part.removeprefix("forward_").removeprefix("backward_") for part in atom.owner)


def _is_nested(name: str, atom: Atom) -> bool:
    """Whether a group with one atom is a model around it: the atom's own name tells another layer."""
    generated = read_generated(name)
    by_default = generated is not None and generated.stem in ("model", "sequential", "functional")
    return by_default or class_of_name(name, Era.KERAS3) in _MODELS


def _find_home(atom: Atom) -> str:
    return atom.group if atom.owner and atom.owner[0] in _CONTAINERS else atom.owner[0]


def _is_layer_path(path: str) -> bool:
    parts = path.split("/")
    return len(parts) == 2 and parts[0] in _CONTAINERS


def _both_ways(kind: Kind | None) -> Kind | None:
    if kind is None:
        return None
    return replace(kind, wrapper="Bidirectional", gives=None if kind.gives is None else 2 * kind.gives)


@dataclass(frozen=True)
class Jump:
    """A Dense that takes more than the layer before gives: behind a Flatten, which lays `positions` of `features` in a row."""

    layer: SavedLayer
    positions: int
    features: int


@dataclass(frozen=True)
class Chain:
    """How widths follow from each other.

    Attributes:
        layers: the layers, in the order in which widths follow.
        jumps: where a Flatten explains a width.
        groups: groups of a convolution that takes a part of the features, by its name.
        breaks: layers whose width does not follow, and why; empty where all do.
        unique: whether no other order of the layers has widths that follow.
    """

    layers: tuple[SavedLayer, ...]
    jumps: tuple[Jump, ...] = ()
    groups: Mapping[str, int] = field(default_factory=dict)
    breaks: Mapping[str, str] = field(default_factory=dict)
    unique: bool = True

    @property
    def linear(self) -> bool:
        """Whether every width follows from the one before."""
        return not self.breaks


_SHAPELESS = ("Dense",)
_RESHAPES = ("Reshape", "Permute", "RepeatVector", "Lambda", "Concatenate", "Merge", "Dot")


def follow_widths(saved: SavedLayers) -> Chain:
    """How the widths of the layers follow from each other; in a tree the order that they leave, where they leave one."""
    layers = tuple(layer for layer in unfold(saved.layers) if not layer.inner)
    if saved.in_order:
        return _follow(layers)
    weighted = [layer for layer in layers if layer.atoms]
    orders = list(itertools.islice(_iterate_orders(weighted), _ORDERS))
    if not orders:
        return replace(_follow(weighted), unique=False)
    return replace(_follow(min(orders, key=_count_rises)), unique=len(orders) == 1)


def _count_rises(layers: Sequence[SavedLayer]) -> int:
    """How often a layer with more axes comes behind one with fewer: networks go from images to vectors, rarely back."""
    kinds = [layer.kind for layer in layers if layer.kind is not None]
    ranks = [kind.rank or 2 for kind in kinds if kind.rank is not None or kind.class_name == "Dense"]
    return sum(later > earlier for earlier, later in itertools.pairwise(ranks))


def _follow(layers: Sequence[SavedLayer]) -> Chain:
    state = _State()
    for layer in layers:
        state.take(layer)
    return Chain(tuple(layers), tuple(state.jumps), state.groups, state.breaks)


class _State:
    """What has been passed on the way through a chain."""

    def __init__(self) -> None:
        self.width: int | None = None
        self.spatial = False  # whether there are positions that a Flatten could lay in a row
        self.flat = False  # whether a Flatten laid them in a row
        self.free = True  # whether the width before is unknown
        self.jumps: list[Jump] = []
        self.groups: dict[str, int] = {}
        self.breaks: dict[str, str] = {}

    def copy(self) -> _State:
        other = _State()
        other.width, other.spatial, other.free, other.flat = self.width, self.spatial, self.free, self.flat
        return other

    def take(self, layer: SavedLayer) -> None:
        """Go through one layer; note a break where its width does not follow."""
        kind = layer.kind
        if not layer.atoms:
            self.free = self.free or layer.class_name in _RESHAPES
            self.flat = self.flat and not self.free and layer.class_name is not None
            return
        if kind is None:
            self.breaks[layer.name] = "a class that Keras does not have"
            self.free, self.flat = True, False
            return
        reason = self._enter(layer, kind)
        if reason:
            self.breaks[layer.name] = reason
        if (kind.rank or 0) > 2:
            self.spatial = True
        if kind.gives is not None:
            self.width, self.free = kind.gives, False

    def _enter(self, layer: SavedLayer, kind: Kind) -> str:
        width, takes = self.width, kind.takes
        if takes is None:
            return "" if self.free and width is None else "an input of its own, or one that the weights do not tell"
        if self.flat and (kind.rank or 0) > 2 and not self.free:
            return "takes positions, and a Flatten lies before it"
        if self.free or width is None or takes == width:
            return ""
        if kind.class_name in _SHAPELESS and kind.wrapper is None and self.spatial and takes % width == 0:
            self.jumps.append(Jump(layer, takes // width, width))
            self.spatial, self.flat = False, True
            return ""
        if kind.class_name == "BatchNormalization" and self.spatial and takes % width == 0 and takes > width:
            self.jumps.append(Jump(layer, takes // width, width))
            self.spatial, self.flat = False, True
            return ""
        filters = kind.arguments.get("filters")
        grouped = kind.class_name.startswith("Conv") and kind.layout is None and width % takes == 0
        if grouped and isinstance(filters, int) and filters % (width // takes) == 0:
            self.groups[layer.name] = width // takes
            return ""
        return f"takes {takes} features and the layer before gives {width}"


_STEPS = 20_000
_ORDERS = 24  # that are compared where widths leave several


def _iterate_orders(layers: Sequence[SavedLayer]) -> Iterator[tuple[SavedLayer, ...]]:
    """Orders of the layers of a tree in which every width follows; layers of one class keep their own order."""
    queues: dict[str, list[SavedLayer]] = {}
    for layer in layers:
        queues.setdefault(layer.class_name or layer.name, []).append(layer)
    # (what is left of each class, state, chosen): depth first, with a bound on the steps
    stack: list[tuple[tuple[tuple[str, int], ...], _State, tuple[SavedLayer, ...]]] = [
        (tuple((name, 0) for name in queues), _State(), ())
    ]
    tried = 0
    while stack and tried < _STEPS:
        heads, state, chosen = stack.pop()
        if len(chosen) == len(layers):
            yield tuple(chosen)
            continue
        for number, (name, at) in enumerate(heads):
            if at == len(queues[name]) or tried >= _STEPS:
                continue
            tried += 1
            layer, after = queues[name][at], state.copy()
            after.take(layer)
            if not after.breaks:
                stack.append(((*heads[:number], (name, at + 1), *heads[number + 1 :]), after, (*chosen, layer)))


def alike(layers: Sequence[SavedLayer]) -> list[list[SavedLayer]]:
    """Layers of one class with weights of the same shapes: which is which is in names and order alone."""
    found: dict[tuple[object, ...], list[SavedLayer]] = {}
    for layer in layers:
        if layer.atoms and not layer.inner:
            found.setdefault((str(layer.kind), tuple(layer.weights.values())), []).append(layer)
    return [group for group in found.values() if len(group) > 1]
