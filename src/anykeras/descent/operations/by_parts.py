"""Operations of ``keras.ops`` as models of layers that every Keras has, where no layer and no node does the same."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Final

import numpy as np

from ...catalog.base import Shape
from ...catalog.shapes import UNKNOWN
from ...document.build import Builder
from ...document.model import Call, Config, Ref, Slice
from ...tensors import Tensor, constant
from ..forms import find_affine, make_activation, reshape
from .by_layers import LARGEST, Operation, Said, find_borders, find_width


def by_parts(operation: Operation) -> Said:
    """The model of layers that does what an operation does. Raises Unsupported where there is none."""
    said = _TABLE.get(operation.function)
    if said is None:
        raise operation.refuse("no layers do the same")
    return said(operation)


def _reduce(operation: Operation) -> Said:
    """A sum or mean along axes as a product with ones, the largest as the pooling of a row."""
    x, function = operation.arguments["x"], operation.function
    operation.check_plain("x", "axis", "keepdims")
    rank = len(operation.shape(x))
    axes = _axes(operation, rank)
    sizes = _known(operation, operation.shape(x))
    out = _known(operation, operation.output.shape)
    rest = [axis for axis in range(1, rank) if axis not in axes]
    count, outer = math.prod(sizes[axis - 1] for axis in axes), [sizes[axis - 1] for axis in rest]

    def steps(builder: Builder, tensor: Ref) -> Ref:
        turned = tensor if [*rest, *axes] == [*range(1, rank)] else builder.layer("Permute", {"dims": (*rest, *axes)}, tensor)
        if function in ("max", "amax"):
            column = builder.layer("Permute", {"dims": (2, 1)}, reshape(builder, turned, (math.prod(outer), count)))
            return reshape(builder, builder.layer("GlobalMaxPooling1D", {}, column), out or [1])
        flat = reshape(builder, turned, (*outer, count))
        ones = {"kernel": constant(np.full((count, 1), 1 / count if function == "mean" else 1.0))}
        config: Config = {"units": 1, "use_bias": False, "activation": "linear", "trainable": False}
        return reshape(builder, builder.layer("Dense", config, flat, weights=ones), out)

    if not out:
        raise operation.refuse("nothing but the axis of the batch is left")
    return operation.model_of(x, steps)


def _axes(operation: Operation, rank: int) -> tuple[int, ...]:
    """The axes of a reduction, counted from the front. Raises Unsupported where that of the batch is one."""
    given = operation.arguments.get("axis")
    listed = range(rank) if given is None else given if isinstance(given, tuple) else (given,)
    axes = sorted(axis % rank for axis in listed if isinstance(axis, int))
    if not axes or axes[0] == 0:
        raise operation.refuse("over the axis of the batch")
    return tuple(axes)


def _known(operation: Operation, shape: Shape | None) -> list[int]:
    """The sizes without that of the batch. Raises Unsupported where one is open."""
    if shape is None or any(size is None for size in shape[1:]):
        raise operation.refuse("sizes that are open")
    return [size for size in shape[1:] if size is not None]


def _get_item(operation: Operation) -> Said:
    x, key, out = operation.arguments["x"], operation.arguments["key"], operation.output.shape
    sizes, wanted = _known(operation, operation.shape(x)), _known(operation, out)
    keys = key if isinstance(key, tuple) else (key,)
    if keys[0] != Slice():
        raise operation.refuse("an index of the batch, or of another kind than ranges and numbers")
    borders = [find_borders(operation, one, size) for one, size in zip(keys[1:], sizes, strict=False)]
    if len(keys) - 1 > len(sizes) or not wanted:
        raise operation.refuse("an index of more axes than there are, or of a number")
    return operation.model_of(x, lambda builder, tensor: reshape(builder, _crop(builder, tensor, sizes, borders), wanted))


def _crop(builder: Builder, x: Ref, sizes: Sequence[int], borders: Sequence[tuple[int, int]]) -> Ref:
    """A tensor without the borders of its axes; it may come out in another shape of as many items.

    Each axis lies as the columns of an image with what is before it as rows, and what is behind as channels.
    """
    sizes = list(sizes)
    for axis, (before, behind) in enumerate(borders):
        if not before and not behind:
            continue
        image = reshape(builder, x, (math.prod(sizes[:axis]), sizes[axis], math.prod(sizes[axis + 1 :])))
        crop: Config = {"cropping": ((0, 0), (before, behind)), "data_format": "channels_last"}
        x, sizes[axis] = builder.layer("Cropping2D", crop, image), sizes[axis] - before - behind
    return x


def _split(operation: Operation) -> Said:
    x, parts = operation.arguments["x"], operation.arguments["indices_or_sections"]
    sizes = _known(operation, operation.shape(x))
    axis = operation.arguments.get("axis", 0)
    if not isinstance(axis, int) or axis % (len(sizes) + 1) == 0:
        raise operation.refuse("along the axis of the batch")
    axis = axis % (len(sizes) + 1) - 1
    length = sizes[axis]
    if isinstance(parts, int):
        cuts = [length * number // parts for number in range(1, parts)]
    elif isinstance(parts, tuple) and all(isinstance(cut, int) for cut in parts):
        cuts = [cut for cut in parts if isinstance(cut, int)]
    else:
        raise operation.refuse("at places that are no numbers")

    def steps(builder: Builder, tensor: Ref) -> tuple[Ref, ...]:
        found = []
        for first, last in pairwise([0, *cuts, length]):
            part = [*sizes[:axis], last - first, *sizes[axis + 1 :]]
            borders = [(0, 0)] * axis + [(first, length - last)]
            found.append(reshape(builder, _crop(builder, tensor, sizes, borders), part))
        return tuple(found)

    return operation.model_of(x, steps)


def _pad(operation: Operation) -> Said:
    """Zeros around the axes of rows and images."""
    x, width = operation.arguments["x"], operation.arguments["pad_width"]
    rank, fill = len(operation.shape(x)), operation.arguments.get("constant_values")
    if operation.arguments.get("mode", "constant") != "constant" or fill not in (None, 0, 0.0) or rank not in (3, 4):
        raise operation.refuse("with something else than zeros, or of a tensor that is no image")
    sides = width if isinstance(width, tuple) and len(width) == rank else ()
    if not sides or sides[0] != (0, 0) or sides[-1] != (0, 0):
        raise operation.refuse("around other axes than those of an image")
    if rank == 3:
        return operation.layer_of("ZeroPadding1D", {"padding": sides[1]}, x)
    return operation.layer_of("ZeroPadding2D", {"padding": sides[1:3], "data_format": "channels_last"}, x)


def _bound(operation: Operation) -> Said:
    """The larger or smaller of a tensor and a number: what is beyond it by relu, and the number again."""
    a, b = operation.arguments["x1"], operation.arguments["x2"]
    tensor, number = (a, b) if isinstance(a, Ref) else (b, a)
    if not isinstance(tensor, Ref) or not isinstance(number, int | float) or abs(number) > LARGEST:
        raise operation.refuse("of two tensors, or with a number that is too large")
    width, sign = find_width(operation, tensor), 1.0 if operation.function == "maximum" else -1.0

    def steps(builder: Builder, x: Ref) -> Ref:
        beyond = make_activation(builder, find_affine(builder, x, width, sign, -sign * number), "relu")
        return find_affine(builder, beyond, width, sign, number)

    return operation.model_of(tensor, steps)


def _stack(operation: Operation) -> Said:
    """Tensors with one more axis each, along which they are put together."""
    tensors, sizes = operation.arguments["x"], _known(operation, operation.output.shape)
    axis = operation.arguments.get("axis", 0)
    if not isinstance(tensors, tuple) or not isinstance(axis, int) or axis % (len(sizes) + 1) == 0:
        raise operation.refuse("along the axis of the batch")
    if not all(isinstance(tensor, Ref) for tensor in tensors):
        raise operation.refuse("constants")
    axis = axis % (len(sizes) + 1)
    builder = Builder(operation.layer.name, operation.layer.address)
    specs = [operation.specs.get(tensor, UNKNOWN) for tensor in tensors if isinstance(tensor, Ref)]
    ends = [builder.input(operation.shape(x)[1:], spec.dtype or "float32") for x, spec in zip(tensors, specs, strict=True)]
    apart = [reshape(builder, end, [*sizes[: axis - 1], 1, *sizes[axis:]]) for end in ends]
    made = apart[0] if len(apart) == 1 else builder.layer("Concatenate", {"axis": axis}, tuple(apart))
    return builder.finish(made), Call((tensors,))


def _line(operation: Operation) -> Said:
    """A tensor times or plus an array of constants, item by item, as the features of one row."""
    a, b = operation.arguments["x1"], operation.arguments["x2"]
    tensor, held = (a, b) if isinstance(a, Ref) else (b, a)
    if not isinstance(tensor, Ref) or not isinstance(held, tuple | Tensor):
        raise operation.refuse("of two tensors, or of numbers")
    array = np.asarray(held.read() if isinstance(held, Tensor) else held, "float32")
    rank, sizes = len(operation.shape(tensor)), _known(operation, operation.shape(tensor))
    array = array[0] if array.ndim == rank and array.shape[0] == 1 else array
    spec = operation.specs.get(tensor, UNKNOWN)
    if array.ndim >= rank or not (spec.dtype or "float32").startswith("float"):
        raise operation.refuse("constants along the batch, or whole numbers")
    flat = np.broadcast_to(array, sizes).reshape(-1)
    scales = operation.function == "multiply"
    scale, offset = (flat, np.zeros_like(flat)) if scales else (np.ones_like(flat), flat)

    def steps(builder: Builder, x: Ref) -> Ref:
        row = find_affine(builder, reshape(builder, x, (flat.size,)), flat.size, scale, offset)
        return reshape(builder, row, sizes)

    return operation.model_of(tensor, steps)


_TABLE: Final[Mapping[str, Callable[[Operation], Said]]] = {
    **dict.fromkeys(("mean", "max", "amax", "sum"), _reduce),
    **dict.fromkeys(("add", "multiply"), _line),
    "get_item": _get_item,
    "split": _split,
    "stack": _stack,
    **dict.fromkeys(("maximum", "minimum"), _bound),
    "pad": _pad,
}
