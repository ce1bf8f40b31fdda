"""The weights of a file, cut into atoms: what one layer without layers inside owns, in whatever way the file names it.

A group of a legacy HDF5 file holds a nested model or a wrapper with everything in it, in the order "trained first". Cut by
owner, a nested file and a flat model need no special case, and that order no longer matters.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache

from ..catalog import entries, find
from ..catalog.base import OLD
from ..catalog.layout import join
from ..catalog.operations import spell_in_snake_case
from ..containers.base import NamedWeights, TreeWeights, WeightGroup
from ..document.model import Config, Era, Layer
from ..tensors import Tensor

_NUMBER = re.compile(r"(.*?)(?:_?((?<!\d)\d+)|_)?\Z", re.DOTALL)
_HALF = re.compile(r"\A(?:for|back)ward(?=.*(?:lstm|gru|rnn))")
_REPEATED = re.compile(r"(.+?)_\d+\Z", re.DOTALL)
_MODELS = ("Model", "Sequential", "Functional", "Graph")
_PROJECTIONS = frozenset({"query", "key", "value", "attention_output"})
_INSIDE = frozenset({"forward_layer", "backward_layer", "layer", "cell", "cells", "_pipeline_layers"})


@dataclass(frozen=True)
class Generated:
    """A name that Keras made: the class it tells, as its names spell it without underscores, and its number."""

    stem: str
    number: int


@dataclass(frozen=True, eq=False)
class Atom:
    """The own weights of one layer of the file.

    Attributes:
        index: which atom of the file it is, from 0.
        group: the group of the file (the layer of the top level) that it lies in.
        owner: the names that lead to it, outermost first, without those that say nothing (name scopes of the backend).
        tensors: by role as the file names it: ``kernel``, ``W_i``, ``query/kernel``; ``0``, ``1`` where it has numbers.
        numbered: whether roles and layers are numbers only (Keras 0), so that order is all that tells them.
        hint: the class, as the era of the file calls it, where a generated name or the path tells it.
        generated: the generated name, where it is one; where a file has no names, the one that its path would be.
        path: where it lies in a tree of objects, which counts the layers of a class; the order of a tree says nothing.
        scattered: whether it is of a program's variables, whose order says nothing, and which may be of other models too.
    """

    index: int
    group: str
    owner: tuple[str, ...]
    tensors: Mapping[str, Tensor]
    numbered: bool = False
    hint: str | None = None
    generated: Generated | None = None
    path: str | None = None
    scattered: bool = False

    @property
    def counted(self) -> tuple[str, str, int] | None:
        """In a tree: the container, and which one of its class the layer is there. Of a program: which was made when."""
        if self.scattered:
            made = self.generated
            return ("/".join(self.owner[:-1]), made.stem, made.number) if made is not None else (self.label, "", 0)
        if self.path is None:
            return None
        container, _, last = self.path.rpartition("/")
        generated = None if last in _INSIDE else read_generated(last)
        return (container, generated.stem, generated.number) if generated is not None else (self.path, "", 0)

    @property
    def has_name(self) -> bool:
        """Whether the file says what the layer was called."""
        return not self.numbered and (self.path is None or self.owner[-1] != self.path.rpartition("/")[2])

    @property
    def name(self) -> str:
        """The name of the layer, as far as the file tells it."""
        return self.owner[-1] if self.owner else self.group

    @property
    def around(self) -> frozenset[str]:
        """The names of the layers around it, as far as the file tells them."""
        return frozenset({self.group, *self.owner} - {self.name})

    @property
    def label(self) -> str:
        """The name, with the names around it where the file has them."""
        return "/".join(self.owner) or self.group

    @property
    def shapes(self) -> tuple[tuple[int, ...], ...]:
        """The shapes of its tensors, in the order of the file."""
        return tuple(tensor.shape for tensor in self.tensors.values())

    def __str__(self) -> str:
        return f"{self.name} ({', '.join(f'{role} {_show(tensor.shape)}' for role, tensor in self.tensors.items())})"


def _show(shape: Sequence[int]) -> str:
    return "x".join(str(size) for size in shape) or "scalar"


@dataclass(frozen=True)
class _Part:
    """What becomes an atom."""

    group: str
    owner: tuple[str, ...]
    tensors: dict[str, Tensor]


def read_atoms(weights: NamedWeights | TreeWeights, era: Era) -> tuple[Atom, ...]:
    """The atoms of a file, in its order; `era` is that of the writer of the weights."""
    if isinstance(weights, TreeWeights):
        return tuple(_atoms_of_tree(weights, era))
    if weights.indexed:
        groups = [group for group in weights.groups if group.weights]
        return tuple(
            Atom(index, group.name, (group.name,), dict(_join_by_number(group)), numbered=True)
            for index, group in enumerate(groups)
        )
    parts = [part for group in weights.groups for part in _join_attention(_cut(group))]
    return tuple(
        Atom(
            index,
            part.group,
            part.owner,
            part.tensors,
            hint=_class_of_owner(part, era),
            generated=read_generated(part.owner[-1] if part.owner else part.group),
            scattered=weights.scattered,
        )
        for index, part in enumerate(parts)
    )


def tensors_of(weights: NamedWeights | TreeWeights) -> list[Tensor]:
    """All tensors of a file."""
    if isinstance(weights, TreeWeights):
        return list(weights.tensors.values())
    return [tensor for group in weights.groups for _, tensor in group.weights]


def leave_out(weights: NamedWeights | TreeWeights, known: Sequence[Tensor]) -> NamedWeights | TreeWeights:
    """The weights without those that are known."""
    gone = set(known)
    if isinstance(weights, TreeWeights):
        return replace(weights, tensors={path: tensor for path, tensor in weights.tensors.items() if tensor not in gone})
    kept = (replace(group, weights=tuple(pair for pair in group.weights if pair[1] not in gone)) for group in weights.groups)
    return replace(weights, groups=tuple(group for group in kept if group.weights))


def _join_by_number(group: WeightGroup) -> Iterator[tuple[str, Tensor]]:
    for index, (_, tensor) in enumerate(group.weights):
        yield str(index), tensor


def _cut(group: WeightGroup) -> list[_Part]:
    """The weights of a group by owner, each owner where its first weight stands."""
    parts: dict[tuple[tuple[str, ...], int], _Part] = {}
    for name, tensor in group.weights:
        owner, role = _split(name.replace("\\", "/").removesuffix(":0"), group.name)
        plain = _REPEATED.match(role)
        if plain is not None and plain[1] in _find_known_roles():
            role = plain[1]  # made unique by TensorFlow: `kernel_1`, `W_2`
        copy = 0
        while (part := parts.setdefault((owner, copy), _Part(group.name, owner, {}))).tensors.get(role) is not None:
            copy += 1
        part.tensors[role] = tensor
    return list(parts.values())


def _split(name: str, group: str) -> tuple[tuple[str, ...], str]:
    """The owner and the role in the name of a weight."""
    *scopes, last = name.split("/")
    if scopes:
        return _drop_scopes(scopes, group), last
    if name.startswith(f"{group}_") and (role := name[len(group) + 1 :]):
        return (group,), role
    for role in _find_old_roles():
        at = re.search(rf"_{re.escape(role)}(_\d+)?\Z", name)
        if at is not None and at.start():
            return (group, name[: at.start()]) if name[: at.start()] != group else (group,), role
    return (group,), name


def _drop_scopes(scopes: Sequence[str], group: str) -> tuple[str, ...]:
    """The owner that scopes tell: from the group's own name on, where it is among them.

    Keras 2.0 on Theano left scopes open, so that names grow: ``batch_normalization_1/bn/conv2d_3/kernel``. TensorFlow
    makes a scope unique that was used before: ``dense_1_1/kernel`` in the group ``dense_1``.
    """
    if group in scopes:
        return tuple(scopes[scopes.index(group) :])
    plain = [_REPEATED.match(scope) for scope in scopes]
    for index, match in enumerate(plain):
        if match is not None and match[1] == group:
            return (group, *scopes[index + 1 :])
    return (group, *scopes)


def _join_attention(parts: list[_Part]) -> list[_Part]:
    """Projections of one attention layer as one part: HDF5 files name each for itself."""
    homes: dict[tuple[str, ...], set[str]] = {}
    for part in parts:
        if len(part.owner) > 1:
            homes.setdefault(part.owner[:-1], set()).add(part.owner[-1])
    whole = {home for home, inside in homes.items() if inside >= _PROJECTIONS}
    joined: dict[tuple[str, ...], _Part] = {}
    found: list[_Part] = []
    for part in parts:
        home = part.owner[:-1]
        if home not in whole or part.owner[-1] not in _PROJECTIONS:
            found.append(part)
            continue
        if home not in joined:
            joined[home] = _Part(part.group, home, {})
            found.append(joined[home])
        joined[home].tensors.update({f"{part.owner[-1]}/{role}": tensor for role, tensor in part.tensors.items()})
    return found


def _class_of_owner(part: _Part, era: Era) -> str | None:
    """The class that the names of a part tell: halves are named after their layer, and a layer's cell lies below it."""
    names = part.owner or (part.group,)
    cell = class_of_name(names[-1], era)
    if len(names) > 1 and cell is not None and cell.endswith("Cell"):
        held = class_of_name(_drop_half(names[-2]), era)
        return cell if held in ("RNN", "StackedRNNCells") else cell.removesuffix("Cell")
    return class_of_name(_drop_half(names[-1]), era)


def _drop_half(name: str) -> str:
    return name.removeprefix("forward_").removeprefix("backward_")


def _atoms_of_tree(weights: TreeWeights, era: Era) -> Iterator[Atom]:
    """The atoms of a tree of objects: the variables of one layer, those below its cell or its projections with them."""
    parts: dict[str, _Part] = {}
    for path, tensor in weights.tensors.items():
        home, _, key = path.rpartition("/")
        owner, at = _home_of_layer(home.removesuffix("vars").rstrip("/"))
        if _is_seed(owner, at):
            continue
        part = parts.setdefault(owner, _Part("", tuple(owner.split("/")), {}))
        part.tensors[join(at, key)] = tensor
    for index, (owner, part) in enumerate(parts.items()):
        last = part.owner[-1]
        name = weights.names.get(owner)
        yield Atom(
            index,
            part.owner[1] if len(part.owner) > 1 else owner,
            (*part.owner[:-1], name) if name is not None else part.owner,
            part.tensors,
            hint=class_of_name(last, era),
            generated=read_generated(name) if name is not None else None if last in _INSIDE else read_generated(last),
            path=owner,
        )


def _is_seed(owner: str, at: str) -> bool:
    """Whether what lies there is the state of a random generator, which belongs to no layer's weights."""
    return "seed_generator" in (at or owner).rsplit("/", 1)[-1]


def _home_of_layer(home: str) -> tuple[str, str]:
    """The path of the layer that owns variables, and the way from there to them: ``layers/lstm``, ``cell``."""
    above, _, last = home.rpartition("/")
    if above and _has_place_for(above.rpartition("/")[2], last):
        return above, last
    return home, ""


@lru_cache(maxsize=4096)
def _has_place_for(name: str, inside: str) -> bool:
    """Whether the class that a path tells keeps variables below that attribute."""
    for era in (Era.KERAS3, Era.TF2):
        class_name = class_of_name(name, era)
        entry = find(class_name, era) if class_name is not None else None
        if entry is not None and any(role.at == inside for role in entry.roles(Layer(entry.name, "")) if inside):
            return True
    # Which of the recurrent layers a half of a Bidirectional is shows in its variables alone.
    return name in ("forward_layer", "backward_layer", "layer") and inside == "cell"


def read_generated(name: str) -> Generated | None:
    """The class and number in a generated name (``dense_1``, ``convolution2d_3``, ``Convolution2D1``); None for a name of
    the author's own. Halves of a Bidirectional have it behind a word (``forward_lstm_1``), which stays in the stem."""
    match = _NUMBER.match(name)
    if match is None:
        return None
    stem = match[1].replace("_", "").lower()
    return Generated(stem, int(match[2] or 0)) if _HALF.sub("", stem) in _list_stems() else None


def is_half(name: str) -> bool:
    """Whether Keras generates such a name for a half of a Bidirectional."""
    generated = read_generated(name)
    return generated is not None and _HALF.match(generated.stem) is not None


def class_of_name(name: str, era: Era) -> str | None:
    """The class of a layer with that generated name in an era's vocabulary; None for a name of the author's own."""
    match = _NUMBER.match(name)
    return _list_classes(era).get(match[1].replace("_", "").lower()) if match is not None else None


@cache
def _list_classes(era: Era) -> Mapping[str, str]:
    """Every class of an era by how generated names spell it, without underscores."""
    found = {}
    for entry in entries(era):
        for name in (*entry.aliases, entry.name):
            found[spell_in_snake_case(name).replace("_", "")] = entry.name
    return found


@cache
def _list_stems() -> frozenset[str]:
    models = {name.lower() for name in _MODELS}
    return frozenset({stem for era in Era for stem in _list_classes(era)} | models)


@cache
def _find_old_roles() -> Sequence[str]:
    """The roles of Keras 0 and 1, which end the name of a weight; the longest first."""
    return sorted({role for era in OLD for role in _roles_of(era)}, key=lambda role: (-len(role), role))


@cache
def _find_known_roles() -> frozenset[str]:
    return frozenset(role for era in Era for role in _roles_of(era))


@cache
def _roles_of(era: Era) -> frozenset[str]:
    """Every name of a role in an era's vocabulary."""
    ways: tuple[Config, ...] = ({}, {"consume_less": "gpu"}, {"bias_axes": "a"})
    found = [
        role
        for entry in entries(era)
        for config in ways
        for role in entry.roles(Layer(entry.name, "", config))
        if not role.copy
    ]
    return frozenset(name for role in found for name in (role.name, *role.also) if "/" not in name)
