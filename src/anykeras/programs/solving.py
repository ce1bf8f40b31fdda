"""Sizes that a program reads from data or arguments which are not here: what they were, the shapes of the weights show.

The model is noted with a prime in place of each. Where a prime stands in the shape of a variable, the sizes of the tensors
that belong there are tried in its place; the one that fits is it. Two that fit are none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product

from .. import custom, matching, migrations
from ..containers.base import Json, NamedWeights, Raw, TreeWeights
from ..document.model import Writer
from ..errors import AnyKerasError
from .inert import Unknowns
from .shapes import parse_record

_MOST = 200  # architectures that are tried
_SHAPES = frozenset({"batch_input_shape", "input_length", "batch_shape"})  # where a size may stay open


def solve(
    architecture: Json, writer: Writer, objects: custom.CustomObjects, weights: Raw, unknowns: Unknowns
) -> dict[str, int | None] | None:
    """The one value of each size with which the layers take their weights; None where there is none, or are several.

    A size of the input that no variable depends on stays open. One that is nowhere in the architecture, as inside a layer of
    the program's own, is left out.
    """
    search = _Search(architecture, writer, objects, weights, dict(unknowns.primes))
    found = list(search.fill({}))
    if len(found) != 1:
        return None
    left = {name: prime for name, prime in unknowns.primes.items() if name not in found[0]}
    if set(_numbers(architecture, False)) & set(left.values()):
        return None
    shown = set(_numbers(architecture, True))
    return {**found[0], **{name: None for name, prime in left.items() if prime in shown}}


def list_sizes(weights: Raw) -> list[int]:
    """The sizes of all tensors of a file."""
    groups = weights.weights.groups if isinstance(weights.weights, NamedWeights) else ()
    tensors = [tensor for group in groups for _, tensor in group.weights]
    tensors += weights.weights.tensors.values() if isinstance(weights.weights, TreeWeights) else ()
    return list(dict.fromkeys(size for tensor in tensors for size in tensor.shape))


def _numbers(value: Json, of_input: bool, inside: bool = False) -> Iterator[int]:
    """All numbers of an architecture that are sizes of an input, or those that are not."""
    if isinstance(value, dict | list):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _numbers(item, of_input, inside or key in _SHAPES)
    elif isinstance(value, int) and inside is of_input:
        yield value


def _replace(value: Json, numbers: Mapping[int, int]) -> Json:
    if isinstance(value, dict):
        return {key: _replace(item, numbers) for key, item in value.items()}
    if isinstance(value, list):
        return [_replace(item, numbers) for item in value]
    return numbers.get(value, value) if type(value) is int else value


class _Search:
    def __init__(
        self, architecture: Json, writer: Writer, objects: custom.CustomObjects, weights: Raw, primes: dict[str, int]
    ) -> None:
        self.architecture, self.writer, self.objects, self.weights, self.primes = architecture, writer, objects, weights, primes
        self.tried = 0

    def fill(self, values: dict[str, int | None], start: int = 0) -> Iterator[dict[str, int | None]]:
        """Every way to give the sizes that are left, layer by layer."""
        pairs = self._pair(values)
        for number, (atom, shapes, fits) in enumerate(pairs[start:], start):
            here = [name for name in self.primes if name not in values and _stands_in(self.primes[name], shapes)]
            if not here:
                if not fits and not any(_stands_in(prime, shapes) for prime in self.primes.values()):
                    return
                continue
            sizes = dict.fromkeys(size for tensor in atom for size in tensor)
            for chosen in product(sizes, repeat=len(here)):
                tried = {**values, **dict(zip(here, chosen, strict=True))}
                again = self._pair(tried)
                if number < len(again) and (again[number][2] or self._is_alike(again[number], tried)):
                    yield from self.fill(tried, number + 1)
            return
        if pairs:
            yield values

    def _is_alike(self, beside: matching.Beside, values: Mapping[str, int | None]) -> bool:
        """Whether a layer of the program's own, which was built with the primes, has the shapes of its atom with `values`."""
        numbers = {self.primes[name]: value for name, value in values.items()}
        shapes = [tuple(numbers.get(size, size) if size else size for size in shape) for shape in beside[1]]
        return shapes != beside[1] and sorted(map(str, shapes)) == sorted(map(str, beside[0]))

    def _pair(self, values: Mapping[str, int | None]) -> list[matching.Beside]:
        """Each layer with weights beside those of the file, as the architecture with `values` has them."""
        self.tried += 1
        if self.tried > _MOST:
            return []
        numbers = {self.primes[name]: value for name, value in values.items() if value is not None}
        try:
            document, _ = migrations.migrate(parse_record(_replace(self.architecture, numbers), self.writer, self.objects))
            prepared = custom.prepare(document, self.objects, False)
            return matching.stand_beside(self.weights, prepared.document)
        except AnyKerasError:
            return []


def _stands_in(prime: int, shapes: Iterable[Sequence[int | None]]) -> bool:
    return any(size % prime == 0 for shape in shapes for size in shape if size)
