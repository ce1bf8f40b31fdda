"""Lazy tensors: a dtype, a shape, where the bytes lie, and the layout changes still to be made on reading.

Nothing here reads a file until :meth:`Tensor.read`; a migration that flips a kernel records the flip.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeAlias

from .lazily import np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

Array: TypeAlias = "NDArray[np.generic]"


@dataclass(frozen=True, eq=False)
class Tensor:
    """A tensor that has not been read yet.

    `origin` says where it comes from (``model_weights/dense_1/dense_1_W``), `steps` which changes it carries and
    `sources` the tensors that they were made to. `redo` makes the last change to other tensors in place of `sources`:
    every change of layout has one; an arithmetic one only where its maker says what goes for slots of an optimizer, which
    is not what goes for values. Tensors are compared by identity.
    """

    shape: tuple[int, ...]
    dtype: str
    origin: str
    load: Callable[[], Array] = field(repr=False)
    steps: tuple[str, ...] = ()
    sources: tuple[Tensor, ...] = field(default=(), repr=False)
    redo: Callable[..., Tensor] | None = field(default=None, repr=False)
    stream: Callable[[], Iterator[bytes | memoryview]] | None = field(default=None, repr=False)
    """The bytes as they are stored, where those are the values: see :meth:`blocks`."""
    rearranged: bool = True
    """Whether every number in it is a number of the file or a zero: its layout was changed, nothing was computed."""

    @property
    def size(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)

    @property
    def nbytes(self) -> int:
        """Bytes of all elements, of types of fewer than eight bits as if of eight."""
        bits = int("".join(filter(str.isdigit, self.dtype.partition("_")[0])) or 8)
        return self.size * max(1, bits // 8)

    def read(self) -> Array:
        """The values, as an array of `shape` and `dtype`."""
        array = np.asarray(self.load())
        if array.shape != self.shape:
            raise ValueError(f"{self.origin}: {array.shape} was read where {self.shape} was declared")
        return array

    def blocks(self) -> Iterator[bytes | memoryview]:
        """The bytes of the values, row-major and in the order of this machine, some megabytes at a time.

        A tensor that lies in its file as it is, is not held in memory as a whole; any other is read first.
        """
        return self.stream() if self.stream is not None else blocks_of(self.read())

    def leaves(self) -> Iterator[Tensor]:
        """The tensors that it was made of, as they were read; itself where it was not made of others."""
        if not self.sources:
            yield self
        for source in self.sources:
            yield from source.leaves()

    def follow(self, find: Callable[[Tensor], Tensor]) -> Tensor | None:
        """What its changes of layout make of ``find(leaf)``, which has the leaf's shape, in place of each leaf.

        None where numbers were computed: what is told of an optimizer's slots then is not true of values.
        """
        return self.follow_slots(find) if self.rearranged or not self.sources else None

    def follow_slots(self, find: Callable[[Tensor], Tensor]) -> Tensor | None:
        """An optimizer's slot of it, of the slots ``find(leaf)`` of what it was made of.

        None where a change is arithmetic that says nothing of slots.
        """
        if not self.sources:
            return find(self)
        parts = [source.follow_slots(find) for source in self.sources] if self.redo is not None else []
        found = [part for part in parts if part is not None]
        return self.redo(*found) if self.redo is not None and len(found) == len(self.sources) else None

    def rearrange(self, step: str, shape: Sequence[int], change: Callable[[Array], Array]) -> Tensor:
        """The same numbers in another layout, applied when read; `change` may drop numbers or add zeros."""
        return self._change(step, shape, change, lambda t: t.rearrange(step, shape, change), self.rearranged)

    def compute(self, step: str, shape: Sequence[int], change: Callable[[Array], Array]) -> Tensor:
        """Other numbers, computed from these when read."""
        return self._change(step, shape, change, None, False)

    def _change(
        self,
        step: str,
        shape: Sequence[int],
        change: Callable[[Array], Array],
        redo: Callable[[Tensor], Tensor] | None,
        rearranged: bool,
    ) -> Tensor:
        steps = (*self.steps, step)
        sources = (self,)
        return Tensor(
            tuple(shape), self.dtype, self.origin, lambda: change(self.read()), steps, sources, redo, rearranged=rearranged
        )

    def transpose(self, *axes: int) -> Tensor:
        """Axes permuted as by :func:`numpy.transpose`."""
        return self.rearrange(f"transpose{axes}", [self.shape[a] for a in axes], lambda a: a.transpose(axes))

    def reshape(self, *shape: int) -> Tensor:
        """Another shape of the same size, row-major."""
        if math.prod(shape) != self.size:
            raise ValueError(f"{self.origin}: {self.shape} does not reshape to {shape}")
        changed = self.rearrange(f"reshape{shape}", shape, lambda a: a.reshape(shape))
        return replace(changed, stream=self.stream)  # row-major bytes stay as they are

    def flip(self, *axes: int) -> Tensor:
        """Reversed along `axes`."""
        return self.rearrange(f"flip{axes}", self.shape, lambda a: np.flip(a, axes))

    def part(self, axis: int, start: int, stop: int) -> Tensor:
        """The slice ``start:stop`` of one axis."""
        index = tuple(slice(start, stop) if i == axis else slice(None) for i in range(len(self.shape)))
        shape = [stop - start if i == axis else n for i, n in enumerate(self.shape)]
        return self.rearrange(f"part({axis}, {start}, {stop})", shape, lambda a: a[index])

    def split(self, parts: int, axis: int = -1) -> list[Tensor]:
        """`parts` equal slices of one axis."""
        axis %= len(self.shape)
        width, rest = divmod(self.shape[axis], parts)
        if rest:
            raise ValueError(f"{self.origin}: axis {axis} of {self.shape} does not split into {parts}")
        return [self.part(axis, i * width, (i + 1) * width) for i in range(parts)]

    def cast(self, dtype: str) -> Tensor:
        """Another dtype."""
        changed = self.rearrange(f"cast({dtype})", self.shape, lambda a: a.astype(dtype))
        return replace(changed, dtype=dtype, redo=lambda t: t.cast(dtype))


def concatenate(tensors: Sequence[Tensor], axis: int = -1) -> Tensor:
    """Several tensors as one along an existing axis."""
    first = tensors[0]
    axis %= len(first.shape)
    shape = list(first.shape)
    shape[axis] = sum(t.shape[axis] for t in tensors)
    joined = combine(
        f"concatenate({axis})",
        tensors,
        shape,
        lambda *arrays: np.concatenate(arrays, axis),
        lambda *others: concatenate(others, axis),
    )
    return replace(joined, rearranged=all(t.rearranged for t in tensors))


def combine(
    step: str,
    tensors: Sequence[Tensor],
    shape: Sequence[int],
    compute: Callable[..., Array],
    slots: Callable[..., Tensor] | None = None,
) -> Tensor:
    """A tensor computed from several others when read.

    Args:
        step: the name of the change.
        tensors: what it is computed from.
        shape: of the outcome; its dtype is that of the first tensor.
        compute: gets the arrays of `tensors` in order.
        slots: what an optimizer's slot of the outcome is, made of the slots of `tensors` in order; without it the slot
            starts fresh.
    """
    return Tensor(
        tuple(shape),
        tensors[0].dtype,
        " + ".join(t.origin for t in tensors),
        lambda: compute(*[t.read() for t in tensors]),
        (step,),
        tuple(tensors),
        slots,
        rearranged=False,
    )


BLOCK = 1 << 22  # bytes of an array that are copied at a time


def blocks_of(array: Array) -> Iterator[memoryview]:
    """The bytes of an array, row-major, at most `BLOCK` at a time; only so much of it is copied."""
    if array.flags.c_contiguous or array.nbytes <= BLOCK:
        data = np.ascontiguousarray(array).reshape(-1).view(np.uint8).data
        for at in range(0, len(data), BLOCK):
            yield data[at : at + BLOCK]
        return
    rows = max(1, BLOCK * len(array) // array.nbytes)
    for at in range(0, len(array), rows):
        yield from blocks_of(array[at] if rows == 1 else array[at : at + rows])


_NUMERIC = frozenset({bool, int, float})
_KINDS = frozenset(f"{kind}{bits}" for kind in ("float", "int", "uint", "complex") for bits in (8, 16, 32, 64, 128)) | {
    "bool", "bfloat16", "float8_e4m3fn", "float8_e5m2", "int4", "uint4",
}  # fmt: skip


def from_rows(rows: object, dtype: object = None) -> Array:
    """Nested lists of numbers from a configuration as an array; `dtype` is a name that the file gives, or None.

    Looked at before an array is made: one text among them would make every element as wide as it is.

    Raises:
        TypeError: something else than numbers, or a dtype that is none of numbers.
    """
    if dtype is not None and dtype not in _KINDS:
        raise TypeError("an array whose dtype is not one of numbers")
    waiting: list[object] = [rows]
    while waiting:
        value = waiting.pop()
        if isinstance(value, list | tuple):
            if not _NUMERIC.issuperset(map(type, value)):
                waiting.extend(value)
        elif type(value) not in _NUMERIC:
            raise TypeError("an array that does not hold numbers")
    return np.asarray(rows)


def constant(value: ArrayLike, dtype: str = "float32", origin: str = "constant") -> Tensor:
    """A tensor made from numbers that are already in memory; nested lists become an array when they are read."""
    shape = _shape_of(value)
    if shape is not None:
        return Tensor(shape, dtype, origin, lambda: np.asarray(value, dtype), rearranged=False)
    array = np.asarray(value, dtype)
    return Tensor(array.shape, str(array.dtype), origin, lambda: array, rearranged=False)


def _shape_of(value: object) -> tuple[int, ...] | None:
    """The shape of numbers in lists; None for anything else, or where lists beside each other differ."""
    if type(value) in _NUMERIC:
        return ()
    if not isinstance(value, list | tuple) or not value:
        return None
    shapes = {_shape_of(item) for item in value}
    inner = shapes.pop()
    return None if shapes or inner is None else (len(value), *inner)


def zeros(shape: Sequence[int], dtype: str = "float32", origin: str = "zeros") -> Tensor:
    """Zeros, made when read: what a slot of an optimizer starts from."""
    return Tensor(tuple(shape), dtype, origin, lambda: np.zeros(shape, dtype))


def ones(shape: Sequence[int], dtype: str = "float32", origin: str = "ones") -> Tensor:
    """Ones, made when read."""
    return Tensor(tuple(shape), dtype, origin, lambda: np.ones(shape, dtype), rearranged=False)
