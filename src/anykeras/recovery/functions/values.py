"""What old code computes with beside tensors: sizes that are not known when it is traced, shapes made of them, scopes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from ...errors import Unsupported

Operand = Any
"""A tensor of whatever kind an `Ops` works with, or a plain constant: number, text, tuple, list, dict, numpy array."""


class Refused(Unsupported):
    """An old function, or one way of calling it, that has no counterpart; the reason is true and for a person."""

    def __init__(self, reason: str, code: str = "AK3041", **where: Operand) -> None:
        super().__init__(code, reason, **where)

    def __reduce__(self) -> tuple[object, tuple[object, ...], dict[str, object]]:
        return (type(self), (self.seen, self.code), dict(self.__dict__))


MOST_SOURCES = 32  # sizes in one product: as many as a tensor can have axes


class Dim:
    """An unknown size: ``scale * product of sources + offset``.

    `sources` are whatever the `Ops` needs to find the size again when the model runs, such as (tensor, axis); they
    must be hashable. Dims with equal parts are equal. Arithmetic that leaves this form is refused.
    """

    __slots__ = ("offset", "scale", "sources")

    def __init__(self, *sources: Operand, scale: Fraction | int = 1, offset: int = 0) -> None:
        self.sources = tuple(sorted(sources, key=repr))
        self.scale, self.offset = Fraction(scale), offset
        if len(sources) > MOST_SOURCES or max(abs(self.scale.numerator), self.scale.denominator, abs(offset)) >= 2**63:
            raise Refused("the code computes with an unknown size beyond what a size can be", "AK3043")

    def __add__(self, other: Operand) -> Operand:
        if _whole(other):
            return Dim(*self.sources, scale=self.scale, offset=self.offset + int(other))
        if isinstance(other, Dim) and other.sources == self.sources:
            scale, offset = self.scale + other.scale, self.offset + other.offset
            return Dim(*self.sources, scale=scale, offset=offset) if scale else offset
        return _rest_of_half(self, other) or _rest_of_half(other, self) or NotImplemented

    __radd__ = __add__

    def __neg__(self) -> Dim:
        return Dim(*self.sources, scale=-self.scale, offset=-self.offset)

    def __sub__(self, other: Operand) -> Operand:
        return self + (-other) if _whole(other) or isinstance(other, Dim) else NotImplemented

    def __rsub__(self, other: Operand) -> Operand:
        return (-self) + other

    def __mul__(self, other: Operand) -> Operand:
        if _whole(other):
            other = int(other)
            return Dim(*self.sources, scale=self.scale * other, offset=self.offset * other) if other else 0
        if isinstance(other, Dim) and not (self.offset or other.offset):
            return Dim(*self.sources, *other.sources, scale=self.scale * other.scale)
        return NotImplemented

    __rmul__ = __mul__

    def __floordiv__(self, other: Operand) -> Operand:
        if not _whole(other) or not other:
            return NotImplemented
        divided = self._divide(int(other))
        return Dim(Quotient(self, int(other))) if divided is None and int(other) > 0 else divided or NotImplemented

    def __truediv__(self, other: Operand) -> Operand:
        if not _whole(other) or not other:
            return NotImplemented
        divided = self._divide(int(other))
        if divided is None:
            raise Refused("an unknown size is divided by a number that may not divide it", "AK3043")
        return divided

    def _divide(self, divisor: int) -> Dim | None:
        """The size divided, where that is whole whatever the size is."""
        scale, offset = self.scale / divisor, Fraction(self.offset, divisor)
        if offset.denominator != 1 or scale.denominator != 1:
            return None
        return Dim(*self.sources, scale=scale, offset=int(offset))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Dim) and (self.sources, self.scale, self.offset) == (
            other.sources,
            other.scale,
            other.offset,
        )

    def __hash__(self) -> int:
        return hash((self.sources, self.scale, self.offset))

    def _refuse_undecided(self, other: object) -> bool:
        raise Refused("the code branches on a size that is not known before the model runs", "AK3043")

    __lt__ = __le__ = __gt__ = __ge__ = _refuse_undecided

    def __bool__(self) -> bool:
        return True  # a size of zero is no size that a model is traced for

    def __repr__(self) -> str:
        return f"Dim({', '.join(map(repr, self.sources))}, scale={self.scale}, offset={self.offset})"


class Shape(tuple[Operand, ...]):
    """A static shape as TensorFlow's ``TensorShape`` and Keras' shapes: a tuple with None where unknown."""

    __slots__ = ()

    def __getitem__(self, key: Operand) -> Operand:
        found = super().__getitem__(key)
        return Shape(found) if isinstance(key, slice) else found

    def __add__(self, other: Operand) -> Operand:
        return Shape((*self, *other))

    def __radd__(self, other: Operand) -> Operand:
        return Shape((*other, *self))


class TopPair(tuple[Operand, Operand]):
    """What ``tf.nn.top_k`` gives: (values, indices), also by name."""

    __slots__ = ()


class Sizes:
    """A shape as a tensor of integers (``tf.shape(x)``, ``K.shape(x)``, Theano's ``x.shape``).

    Arithmetic is element by element, as the tensor's was; items are ints and Dims.
    """

    __slots__ = ("items",)

    def __init__(self, items: Iterable[Operand]) -> None:
        self.items = tuple(items)

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[Operand]:
        return iter(self.items)

    def __getitem__(self, key: Operand) -> Operand:
        return Sizes(self.items[key]) if isinstance(key, slice) else self.items[key]

    def each(self, function: Callable[..., Operand], other: Operand) -> Sizes:
        """`function` of each item and the other operand, which is one number or as many as there are items."""
        if isinstance(other, Sizes | tuple | list):
            if len(other) not in (1, len(self)):
                raise Refused(f"a shape of {len(self)} sizes meets one of {len(other)}")
            others = list(other) * len(self) if len(other) == 1 else list(other)
            return Sizes(function(a, b) for a, b in zip(self.items, others, strict=True))
        return Sizes(function(a, other) for a in self.items)

    def __add__(self, other: Operand) -> Sizes:
        return self.each(lambda a, b: a + b, other)

    def __radd__(self, other: Operand) -> Sizes:
        return self.each(lambda a, b: b + a, other)

    def __sub__(self, other: Operand) -> Sizes:
        return self.each(lambda a, b: a - b, other)

    def __rsub__(self, other: Operand) -> Sizes:
        return self.each(lambda a, b: b - a, other)

    def __mul__(self, other: Operand) -> Sizes:
        return self.each(lambda a, b: a * b, other)

    __rmul__ = __mul__

    def __floordiv__(self, other: Operand) -> Sizes:
        return self.each(lambda a, b: a // b, other)

    def __truediv__(self, other: Operand) -> Sizes:
        return self.each(lambda a, b: a / b, other)

    def __mod__(self, other: Operand) -> Sizes:
        return self.each(lambda a, b: a % b, other)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sizes) and self.items == other.items

    def __hash__(self) -> int:
        return hash(self.items)

    def __repr__(self) -> str:
        return f"Sizes({list(self.items)!r})"


@dataclass(frozen=True)
class Quotient:
    """What is left of an unknown size divided by a whole number, rounded down: a source of a `Dim`."""

    dim: Dim
    divisor: int


@dataclass(frozen=True)
class Remainder:
    """What an unknown size leaves when divided by a whole number: a source of a `Dim`, which may be zero."""

    dim: Dim
    divisor: int


def _rest_of_half(whole: Operand, half: Operand) -> Dim | None:
    """``n - n // 2``, which is ``(n + 1) // 2``; None for other sums."""
    if not (isinstance(whole, Dim) and isinstance(half, Dim) and half.scale == -1 and len(half.sources) == 1):
        return None
    source = half.sources[0]
    halved = isinstance(source, Quotient) and source.divisor == 2 and source.dim == whole
    return Dim(Quotient(whole + 1, 2), offset=half.offset) if halved else None


def _whole(value: Operand) -> bool:
    return isinstance(value, int) or (hasattr(value, "__index__") and not isinstance(value, Dim))


class NameScope:
    """What ``tf.name_scope`` and its kin give: a context manager that changes nothing."""

    def __init__(self, name: Operand = "") -> None:
        self.name = name if isinstance(name, str) else ""

    def __enter__(self) -> str:
        return self.name + "/"

    def __exit__(self, *_: object) -> None:
        return None


Size = int | Dim
