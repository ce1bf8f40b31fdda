"""Searches for an assignment: the only complete one that fits, and the longest run of layers that keeps both orders.

Each says whether there is another one that is as good: then it proves nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .fitting import Fits
from .order import Order

MOST_STEPS = 2_000_000  # of a search for complete assignments: comparisons of two pairs


def search(order: Order, options: Mapping[int, Sequence[int]]) -> list[dict[int, int]]:
    """Up to two complete assignments that both orders allow; two as well where the search was cut short behind the first.

    Args:
        order: of the file and the model.
        options: for each atom the places that it may have.
    """
    found: list[dict[int, int]] = []
    pairs: dict[int, int] = {}
    waiting = [iter(_iterate_choices(order, options, pairs))]
    chosen: list[int] = []
    steps = 0
    while waiting and len(found) < 2:
        steps += 100 + len(options) + len(pairs)
        if steps > MOST_STEPS:
            return found * 2 if found else []
        pair = next(waiting[-1], None)
        if pair is None:
            waiting.pop()
            if chosen:
                del pairs[chosen.pop()]
            continue
        pairs[pair[0]] = pair[1]
        chosen.append(pair[0])
        if len(pairs) == len(options):
            found.append(dict(pairs))
            del pairs[chosen.pop()]
            continue
        waiting.append(iter(_iterate_choices(order, options, pairs)))
    return found


def _iterate_choices(order: Order, options: Mapping[int, Sequence[int]], pairs: Mapping[int, int]) -> list[tuple[int, int]]:
    """The places of the atom that has the fewest left."""
    taken = set(pairs.values())
    left = [(sum(j not in taken for j in js), i) for i, js in options.items() if i not in pairs]
    if not left:
        return []
    i = min(left)[1]
    return [(i, j) for j in options[i] if j not in taken and order.allows(i, j, pairs)]


def align(fits: Fits, pinned: Mapping[int, int]) -> tuple[dict[int, int], dict[int, int] | None]:
    """The longest run of pairs that increase on both sides, with some pairs pinned, and another one where there is one."""
    alignment = _Alignment(fits, pinned)
    steps = alignment.steps()
    double = next((pairs for pairs in steps if len(pairs) > 1), None)
    if double is None:
        return {i: j for ((i, j),) in steps}, None
    return alignment.run_through(double[0]), alignment.run_through(double[1])


class _Alignment:
    """How long the runs are that end before each pair, and those that begin behind it."""

    def __init__(self, fits: Fits, pinned: Mapping[int, int]) -> None:
        self.fits, self.pinned = fits, pinned
        self.taken = {j: i for i, j in pinned.items()}
        self.rows, self.columns = len(fits.atoms), len(fits.places)
        self.before = [[0] * (self.columns + 1) for _ in range(self.rows + 1)]
        self.behind = [[0] * (self.columns + 1) for _ in range(self.rows + 1)]
        for i in range(self.rows):
            for j in range(self.columns):
                longer = 1 + self.before[i][j] if self._fits(i, j) else 0
                self.before[i + 1][j + 1] = max(self.before[i][j + 1], self.before[i + 1][j], longer)
        for i in range(self.rows - 1, -1, -1):
            for j in range(self.columns - 1, -1, -1):
                longer = 1 + self.behind[i + 1][j + 1] if self._fits(i, j) else 0
                self.behind[i][j] = max(self.behind[i + 1][j], self.behind[i][j + 1], longer)

    def _fits(self, i: int, j: int) -> bool:
        return (i, j) in self.fits and self.pinned.get(i, j) == j and self.taken.get(j, i) == i

    def steps(self) -> list[list[tuple[int, int]]]:
        """For each step of a longest run the pairs that it can be."""
        whole = self.behind[0][0]
        found: list[list[tuple[int, int]]] = [[] for _ in range(whole)]
        for i in range(self.rows):
            for j in range(self.columns):
                if self.before[i][j] + 1 + self.behind[i + 1][j + 1] == whole and self._fits(i, j):
                    found[self.before[i][j]].append((i, j))
        return found

    def run_through(self, pair: tuple[int, int]) -> dict[int, int]:
        """A longest run that has this pair."""
        steps = self.steps()
        at = next(number for number, pairs in enumerate(steps) if pair in pairs)
        run = {at: pair}
        for number in range(at - 1, -1, -1):
            run[number] = next(p for p in reversed(steps[number]) if p[0] < run[number + 1][0] and p[1] < run[number + 1][1])
        for number in range(at + 1, len(steps)):
            run[number] = next(p for p in steps[number] if p[0] > run[number - 1][0] and p[1] > run[number - 1][1])
        return dict(run[number] for number in range(len(steps)))
