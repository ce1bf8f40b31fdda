"""Which atom of the file is which layer of the model: the first way that proves itself, and none by place alone.

Told by the user, by name, by order, by the numbers of creation, or the only one that fits. Whatever the way, two layers that
could change places (each fits where the other stands, and neither flows into the other) need a witness of their own: a
name that the author gave, or order and number alike. Else the user is asked.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from ..errors import Malformed, Undecided
from .atoms import Atom, is_half, read_generated
from .fitting import Fits
from .order import Order
from .places import Places
from .refusals import Refusals
from .report import Witness
from .search import align, search

_OWN = "top_level_model_weights"  # what a model has beside its layers (hdf5_format.py of TensorFlow 2.6 to 2.15)


@dataclass(frozen=True)
class Assignment:
    """For each atom that has a place, by its number, the number of the place and the witness."""

    pairs: Mapping[int, int]
    witnesses: Mapping[int, Witness]


@dataclass(frozen=True)
class Asked:
    """What the caller of the matching said."""

    by_name: bool = False
    skip_mismatch: bool = False
    layers: Mapping[str, str] = field(default_factory=dict)


class Assigner:
    """One file and one model."""

    def __init__(self, places: Places, fits: Fits, led: Mapping[int, int] | None = None) -> None:
        self.atoms, self.places, self.graph, self.fits = fits.atoms, places.all, places, fits
        self.order, self.refusals = Order(self.atoms, places, fits), Refusals(places, fits)
        self.names = dict(self._pair_names())
        self.led = led or {}

    # What names say

    def _pair_names(self) -> Iterator[tuple[int, int]]:
        """Atoms and places that have each other's name and no other's."""
        called: dict[str, list[int]] = {}
        for j, place in enumerate(self.places):
            called.setdefault(place.name if place.path else _OWN, []).append(j)
        around = self._list_names_around()
        to_places = {
            i: js
            for i, atom in enumerate(self.atoms)
            if (js := [j for n in _list_names(atom) for j in called.get(n, ()) if self._may_be_inside(i, j, around)])
        }
        to_atoms: dict[int, list[int]] = {}
        for i, js in to_places.items():
            for j in js:
                to_atoms.setdefault(j, []).append(i)
        found = {i: js[0] for i, js in to_places.items() if len(js) == 1 and len(to_atoms[js[0]]) == 1}
        yield from found.items()
        left = [i for i in range(len(self.atoms)) if i not in found]
        yield from self._pair_halves(left, set(found.values()))

    def _list_names_around(self) -> frozenset[str]:
        """The names of the author's that layers around others have in the model and in the file."""
        model = {name for place in self.places for name in place.holders}
        known = model & {name for atom in self.atoms for name in atom.around}
        return frozenset(name for name in known if read_generated(name) is None)

    def _may_be_inside(self, i: int, j: int, around: frozenset[str]) -> bool:
        """Whether the layers around an atom and a place are the same, as far as file and model both have their names."""
        then, now = (around & {*names} for names in (self.atoms[i].around, self.places[j].holders))
        return then <= now or now <= then

    def _pair_halves(self, left: Sequence[int], taken: set[int]) -> Iterator[tuple[int, int]]:
        """The parts of a wrapper that fixes their order, where the file knows the wrapper's name alone."""
        by_group: dict[str, list[int]] = {}
        for i in left:
            if self.atoms[i].has_name and (wrapper := self._find_wrapper(self.atoms[i])) is not None:
                by_group.setdefault(wrapper, []).append(i)
        held: dict[str, list[int]] = {}
        for j, place in enumerate(self.places):
            for name in {*place.holders} & by_group.keys() if j not in taken else ():
                held.setdefault(name, []).append(j)
        for name, own in by_group.items():
            inside = held.get(name, [])
            fixed = all(self.graph.is_before(self.places[a], self.places[b]) for a, b in pairwise(inside))
            if len(inside) == len(own) and fixed:
                yield from zip(own, inside, strict=True)

    @staticmethod
    def _find_wrapper(atom: Atom) -> str | None:
        """The only name that an atom has, or the author's name of the Bidirectional around a half with a generated one."""
        if len(atom.owner) == 1:
            return atom.name
        return atom.owner[-2] if is_half(atom.name) and read_generated(atom.owner[-2]) is None else None

    def _has_own_name(self, i: int, j: int) -> bool:
        """Whether a name that the author gave says that an atom is a place."""
        if self.names.get(i) != j:
            return False
        return self.atoms[i].generated is None or self.places[j].generated is None

    # The ways

    def assign(self, asked: Asked) -> Assignment:
        """The assignment. Raises Malformed where there is none, Undecided where there are several."""
        sure = self._told(asked.layers)
        if asked.by_name:
            return self._by_name(sure, asked.skip_mismatch)
        if (found := self._attributes(sure)) is not None:
            return found
        refused: list[Undecided] = []
        for way in (self._all_names, self._paths, self._file_order, self._numbering):
            told = way(sure)
            if told is None:
                continue
            pairs, witness = told
            trouble = self._doubt(pairs, sure)
            if trouble is None:
                return Assignment(pairs, {i: self._witness(i, j, sure, witness) for i, j in pairs.items()})
            refused.append(trouble)
        if not refused and len(self.atoms) == len(self.places):
            complete = self._search(sure)
            if len(complete) == 1:
                return Assignment(complete[0], {i: self._witness(i, j, sure, Witness.ONLY_FIT) for i, j in complete[0].items()})
            if complete:
                refused.append(self.refusals.ask_which(*_measure_difference(complete[0], complete[1]), complete[0]))
        if refused:
            raise refused[0]
        if asked.skip_mismatch:
            return self._longest(sure)
        raise self.refusals.mismatch()

    def _witness(self, i: int, j: int, sure: Mapping[int, int], witness: Witness) -> Witness:
        return Witness.TOLD if i in sure else Witness.NAME if self._has_own_name(i, j) else witness

    def _doubt(self, pairs: Mapping[int, int], sure: Mapping[int, int]) -> Undecided | None:
        """Why an assignment in which everything fits is not proven."""
        free = {i: j for i, j in pairs.items() if i not in sure}
        if (against := self.order.find_contradiction(free)) is not None:
            return self.refusals.ask_order(*against, pairs)
        nameless = {i: j for i, j in free.items() if not self._has_own_name(i, j)}
        if (loose := self.order.find_exchangeable(nameless)) is not None:
            return self.refusals.ask_which(*loose, pairs)
        return None

    def _told(self, layers: Mapping[str, str]) -> dict[int, int]:
        found: dict[int, int] = {}
        for said, wanted in layers.items():
            atoms = [i for i, atom in enumerate(self.atoms) if said in (atom.name, atom.path, "/".join(atom.owner))]
            atoms = atoms or [i for i, atom in enumerate(self.atoms) if said == atom.group]
            places = [j for j, place in enumerate(self.places) if wanted in (place.name, place.label)]
            if len(atoms) != 1 or len(places) != 1:
                side, name, known = ("file", said, atoms) if len(atoms) != 1 else ("model", wanted, places)
                raise Malformed(
                    "AK1302",
                    f"layers= says {name!r}, and {len(known) or 'no'} layers with weights of the {side} are called so",
                    layer=name,
                    next_step=f"There are {self.refusals.list_both()}.",
                )
            i, j = atoms[0], places[0]
            if (i, j) not in self.fits:
                raise self.refusals.misfit(i, j)
            found[i] = j
        return found

    def _attributes(self, sure: Mapping[int, int]) -> Assignment | None:
        """What the attributes of the model lead to, where they lead to all of it: no two can change places then.

        A checkpoint of several objects may hold more.
        """
        pairs = {**self.led, **sure}
        if not self.led or not self._complete(pairs, spare=True):
            return None
        if any(atom.path is not None for i, atom in enumerate(self.atoms) if i not in pairs):
            return None  # a file of Keras holds one model: what is left in it has a place that the model lacks
        return Assignment(pairs, {i: self._witness(i, j, sure, Witness.PATH) for i, j in pairs.items()})

    def _complete(self, pairs: Mapping[int, int], spare: bool = False) -> bool:
        whole = len(pairs) == len(self.places) == len(set(pairs.values())) and (spare or len(self.atoms) == len(pairs))
        return whole and all(pair in self.fits for pair in pairs.items())

    def _all_names(self, sure: Mapping[int, int]) -> tuple[dict[int, int], Witness] | None:
        pairs = {**self.names, **sure}
        spare = all(atom.scattered for atom in self.atoms)  # a program has variables of others too
        return (pairs, Witness.NAME) if self._complete(pairs, spare) else None

    def _paths(self, sure: Mapping[int, int]) -> tuple[dict[int, int], Witness] | None:
        """A tree of objects whose paths are those of the model."""
        for homes in self.graph.homes():
            pairs = {i: homes[atom.path] for i, atom in enumerate(self.atoms) if atom.path is not None and atom.path in homes}
            pairs |= sure
            if self._complete(pairs):
                return pairs, Witness.PATH
        return None

    def _file_order(self, sure: Mapping[int, int]) -> tuple[dict[int, int], Witness] | None:
        """The order of the file as the order of the model; equal names of the author have to lie on it."""
        if any(atom.counted is not None for atom in self.atoms):
            return None
        pairs = {i: i for i in range(len(self.atoms))}
        if sure:
            taken = set(sure.values())
            atoms = [i for i in pairs if i not in sure]
            places = [j for j in range(len(self.places)) if j not in taken]
            pairs = {**dict(zip(atoms, places, strict=False)), **sure} if len(atoms) == len(places) else {}
        if not self._complete(pairs):
            return None
        off = [(i, j) for i, j in self.names.items() if pairs[i] != j and self._has_own_name(i, j) and (i, j) in self.fits]
        if off and not sure:
            i, j = off[0]
            raise self.refusals.ask_order(i, next(k for k, m in pairs.items() if m == j), self.names)
        return pairs, Witness.ORDER

    def _numbering(self, sure: Mapping[int, int]) -> tuple[dict[int, int], Witness] | None:
        """Layers of each class in the order of their numbers, on both sides."""
        then: dict[str, list[tuple[int, int]]] = {}
        now: dict[str, list[tuple[int, int]]] = {}
        for i, atom in enumerate(self.atoms):
            if atom.generated is None or not atom.has_name:
                return None
            then.setdefault(_find_current_class(atom), []).append((atom.generated.number, i))
        for j, place in enumerate(self.places):
            if place.generated is None:
                return None
            now.setdefault(place.generated.stem, []).append((place.generated.number, j))
        if {stem: len(found) for stem, found in then.items()} != {stem: len(found) for stem, found in now.items()}:
            return None
        pairs = {i: j for stem in then for (_, i), (_, j) in zip(sorted(then[stem]), sorted(now[stem]), strict=True)} | dict(
            sure
        )
        return (pairs, Witness.NUMBERING) if self._complete(pairs) else None

    def _search(self, sure: Mapping[int, int]) -> list[dict[int, int]]:
        """Up to two complete assignments that fit and that the graph allows; two as well where the search was cut short."""
        options = {i: list(self.fits.places_for(i)) for i in range(len(self.atoms))}
        options |= {i: [j] for i, j in sure.items()}
        own = {i: j for i, j in self.names.items() if self._has_own_name(i, j) and (i, j) in self.fits and i not in sure}
        options |= {i: [j] for i, j in own.items()}
        return search(self.order, options)

    def _by_name(self, sure: Mapping[int, int], skip: bool) -> Assignment:
        pairs = {**self.names, **sure}
        misfits = [(i, j) for i, j in pairs.items() if (i, j) not in self.fits]
        if misfits and not skip:
            raise self.refusals.misfit(*misfits[0])
        pairs = {i: j for i, j in pairs.items() if (i, j) in self.fits}
        if not pairs:
            raise Malformed(
                "AK1309",
                f"by_name=True finds no layer: there are {self.refusals.list_both()}",
                next_step="Leave by_name out: then order, numbers and shapes are looked at too.",
            )
        for i, j in pairs.items():
            if i not in sure and (starts := self._count_otherwise(i, j)) is not None:
                raise self.refusals.ask_number(i, j, *starts)
        return Assignment(pairs, {i: Witness.TOLD if i in sure else Witness.NAME for i in pairs})

    def _count_otherwise(self, i: int, j: int) -> tuple[int, int] | None:
        """Where file and model begin to count the layers of a class: with other numbers one name is two layers' (Keras 3
        begins at ``dense``, those before at ``dense_1``). None where they begin alike, or it is a name of the author's."""
        wrapper = self._find_wrapper(self.atoms[i])
        if wrapper is not None and wrapper in self.places[j].holders:
            one = other = read_generated(wrapper)
            counted = [read_generated(name) for place in self.places for name in place.holders]
        else:
            one, other = self.atoms[i].generated, self.places[j].generated
            counted = [place.generated for place in self.places]
        if one is None or other is None:
            return None
        then = min(a.generated.number for a in self.atoms if a.generated is not None and a.generated.stem == one.stem)
        now = min(made.number for made in counted if made is not None and made.stem == other.stem)
        return (then, now) if then != now else None

    def _longest(self, sure: Mapping[int, int]) -> Assignment:
        """The most layers that can be had in order; equal names of the author are pinned. Refused where two ways are best."""
        pinned = {i: j for i, j in self.names.items() if self._has_own_name(i, j) and (i, j) in self.fits} | dict(sure)
        pairs, other = align(self.fits, pinned)
        if other is not None:
            raise self.refusals.ask_which(*_measure_difference(pairs, other), pairs)
        if not pairs:
            raise self.refusals.mismatch()
        if (doubt := self._doubt(pairs, sure)) is not None:
            raise doubt
        if loose := [(i, j) for i, j in pairs.items() if i not in pinned and self._could_move(i, j, pairs)]:
            raise self.refusals.ask_which(loose[0][0], loose[0][0], pairs)
        return Assignment(pairs, {i: self._witness(i, j, sure, Witness.ORDER) for i, j in pairs.items()})

    def _could_move(self, i: int, j: int, pairs: Mapping[int, int]) -> bool:
        """Whether an atom fits a place beside its own that stays empty."""
        taken = set(pairs.values())
        empty = [m for m in self.fits.places_for(i) if m not in taken]
        return any(self.graph.is_before(self.places[j], self.places[m]) is None for m in empty)

    def require_complete(self, found: Assignment) -> None:
        """Raises Malformed where a place stays empty or an atom has none."""
        spare = all(atom.scattered for atom in self.atoms) or found.pairs == self.led
        if (len(found.pairs) != len(self.atoms) and not spare) or len(found.pairs) != len(self.places):
            raise self.refusals.mismatch()


def _list_names(atom: Atom) -> Collection[str]:
    """The names that the file has for the layer of an atom."""
    if not atom.has_name:
        return ()
    return (atom.name,) if atom.path is not None else {*atom.owner, atom.group}


def _find_current_class(atom: Atom) -> str:
    """How generated names spell the class of an atom today."""
    assert atom.generated is not None
    return _RENAMED.get(atom.generated.stem, atom.generated.stem)


_RENAMED = {
    **{f"{old}convolution{rank}d": f"conv{rank}d" for rank in (1, 2, 3) for old in ("", "atrous")},
    "separableconvolution2d": "separableconv2d",
    "deconvolution2d": "conv2dtranspose",
    "timedistributeddense": "dense",
    **{f"{half}cudnn{kind}": f"{half}{kind}" for half in ("", "forward", "backward") for kind in ("lstm", "gru")},
}


def _measure_difference(one: Mapping[int, int], other: Mapping[int, int]) -> tuple[int, int]:
    """Two atoms that two assignments place differently."""
    changed = [i for i in {**one, **other} if one.get(i) != other.get(i)]
    return changed[0], changed[-1]
