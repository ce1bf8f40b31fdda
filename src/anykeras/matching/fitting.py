"""Which atom fits which place, found once for all atoms and places that are alike: a chain of a thousand equal layers is one
question."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from .atoms import Atom
from .forms import Form, Forms
from .places import Place


@dataclass
class Fits:
    """For every pair of an atom and a place the forms in which the one becomes the variables of the other."""

    atoms: Sequence[Atom]
    places: Sequence[Place]
    forms: Forms
    layout: str | None = None
    led: Mapping[int, int] = field(default_factory=dict)  # atoms whose place is known: their roles are those of the place
    _found: dict[tuple[int, int], tuple[Form, ...]] = field(default_factory=dict)
    _chosen: dict[tuple[int, int], tuple[Form, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        signatures = [self.forms.signature(atom) for atom in self.atoms]
        self.sorts, first_atoms = _number(signatures)
        self.kinds, first_places = _number([_find_kind(place) for place in self.places])
        self.members: list[list[int]] = [[] for _ in first_places]
        for j, kind in enumerate(self.kinds):
            self.members[kind].append(j)
        for sort, i in enumerate(first_atoms):
            for kind, j in enumerate(first_places):
                if found := self.forms.fit(self.atoms[i], self.places[j]):
                    self._found[sort, kind] = found
        self._first_places = first_places

    def choose_layout(self, said: str | None) -> str | None:
        """Leave the forms of one layout of images alone: as the user says, or as some kernel of the file shows.

        Some kernel shows it that fits its places in that one alone.
        """
        told = {
            form.layout for found in self._found.values() for form in found if len({other.layout for other in found}) == 1
        } - {None}
        self.layout = said or (next(iter(told)) if len(told) == 1 else None)
        self._found = {pair: left for pair, found in self._found.items() if (left := self._of_layout(found))}
        return self.layout

    def _of_layout(self, found: Sequence[Form]) -> tuple[Form, ...]:
        return tuple(form for form in found if self.layout is None or form.layout in (None, self.layout))

    def __contains__(self, pair: tuple[int, int]) -> bool:
        """Whether an atom, by its number, fits a place."""
        if self.led.get(pair[0]) == pair[1] and self._as_stored(*pair):
            return True
        return any(form.refused is None for form in self._found.get(self.type_of(*pair), ()))

    def type_of(self, i: int, j: int) -> tuple[int, int]:
        """What a pair has in common with those of alike atoms and alike places."""
        return self.sorts[i], self.kinds[j]

    def refusal(self, i: int, j: int) -> str | None:
        """What an argument of the place has to be, where that alone is in the way."""
        found = self._found.get(self.type_of(i, j), ())
        return None if not found or (i, j) in self else found[0].refused

    def of(self, i: int, j: int) -> tuple[Form, ...]:
        """The forms of a pair that fits."""
        if self.led.get(i) == j and (stored := self._as_stored(i, j)):
            return self._read(i, j) or stored
        return self._read(i, j)

    def _as_stored(self, i: int, j: int) -> tuple[Form, ...]:
        """An atom that has the roles and the shapes of its place, whatever class its names would tell."""
        tensors, shapes = self.atoms[i].tensors, self.places[j].shapes
        same = all(shapes[role] in (None, tensor.shape) for role, tensor in tensors.items())
        return (Form(tensors),) if same else ()

    def _read(self, i: int, j: int) -> tuple[Form, ...]:
        kind = self.kinds[j]
        if (i, kind) not in self._chosen:
            found = self.forms.fit(self.atoms[i], self.places[self._first_places[kind]])
            self._chosen[i, kind] = self._of_layout(found)
        return self._chosen[i, kind]

    def places_for(self, i: int) -> Iterator[int]:
        """The places that an atom fits."""
        fitting = [kind for kind, j in enumerate(self._first_places) if (i, j) in self]
        yield from sorted(j for kind in fitting for j in self.members[kind])

    def homeless(self) -> list[int]:
        """The atoms that fit no place."""
        return [i for i in range(len(self.atoms)) if not any((i, j) in self for j in self._first_places)]

    def empty(self) -> list[int]:
        """The places that no atom fits."""
        first = {sort: i for i, sort in reversed(list(enumerate(self.sorts)))}
        return [j for j in range(len(self.places)) if not any((i, j) in self for i in first.values())]


def _number(keys: Sequence[Hashable]) -> tuple[list[int], list[int]]:
    """Each key as a number, alike keys as one, and where each number stands first."""
    numbers: dict[Hashable, int] = {}
    first: list[int] = []
    found = []
    for at, key in enumerate(keys):
        if key not in numbers:
            numbers[key] = len(numbers)
            first.append(at)
        found.append(numbers[key])
    return found, first


_TELLING = ("epsilon", "reset_after", "recurrent_activation", "activation")
"""The arguments of a place that its forms depend on."""


def _find_kind(place: Place) -> Hashable:
    """What two places have in common that take the same atoms."""
    told = [place.layer.config.get(key) for key in _TELLING]
    plain = tuple(value if isinstance(value, str | int | float | None) else "" for value in told)
    return place.class_name, tuple(place.shapes.items()), place.known, plain
