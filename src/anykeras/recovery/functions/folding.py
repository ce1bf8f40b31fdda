"""Real numbers for constants: the numpy functions that a recovered function may run, each behind a size guard."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np

from ... import limits
from ...texts import list_words
from .values import Operand, Refused

MOST = 4_000_000
"""No constant of more elements than this is computed."""
_WORK = 1_000_000_000
_REPEATS = 64
_ARGUMENTS = list_words(
    "indexing axis keepdims dtype ddof shape fill_value k M N num endpoint base repeats reps decimals a_min a_max min max axes "
    "indices_or_sections ord kind order copy ndmin nan posinf neginf q side weights shift offset axis1 axis2 n"
)
_DTYPES = list_words("float16 float32 float64 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool float int bool_")

ELEMENTWISE = list_words(
    "abs absolute add subtract multiply divide true_divide floor_divide power mod remainder fmod negative positive "
    "sqrt square cbrt exp exp2 expm1 log log2 log10 log1p sin cos tan arcsin arccos arctan arctan2 sinh cosh tanh "
    "arcsinh arccosh arctanh floor ceil trunc rint round around sign maximum minimum fmax fmin clip where isnan "
    "isinf isfinite equal not_equal less less_equal greater greater_equal logical_and logical_or logical_not "
    "logical_xor bitwise_and bitwise_or bitwise_xor invert reciprocal hypot deg2rad rad2deg degrees radians sinc "
    "heaviside nan_to_num float_power copysign real imag conj conjugate angle logaddexp ldexp"
)
REDUCING = list_words(
    "sum mean prod max min amax amin std var any all argmax argmin median cumsum cumprod ptp average count_nonzero "
    "percentile quantile nansum nanmean nanmax nanmin sort argsort diff flip fliplr flipud squeeze expand_dims "
    "ravel transpose swapaxes moveaxis reshape concatenate stack vstack hstack dstack split array_split take roll "
    "rot90 tril triu diag diagonal trace asarray array copy ascontiguousarray zeros_like ones_like full_like size "
    "ndim shape atleast_1d atleast_2d atleast_3d unique searchsorted digitize flatnonzero append isscalar"
)
CONTRACTING = list_words("dot matmul tensordot inner outer vdot kron cross")
MAKING = list_words("meshgrid zeros ones empty full arange linspace logspace geomspace eye identity tile repeat broadcast_to")


_GIVEN: dict[str, Callable[..., Operand]] = {
    **{name: getattr(np, name) for name in (*ELEMENTWISE, *REDUCING, *CONTRACTING, *MAKING)},
    **{f"linalg.{name}": getattr(np.linalg, name) for name in ("norm", "inv", "det")},
}
_SYNONYMS = {"cast": "asarray", "convert_to_tensor": "asarray", "permute_dims": "transpose"}


def list_allowed() -> list[str]:
    """The numpy functions that may run."""
    return sorted(_GIVEN)


def fold(name: str, args: tuple[Operand, ...], kwargs: dict[str, Operand]) -> Operand | None:
    """The outcome of a ``keras.ops`` function on constants, where numpy has it under that name; else None."""
    name = _SYNONYMS.get(name, name)
    return compute(name, args, kwargs) if name in _GIVEN else None


def compute(name: str, args: tuple[Operand, ...], kwargs: dict[str, Operand]) -> Operand:
    """Run one listed numpy function on constants; raises Refused where it would grow or fails."""
    try:
        _guard(name, args, kwargs)
        with np.errstate(all="ignore"):
            result = _GIVEN[name](*args, **kwargs)
    except (TypeError, ValueError, IndexError, OverflowError, np.linalg.LinAlgError, MemoryError) as error:
        raise Refused(f"numpy.{name} fails on these constants: {error}") from None
    return hold(_check_numbers(name, result))


def hold(value: Operand) -> Operand:
    """`value`, its arrays charged to the file for as long as they live."""
    if isinstance(value, np.ndarray) and value.base is None:
        limits.budget().hold(value.nbytes, value)
    elif isinstance(value, list | tuple):
        limits.budget().charge(len(value))
        for one in value:
            hold(one)
    return value


def check_size(count: int, what: str) -> int:
    """`count`, where a constant of so many numbers may be made. Raises Refused, or LimitExceeded for the file."""
    if count > MOST:
        raise Refused(f"{what} would make a constant of {count} elements")
    limits.budget().charge(count >> 6)
    limits.budget().hold(8 * count)
    return count


def take_items(array: Operand, key: Operand) -> Operand:
    """``array[key]``, where lists and arrays in the key may name a place many times."""
    parts = key if isinstance(key, tuple) else (key,)
    listed = [np.shape(part) for part in parts if isinstance(part, list | np.ndarray) and np.ndim(part)]
    if listed:
        sizes = np.shape(array)
        plain = all(part is not None and part is not Ellipsis and np.asarray(part).dtype != bool for part in parts)
        gone = [size for size, part in zip(sizes, parts, strict=False) if isinstance(part, list | np.ndarray)]
        gone = gone if plain else sorted(sizes)[: len(listed)]  # the places that they stand at could be any
        check_size(math.prod(np.broadcast_shapes(*listed)) * math.prod(sizes) // max(1, math.prod(gone)), "an index")
    return hold(array[key])


def _check_numbers(name: str, result: Operand) -> Operand:
    if isinstance(result, list | tuple):
        return type(result)(_check_numbers(name, one) for one in result) if isinstance(result, list) else tuple(result)
    if isinstance(result, np.ndarray | np.generic) and result.dtype.kind not in "fiubc":
        raise Refused(f"numpy.{name} gives {result.dtype} and not numbers")
    return result


def _guard(name: str, args: tuple[Operand, ...], kwargs: dict[str, Operand]) -> None:
    _check_arguments(name, args, kwargs)
    if name in MAKING:
        wanted = _count_made(name, args, kwargs)
    elif name in CONTRACTING:
        wanted = _count_contracted(name, args)
    elif name in ELEMENTWISE:
        wanted = _count_broadcast(name, (*args, *(kwargs[key] for key in _BROADCAST if key in kwargs)))
    elif name in _GROWING:
        wanted = _GROWING[name](args, kwargs)
    else:
        wanted = max((_count(one) for one in (*args, *kwargs.values())), default=0)
    check_size(wanted, f"numpy.{name}")


def _check_arguments(name: str, args: tuple[Operand, ...], kwargs: dict[str, Operand]) -> None:
    """Numbers that fit a machine word and known arguments only: no `out`, no objects, no endless repetition."""
    unknown = sorted(set(kwargs) - set(_ARGUMENTS))
    if unknown or kwargs.get("order") not in (None, "C", "K", "A", "F"):
        raise Refused(f"numpy.{name} is called with {', '.join(unknown) or 'order'}")
    if name in ELEMENTWISE and len(args) > (3 if name in ("where", "clip") else 2):
        raise Refused(f"numpy.{name} is asked to write into an array")
    dtype: Operand = kwargs.get("dtype")
    if dtype is not None and (dtype.__name__ if isinstance(dtype, type) else str(dtype)) not in _DTYPES:
        raise Refused(f"numpy.{name} is asked for the dtype {dtype!r}")
    again: Operand = kwargs.get("n", args[1] if len(args) > 1 else 1)
    if name == "diff" and int(again) > _REPEATS:
        raise Refused("numpy.diff is repeated too often")
    for one in leaves([*args, *kwargs.values()]):
        if isinstance(one, int) and abs(one) >= 2**63:
            raise Refused(f"numpy.{name} of a number beyond 64 bits")
        if callable(one) and not isinstance(one, type):
            raise Refused(f"numpy.{name} is handed a function")


def leaves(value: Operand) -> Iterator[Operand]:
    """What nested lists and tuples hold."""
    if isinstance(value, list | tuple):
        for one in value:
            yield from leaves(one)
    else:
        yield value


def _count_contracted(name: str, args: tuple[Operand, ...]) -> int:
    a, b = (np.shape(one) for one in args[:2])
    if name not in ("dot", "matmul") or not a or not b:
        return math.prod(a) * math.prod(b)
    result = math.prod(a[:-1]) * math.prod(b[:-2]) * (b[-1] if len(b) > 1 else 1)
    if result * a[-1] > _WORK:
        raise Refused(f"numpy.{name} multiplies constants that are too large")
    return result


def _count(value: Operand) -> int:
    if isinstance(value, np.ndarray):
        return int(value.size)
    if isinstance(value, list | tuple):
        return sum(_count(one) for one in value)
    return 1


def _count_broadcast(name: str, args: tuple[Operand, ...]) -> int:
    try:
        shapes = [np.shape(one) for one in args if one is not None]
        return math.prod(np.broadcast_shapes(*shapes))
    except ValueError as error:
        raise Refused(f"numpy.{name} on constants whose shapes do not fit: {error}") from None


def _count_made(name: str, args: tuple[Operand, ...], kwargs: dict[str, Operand]) -> int:
    if name in ("zeros", "ones", "empty", "full"):
        shape = kwargs.get("shape", args[0] if args else 0)
        return _multiply(shape)
    if name in ("eye", "identity"):
        rows = int(args[0])
        columns: Operand = args[1] if len(args) > 1 else kwargs.get("M")
        return rows * int(rows if columns is None or name == "identity" else columns)
    if name == "arange":
        low, high, step = (0, args[0], 1) if len(args) == 1 else (*args, 1)[:3]
        step = kwargs.get("step", step) or 1
        return int(abs((high - low) / step)) + 1
    if name in ("linspace", "logspace", "geomspace"):
        number: Operand = kwargs.get("num", args[2] if len(args) > 2 else 50)
        return int(number) * max(_count(args[0]), _count(args[1]))
    if name == "meshgrid":
        return math.prod(map(_count, args)) * max(1, len(args))
    if name == "broadcast_to":
        return _multiply(kwargs.get("shape", args[1] if len(args) > 1 else 0))
    times: Operand = kwargs.get("reps", kwargs.get("repeats", args[1] if len(args) > 1 else 1))
    if name == "repeat" and np.ndim(times):
        return sum(int(one) for one in times) * _count(args[0])
    return _count(args[0]) * _multiply(times)


def _argument(args: tuple[Operand, ...], kwargs: dict[str, Operand], place: int, name: str, default: Operand = None) -> Operand:
    return kwargs.get(name, args[place] if len(args) > place else default)


def _count_like(place: int) -> Callable[[tuple[Operand, ...], dict[str, Operand]], int]:
    """``zeros_like`` and its kin, whose argument `shape` stands at `place`."""

    def count(args: tuple[Operand, ...], kwargs: dict[str, Operand]) -> int:
        shape = _argument(args, kwargs, place, "shape")
        return max(_count(args[0]) if shape is None else _multiply(shape), *(_count(one) for one in args))

    return count


def _count_diagonal(args: tuple[Operand, ...], kwargs: dict[str, Operand]) -> int:
    away = abs(int(_argument(args, kwargs, 1, "k", 0)))
    return (_count(args[0]) + away) ** 2 if np.ndim(args[0]) == 1 else _count(args[0])


def _count_pieces(args: tuple[Operand, ...], kwargs: dict[str, Operand]) -> int:
    """``split``: each piece is an array, however little there is to split."""
    pieces = _argument(args, kwargs, 1, "indices_or_sections", 1)
    number = _count(pieces) if np.ndim(pieces) else int(pieces)
    limits.budget().charge(number)
    return max(_count(args[0]), number)


def _count_taken(args: tuple[Operand, ...], kwargs: dict[str, Operand]) -> int:
    axis = _argument(args, kwargs, 2, "axis")
    rows = 1 if axis is None else _count(args[0]) // max(1, np.shape(args[0])[int(axis)])
    return max(_count(args[0]), _count(args[1]) * rows)


def _count_quantiles(args: tuple[Operand, ...], kwargs: dict[str, Operand]) -> int:
    return _count(args[0]) * max(1, _count(_argument(args, kwargs, 1, "q", 0)))


_BROADCAST = ("min", "max", "a_min", "a_max")
_GROWING: dict[str, Callable[[tuple[Operand, ...], dict[str, Operand]], int]] = {
    "zeros_like": _count_like(4), "ones_like": _count_like(4), "full_like": _count_like(5), "diag": _count_diagonal,
    "split": _count_pieces, "array_split": _count_pieces, "take": _count_taken,
    "percentile": _count_quantiles, "quantile": _count_quantiles,
}  # fmt: skip


def _multiply(shape: Operand) -> int:
    return math.prod(int(one) for one in (shape if isinstance(shape, list | tuple) else np.ravel(shape)))
