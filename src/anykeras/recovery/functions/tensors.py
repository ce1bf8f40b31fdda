"""What tensors, their shapes and dtypes answer to: Python's operators, attributes and methods."""

from __future__ import annotations

import operator
from collections.abc import Callable

import numpy as np

from ...document.model import Era
from . import folding, shapes
from .arguments import apply_along, axis_of, dtype_name, dtype_of, position, positive, reduce, reduce_to
from .base import FunctionContext, Ops
from .formulas import bits, dot, invert_bits
from .indexing import getitem
from .shapes import count_sizes, number
from .table import each, function, functions, refuse
from .tf.math import vector_norm
from .values import Dim, Operand, Shape, Sizes


def _sizes_only(ops: Ops, *operands: Operand) -> bool:
    sized = any(isinstance(one, Dim | Sizes) for one in operands)
    whole = all(isinstance(one, Dim | Sizes | int | list | tuple) for one in operands)
    return sized and whole and not any(ops.is_tensor(one) for one in operands)


def _operand(ops: Ops, x: Operand, other: Operand) -> Operand:
    """A size or a list beside a tensor, as something that an operation takes."""
    if isinstance(x, Dim | Sizes):
        return number(ops, x, dtype_of(ops, other) if ops.is_tensor(other) else ops.context.floatx)
    if isinstance(x, list | tuple):
        if any(ops.is_tensor(one) for one in x):
            return ops.stack(list(x), axis=0)
        return np.asarray(x, dtype=dtype_of(ops, other))
    return x


def _pair(ops: Ops, a: Operand, b: Operand) -> tuple[Operand, Operand]:
    return _operand(ops, a, b), _operand(ops, b, a)


def _binary(name: str, new: str) -> None:
    @function(f"operator.{name}")
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
    if ops.context.backend == "theano" and dtype_of(ops, a) == "bool" and dtype_of(ops, b) == "bool":
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


@function("operator.truediv")  # Python 3, and Python 2 with division imported
def truediv(ops: Ops, a: Operand, b: Operand) -> Operand:
    counted = count_sizes("divide", (a, b)) if _sizes_only(ops, a, b) else None
    if counted is not None:
        return counted
    return ops.divide(*_pair(ops, a, b))


@function("operator.div")  # Python 2: whole numbers divide to whole numbers
def div(ops: Ops, a: Operand, b: Operand) -> Operand:
    if _sizes_only(ops, a, b):
        return operator.floordiv(a, b)
    a, b = _pair(ops, a, b)
    whole = all("int" in dtype_of(ops, one) for one in (a, b))
    return ops.floor_divide(a, b) if whole else ops.divide(a, b)


@function("operator.matmul")  # Python 3.5 on
def matmul(ops: Ops, a: Operand, b: Operand) -> Operand:
    return dot(ops, a, b) if ops.context.backend == "theano" else ops.matmul(a, b)


def _by_identity(context: FunctionContext) -> bool:
    """Theano and TensorFlow 1 left ``==`` to Python: the same tensor or not."""
    if context.backend == "theano":
        return True
    return context.backend == "tensorflow" and not context.eager_tensorflow


@function("operator.eq", test=_by_identity)  # Theano, TensorFlow 1: identity
def same(ops: Ops, a: Operand, b: Operand) -> Operand:
    return a is b if ops.is_tensor(a) or ops.is_tensor(b) else a == b


@function("operator.ne", test=_by_identity)  # Theano, TensorFlow 1: identity
def other(ops: Ops, a: Operand, b: Operand) -> Operand:
    return not same(ops, a, b)


def _comparison(name: str, new: str, python: Callable[..., Operand]) -> None:
    @function(f"operator.{name}")  # TensorFlow 2, JAX, torch: each element
    def run(ops: Ops, a: Operand, b: Operand) -> Operand:
        if a is None or b is None or _sizes_only(ops, a, b):
            return bool(python(a, b))
        return ops.op(new, *_pair(ops, a, b))


_comparison("eq", "equal", operator.eq)
_comparison("ne", "not_equal", operator.ne)


each("operator", "and or xor", lambda ops, name, a, b: bits(ops, name, *_pair(ops, a, b)))
functions(
    "operator",
    {
        "invert": invert_bits,
        "neg": lambda ops, a: -a if isinstance(a, Dim) else ops.negative(a),
        "pos": lambda ops, a: a,
        "abs": lambda ops, a: ops.absolute(a),
        "getitem": lambda ops, a, key: getitem(ops, a, key),
    },
)


# Attributes and methods of tensors, of their shapes and of dtypes.


_TENSOR, _SHAPE = "method.tensor", "method.shape"


@function("property.tensor.shape", backends=("theano",))  # Theano: a symbolic vector of sizes
def shape_theano(ops: Ops, x: Operand) -> Operand:
    return Sizes(ops.shape(x)) if ops.is_tensor(x) else tuple(np.shape(x))


def _concrete(context: FunctionContext) -> bool:
    return context.era is Era.KERAS3 and context.backend != "tensorflow"


@function("property.tensor.shape", test=_concrete)  # Keras 3 on JAX and torch: sizes stand in for unknown ones
def shape_concrete(ops: Ops, x: Operand) -> Operand:
    return tuple(ops.shape(x))


@function("property.tensor.shape", "property.tensor._keras_shape")  # TensorFlow; None where unknown
def shape(ops: Ops, x: Operand) -> Operand:
    return shapes.static(ops, x) if ops.is_tensor(x) else tuple(np.shape(x))


functions(
    "property.tensor",
    {
        "ndim": lambda ops, x: ops.rank(x) if ops.is_tensor(x) else np.ndim(x),
        "dtype": dtype_of,
        "size": lambda ops, x: shapes.product(ops.shape(x)),
        "T": lambda ops, x: ops.transpose(x),
        "name": lambda ops, x: "x",
        "_uses_learning_phase": lambda ops, x: False,
    },
)
refuse(
    "it names a part of the running program", "property.tensor", "op graph device owner type _keras_history broadcastable tag"
)
refuse(
    "the value of a tensor is asked for while the model is built",
    _TENSOR,
    "numpy eval item get_value tolist tobytes tofile dump dumps",
)


def _method(ops: Ops, name: str, x: Operand, *args: Operand, **kwargs: Operand) -> Operand:
    """A reduction as a method: numpy arrays have it too, and constants stay numbers."""
    if not ops.is_tensor(x):
        return folding.compute(name, (np.asarray(x), *args), kwargs)
    return (position if name.startswith("arg") else reduce_to)(ops, name, x, *args, **kwargs)


each(_TENSOR, "sum mean prod max min std var any all argmax argmin", _method)  # Theano, numpy, TensorFlow 2
each(_TENSOR, "cumsum cumprod", apply_along)  # Theano, numpy


def _several(numbers: tuple[Operand, ...]) -> tuple[Operand, ...]:
    """``f(1, 2)`` and ``f((1, 2))`` alike."""
    return tuple(numbers[0]) if len(numbers) == 1 and isinstance(numbers[0], list | tuple | Sizes) else numbers


@function("method.tensor.reshape")  # Theano, numpy
def reshape(ops: Ops, x: Operand, *shape: Operand, ndim: Operand = None) -> Operand:
    if not ops.is_tensor(x):
        return folding.compute("reshape", (np.asarray(x), _several(shape)), {})
    return shapes.reshape(ops, x, _several(shape))


@function("method.tensor.transpose")  # Theano, numpy
def transpose(ops: Ops, x: Operand, *axes: Operand) -> Operand:
    order = _several(axes)
    return ops.transpose(x) if not order or order == (None,) else ops.transpose(x, axes=tuple(map(int, order)))


@function("method.tensor.dimshuffle")  # Theano: the named axes in order, 'x' for a new one
def dimshuffle(ops: Ops, x: Operand, *pattern: Operand) -> Operand:
    order = _several(pattern)
    kept = [int(axis) for axis in order if axis != "x"]
    for axis in sorted(set(range(ops.rank(x))) - set(kept), reverse=True):
        x = ops.squeeze(x, axis=axis)
    ranked = sorted(kept)
    kept = [ranked.index(axis) for axis in kept]
    y = x if kept == list(range(len(kept))) else ops.transpose(x, axes=tuple(kept))
    for place, axis in enumerate(order):
        if axis == "x":
            y = ops.expand_dims(y, place)
    return y


@function("method.tensor.flatten")  # Theano (ndim axes are left), numpy
def flatten(ops: Ops, x: Operand, ndim: Operand = 1) -> Operand:
    return keep_axes(ops, x, int(ndim) if isinstance(ndim, int) else 1)


def keep_axes(ops: Ops, x: Operand, axes: int) -> Operand:
    """The last axes joined so that `axes` are left."""
    if axes == 1:
        return ops.reshape(x, (-1,))
    sizes = ops.shape(x)
    return shapes.reshape(ops, x, (*sizes[: axes - 1], shapes.product(sizes[axes - 1 :])))


@function("method.tensor.astype")  # Theano, numpy
def astype(ops: Ops, x: Operand, dtype: Operand, copy: Operand = True) -> Operand:
    name = dtype_name(ops, dtype)
    return ops.cast(x, name) if ops.is_tensor(x) else np.asarray(x).astype(name)


@function("method.tensor.clip")  # Theano, numpy
def clip(ops: Ops, x: Operand, a_min: Operand = None, a_max: Operand = None) -> Operand:
    y = x if a_max is None else ops.minimum(x, a_max)
    return y if a_min is None else ops.maximum(y, a_min)


@function("method.tensor.squeeze")  # Theano, numpy
def squeeze(ops: Ops, x: Operand, axis: Operand = None) -> Operand:
    where = axis_of(axis)
    if where is None:
        where = tuple(index for index, length in enumerate(ops.shape(x)) if length == 1)
    for index in sorted((positive(one, ops.rank(x)) for one in np.ravel(where)), reverse=True):
        x = ops.squeeze(x, axis=int(index))
    return x


@function("method.tensor.norm")  # Theano
def norm(ops: Ops, x: Operand, L: Operand, axis: Operand = None, keepdims: Operand = False) -> Operand:
    if L == 2:
        return ops.sqrt(reduce(ops, "sum", ops.square(x), axis, keepdims))
    return vector_norm(ops, x, L, axis, bool(keepdims))


# Theano, numpy, TensorFlow
functions(
    _TENSOR,
    {
        "get_shape": shapes.static,
        "set_shape": lambda ops, x, shape: None,  # a promise about the shape
        "ravel": lambda ops, x: ops.reshape(x, (-1,)),
        "dot": lambda ops, x, other: dot(ops, x, other),
        "repeat": lambda ops, x, repeats, axis=None: ops.repeat(x, int(repeats), axis=None if axis is None else int(axis)),
        "swapaxes": lambda ops, x, axis1, axis2: ops.swapaxes(x, int(axis1), int(axis2)),
        "copy read_value": lambda ops, x: x,
    },
)


@function("method.tensor.round")  # Theano, numpy
def round_(ops: Ops, x: Operand, decimals: Operand = 0) -> Operand:
    return ops.round(x, decimals=int(decimals)) if isinstance(decimals, int) else ops.round(x)


# TensorFlow: TensorShape
functions(
    "method.shape",
    {
        "as_list": lambda ops, s: [None if isinstance(size, Dim) else size for size in s],
        "num_elements": lambda ops, s: None if any(not isinstance(size, int) for size in s) else shapes.product(s),
        "is_fully_defined": lambda ops, s: all(isinstance(size, int) for size in s),
        "concatenate": lambda ops, s, other: Shape((*s, *other)),
        "with_rank with_rank_at_least with_rank_at_most merge_with": lambda ops, s, rank=None: s,
    },
)
# TensorFlow: TensorShape, or a shape as a tensor
functions(
    "property.shape",
    {
        "ndims rank": lambda ops, s: len(s),
        "dims": lambda ops, s: list(s),
        "shape": lambda ops, s: Shape((len(s),)),  # as a tensor it has one axis
        "ndim": lambda ops, s: 1,
    },
)
# TensorFlow: top_k
functions("property.pair", {"values": lambda ops, pair: pair[0], "indices": lambda ops, pair: pair[1]})
# TensorFlow 1: Dimension
functions("property.size", {"value": lambda ops, size: None if isinstance(size, Dim) else size})


@function("method.size.astype")  # Theano: a size is a scalar tensor
def size_astype(ops: Ops, size: Operand, dtype: Operand) -> Operand:
    name = dtype_name(ops, dtype)
    return shapes.number(ops, size, name) if isinstance(size, Dim) else np.asarray(size).astype(name)[()]


# TensorFlow: DType, numpy
functions(
    "property.dtype",
    {
        "name base_dtype as_numpy_dtype type": lambda ops, d: str(d),
        "is_floating": lambda ops, d: "float" in str(d),
        "is_integer": lambda ops, d: "int" in str(d),
        "itemsize size": lambda ops, d: int(np.dtype(str(d)).itemsize),
    },
)
