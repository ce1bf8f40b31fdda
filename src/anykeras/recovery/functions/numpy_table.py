"""``numpy`` 1.6 to 2.x in old functions: computed on constants, operations on tensors; ``math`` on plain numbers."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from ...errors import AnyKerasError
from ...texts import list_words
from . import folding, shapes
from .arguments import NUMBERS, axis_of, dtype_name, reduce
from .base import Entry, EntryKind, Ops, plain
from .shapes import product
from .table import constants, refuse, register
from .tf.math import vector_norm
from .values import Dim, Operand, Refused, Sizes

NP = "numpy"

constants(
    NP,
    {
        "pi": math.pi,
        "e": math.e,
        "inf": math.inf,
        "Inf": math.inf,
        "Infinity": math.inf,
        "PINF": math.inf,
        "NINF": -math.inf,
        "nan": math.nan,
        "NaN": math.nan,
        "NAN": math.nan,
        "newaxis": None,
        "euler_gamma": np.euler_gamma,
    },
)

_RENAMED = {
    "true_divide": "divide",
    "remainder": "mod",
    "fmod": "fmod",
    "around": "round",
    "rint": "round",
    "asarray": "convert_to_tensor",
    "array": "convert_to_tensor",
    "ascontiguousarray": "convert_to_tensor",
    "degrees": "rad2deg",
    "radians": "deg2rad",
    "invert": "logical_not",
    "positive": "copy",
    "permute_dims": "transpose",
}
_NO_TENSOR = ("unique", "flatnonzero", "percentile", "kron", "append", "searchsorted", "digitize", "float_power")
_REDUCE = ("sum", "mean", "prod", "max", "min", "amax", "amin", "std", "var", "any", "all")
_ASKING: dict[str, Callable[[Ops, Operand], Operand]] = {
    "shape": lambda ops, x: tuple(ops.shape(x)),
    "ndim": lambda ops, x: ops.rank(x),
    "size": lambda ops, x: shapes.product(ops.shape(x)),
    "isscalar": lambda ops, x: False,
}


def has_tensor(ops: Ops, *values: Operand) -> bool:
    """Whether a tensor or an unknown size is among the arguments, at any depth."""
    return any(ops.is_tensor(one) or isinstance(one, Dim | Sizes) for one in folding.leaves(list(values)))


def _plain(value: Operand) -> Operand:
    """Entries inside lists as their values."""
    if isinstance(value, list | tuple):
        return type(value)(_plain(one) for one in value)
    return plain(value)


def _entry(name: str) -> Callable[..., Operand]:
    def run(ops: Ops, *a: Operand, **kwargs: Operand) -> Operand:
        args, named = tuple(map(_plain, a)), {key: _plain(value) for key, value in kwargs.items()}
        if not has_tensor(ops, *args, *named.values()):
            return folding.compute(name, args, named)
        return _on_tensors(ops, name, args, named)

    return run


def _on_tensors(ops: Ops, name: str, args: tuple[Operand, ...], kwargs: dict[str, Operand]) -> Operand:
    if name in _NO_TENSOR:
        raise Refused(f"numpy.{name} of a tensor: its numbers are known when the model runs only")
    if name in _ASKING:
        return _ASKING[name](ops, args[0])
    if name in _REDUCE:
        return _reduce(ops, name, *args, **kwargs)
    if name in ("reshape", "tile"):
        return shapes.reshape(ops, *args) if name == "reshape" else shapes.tile(ops, *args)
    if name in ("asarray", "array", "ascontiguousarray"):
        return _to_tensor(ops, *args, **kwargs)
    if name == "linalg.norm":
        return _norm(ops, *args, **kwargs)
    if name in ("zeros", "ones", "full", "broadcast_to"):
        return ops.op(name, *args, **{key: value for key, value in kwargs.items() if key != "order"})
    if name in ("transpose", "concatenate", "stack", "vstack", "hstack"):
        args = (args[0] if name == "transpose" else list(args[0]), *args[1:])
    if "a" in kwargs:
        args, kwargs = (kwargs["a"], *args), {key: value for key, value in kwargs.items() if key != "a"}
    if "dtype" in kwargs:
        result = _on_tensors(ops, name, args, {key: value for key, value in kwargs.items() if key != "dtype"})
        return ops.cast(result, dtype_name(ops, kwargs["dtype"]))
    return ops.op(_RENAMED.get(name, name), *args, **kwargs)


def _reduce(
    ops: Ops, name: str, a: Operand, axis: Operand = None, dtype: Operand = None, out: Operand = None, keepdims: Operand = False
) -> Operand:
    name = {"amax": "max", "amin": "min"}.get(name, name)
    if isinstance(a, list | tuple):
        a = ops.stack([shapes.number(ops, one, "int32") for one in a], axis=0) if has_tensor(ops, a) else a
    return reduce(ops, name, a, axis, keepdims)


def _to_tensor(ops: Ops, x: Operand, dtype: Operand = None, **_: Operand) -> Operand:
    if isinstance(x, list | tuple):
        x = Sizes(x) if not any(map(ops.is_tensor, x)) else ops.stack(list(x), axis=0)
    return x if dtype is None or isinstance(x, Sizes) else ops.cast(x, dtype_name(ops, dtype))


def _norm(ops: Ops, x: Operand, ord: Operand = None, axis: Operand = None, keepdims: Operand = False) -> Operand:
    if ord is None or (ord == 2 and isinstance(axis_of(axis), int)):
        return ops.sqrt(reduce(ops, "sum", ops.square(x), axis, keepdims))
    return vector_norm(ops, x, ord, axis, bool(keepdims))


for _name in folding.list_allowed():
    register(Entry(f"{NP}.{_name}", _entry(_name)))


def _number(dtype: str) -> Callable[..., Operand]:
    def run(ops: Ops, x: Operand = 0) -> Operand:
        if has_tensor(ops, x):
            return ops.cast(shapes.number(ops, x, dtype), dtype)
        return np.asarray(x).astype(dtype)[()] if np.ndim(x) == 0 else np.asarray(x).astype(dtype)

    return run


for _name in NUMBERS:
    if _name not in ("bfloat16", "bool"):
        register(Entry(f"{NP}.{_name}", _number(_name), EntryKind.VALUE, value=_name))
for _old, _new in {
    "bool_": "bool",
    "bool": "bool",
    "float_": "float64",
    "int_": "int64",
    "float": "float64",
    "int": "int64",
    "double": "float64",
    "single": "float32",
}.items():
    register(Entry(f"{NP}.{_old}", _number(_new), EntryKind.VALUE, value=_new))


def _einsum(ops: Ops, equation: Operand, *operands: Operand, **_: Operand) -> Operand:
    if has_tensor(ops, *operands):
        return ops.einsum(equation, *operands)
    sizes: dict[str, int] = {}
    for letters, one in zip(equation.replace(" ", "").split("->")[0].split(","), operands, strict=False):
        for letter, size in zip(letters, np.shape(one), strict=False):
            sizes[letter] = max(size, sizes.get(letter, 1))
    if math.prod(sizes.values()) > folding.MOST * 50 or "." in equation:
        raise Refused("numpy.einsum multiplies constants that are too large")
    folding.check_size(math.prod(sizes.get(letter, 1) for letter in equation.partition("->")[2]), "numpy.einsum")
    if "->" not in equation:
        folding.check_size(math.prod(sizes.values()), "numpy.einsum")
    return folding.hold(np.einsum(equation, *operands))


register(Entry(f"{NP}.einsum", _einsum))


def _pad(ops: Ops, array: Operand, pad_width: Operand, mode: Operand = "constant", constant_values: Operand = 0) -> Operand:
    if has_tensor(ops, array):
        return ops.pad(array, pad_width, mode=mode, constant_values=constant_values)
    around = np.broadcast_to(np.asarray(pad_width), (np.ndim(array), 2))
    folding.check_size(math.prod(int(n + a + b) for n, (a, b) in zip(np.shape(array), around, strict=True)), "numpy.pad")
    if callable(mode):
        raise Refused("numpy.pad is handed a function")
    if mode != "constant":
        return np.pad(array, around, mode=mode)
    return np.pad(array, around, mode="constant", constant_values=constant_values)


register(Entry(f"{NP}.pad", _pad))


def _finfo(ops: Ops, dtype: Operand = "float64") -> Operand:
    return FloatLimits(np.finfo(dtype_name(ops, dtype)))


class FloatLimits:
    """The bounds of a float type: ``np.finfo``."""

    def __init__(self, info: Operand) -> None:
        self.eps, self.max, self.min, self.tiny = (float(getattr(info, key)) for key in ("eps", "max", "min", "tiny"))


register(Entry(f"{NP}.finfo", _finfo))
refuse(
    "its numbers were drawn when the program ran and are not in the file",
    f"{NP}.random",
    "rand randn random randint normal uniform choice shuffle permutation random_sample binomial seed RandomState "
    "default_rng standard_normal beta gamma poisson exponential",
)
refuse(
    "it reads or writes files, or runs a Python function on each element",
    NP,
    "load save savez loadtxt savetxt fromfile memmap vectorize apply_along_axis frompyfunc fromfunction genfromtxt "
    "save_compressed frombuffer",
)


# ``math`` and the harmless parts of the standard library, on plain numbers.


_FUNCTIONS = list_words(
    "acos acosh asin asinh atan atan2 atanh ceil copysign cos cosh degrees erf erfc exp expm1 fabs floor fmod frexp "
    "fsum gamma gcd hypot isclose isfinite isinf isnan isqrt ldexp lgamma log log10 log1p log2 modf pow radians sin "
    "sinh sqrt tan tanh trunc"
)

constants("math", {"pi": math.pi, "e": math.e, "inf": math.inf, "nan": math.nan, "tau": math.tau})


def _python_entry(name: str) -> Callable[..., Operand]:
    real: Callable[..., Operand] = getattr(math, name)

    def run(ops: Ops, *args: Operand) -> Operand:
        if any(isinstance(one, Dim) for one in args):
            return _of_size(name, args)
        if any(ops.is_tensor(one) for one in args):
            raise Refused(f"math.{name} of a tensor is refused by Python too")
        try:
            return real(*args)
        except AnyKerasError:
            raise
        except (TypeError, ValueError, OverflowError) as error:
            raise Refused(f"math.{name} fails: {error}") from None

    return run


def _of_size(name: str, args: tuple[Operand, ...]) -> Operand:
    if name in ("ceil", "floor", "trunc"):
        return args[0]  # the Dim was divided without a rest, or the division was refused
    raise Refused(f"math.{name} of a size that is not known before the model runs", "AK3043")


for _name in _FUNCTIONS:
    register(Entry(f"math.{_name}", _python_entry(_name)))


def _factorial(ops: Ops, x: Operand) -> Operand:
    if not isinstance(x, int) or not 0 <= x <= 1000:
        raise Refused("math.factorial of a number above 1000")
    return math.factorial(x)


def _prod(ops: Ops, iterable: Operand, start: Operand = 1) -> Operand:
    factors = [start, *iterable]
    if any(isinstance(one, int) and abs(one) >= 2**63 for one in factors) or len(factors) > 1000:
        raise Refused("math.prod of numbers that are too large or too many")
    return product(factors)


register(Entry("math.factorial", _factorial), Entry("math.prod", _prod))
