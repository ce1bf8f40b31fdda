"""Groups of numbered weights that hold several layers (a Graph of Keras 0, a nested model), cut where layers begin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from .atoms import Atom
from .forms import Forms
from .places import Place

_MOST_WEIGHTS = 16  # of one layer: a ConvLSTM2D has 12
_MOST_CUTS = 64


def cut_numbered(atoms: Sequence[Atom], places: Sequence[Place], forms: Forms) -> list[Atom]:
    """The atoms, a group of numbered weights that is no single layer of the model as one atom for each layer in it.

    Where it can be cut in several ways it stays whole, and then fits nothing.
    """
    found: list[Atom] = []
    for atom in atoms:
        if not atom.numbered or any(forms.fit(atom, place) for place in places):
            found.append(atom)
            continue
        cuts = _Cuts(atom, places, forms).all()
        found += cuts[0] if len(cuts) == 1 else [atom]
    return found


class _Cuts:
    def __init__(self, atom: Atom, places: Sequence[Place], forms: Forms) -> None:
        self.atom, self.places, self.forms = atom, places, forms
        self.tensors = list(atom.tensors.values())
        self._fitting: dict[tuple[int, int], Atom | None] = {}

    def all(self) -> list[list[Atom]]:
        """Every way to cut the group into layers that the model has, each as often as it has it."""
        size = len(self.tensors)
        ends: dict[int, list[list[int]]] = {size: [[]]}  # for each start the lists of cuts behind it
        for start in range(size - 1, -1, -1):
            ends[start] = [
                [stop, *rest]
                for stop in range(start + 1, min(size, start + _MOST_WEIGHTS) + 1)
                if self._piece(start, stop) is not None
                for rest in ends.get(stop, ())
            ][:_MOST_CUTS]
        pieces = [self._pieces(cut) for cut in ends.get(0, ())]
        return [cut for cut in pieces if self._has_places(cut)]

    def _pieces(self, cut: Sequence[int]) -> list[Atom]:
        found, start = [], 0
        for stop in cut:
            piece = self._piece(start, stop)
            assert piece is not None
            found.append(piece)
            start = stop
        return found

    def _piece(self, start: int, stop: int) -> Atom | None:
        """The weights from `start` to `stop` as an atom, where a layer of the model takes them."""
        if (start, stop) not in self._fitting:
            tensors = {str(index): tensor for index, tensor in enumerate(self.tensors[start:stop])}
            piece = replace(self.atom, tensors=tensors, owner=(*self.atom.owner, str(start)))
            fits = any(form.refused is None for place in self.places for form in self.forms.fit(piece, place))
            self._fitting[start, stop] = piece if fits else None
        return self._fitting[start, stop]

    def _has_places(self, cut: Sequence[Atom]) -> bool:
        """Whether each piece can have a place of its own (by augmenting paths)."""
        holder: dict[int, int] = {}

        def settle(number: int, met: set[int]) -> bool:
            for place in self.places:
                if place.index in met or not self.forms.fit(cut[number], place):
                    continue
                met.add(place.index)
                if place.index not in holder or settle(holder[place.index], met):
                    holder[place.index] = number
                    return True
            return False

        return len(cut) <= len(self.places) and all(settle(number, set()) for number in range(len(cut)))
