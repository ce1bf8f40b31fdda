"""``math`` and the harmless parts of the standard library, on plain numbers."""

from __future__ import annotations

import math
from collections.abc import Callable

from ...errors import AnyKerasError
from .base import Entry, Ops, words
from .registration import constants, register
from .shapes import product
from .values import Dim, Operand, Refused

_FUNCTIONS = words(
    "acos acosh asin asinh atan atan2 atanh ceil copysign cos cosh degrees erf erfc exp expm1 fabs floor fmod frexp "
    "fsum gamma gcd hypot isclose isfinite isinf isnan isqrt ldexp lgamma log log10 log1p log2 modf pow radians sin "
    "sinh sqrt tan tanh trunc"
)

constants("math", {"pi": math.pi, "e": math.e, "inf": math.inf, "nan": math.nan, "tau": math.tau}, stack="Python")


def _entry(name: str) -> Callable[..., Operand]:
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
    register(Entry(f"math.{_name}", _entry(_name), "Python 2.6 on"))


def _factorial(ops: Ops, x: Operand) -> Operand:
    if not isinstance(x, int) or not 0 <= x <= 1000:
        raise Refused("math.factorial of a number above 1000")
    return math.factorial(x)


def _prod(ops: Ops, iterable: Operand, start: Operand = 1) -> Operand:
    factors = [start, *iterable]
    if any(isinstance(one, int) and abs(one) >= 2**63 for one in factors) or len(factors) > 1000:
        raise Refused("math.prod of numbers that are too large or too many")
    return product(factors)


register(Entry("math.factorial", _factorial, "Python"), Entry("math.prod", _prod, "Python 3.8 on"))
