"""Changing the size of images by any rule that TensorFlow had: two products with matrices computed here.

The rules are those of tensorflow/core/kernels/image (resize_bilinear_op, resize_nearest_neighbor_op,
resize_bicubic_op, resize_area_op, scale_and_translate_op; TF 1.4 to 2.15).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from . import folding
from .base import Ops
from .shapes import arange as shapes_arange
from .shapes import number, sizes
from .values import Dim, Operand, Refused, Size

Matrix = npt.NDArray[np.float64]
_MOST = 4_000_000


@dataclass(frozen=True)
class Grid:
    """Where the places of the result lie in the source: the flags of TensorFlow's resize functions."""

    align_corners: bool = False
    half_pixel_centers: bool = False

    def scale(self, before: int, after: int) -> float:
        """Source places for each place of the result."""
        if self.align_corners and after > 1:
            return (before - 1) / (after - 1)
        return before / after

    def places(self, before: int, after: int) -> Matrix:
        """The source coordinate of each place of the result."""
        scale = np.float32(self.scale(before, after))
        index = np.arange(folding.check_size(after, "resizing"), dtype="float32")
        found = (index + np.float32(0.5)) * scale - np.float32(0.5) if self.half_pixel_centers else index * scale
        return np.asarray(found, dtype="float64")


def nearest(before: int, after: int, grid: Grid) -> npt.NDArray[np.int32]:
    """The source place that each place of the result copies."""
    scale = np.float32(grid.scale(before, after))
    index = np.arange(folding.check_size(after, "resizing"), dtype="float32")
    where = (index + np.float32(0.5)) * scale if grid.half_pixel_centers else index * scale
    rounded = np.floor(where + np.float32(0.5)) if grid.align_corners else np.floor(where)
    return np.clip(rounded, 0, before - 1).astype("int32")


def bilinear(before: int, after: int, grid: Grid) -> Matrix:
    """Weights (after, before) of the two neighbours."""
    where = grid.places(before, after)
    low = np.floor(where)
    part = where - low
    matrix = np.zeros((folding.check_size(after * before, "resizing") // before, before))
    rows = np.arange(after)
    np.add.at(matrix, (rows, np.clip(low, 0, before - 1).astype(int)), 1 - part)
    np.add.at(matrix, (rows, np.clip(low + 1, 0, before - 1).astype(int)), part)
    return matrix


def bicubic(before: int, after: int, grid: Grid) -> Matrix:
    """Weights of the four neighbours; Keys' kernel, -0.75 without and -0.5 with half-pixel centers."""
    strength = -0.5 if grid.half_pixel_centers else -0.75
    where = grid.places(before, after)
    low = np.floor(where)
    part = np.round((where - low) * 1024) / 1024
    matrix = np.zeros((folding.check_size(after * before, "resizing") // before, before))
    rows = np.arange(after)
    total = np.zeros(after)
    for offset in (-1, 0, 1, 2):
        weight = _keys(np.abs(part - offset), strength)
        place = low + offset
        if grid.half_pixel_centers:
            weight = np.where((place >= 0) & (place < before), weight, 0.0)
        total += weight
        np.add.at(matrix, (rows, np.clip(place, 0, before - 1).astype(int)), weight)
    return matrix / total[:, None] if grid.half_pixel_centers else matrix


def _keys(distance: Matrix, strength: float) -> Matrix:
    near = ((strength + 2) * distance - (strength + 3)) * distance * distance + 1
    far = ((strength * distance - 5 * strength) * distance + 8 * strength) * distance - 4 * strength
    return np.where(distance <= 1, near, np.where(distance < 2, far, 0.0))


def area(before: int, after: int, grid: Grid) -> Matrix:
    """Each place is the mean of the stretch of source that it covers."""
    scale = grid.scale(before, after)
    matrix = np.zeros((folding.check_size(after * before, "resizing") // before, before))
    for row in range(after):
        start, stop = row * scale, (row + 1) * scale
        for place in range(int(np.floor(start)), int(np.ceil(stop))):
            share = min(place + 1, stop) - max(place, start)
            matrix[row, min(max(place, 0), before - 1)] += share / scale
    return matrix


def spread(kernel: Callable[[Matrix], Matrix], radius: float, antialias: bool) -> Callable[[int, int, Grid], Matrix]:
    """Weights of ``scale_and_translate``: `kernel` around each place, wider when shrinking with `antialias`."""

    def weights(before: int, after: int, grid: Grid) -> Matrix:
        scale = before / after
        wide = max(scale, 1.0) if antialias else 1.0
        centers = (np.arange(after) + 0.5) * scale
        places = np.arange(before) + 0.5
        distance = np.abs(centers[:, None] - places[None, :]) / wide
        found = np.where(distance < radius, kernel(distance), 0.0)
        total = found.sum(axis=1, keepdims=True)
        return found / np.where(total == 0, 1.0, total)

    return weights


def _lanczos(radius: int) -> Callable[[Matrix], Matrix]:
    return lambda distance: np.where(distance < radius, np.sinc(distance) * np.sinc(distance / radius), 0.0)


def _triangle(distance: Matrix) -> Matrix:
    return np.maximum(1.0 - distance, 0.0)


def _mitchell(distance: Matrix) -> Matrix:
    near = (((7 * distance) - 12) * distance) * distance + 16 / 3
    far = (((-7 / 3 * distance) + 12) * distance - 20) * distance + 32 / 3
    return np.where(distance < 1, near, np.where(distance < 2, far, 0.0)) / 6


def _gaussian(distance: Matrix) -> Matrix:
    return np.asarray(np.exp(-(distance**2) / (2 * 0.5**2)))


def _cubic(distance: Matrix) -> Matrix:
    return _keys(distance, -0.5)


_SPREAD: dict[str, tuple[Callable[[Matrix], Matrix], float]] = {
    "bilinear": (_triangle, 1.0),
    "bicubic": (_cubic, 2.0),
    "lanczos3": (_lanczos(3), 3.0),
    "lanczos5": (_lanczos(5), 5.0),
    "gaussian": (_gaussian, 1.5),
    "mitchellcubic": (_mitchell, 2.0),
}
_DIRECT: dict[str, Callable[[int, int, Grid], Matrix]] = {"bilinear": bilinear, "bicubic": bicubic, "area": area}


def resize(
    ops: Ops, x: Operand, size: Operand, method: str, grid: Grid, *, antialias: bool = False, axes: tuple[int, int] = (1, 2)
) -> Operand:
    """`x` (batch, height, width, channels) at another size."""
    for axis, after in zip(axes, sizes(ops, size), strict=True):
        before = ops.shape(x)[axis]
        if isinstance(before, int) and isinstance(after, int):
            x = _along(ops, x, axis, before, after, method, grid, antialias)
        elif before != after:
            x = _along_open(ops, x, axis, before, after, method, grid, antialias)
    return x


def _along_open(
    ops: Ops, x: Operand, axis: int, before: Size, after: Size, method: str, grid: Grid, antialias: bool
) -> Operand:
    """Along an axis whose size, or the one it gets, is known when the model runs only: two neighbours, and their mean."""
    if method not in ("nearest", "bilinear") or grid.align_corners or antialias:
        raise Refused(f"an image of unknown size is resized by the method {method!r} or with other flags", "AK3043")
    many = _times(before, after)
    if method == "nearest" and many is not None:
        return ops.repeat(x, many, axis=axis)
    length, count = (ops.cast(number(ops, size, "int32"), "float32") for size in (before, after))
    places = shapes_arange(ops, 0, after, 1, "float32")
    scale = ops.divide(length, count)
    half = 0.5 if grid.half_pixel_centers else 0.0
    where = ops.multiply(ops.add(places, half), scale)
    last = ops.subtract(length, 1.0)
    if method == "nearest":
        return ops.take(x, ops.cast(ops.minimum(ops.floor(where), last), "int32"), axis=axis)
    where = ops.subtract(where, half)
    low = ops.floor(where)
    spread = [-1 if place == axis else 1 for place in range(ops.rank(x))]
    part = ops.reshape(ops.subtract(where, low), tuple(spread))
    ends = (ops.cast(ops.maximum(ops.minimum(place, last), 0.0), "int32") for place in (low, ops.add(low, 1.0)))
    one, other = (ops.take(x, end, axis=axis) for end in ends)
    return ops.add(one, ops.multiply(ops.subtract(other, one), part))


def _times(before: Size, after: Size) -> int | None:
    """How many times longer an axis becomes, where that is a whole number."""
    if not isinstance(before, Dim) or not isinstance(after, Dim) or before.sources != after.sources:
        return None
    many = after.scale / before.scale
    return int(many) if many.denominator == 1 and before * int(many) == after else None


def _along(ops: Ops, x: Operand, axis: int, before: int, after: int, method: str, grid: Grid, antialias: bool) -> Operand:
    if before == after:
        return x
    if before * after > _MOST:
        raise Refused(f"an image is resized from {before} to {after} places: the matrix would be too large")
    if method == "nearest":
        if after % before == 0 and not grid.align_corners:
            return ops.repeat(x, after // before, axis=axis)
        return ops.take(x, nearest(before, after, grid), axis=axis)
    if method in _SPREAD and (antialias or method not in _DIRECT):
        weights = spread(*_SPREAD[method], antialias)
    elif method in _DIRECT:
        weights = _DIRECT[method]
    else:
        raise Refused(f"images are resized by the unknown method {method!r}")
    matrix = weights(before, after, grid).astype("float32")
    letters = "abcdefgh"[: ops.rank(x)]
    return ops.einsum(f"{letters},z{letters[axis]}->{letters.replace(letters[axis], 'z')}", x, matrix)
