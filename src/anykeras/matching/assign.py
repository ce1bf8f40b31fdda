"""Which atom of the file is which layer of the model: the first way that proves itself, and none by place alone.

Told by the user, by name, by order, by the numbers of creation, or the only one that fits. Whatever the way, two layers that
could change places (each fits where the other stands, and neither flows into the other) need a witness of their own: a
name that the author gave, or order and number alike. Else the user is asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

from ..errors import Malformed, Undecided
from .atoms import Atom
from .forms import Form
from .places import Place, Places
from .report import Witness

MOST_STEPS = 20_000  # of a search for assignments


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

    def __init__(self, atoms: Sequence[Atom], places: Places, forms: Mapping[tuple[int, int], tuple[Form, ...]]) -> None:
        self.atoms, self.places, self.order = atoms, places.all, places
        self.forms = {pair: found for pair, found in forms.items() if any(form.refused is None for form in found)}
        self.refused = {pair: found[0] for pair, found in forms.items() if found and pair not in self.forms}
        self.names = dict(self._pair_names())

    # What names say

    def _pair_names(self) -> Iterator[tuple[int, int]]:
        """Atoms and places that have each other's name and no other's."""
        to_places: dict[int, list[int]] = {}
        to_atoms: dict[int, list[int]] = {}
        for i, atom in enumerate(self.atoms):
            for j, place in enumerate(self.places):
                if has_name(atom, place):
                    to_places.setdefault(i, []).append(j)
                    to_atoms.setdefault(j, []).append(i)
        found = {i: js[0] for i, js in to_places.items() if len(js) == 1 and len(to_atoms[js[0]]) == 1}
        yield from found.items()
        left = [i for i in range(len(self.atoms)) if i not in found]
        yield from self._pair_halves(left, set(found.values()))

    def _pair_halves(self, left: Sequence[int], taken: set[int]) -> Iterator[tuple[int, int]]:
        """The parts of a wrapper that fixes their order, where the file knows the wrapper's name alone."""
        by_group: dict[str, list[int]] = {}
        for i in left:
            if len(self.atoms[i].owner) == 1 and self.atoms[i].has_name:
                by_group.setdefault(self.atoms[i].name, []).append(i)
        for name, own in by_group.items():
            inside = [j for j, place in enumerate(self.places) if j not in taken and name in place.holders]
            fixed = all(self.order.is_before(self.places[a], self.places[b]) for a, b in pairwise(inside))
            if len(inside) == len(own) and fixed:
                yield from zip(own, inside, strict=True)

    def _has_own_name(self, i: int, j: int) -> bool:
        """Whether a name that the author gave says that an atom is a place."""
        if self.names.get(i) != j:
            return False
        return self.atoms[i].generated is None or self.places[j].generated is None

    # What rules an assignment out

    def contradictions(self, pairs: Mapping[int, int]) -> list[tuple[int, int]]:
        """Pairs of atoms that stand in the file in an order that the model's graph does not allow."""
        ordered = sorted(pairs.items())
        return [
            (i, k)
            for at, (i, j) in enumerate(ordered)
            for k, m in ordered[at + 1 :]
            if (before := self.order.is_before(self.places[j], self.places[m])) is not None
            and (self._precedes(k, i) if before else self._precedes(i, k))
        ]

    def _precedes(self, i: int, k: int) -> bool:
        """Whether the file says that an atom stands before another: by its order, or by a tree's count of a class."""
        one, other = self.atoms[i].counted, self.atoms[k].counted
        if one is None or other is None:
            return i < k
        return one[:2] == other[:2] and one[2] < other[2]

    def exchangeable(self, pairs: Mapping[int, int], sure: Mapping[int, int]) -> list[tuple[int, int]]:
        """Pairs of atoms that could change places, and of which no witness says which is which."""
        ordered = sorted(pairs.items())
        found = []
        for at, (i, j) in enumerate(ordered):
            for k, m in ordered[at + 1 :]:
                if (i, m) not in self.forms or (k, j) not in self.forms:
                    continue
                if self.order.is_before(self.places[j], self.places[m]) is not None and self._is_ordered(i, k):
                    continue
                if i in sure or k in sure or self._has_own_name(i, j) or self._has_own_name(k, m):
                    continue
                if not self._numbers_agree(i, k, j, m):
                    found.append((i, k))
        return found

    def _is_ordered(self, i: int, k: int) -> bool:
        return self._precedes(i, k) or self._precedes(k, i)

    def _numbers_agree(self, i: int, k: int, j: int, m: int) -> bool:
        """Whether the order of the file and the numbers of creation, on both sides, say the same of two pairs."""
        if (self._precedes(i, k), self._precedes(k, i)) != (j < m, m < j):
            return False
        one, other = self.places[j].generated, self.places[m].generated
        if one is None or other is None or one.stem != other.stem or (one.number < other.number) != (j < m):
            return False
        if self.atoms[i].numbered and self.atoms[k].numbered:
            # Keras 0 has order alone: that of its lists of layers, and of the branches of a Merge. Square kernels can be
            # the two halves of a Highway, and vectors those of an activation, whose order is another one.
            kernels = (self.places[n].shapes.get("kernel") or () for n in (j, m))
            return self._created_as_listed and all(kernel and kernel[0] != kernel[-1] for kernel in kernels)
        first, second = self.atoms[i].generated, self.atoms[k].generated
        if first is None or second is None or first.stem != second.stem:
            return False
        return (first.number < second.number) == (one.number < other.number)

    @cached_property
    def _created_as_listed(self) -> bool:
        """Whether all layers of each class were created in the order in which the model lists them."""
        last: dict[str, int] = {}
        for place in self.places:
            found = place.generated
            if found is not None and found.number < last.get(found.stem, -1):
                return False
            if found is not None:
                last[found.stem] = found.number
        return True

    # The ways

    def assign(self, asked: Asked) -> Assignment:
        """The assignment. Raises Malformed where there is none, Undecided where there are several."""
        sure = self._told(asked.layers)
        if asked.by_name:
            return self._by_name(sure, asked.skip_mismatch)
        refused: list[Undecided] = []
        for way in (self._all_names, self._paths, self._file_order, self._numbering):
            found = way(sure)
            if found is None:
                continue
            pairs, witness = found
            trouble = self._doubt(pairs, sure)
            if trouble is None:
                return Assignment(pairs, {i: self._witness(i, j, sure, witness) for i, j in pairs.items()})
            refused.append(trouble)
        if not refused and len(self.atoms) == len(self.places):
            complete = self._search(sure)
            if len(complete) == 1:
                return Assignment(complete[0], {i: self._witness(i, j, sure, Witness.ONLY_FIT) for i, j in complete[0].items()})
            if complete:
                refused.append(self._ask_which(*_difference(complete[0], complete[1]), complete[0]))
        if refused:
            raise refused[0]
        if asked.skip_mismatch:
            return self._longest(sure)
        raise self._mismatch()

    def _witness(self, i: int, j: int, sure: Mapping[int, int], witness: Witness) -> Witness:
        return Witness.TOLD if i in sure else Witness.NAME if self._has_own_name(i, j) else witness

    def _doubt(self, pairs: Mapping[int, int], sure: Mapping[int, int]) -> Undecided | None:
        """Why an assignment in which everything fits is not proven."""
        free = {i: j for i, j in pairs.items() if i not in sure}
        if against := self.contradictions(free):
            i, k = against[0]
            return self._ask_order(i, k, pairs)
        if loose := self.exchangeable(pairs, sure):
            return self._ask_which(*loose[0], pairs)
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
                    next_step=f"There are {_list(a.name for a in self.atoms)} and {_list(p.label for p in self.places)}.",
                )
            i, j = atoms[0], places[0]
            if (i, j) not in self.forms:
                raise self._misfit(i, j)
            found[i] = j
        return found

    def _complete(self, pairs: Mapping[int, int]) -> bool:
        whole = len(pairs) == len(self.atoms) == len(self.places) == len(set(pairs.values()))
        return whole and all(pair in self.forms for pair in pairs.items())

    def _all_names(self, sure: Mapping[int, int]) -> tuple[dict[int, int], Witness] | None:
        pairs = {**self.names, **sure}
        return (pairs, Witness.NAME) if self._complete(pairs) else None

    def _paths(self, sure: Mapping[int, int]) -> tuple[dict[int, int], Witness] | None:
        """A tree of objects whose paths are those of the model."""
        for homes in self.order.homes():
            pairs = {i: homes[atom.path] for i, atom in enumerate(self.atoms) if atom.path is not None and atom.path in homes}
            pairs |= sure
            if self._complete(pairs):
                return pairs, Witness.PATH
        return None

    def _file_order(self, sure: Mapping[int, int]) -> tuple[dict[int, int], Witness] | None:
        """The order of the file as the order of the model; equal names of the author have to lie on it."""
        if any(atom.path is not None for atom in self.atoms):
            return None
        pairs = {i: i for i in range(len(self.atoms))}
        if sure:
            taken = set(sure.values())
            atoms = [i for i in pairs if i not in sure]
            places = [j for j in range(len(self.places)) if j not in taken]
            pairs = {**dict(zip(atoms, places, strict=False)), **sure} if len(atoms) == len(places) else {}
        if not self._complete(pairs):
            return None
        off = [(i, j) for i, j in self.names.items() if pairs[i] != j and self._has_own_name(i, j) and (i, j) in self.forms]
        if off and not sure:
            i, j = off[0]
            raise self._ask_order(i, next(k for k, m in pairs.items() if m == j), self.names)
        return pairs, Witness.ORDER

    def _numbering(self, sure: Mapping[int, int]) -> tuple[dict[int, int], Witness] | None:
        """Layers of each class in the order of their numbers, on both sides."""
        then: dict[str, list[tuple[int, int]]] = {}
        now: dict[str, list[tuple[int, int]]] = {}
        for i, atom in enumerate(self.atoms):
            if atom.generated is None or not atom.has_name:
                return None
            then.setdefault(_today(atom), []).append((atom.generated.number, i))
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
        options = {i: [j for j in range(len(self.places)) if (i, j) in self.forms] for i in range(len(self.atoms))}
        options |= {i: [j] for i, j in sure.items()}
        own = {i: j for i, j in self.names.items() if self._has_own_name(i, j) and (i, j) in self.forms and i not in sure}
        options |= {i: [j] for i, j in own.items()}
        return _Search(self, options).run()

    def allows(self, i: int, j: int, pairs: Mapping[int, int]) -> bool:
        """Whether one more pair agrees with the others in the order of the file and of the graph."""
        for k, m in pairs.items():
            before = self.order.is_before(self.places[j], self.places[m])
            if (before is False and self._precedes(i, k)) or (before is True and self._precedes(k, i)):
                return False
        return True

    def _by_name(self, sure: Mapping[int, int], skip: bool) -> Assignment:
        pairs = {**self.names, **sure}
        misfits = [(i, j) for i, j in pairs.items() if (i, j) not in self.forms]
        if misfits and not skip:
            raise self._misfit(*misfits[0])
        pairs = {i: j for i, j in pairs.items() if (i, j) in self.forms}
        if not pairs:
            raise Malformed(
                "AK1309",
                "by_name=True finds no layer: the file has "
                f"{_list(a.name for a in self.atoms)}, the model {_list(p.label for p in self.places)}",
                next_step="Leave by_name out: then order, numbers and shapes are looked at too.",
            )
        return Assignment(pairs, {i: Witness.TOLD if i in sure else Witness.NAME for i in pairs})

    def _longest(self, sure: Mapping[int, int]) -> Assignment:
        """The most layers that can be had in order; equal names of the author are pinned. Refused where two ways are best."""
        pinned = {i: j for i, j in self.names.items() if self._has_own_name(i, j) and (i, j) in self.forms} | dict(sure)
        found = _Alignment(self, pinned).best()
        if len(found) > 1:
            raise self._ask_which(*_difference(found[0], found[1]), found[0])
        pairs = found[0] if found else {}
        if not pairs:
            raise self._mismatch()
        if (doubt := self._doubt(pairs, sure)) is not None:
            raise doubt
        if loose := [(i, j) for i, j in pairs.items() if i not in pinned and self._could_move(i, j, pairs)]:
            raise self._ask_which(loose[0][0], loose[0][0], pairs)
        return Assignment(pairs, {i: self._witness(i, j, sure, Witness.ORDER) for i, j in pairs.items()})

    def _could_move(self, i: int, j: int, pairs: Mapping[int, int]) -> bool:
        """Whether an atom fits a place beside its own that stays empty."""
        empty = [m for m in range(len(self.places)) if m not in pairs.values() and (i, m) in self.forms]
        return any(self.order.is_before(self.places[j], self.places[m]) is None for m in empty)

    def require_complete(self, found: Assignment) -> None:
        """Raises Malformed where a place stays empty or an atom has none."""
        if len(found.pairs) != len(self.atoms) or len(found.pairs) != len(self.places):
            raise self._mismatch()

    # What is asked

    def _misfit(self, i: int, j: int) -> Malformed:
        atom, place = self.atoms[i], self.places[j]
        if (i, j) in self.refused:
            return self._wants_argument(i, j)
        return Malformed(
            "AK1302",
            f"{atom} of the file does not fit {_describe(place)} of the model",
            layer=place.name,
            next_step="Use the model as it was, or skip_mismatch=True to leave the layer as it is.",
        )

    def _wants_argument(self, i: int, j: int) -> Malformed:
        atom, place = self.atoms[i], self.places[j]
        wanted = self.refused[i, j].refused
        return Malformed(
            "AK1305",
            f"{atom.name!r} of the file was made with {wanted}, and {place.class_name} {place.label!r} of the model is not",
            layer=place.name,
            next_step=f"Make the layer with {place.class_name}(..., {wanted}).",
        )

    def _ask_order(self, i: int, k: int, pairs: Mapping[int, int]) -> Undecided:
        one, other = self.atoms[i].name, self.atoms[k].name
        there, beside = (self.places[pairs[n]].label if n in pairs else "?" for n in (i, k))
        return Undecided(
            "AK1303",
            f"{one!r} stands before {other!r} in the file, and the model has {there!r} behind {beside!r}",
            layer=there,
            next_step=f"by_name=True follows the names; layers={{{one!r}: ...}} says which layer it is.",
        )

    def _ask_which(self, i: int, k: int, pairs: Mapping[int, int]) -> Undecided:
        one, other = self.atoms[i], self.atoms[k]
        fitting = [place.label for j, place in enumerate(self.places) if (i, j) in self.forms]
        seen = f"{one.name!r} and {other.name!r} fit" if i != k else f"{one.name!r} fits"
        return Undecided(
            "AK1304",
            f"{seen} {_list(fitting)} of the model either way, and nothing says which is which",
            layer=fitting[0] if fitting else None,
            next_step=f"Say it: layers={{{'/'.join(one.owner) if one.path else one.name!r}: {fitting[0]!r}}}"
            if fitting
            else "Say it with layers={...}.",
        )

    def _mismatch(self) -> Malformed:
        without = [i for i in range(len(self.atoms)) if not any((i, j) in self.forms for j in range(len(self.places)))]
        empty = [j for j in range(len(self.places)) if not any((i, j) in self.forms for i in range(len(self.atoms)))]
        for i in without:
            for j in empty:
                if (i, j) in self.refused:
                    return self._wants_argument(i, j)
        seen = f"the file has {len(self.atoms)} layers with weights, the model {len(self.places)}"
        if without:
            seen += f"; nothing in the model takes {self.atoms[without[0]]} of the file"
        if empty:
            seen += f"; nothing in the file fits {_describe(self.places[empty[0]])} of the model"
        return Malformed(
            "AK1302",
            seen,
            layer=self.places[empty[0]].name if empty else None,
            next_step="Use the model as it was when the weights were saved; skip_mismatch=True fills what fits.",
        )


class _Search:
    """Complete assignments, at most two of them."""

    def __init__(self, assigner: Assigner, options: Mapping[int, Sequence[int]]) -> None:
        self.assigner, self.options = assigner, options
        self.steps = 0

    def run(self) -> list[dict[int, int]]:
        found: list[dict[int, int]] = []
        pairs: dict[int, int] = {}
        waiting = [iter(self._choices(pairs))]
        chosen: list[int] = []
        while waiting and len(found) < 2:
            self.steps += 1
            if self.steps > MOST_STEPS:
                return found * 2 if found else []
            pair = next(waiting[-1], None)
            if pair is None:
                waiting.pop()
                if chosen:
                    del pairs[chosen.pop()]
                continue
            pairs[pair[0]] = pair[1]
            chosen.append(pair[0])
            if len(pairs) == len(self.options):
                found.append(dict(pairs))
                del pairs[chosen.pop()]
                continue
            waiting.append(iter(self._choices(pairs)))
        return found

    def _choices(self, pairs: Mapping[int, int]) -> list[tuple[int, int]]:
        """The places of the atom that has the fewest left."""
        taken = set(pairs.values())
        left = [(sum(j not in taken for j in js), i) for i, js in self.options.items() if i not in pairs]
        if not left:
            return []
        i = min(left)[1]
        return [(i, j) for j in self.options[i] if j not in taken and self.assigner.allows(i, j, pairs)]


class _Alignment:
    """The longest runs of pairs that increase on both sides, with some pairs pinned; at most two of them."""

    def __init__(self, assigner: Assigner, pinned: Mapping[int, int]) -> None:
        self.assigner, self.pinned = assigner, pinned
        self.taken = {j: i for i, j in pinned.items()}
        rows, columns = len(assigner.atoms), len(assigner.places)
        self.length = [[0] * (columns + 1) for _ in range(rows + 1)]
        for i in range(rows - 1, -1, -1):
            for j in range(columns - 1, -1, -1):
                longer = 1 + self.length[i + 1][j + 1] if self._fits(i, j) else 0
                self.length[i][j] = max(self.length[i + 1][j], self.length[i][j + 1], longer)

    def _fits(self, i: int, j: int) -> bool:
        return (i, j) in self.assigner.forms and self.pinned.get(i, j) == j and self.taken.get(j, i) == i

    def best(self) -> list[dict[int, int]]:
        """One longest run, or two where there are more."""
        found: list[dict[int, int]] = []
        pairs: list[tuple[int, int]] = []
        waiting = [self._following(0, 0)]
        while waiting and len(found) < 2:
            pair = next(waiting[-1], None)
            if pair is None:
                waiting.pop()
                if pairs:
                    pairs.pop()
                continue
            pairs.append(pair)
            if len(pairs) == self.length[0][0]:
                found.append(dict(pairs))
                pairs.pop()
            else:
                waiting.append(self._following(pair[0] + 1, pair[1] + 1))
        return found

    def _following(self, i: int, j: int) -> Iterator[tuple[int, int]]:
        """Every pair with which a longest run goes on."""
        left = self.length[i][j]
        for row in range(i, len(self.length) - 1):
            for column in range(j, len(self.length[0]) - 1):
                if left and self._fits(row, column) and 1 + self.length[row + 1][column + 1] == left:
                    yield row, column


def has_name(atom: Atom, place: Place) -> bool:
    """Whether the file calls an atom as the model calls a place."""
    if not atom.has_name:
        return False
    if atom.path is not None:
        return atom.name == place.name
    return place.name in atom.owner or place.name == atom.group


def _today(atom: Atom) -> str:
    """How generated names spell the class of an atom today."""
    assert atom.generated is not None
    return _RENAMED.get(atom.generated.stem, atom.generated.stem)


_RENAMED = {
    **{f"{old}convolution{rank}d": f"conv{rank}d" for rank in (1, 2, 3) for old in ("", "atrous")},
    "separableconvolution2d": "separableconv2d",
    "deconvolution2d": "conv2dtranspose",
    "timedistributeddense": "dense",
    "cudnnlstm": "lstm",
    "cudnngru": "gru",
}


def _difference(one: Mapping[int, int], other: Mapping[int, int]) -> tuple[int, int]:
    """Two atoms that two assignments place differently."""
    changed = [i for i in {**one, **other} if one.get(i) != other.get(i)]
    return changed[0], changed[-1]


def _describe(place: Place) -> str:
    shapes = ", ".join(f"{role} {_size(shape)}" for role, shape in place.shapes.items())
    return f"{place.class_name} {place.label!r} ({shapes})"


def _size(shape: Sequence[int | None] | None) -> str:
    return "?" if shape is None else "x".join("?" if size is None else str(size) for size in shape) or "scalar"


def _list(names: Iterator[str] | Sequence[str], most: int = 4) -> str:
    found = list(dict.fromkeys(names))
    shown = ", ".join(repr(name) for name in found[:most])
    return shown + (f" and {len(found) - most} more" if len(found) > most else "")
