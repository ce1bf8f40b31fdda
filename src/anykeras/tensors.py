"""Lazy tensors: a dtype, a shape, where the bytes lie, and the layout changes still to be made on reading.

Nothing here reads a file until :meth:`Tensor.read`; a migration that flips a kernel records the flip.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.generic]


@dataclass(frozen=True, eq=False)
class Tensor:
    """A tensor that has not been read yet.

    `origin` says where it comes from (``model_weights/dense_1/dense_1_W``), `steps` which layout changes it carries.
    """

    shape: tuple[int, ...]
    dtype: str
    origin: str
    load: Callable[[], Array] = field(repr=False)
    steps: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)

    def read(self) -> Array:
        """The values, as an array of `shape` and `dtype`."""
        array = np.asarray(self.load())
        if array.shape != self.shape:
            raise ValueError(f"{self.origin}: {array.shape} was read where {self.shape} was declared")
        return array

    def derive(self, step: str, shape: Sequence[int], change: Callable[[Array], Array]) -> Tensor:
        """The same tensor with one more layout change, applied when read."""
        return Tensor(tuple(shape), self.dtype, self.origin, lambda: change(self.read()), (*self.steps, step))

    def transpose(self, *axes: int) -> Tensor:
        """Axes permuted as by :func:`numpy.transpose`."""
        return self.derive(f"transpose{axes}", [self.shape[a] for a in axes], lambda a: a.transpose(axes))

    def reshape(self, *shape: int) -> Tensor:
        """Another shape of the same size, row-major."""
        if math.prod(shape) != self.size:
            raise ValueError(f"{self.origin}: {self.shape} does not reshape to {shape}")
        return self.derive(f"reshape{shape}", shape, lambda a: a.reshape(shape))

    def flip(self, *axes: int) -> Tensor:
        """Reversed along `axes`."""
        return self.derive(f"flip{axes}", self.shape, lambda a: np.flip(a, axes))

    def part(self, axis: int, start: int, stop: int) -> Tensor:
        """The slice ``start:stop`` of one axis."""
        index = tuple(slice(start, stop) if i == axis else slice(None) for i in range(len(self.shape)))
        shape = [stop - start if i == axis else n for i, n in enumerate(self.shape)]
        return self.derive(f"part({axis}, {start}, {stop})", shape, lambda a: a[index])

    def split(self, parts: int, axis: int = -1) -> list[Tensor]:
        """`parts` equal slices of one axis."""
        axis %= len(self.shape)
        width, rest = divmod(self.shape[axis], parts)
        if rest:
            raise ValueError(f"{self.origin}: axis {axis} of {self.shape} does not split into {parts}")
        return [self.part(axis, i * width, (i + 1) * width) for i in range(parts)]

    def cast(self, dtype: str) -> Tensor:
        """Another dtype."""
        return Tensor(self.shape, dtype, self.origin, lambda: self.read().astype(dtype), (*self.steps, f"cast({dtype})"))


def concatenate(tensors: Sequence[Tensor], axis: int = -1) -> Tensor:
    """Several tensors as one along an existing axis."""
    first = tensors[0]
    axis %= len(first.shape)
    shape = list(first.shape)
    shape[axis] = sum(t.shape[axis] for t in tensors)
    return Tensor(
        tuple(shape),
        first.dtype,
        " + ".join(t.origin for t in tensors),
        lambda: np.concatenate([t.read() for t in tensors], axis),
        (f"concatenate({axis})",),
    )


def combine(step: str, tensors: Sequence[Tensor], shape: Sequence[int], compute: Callable[..., Array]) -> Tensor:
    """A tensor computed from several others when read (``compute`` gets their arrays in order)."""
    return Tensor(
        tuple(shape),
        tensors[0].dtype,
        " + ".join(t.origin for t in tensors),
        lambda: compute(*[t.read() for t in tensors]),
        (step,),
    )


def constant(value: ArrayLike, dtype: str = "float32", origin: str = "constant") -> Tensor:
    """A tensor made from numbers that are already in memory."""
    array = np.asarray(value, dtype)
    return Tensor(array.shape, str(array.dtype), origin, lambda: array)
