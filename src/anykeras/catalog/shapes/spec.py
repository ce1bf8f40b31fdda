"""Shapes and dtypes of tensors that nobody has computed, and the arithmetic that Keras does on them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from ...document.graph import iterate_leaves
from ...document.model import Dtype, Layer, Object, Value
from ...document.model import Value as Constant
from ...tensors import Tensor
from ..base import Shape


@dataclass(frozen=True)
class Spec:
    """Shape and dtype of a tensor; a dimension, the whole shape, or the dtype is None where it is not known.

    The dtypes ``int`` and ``float`` stand for Python numbers, which give way to the dtype of a tensor they meet. `sizes`
    is the shape with numbers for open dimensions too, equal ones where dimensions are, while somebody keeps account of them.
    """

    shape: Shape | None = None
    dtype: str | None = None
    sizes: Shape | None = field(default=None, compare=False, repr=False)

    def known(self) -> Shape:
        """The shape; raises ValueError where it is not known."""
        if self.shape is None:
            raise ValueError("unknown shape")
        return self.shape

    def with_shape(self, shape: Sequence[int | None]) -> Spec:
        """Another shape, same dtype."""
        return Spec(tuple(shape), self.dtype)


UNKNOWN: Final = Spec()

# What a rule is called with: specs where tensors stand, and what the document says in constants.
Argument = Spec | Constant | Sequence["Argument"] | Mapping[str, "Argument"]
Numbers = int | tuple[int, ...]  # one number for all axes, or one an axis
Axes = Numbers | None

# The lattice of dtypes by which Keras promotes (keras/src/backend/common/dtypes.py, 3.15.1, after JAX): each dtype with
# those right above it.
_ABOVE: Final = {
    "bool": ("int",), "uint8": ("int16", "uint16"), "uint16": ("int32", "uint32"), "uint32": ("int64", "uint64"),
    "uint64": ("float",), "int": ("uint8", "int8", "complex64"), "int8": ("int16",), "int16": ("int32",),
    "int32": ("int64",), "int64": ("float",), "float": ("bfloat16", "float16"), "bfloat16": ("float32",),
    "float16": ("float32",), "float32": ("float64", "complex64"), "float64": ("complex128",),
    "complex64": ("complex128",), "complex128": (),
}  # fmt: skip
_NARROW: Final = {"int64": "int32", "uint64": "uint32", "float64": "float32", "complex128": "complex64",
                  "int": "int32", "float": "float32"}  # fmt: skip
FLOATS: Final = frozenset(("bfloat16", "float16", "float32", "float64", "float"))
WIDENED: Final = {"bool": "int32", "int8": "int32", "int16": "int32", "uint8": "uint32", "uint16": "uint32"}


def spec_of(value: object) -> Spec:
    """The spec of an argument: a spec itself, a constant tensor, a Python number, or a nest of numbers."""
    if isinstance(value, Spec):
        return value
    if isinstance(value, Tensor):
        return Spec(value.shape, value.dtype)
    if isinstance(value, bool):
        return Spec((), "bool")
    if isinstance(value, int | float):
        return Spec((), "int" if isinstance(value, int) else "float")
    if isinstance(value, tuple):
        inner = [spec_of(item) for item in value]
        first = inner[0].known() if inner else ()
        return Spec((len(value), *first), promote(*(s.dtype for s in inner)) if inner else "float32")
    raise ValueError(f"no tensor: {value!r}")


@lru_cache(maxsize=4096)
def promote(*dtypes: str | None) -> str | None:
    """The dtype of a result of several operands, 64-bit ones narrowed to 32 bits as Keras does off TensorFlow."""
    known = {d for d in dtypes if d is not None}
    if len(known) < len(set(dtypes)) or not known <= _ABOVE.keys():
        return known.pop() if len(known) == 1 and None not in dtypes else None
    common = set.intersection(*(_bounds(d) for d in known))
    least = next((d for d in known if d in common), None) or next(d for d in common if common <= _bounds(d))
    return _NARROW.get(least, least)


@lru_cache(maxsize=256)
def _bounds(dtype: str) -> set[str]:
    return {dtype}.union(*(_bounds(d) for d in _ABOVE[dtype]))


def to_floating(dtype: str | None) -> str | None:
    """The dtype of a function that has no integer results: floats stay, everything else is float32."""
    if dtype is None or dtype.startswith("complex"):
        return dtype
    return _NARROW.get(dtype, dtype) if dtype in FLOATS else "float32"


def broadcast(*shapes: Shape) -> Shape:
    """NumPy's broadcasting with unknown dimensions; raises ValueError where shapes do not fit."""
    rank = max(map(len, shapes), default=0)
    padded = [(1,) * (rank - len(s)) + tuple(s) for s in shapes]
    return tuple(_common(dims) for dims in zip(*padded, strict=True))


def _common(dims: Sequence[int | None]) -> int | None:
    sizes = {d for d in dims if d is not None and d != 1}
    if len(sizes) > 1:
        raise ValueError(f"dimensions {tuple(dims)} do not broadcast")
    return sizes.pop() if sizes else None if None in dims else 1


def product(shape: Shape) -> int | None:
    """Number of elements, None where a dimension is unknown."""
    known = [d for d in shape if d is not None]
    return math.prod(known) if len(known) == len(shape) else None


def total(dims: Sequence[int | None]) -> int | None:
    """Sum of dimensions, None where one is unknown."""
    known = [d for d in dims if d is not None]
    return sum(known) if len(known) == len(dims) else None


def add_sizes(dim: int | None, more: int) -> int | None:
    """A dimension made longer (or shorter)."""
    return None if dim is None else dim + more


def multiply_sizes(dim: int | None, factor: int | None) -> int | None:
    """A dimension multiplied."""
    return None if dim is None or factor is None else dim * factor


class NothingLeft(ValueError):
    """What Keras too refuses: a layer would leave nothing of a dimension of known size."""


def count_windows(length: int | None, size: int, stride: int, padding: str, dilation: int = 1) -> int | None:
    """How many windows of a convolution or pooling fit along one axis."""
    if length is None:
        return None
    return (length - 1 if padding != "valid" else length - dilation * (size - 1) - 1) // stride + 1


def count_some_windows(length: int | None, size: int, stride: int, padding: str, dilation: int = 1) -> int | None:
    """As `windows`; raises NothingLeft where none fits."""
    found = count_windows(length, size, stride, padding, dilation)
    if padding == "valid" and found is not None and found <= 0:
        raise NothingLeft(f"has windows of {dilation * (size - 1) + 1} over a size of {length}")
    return found


def each(value: object, rank: int) -> tuple[int, ...]:
    """One number for all axes, or one an axis."""
    if isinstance(value, tuple):
        return tuple(int(v) for v in value)
    if isinstance(value, int):
        return (value,) * rank
    raise ValueError(f"neither a number nor numbers: {value!r}")


def whole(size: Sequence[int | None]) -> list[int]:
    """A kernel's sizes; raises ValueError where one is not known."""
    if None in size:
        raise ValueError(f"a kernel of unknown size: {tuple(size)!r}")
    return [length for length in size if length is not None]


def axes_of(axis: object, rank: int) -> tuple[int, ...]:
    """Axes from 0, in the given order; all of them for None."""
    if axis is None:
        return tuple(range(rank))
    found = each(axis, 1)
    if any(not -rank <= a < rank for a in found):
        raise ValueError(f"no axis {axis!r} in rank {rank}")
    return tuple(a % rank for a in found)


def reshape(shape: Shape, target: Sequence[int | None]) -> Shape:
    """The shape after reshaping, with at most one -1 (or None) to be found. Raises ValueError where it has other elements."""
    target = tuple(-1 if d is None else d for d in target)
    if -1 not in target:
        if product(shape) not in (None, product(target)):
            raise ValueError(f"{shape} is no {target}")
        return target
    size = product(shape)
    rest = math.prod(d for d in target if d is not None and d != -1)
    found = None if size is None or rest == 0 else size // rest
    return tuple(found if d == -1 else d for d in target)


def spatial(shape: Shape, data_format: object) -> tuple[Shape, Shape]:
    """The spatial dimensions, and (batch, channels)."""
    if data_format == "channels_first":
        return shape[2:], (shape[0], shape[1])
    return shape[1:-1], (shape[0], shape[-1])


def assemble(batch: int | None, spatial_dims: Sequence[int | None], channels: int | None, data_format: object) -> Shape:
    """The whole shape from its parts, in the order of the data format."""
    if data_format == "channels_first":
        return (batch, channels, *spatial_dims)
    return (batch, *spatial_dims, channels)


def flatten_specs(structure: object) -> list[Spec]:
    """The specs in nested sequences and mappings, in the order of :func:`~anykeras.document.graph.leaves`."""
    return [leaf for leaf in iterate_leaves(structure) if isinstance(leaf, Spec)]


# The dtype that a layer computes in (keras/src/dtype_policies/dtype_policy.py, 3.15.1).


_MIXED = {"mixed_float16": "float16", "mixed_bfloat16": "bfloat16"}
# These do not cast what they are called on (``_convert_input_args = False`` in Keras).
_UNCAST = frozenset((
    "CategoryEncoding", "HashedCrossing", "Hashing", "IntegerLookup", "Pipeline", "StringLookup", "TextVectorization",
))  # fmt: skip


def compute_dtype(layer: Layer) -> str:
    """The dtype of a layer's outcome: of its policy, float32 by default."""
    return _name_compute_dtype(layer.config.get("dtype"))


def _name_compute_dtype(value: Value) -> str:
    if isinstance(value, Dtype):
        return value.name
    if isinstance(value, Object):
        config = value.config
        if not isinstance(config, Mapping):
            return _name_compute_dtype(config)
        return _name_compute_dtype(config.get("name") or config.get("source_name") or config.get("default_policy"))
    if isinstance(value, Mapping):
        return _name_compute_dtype(value.get("config", value.get("name")))
    if not isinstance(value, str):
        return "float32"
    name = value.rpartition("_from_")[2]
    return _MIXED.get(name, name)


def autocast(layer: Layer, value: Argument) -> Argument:
    """An argument as the layer sees it: floats in its own dtype."""
    if isinstance(value, Spec):
        cast = value.dtype in FLOATS and layer.class_name not in _UNCAST and layer.config.get("autocast") is not False
        return Spec(value.shape, compute_dtype(layer)) if cast else value
    if isinstance(value, tuple):
        return tuple(autocast(layer, item) for item in value)
    if isinstance(value, Mapping):
        return {key: autocast(layer, item) for key, item in value.items()}
    return value
