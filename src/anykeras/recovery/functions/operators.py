"""Python's operators on tensors, shapes and sizes, by their names in the module ``operator``."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from .base import FunctionContext, Ops, Value, function
from .dtypes import of
from .indexing import getitem
from .products import dot
from .shapes import Dim, Sizes, number


def _sizes_only(ops: Ops, *operands: Value) -> bool:
    sized = any(isinstance(one, Dim | Sizes) for one in operands)
    whole = all(isinstance(one, Dim | Sizes | int | list | tuple) for one in operands)
    return sized and whole and not any(ops.is_tensor(one) for one in operands)


def _operand(ops: Ops, x: Value, other: Value) -> Value:
    """A size or a list beside a tensor, as something that an operation takes."""
    if isinstance(x, Dim | Sizes):
        return number(ops, x, of(ops, other) if ops.is_tensor(other) else ops.context.floatx)
    if isinstance(x, list | tuple):
        if any(ops.is_tensor(one) for one in x):
            return ops.stack(list(x), axis=0)
        return np.asarray(x, dtype=of(ops, other))
    return x


def _pair(ops: Ops, a: Value, b: Value) -> tuple[Value, Value]:
    return _operand(ops, a, b), _operand(ops, b, a)


def _binary(name: str, new: str, python: Any = None) -> None:
    @function(f"operator.{name}", stack="every tensor library")
    def run(ops: Ops, a: Value, b: Value) -> Value:
        if python is not None and _sizes_only(ops, a, b):
            return python(a, b)
        a, b = _pair(ops, a, b)
        if new in ("add", "subtract", "multiply"):
            a, b = _counted(ops, a, b)
        return ops.op(new, a, b)


def _counted(ops: Ops, a: Value, b: Value) -> tuple[Value, Value]:
    """Theano's comparisons were int8 and added up."""
    if ops.context.backend == "theano" and of(ops, a) == "bool" and of(ops, b) == "bool":
        return ops.cast(a, "int8"), ops.cast(b, "int8")
    return a, b


_binary("add", "add", operator.add)
_binary("sub", "subtract", operator.sub)
_binary("mul", "multiply", operator.mul)
_binary("floordiv", "floor_divide", operator.floordiv)
_binary("mod", "mod", operator.mod)
_binary("pow", "power")
_binary("lt", "less")
_binary("le", "less_equal")
_binary("gt", "greater")
_binary("ge", "greater_equal")
_binary("lshift", "left_shift")
_binary("rshift", "right_shift")


@function("operator.truediv", stack="Python 3, and Python 2 with division imported")
def truediv(ops: Ops, a: Value, b: Value) -> Value:
    if _sizes_only(ops, a, b):
        return operator.truediv(a, b)
    return ops.divide(*_pair(ops, a, b))


@function("operator.div", stack="Python 2: whole numbers divide to whole numbers")
def div(ops: Ops, a: Value, b: Value) -> Value:
    if _sizes_only(ops, a, b):
        return operator.floordiv(a, b)
    a, b = _pair(ops, a, b)
    whole = all("int" in of(ops, one) for one in (a, b))
    return ops.floor_divide(a, b) if whole else ops.divide(a, b)


@function("operator.matmul", stack="Python 3.5 on")
def matmul(ops: Ops, a: Value, b: Value) -> Value:
    return dot(ops, a, b) if ops.context.backend == "theano" else ops.matmul(a, b)


def _by_identity(context: FunctionContext) -> bool:
    """Theano and TensorFlow 1 left ``==`` to Python: the same tensor or not."""
    if context.backend == "theano":
        return True
    return context.backend == "tensorflow" and not context.eager_tensorflow


@function("operator.eq", test=_by_identity, stack="Theano, TensorFlow 1: identity")
def same(ops: Ops, a: Value, b: Value) -> Value:
    return a is b if ops.is_tensor(a) or ops.is_tensor(b) else a == b


@function("operator.ne", test=_by_identity, stack="Theano, TensorFlow 1: identity")
def other(ops: Ops, a: Value, b: Value) -> Value:
    return not same(ops, a, b)


def _comparison(name: str, new: str, python: Any) -> None:
    @function(f"operator.{name}", stack="TensorFlow 2, JAX, torch: each element")
    def run(ops: Ops, a: Value, b: Value) -> Value:
        if a is None or b is None or _sizes_only(ops, a, b):
            return bool(python(a, b))
        return ops.op(new, *_pair(ops, a, b))


_comparison("eq", "equal", operator.eq)
_comparison("ne", "not_equal", operator.ne)


def _bits(name: str) -> None:
    @function(f"operator.{name}", stack="every tensor library")
    def run(ops: Ops, a: Value, b: Value) -> Value:
        a, b = _pair(ops, a, b)
        kind = "logical" if "bool" in (of(ops, a), of(ops, b)) else "bitwise"
        return ops.op(f"{kind}_{name}", a, b)


for _name in ("and", "or", "xor"):
    _bits(_name)


@function("operator.invert", stack="every tensor library")
def invert(ops: Ops, a: Value) -> Value:
    return ops.logical_not(a) if of(ops, a) == "bool" else ops.bitwise_not(a)


@function("operator.neg", stack="every tensor library")
def neg(ops: Ops, a: Value) -> Value:
    return -a if isinstance(a, Dim) else ops.negative(a)


@function("operator.pos", stack="every tensor library")
def pos(ops: Ops, a: Value) -> Value:
    return a


@function("operator.abs", stack="every tensor library")
def abs_(ops: Ops, a: Value) -> Value:
    return ops.absolute(a)


@function("operator.getitem", stack="every tensor library")
def getitem_(ops: Ops, a: Value, key: Value) -> Value:
    return getitem(ops, a, key)
