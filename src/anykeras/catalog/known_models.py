"""Networks that everybody used, by the shapes of their weights: what a file of weights alone may belong to.

``known_models.json`` has rows of ``scripts/make_known_models.py``: keras.applications of Keras 3.15.1, the older networks as
keras_applications 1.0.8 made them.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from ..lazily import read_data

Shape = Sequence[int]
_FURTHER = 12  # weights of a head of the user's own
_LEAST = 20  # weights of a network that its shapes can tell


@dataclass(frozen=True)
class KnownModel:
    """A network whose weights a file holds.

    Attributes:
        name: of the function in keras.applications.
        include_top: whether its own top is there.
        classes: width of that top; None without it.
        further: how many weights there are beside the network: a head of the user's own.
    """

    name: str
    include_top: bool
    classes: int | None = None
    further: int = 0

    @property
    def call(self) -> str:
        """The call that makes such a network, ready for its weights."""
        classes = f", classes={self.classes}" if self.include_top and self.classes != 1000 else ""
        return f"keras.applications.{self.name}(weights=None, include_top={self.include_top}{classes})"

    def __str__(self) -> str:
        text = f"keras.applications.{self.name}, include_top={self.include_top}"
        if self.include_top and self.classes != 1000:
            text += f", with {self.classes} classes"
        return text + (f", and {self.further} further weights (a head of its own)" if self.further else "")


def find_known_model(shapes: Iterable[Shape]) -> KnownModel | None:
    """The known network whose weights have these shapes, in whatever order; None where none has."""
    found = Counter(spelled for shape in shapes if (spelled := _spell(shape)) is not None)
    if found.total() < _LEAST:
        return None
    fits: list[tuple[int, KnownModel]] = []
    for name, (without, top) in _read_table().items():
        if without.total() > found.total() or without - found:
            continue
        rest = found - without
        classes = _count_classes(rest, top)
        if classes is not None:
            fits.append((0, KnownModel(name, True, classes)))
        elif rest.total() <= _FURTHER and without.total() >= _LEAST:
            fits.append((rest.total(), KnownModel(name, False, None, rest.total())))
    return min(fits, key=lambda fit: (fit[0], fit[1].name))[1] if fits else None


def _count_classes(rest: Counter[str], top: Counter[str]) -> int | None:
    """How many classes these weights classify, where they are those of the top; None where they are others."""
    if rest == top:
        return 1000
    for size in {int(number) for spelled in rest - top for number in spelled.split("x")}:
        renamed = {_rename(spelled, size): number for spelled, number in top.items()}
        if rest == Counter({spelled: number for spelled, number in renamed.items() if _counts(spelled.split("x"))}):
            return size
    return None


def _rename(spelled: str, classes: int) -> str:
    """A shape of the top with another number of classes in place of its 1000."""
    sizes = [int(size) for size in spelled.split("x")]
    if 1000 in sizes:
        sizes[sizes.index(1000)] = classes
    return "x".join(map(str, sorted(sizes)))


def _spell(shape: Shape) -> str | None:
    return "x".join(map(str, sorted(shape))) if _counts(shape) else None


def _counts(shape: Sequence[int | str]) -> bool:
    """Whether a weight is in the table: the statistics of three colours are not."""
    return math.prod(int(size) for size in shape) > 3


@cache
def _read_table() -> dict[str, tuple[Counter[str], Counter[str]]]:
    text = read_data("anykeras.catalog", "known_models.json")
    return {name: (Counter(row["weights"]), Counter(row["top"])) for name, row in json.loads(text).items()}
