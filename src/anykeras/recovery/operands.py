"""What Keras 3 takes and gets right only in another form: constants among tensors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from ..catalog.operations import find
from ..catalog.shapes.tables import takes_several_tensors
from ..lazily import np
from .functions import Operand, Ops

_WORD: Final = 1 << 31
_COMPARISONS: Final = frozenset({"less", "less_equal", "greater", "greater_equal", "equal", "not_equal"})
_MIRRORED: Final = {"less": "greater", "less_equal": "greater_equal", "greater": "less", "greater_equal": "less_equal"}
_HALF: Final = 1 << 30


def as_tensors(ops: Ops, name: str, args: tuple[Operand, ...], anchor: Callable[[Operand], Operand]) -> tuple[Operand, ...]:
    """The arguments of an operation, with an array for every list of numbers that stands for a tensor.

    `anchor` makes a tensor of a number: among several tensors a file of Keras 3 holds it as Python's, which has no shape.
    """
    known = find(name)
    parameters = [parameter.name.lstrip("*") for parameter in known.parameters] if known else []
    dtype = next((ops.dtype(leaf) for arg in args for leaf in _as_list(arg) if ops.is_tensor(leaf)), None)
    made = []
    for place, arg in enumerate(args):
        name_of = parameters[min(place, len(parameters) - 1)] if parameters else ""
        several = takes_several_tensors(known.function, name_of) if known else None
        if several is None or ops.is_tensor(arg):
            made.append(arg)
        elif several and isinstance(arg, list | tuple):
            made.append(
                tuple(_as_array(ops, item, dtype) if ops.is_tensor(item) or np.ndim(item) else anchor(item) for item in arg)
            )
        else:
            made.append(_as_array(ops, arg, dtype))
    if dtype is not None and "float" in dtype:
        return tuple(float(arg) if _is_wide(arg) else arg for arg in made)
    return tuple(made)


def _as_list(arg: Operand) -> Sequence[Operand]:
    return arg if isinstance(arg, list | tuple) else (arg,)


def _as_array(ops: Ops, value: Operand, dtype: str | None) -> Operand:
    """A list of numbers as an array, of the dtype that the old library gave it beside a tensor of `dtype`."""
    if not isinstance(value, list | tuple) or not value or any(map(ops.is_tensor, value)):
        return value
    array = np.asarray(value)
    if array.dtype.kind == "i" and dtype is not None and dtype != "bool":
        return array.astype(dtype if dtype != "bfloat16" else "float32")
    return array.astype(ops.context.floatx) if array.dtype.kind == "f" else array


def _is_wide(value: Operand) -> bool:
    """Whether a whole number does not fit the int32 that Keras has on JAX for every integer."""
    return type(value) is int and not -_WORD <= value < _WORD


def compare_wide(ops: Ops, name: str, args: tuple[Operand, ...]) -> Operand | None:
    """An operation on whole numbers of which one is beyond 32 bits, by its halves; None for other operations.

    Comparisons are exact on every backend. Sums and products are where integers have 64 bits.
    """
    if len(args) != 2 or not any(map(_is_wide, args)) or not any(map(ops.is_tensor, args)):
        return None
    x = next(arg for arg in args if ops.is_tensor(arg))
    if "int" not in ops.dtype(x):
        return None
    wide = next(arg for arg in args if _is_wide(arg))
    first = ops.is_tensor(args[0])
    if name in _COMPARISONS:
        return _compare(ops, name if first else _MIRRORED.get(name, name), x, wide)
    if name in ("minimum", "maximum"):
        return ops.where(_compare(ops, "less" if name == "minimum" else "greater", x, wide), x, _compose(ops, x, wide))
    if name in ("add", "subtract", "multiply", "floor_divide", "mod"):
        ops.note(WIDE)
        return ops.op(name, *(_compose(ops, x, wide) if _is_wide(arg) else arg for arg in args))
    return None


WIDE: Final = "a whole number beyond 32 bits: on JAX, which has 32, results differ"


def _compose(ops: Ops, x: Operand, number: int) -> Operand:
    """A number like `x`, of parts that fit 32 bits."""
    high, low = divmod(number, _HALF)
    return ops.add(ops.multiply(ops.full_like(x, high), _HALF), low)


def _compare(ops: Ops, name: str, x: Operand, number: int) -> Operand:
    high, low = divmod(number, _HALF)
    above = ops.floor_divide(x, _HALF)
    below = ops.subtract(x, ops.multiply(above, _HALF))
    level = ops.equal(above, high)
    if name in ("equal", "not_equal"):
        same = ops.logical_and(level, ops.equal(below, low))
        return same if name == "equal" else ops.logical_not(same)
    strict = name.removesuffix("_equal")
    return ops.logical_or(ops.op(strict, above, high), ops.logical_and(level, ops.op(name, below, low)))
