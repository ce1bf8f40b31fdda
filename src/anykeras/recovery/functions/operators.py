"""Python's operators on tensors, shapes and sizes, by their names in the module ``operator``."""

from __future__ import annotations

import operator
from collections.abc import Callable

import numpy as np

from .arguments import of
from .base import FunctionContext, Ops
from .formulas import bits, dot, invert_bits
from .indexing import getitem
from .registration import each, function, functions
from .shapes import count_sizes, number
from .values import Dim, Operand, Sizes


def _sizes_only(ops: Ops, *operands: Operand) -> bool:
    sized = any(isinstance(one, Dim | Sizes) for one in operands)
    whole = all(isinstance(one, Dim | Sizes | int | list | tuple) for one in operands)
    return sized and whole and not any(ops.is_tensor(one) for one in operands)


def _operand(ops: Ops, x: Operand, other: Operand) -> Operand:
    """A size or a list beside a tensor, as something that an operation takes."""
    if isinstance(x, Dim | Sizes):
        return number(ops, x, of(ops, other) if ops.is_tensor(other) else ops.context.floatx)
    if isinstance(x, list | tuple):
        if any(ops.is_tensor(one) for one in x):
            return ops.stack(list(x), axis=0)
        return np.asarray(x, dtype=of(ops, other))
    return x


def _pair(ops: Ops, a: Operand, b: Operand) -> tuple[Operand, Operand]:
    return _operand(ops, a, b), _operand(ops, b, a)


def _binary(name: str, new: str) -> None:
    @function(f"operator.{name}", stack="every tensor library")
    def run(ops: Ops, a: Operand, b: Operand) -> Operand:
        counted = count_sizes(new, (a, b)) if _sizes_only(ops, a, b) else None
        if counted is not None:
            return counted
        a, b = _pair(ops, a, b)
        if new in ("add", "subtract", "multiply"):
            a, b = _cast_counted(ops, a, b)
        return ops.op(new, a, b)


def _cast_counted(ops: Ops, a: Operand, b: Operand) -> tuple[Operand, Operand]:
    """Theano's comparisons were int8 and added up."""
    if ops.context.backend == "theano" and of(ops, a) == "bool" and of(ops, b) == "bool":
        return ops.cast(a, "int8"), ops.cast(b, "int8")
    return a, b


_binary("add", "add")
_binary("sub", "subtract")
_binary("mul", "multiply")
_binary("floordiv", "floor_divide")
_binary("mod", "mod")
_binary("pow", "power")
_binary("lt", "less")
_binary("le", "less_equal")
_binary("gt", "greater")
_binary("ge", "greater_equal")
_binary("lshift", "left_shift")
_binary("rshift", "right_shift")


@function("operator.truediv", stack="Python 3, and Python 2 with division imported")
def truediv(ops: Ops, a: Operand, b: Operand) -> Operand:
    counted = count_sizes("divide", (a, b)) if _sizes_only(ops, a, b) else None
    if counted is not None:
        return counted
    return ops.divide(*_pair(ops, a, b))


@function("operator.div", stack="Python 2: whole numbers divide to whole numbers")
def div(ops: Ops, a: Operand, b: Operand) -> Operand:
    if _sizes_only(ops, a, b):
        return operator.floordiv(a, b)
    a, b = _pair(ops, a, b)
    whole = all("int" in of(ops, one) for one in (a, b))
    return ops.floor_divide(a, b) if whole else ops.divide(a, b)


@function("operator.matmul", stack="Python 3.5 on")
def matmul(ops: Ops, a: Operand, b: Operand) -> Operand:
    return dot(ops, a, b) if ops.context.backend == "theano" else ops.matmul(a, b)


def _by_identity(context: FunctionContext) -> bool:
    """Theano and TensorFlow 1 left ``==`` to Python: the same tensor or not."""
    if context.backend == "theano":
        return True
    return context.backend == "tensorflow" and not context.eager_tensorflow


@function("operator.eq", test=_by_identity, stack="Theano, TensorFlow 1: identity")
def same(ops: Ops, a: Operand, b: Operand) -> Operand:
    return a is b if ops.is_tensor(a) or ops.is_tensor(b) else a == b


@function("operator.ne", test=_by_identity, stack="Theano, TensorFlow 1: identity")
def other(ops: Ops, a: Operand, b: Operand) -> Operand:
    return not same(ops, a, b)


def _comparison(name: str, new: str, python: Callable[..., Operand]) -> None:
    @function(f"operator.{name}", stack="TensorFlow 2, JAX, torch: each element")
    def run(ops: Ops, a: Operand, b: Operand) -> Operand:
        if a is None or b is None or _sizes_only(ops, a, b):
            return bool(python(a, b))
        return ops.op(new, *_pair(ops, a, b))


_comparison("eq", "equal", operator.eq)
_comparison("ne", "not_equal", operator.ne)


each("operator", "and or xor", lambda ops, name, a, b: bits(ops, name, *_pair(ops, a, b)), stack="every tensor library")
functions(
    "operator",
    {
        "invert": invert_bits,
        "neg": lambda ops, a: -a if isinstance(a, Dim) else ops.negative(a),
        "pos": lambda ops, a: a,
        "abs": lambda ops, a: ops.absolute(a),
        "getitem": lambda ops, a, key: getitem(ops, a, key),
    },
    stack="every tensor library",
)
