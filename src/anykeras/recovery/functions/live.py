"""`Ops` over a Keras 3 that is handed in: for the old backend over live tensors, the tests and the witness."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import TypeGuard

from .base import FunctionContext, TensorOps
from .formulas import order_sum
from .shapes import reshape_open, sizes
from .values import Dim, Operand, Quotient, Refused, Remainder, Size


@dataclass(frozen=True)
class TensorAxis:
    """The size of one axis of one tensor; equal only for the same tensor."""

    tensor: Operand
    axis: int

    @property
    def _identity(self) -> tuple[int, int]:
        return (id(self.tensor), self.axis)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TensorAxis) and self._identity == other._identity

    def __hash__(self) -> int:
        return hash(self._identity)

    def __repr__(self) -> str:
        return f"TensorAxis({self._identity[0]:x}, {self.axis})"


class LiveOps(TensorOps[object]):
    """Runs entries on arrays and on Keras' symbolic tensors alike.

    Args:
        keras: the module ``keras`` (3.x) itself.
        context: whose functions the entries stand for.
    """

    def __init__(self, keras: ModuleType, context: FunctionContext | None = None) -> None:
        self.keras = keras
        self.context = context or FunctionContext()
        self.notes: list[str] = []

    def op(self, name: str, /, *args: Operand, **kwargs: Operand) -> Operand:
        """Call ``keras.ops.<name>``."""
        if name in ("zeros", "ones", "full"):
            return self._fill(name, *args, **kwargs)
        if name == "broadcast_to" and any(isinstance(size, Dim) for size in sizes(self, args[1])):
            return self.op("add", args[0], self._fill("zeros", args[1], dtype=self.dtype(args[0])))
        if name == "add" and len(args) == 2 and not kwargs and not any(isinstance(value, Dim) for value in args):
            name, *operands = order_sum(self, *args)
            args = tuple(operands)
        target = self.keras.ops
        for part in name.split("."):
            target = getattr(target, part)
        return target(*args, **kwargs)

    def is_tensor(self, x: object) -> TypeGuard[object]:
        """Whether `x` is a tensor of the backend, a variable or a symbolic tensor."""
        return bool(self.keras.ops.is_tensor(x) or isinstance(x, self.keras.Variable | self.keras.KerasTensor))

    def shape(self, x: Operand) -> tuple[Size, ...]:
        """The sizes: ints, and a Dim where unknown."""
        raw = self.keras.ops.shape(x) if self.is_tensor(x) else self.keras.ops.shape(self.keras.ops.array(x))
        sources = [TensorAxis(x, axis) for axis in range(len(raw))]
        return tuple(size if isinstance(size, int) else Dim(source) for size, source in zip(raw, sources, strict=True))

    def dtype(self, x: Operand) -> str:
        """The name of the dtype."""
        return str(self.keras.backend.standardize_dtype(x.dtype if hasattr(x, "dtype") else type(x).__name__))

    def getitem(self, x: Operand, key: tuple[Operand, ...]) -> Operand:
        """``x[key]``."""
        tensor: Operand = x if self.is_tensor(x) else self.constant(x)
        return tensor[key]

    def constant(self, array: Operand, dtype: str | None = None) -> Operand:
        """A tensor of the backend."""
        return self.keras.ops.convert_to_tensor(array, dtype=dtype)

    def constant_value(self, x: Operand) -> Operand | None:
        """The numbers of anything that is not symbolic."""
        if not self.is_tensor(x):
            return x
        return None if isinstance(x, self.keras.KerasTensor) else self.keras.ops.convert_to_numpy(x)

    def size(self, dim: Operand, dtype: str) -> Operand:
        """A Dim counted by summing ones along its axes."""
        result: Operand = int(dim.scale.numerator)
        for source in dim.sources:
            result = self.keras.ops.sum(self._make_ones_along(source, dtype)) * result
        return (result if dim.scale.denominator == 1 else result // dim.scale.denominator) + dim.offset

    def loop(self, cond: Callable[..., Operand], body: Callable[..., Operand], state: list[Operand]) -> list[Operand]:
        """``keras.ops.while_loop``."""
        return list(self.keras.ops.while_loop(cond, body, tuple(state)))

    def resize_open(self, x: Operand, sizes: tuple[Operand, ...]) -> Operand:
        """``keras.ops.reshape`` with sizes that the backend computes; symbolic tensors of Keras are put together anew."""
        if isinstance(x, self.keras.KerasTensor):
            return reshape_open(self, x, sizes)
        return self.keras.ops.reshape(x, tuple(self._compute_size(size) if isinstance(size, Dim) else size for size in sizes))

    def _compute_size(self, dim: Dim) -> Operand:
        result: Operand = dim.scale.numerator
        for source in dim.sources:
            if isinstance(source, Quotient | Remainder):
                whole = self._compute_size(source.dim)
                part = whole // source.divisor if isinstance(source, Quotient) else whole % source.divisor
            else:
                part = self.keras.ops.shape(source.tensor)[source.axis]
            result = part * result
        return result // dim.scale.denominator + dim.offset

    def layer(
        self,
        class_name: str,
        config: Mapping[str, Operand],
        /,
        *args: Operand,
        weights: Mapping[str, Operand] | None = None,
        **kwargs: Operand,
    ) -> Operand:
        """Make the layer, call it, and give its variables their values by role."""
        made = getattr(self.keras.layers, class_name)(**config)
        if not weights:
            return made(*args, **kwargs)
        made.build(self.keras.ops.shape(args[0]))
        for variable in made.variables:
            if variable.name in weights:
                variable.assign(weights[variable.name])
        return made(*args, **kwargs)

    def map_rows(self, function: Callable[[Operand], Operand], x: Operand) -> Operand:
        """``keras.ops.map``."""
        return self.keras.ops.map(function, x)

    def note(self, text: str) -> None:
        """Keep the note."""
        self.notes.append(text)

    def _make_ones_along(self, source: Operand, dtype: str) -> Operand:
        """As many ones in a row as the source of a size says."""
        if isinstance(source, Quotient):
            return self._count_out(source.dim, dtype)[source.divisor - 1 :: source.divisor]
        if not isinstance(source, TensorAxis):
            raise Refused("a tensor is made whose size is computed from unknown sizes", "AK3043")
        index: list[Operand] = [0] * self.rank(source.tensor)
        index[source.axis] = slice(None)
        return self.keras.ops.cast(self.keras.ops.ones_like(source.tensor[tuple(index)]), dtype)

    def _count_out(self, dim: Dim, dtype: str) -> Operand:
        """As many ones in a row as a size says."""
        ops, first = self.keras.ops, dim.sources[0]
        ones = self._make_ones_along(first, dtype)
        for source in dim.sources[1:]:
            ones = ops.reshape(ones[:, None] * self._make_ones_along(source, dtype)[None, :], (-1,))
        if dim.scale.numerator != 1:
            ones = ops.repeat(ones, dim.scale.numerator)
        ones = ones[dim.scale.denominator - 1 :: dim.scale.denominator] if dim.scale.denominator != 1 else ones
        if dim.offset > 0:
            return ops.concatenate([ones, ops.ones((dim.offset,), dtype=dtype)])
        return ones[-dim.offset :] if dim.offset else ones

    def _fill(self, name: str, shape: Operand, *args: Operand, dtype: Operand = None, **kwargs: Operand) -> Operand:
        target = sizes(self, shape)
        dtype = dtype or self.context.floatx
        static = tuple(1 if isinstance(size, Dim) else size for size in target)
        result = getattr(self.keras.ops, name)(static, *args, dtype=dtype, **kwargs)
        for axis, size in enumerate(target):
            if isinstance(size, Dim):
                result = self.keras.ops.multiply(self._make_ones(size, axis, len(target), dtype), result)
        return result

    def _make_ones(self, dim: Dim, axis: int, rank: int, dtype: str) -> Operand:
        return self.keras.ops.reshape(self._count_out(dim, dtype), (1,) * axis + (-1,) + (1,) * (rank - axis - 1))
