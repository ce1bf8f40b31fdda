"""What the order of a file and the graph of a model say of an assignment: whether they contradict each other, and which
layers could change places.

Both questions are asked of neighbours first: what is true of each two neighbours is true of all, so that a chain of
thousands of layers is gone through once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import accumulate, pairwise

from .atoms import Atom
from .fitting import Fits
from .places import Places


class Order:
    """The order of one file, and that of one model."""

    def __init__(self, atoms: Sequence[Atom], places: Places, fits: Fits) -> None:
        self.atoms, self.places, self.graph, self.fits = atoms, places.all, places, fits

    def precedes(self, i: int, k: int) -> bool:
        """Whether the file says that an atom stands before another: by its order, or by a tree's count of a class."""
        one, other = self.atoms[i].counted, self.atoms[k].counted
        if one is None or other is None:
            return i < k
        return one[:2] == other[:2] and one[2] < other[2]

    def find_contradiction(self, pairs: Mapping[int, int]) -> tuple[int, int] | None:
        """Two atoms that stand in the file in an order that the model's graph does not allow."""
        for row in self._rows(pairs):
            for i, k in _turn([pairs[i] for i in row]):
                if self.graph.is_before(self.places[pairs[row[k]]], self.places[pairs[row[i]]]):
                    return row[i], row[k]
        return None

    def _rank(self, i: int) -> tuple[tuple[str, str, int], int]:
        """Where an atom stands among those that the file orders."""
        return self.atoms[i].counted or ("", "", 0), i

    def _rows(self, numbers: Mapping[int, int]) -> list[list[int]]:
        """The atoms in rows, in each of which the file orders every two."""
        if all(self.atoms[i].counted is None for i in numbers):
            return [sorted(numbers)]
        rows: dict[tuple[str, str], list[tuple[int, int]]] = {}
        for i in sorted(numbers):
            counted = self.atoms[i].counted
            assert counted is not None
            rows.setdefault(counted[:2], []).append((counted[2], i))
        return [[i for _, i in sorted(row)] for row in rows.values()]

    def allows(self, i: int, j: int, pairs: Mapping[int, int]) -> bool:
        """Whether one more pair agrees with the others in the order of the file and of the graph."""
        for k, m in pairs.items():
            before = self.graph.is_before(self.places[j], self.places[m])
            if (before is False and self.precedes(i, k)) or (before is True and self.precedes(k, i)):
                return False
        return True

    def find_exchangeable(self, pairs: Mapping[int, int]) -> tuple[int, int] | None:
        """Two atoms that could change places, and of which no witness says which is which."""
        types: dict[tuple[int, int], list[int]] = {}
        for i, j in sorted(pairs.items(), key=lambda pair: self._rank(pair[0])):
            types.setdefault(self.fits.type_of(i, j), []).append(i)
        found = [pair for group in self._change_places(list(types.values()), pairs) if (pair := self._loose_in(group, pairs))]
        return min(found) if found else None

    def _change_places(self, types: list[list[int]], pairs: Mapping[int, int]) -> Iterator[list[int]]:
        """Atoms of one type, and those of every two types that fit each other's places."""
        for at, one in enumerate(types):
            yield one
            for other in types[at + 1 :]:
                i, k = one[0], other[0]
                if (i, pairs[k]) in self.fits and (k, pairs[i]) in self.fits:
                    yield sorted([*one, *other], key=self._rank)

    def _loose_in(self, group: Sequence[int], pairs: Mapping[int, int]) -> tuple[int, int] | None:
        """The first two of a group, which all fit each other's places, that nothing tells apart."""
        for is_settled in (self._is_ordered, self._numbers_agree):
            if all(is_settled(i, k, pairs) for i, k in pairwise(group)):
                return None
        for at, i in enumerate(group):
            for k in group[at + 1 :]:
                if not self._is_ordered(i, k, pairs) and not self._numbers_agree(i, k, pairs):
                    return i, k
        return None

    def _is_ordered(self, i: int, k: int, pairs: Mapping[int, int]) -> bool:
        """Whether the graph orders two places, and the file what goes into them."""
        one, other = self.places[pairs[i]], self.places[pairs[k]]
        if self.graph.is_before(one, other) is None:
            return False
        if self.graph.are_branches(one, other) and self._numbers_disagree(i, k, pairs):
            return False
        return self.precedes(i, k) or self.precedes(k, i)

    def _numbers_disagree(self, i: int, k: int, pairs: Mapping[int, int]) -> bool:
        """Whether the numbers of creation, where both sides have them, say that two atoms are each other's place."""
        first, second = self.atoms[i].generated, self.atoms[k].generated
        one, other = self.places[pairs[i]].generated, self.places[pairs[k]].generated
        if first is None or second is None or one is None or other is None:
            return False
        alike = first.stem == second.stem and one.stem == other.stem
        return alike and (first.number < second.number) != (one.number < other.number)

    def _numbers_agree(self, i: int, k: int, pairs: Mapping[int, int]) -> bool:
        """Whether the order of the file and the numbers of creation, on both sides, say the same of two pairs."""
        j, m = pairs[i], pairs[k]
        if (self.precedes(i, k), self.precedes(k, i)) != (j < m, m < j):
            return False
        one, other = self.places[j].generated, self.places[m].generated
        if one is None or other is None or one.stem != other.stem or (one.number < other.number) != (j < m):
            return False
        if self.atoms[i].numbered and self.atoms[k].numbered:
            # Keras 0 has order alone: that of its lists of layers. Square kernels can be the two halves of a Highway, and
            # vectors those of an activation, whose order is another one.
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


def _turn(numbers: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Where a greater number stands before a smaller one; a sequence that rises is gone through once."""
    highest = list(accumulate(numbers, max))
    for k in range(1, len(numbers)):
        if numbers[k] < highest[k - 1]:
            yield from ((i, k) for i in range(k) if numbers[i] > numbers[k])
