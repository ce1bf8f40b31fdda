"""Attributes and methods of tensors, of their shapes and of dtypes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ...document.model import Era
from . import folding, shapes
from .axes import axis_of, positive, reduce
from .base import FunctionContext, Ops, Value, function, refuse
from .dtypes import dtype_name, of
from .products import dot
from .shapes import Dim, Shape, Sizes
from .tf.linalg import vector_norm

_TENSOR, _SHAPE = "method.tensor", "method.shape"


@function("property.tensor.shape", backends=("theano",), stack="Theano: a symbolic vector of sizes")
def shape_theano(ops: Ops, x: Value) -> Value:
    return Sizes(ops.shape(x)) if ops.is_tensor(x) else tuple(np.shape(x))


def _concrete(context: FunctionContext) -> bool:
    return context.era is Era.KERAS3 and context.backend != "tensorflow"


@function("property.tensor.shape", test=_concrete, stack="Keras 3 on JAX and torch: sizes stand in for unknown ones")
def shape_concrete(ops: Ops, x: Value) -> Value:
    return tuple(ops.shape(x))


@function("property.tensor.shape", "property.tensor._keras_shape", stack="TensorFlow; None where unknown")
def shape(ops: Ops, x: Value) -> Value:
    return shapes.static(ops, x) if ops.is_tensor(x) else tuple(np.shape(x))


@function("method.tensor.get_shape", stack="TensorFlow 0.x to 2.x")
def get_shape(ops: Ops, x: Value) -> Value:
    return shapes.static(ops, x)


@function("method.tensor.set_shape", stack="TensorFlow 0.x to 2.x: a promise about the shape")
def set_shape(ops: Ops, x: Value, shape: Value) -> Value:
    return None


@function("property.tensor.ndim", stack="Theano, numpy, TensorFlow 2")
def ndim(ops: Ops, x: Value) -> Value:
    return ops.rank(x) if ops.is_tensor(x) else np.ndim(x)


@function("property.tensor.dtype", stack="every tensor library")
def dtype(ops: Ops, x: Value) -> Value:
    return of(ops, x)


@function("property.tensor.size", stack="Theano, numpy")
def size(ops: Ops, x: Value) -> Value:
    return shapes.product(ops.shape(x))


@function("property.tensor.T", stack="Theano, numpy")
def transposed(ops: Ops, x: Value) -> Value:
    return ops.transpose(x)


@function("property.tensor.name", stack="every tensor library")
def name_(ops: Ops, x: Value) -> Value:
    return "x"


@function("property.tensor._uses_learning_phase", stack="Keras 1 and 2")
def uses_learning_phase(ops: Ops, x: Value) -> Value:
    return False


refuse(
    "it names a part of the running program",
    "property.tensor",
    "op graph device owner type _keras_history broadcastable tag",
)
refuse(
    "the value of a tensor is asked for while the model is built",
    _TENSOR,
    "numpy eval item get_value tolist tobytes tofile dump dumps",
)


def _on_constants(name: str, run: Callable[..., Value]) -> None:
    """A method that numpy arrays have too: constants stay numbers."""

    @function(f"{_TENSOR}.{name}", stack="Theano, numpy, TensorFlow 2")
    def either(ops: Ops, x: Value, *args: Value, **kwargs: Value) -> Value:
        if not ops.is_tensor(x) and name in folding.REDUCING:
            return folding.compute(name, (np.asarray(x), *args), kwargs)
        return run(ops, x, *args, **kwargs)


def _reduction(name: str) -> None:
    def run(ops: Ops, x: Value, axis: Value = None, dtype: Value = None, keepdims: Value = False, **_: Value) -> Value:
        y = reduce(ops, name, x, axis, keepdims)
        return y if dtype is None else ops.cast(y, dtype_name(ops, dtype))

    _on_constants(name, run)


for _name in ("sum", "mean", "prod", "max", "min", "std", "var", "any", "all"):
    _reduction(_name)


def _arg(name: str) -> None:
    def run(ops: Ops, x: Value, axis: Value = None, keepdims: Value = False) -> Value:
        return ops.op(name, x, axis=axis_of(axis), keepdims=bool(keepdims))

    _on_constants(name, run)


for _name in ("argmax", "argmin"):
    _arg(_name)


def _several(given: tuple[Value, ...]) -> tuple[Value, ...]:
    """``f(1, 2)`` and ``f((1, 2))`` alike."""
    return tuple(given[0]) if len(given) == 1 and isinstance(given[0], list | tuple | Sizes) else given


@function("method.tensor.reshape", stack="Theano, numpy")
def reshape(ops: Ops, x: Value, *shape: Value, ndim: Value = None) -> Value:
    if not ops.is_tensor(x):
        return folding.compute("reshape", (np.asarray(x), _several(shape)), {})
    return shapes.reshape(ops, x, _several(shape))


@function("method.tensor.transpose", stack="Theano, numpy")
def transpose(ops: Ops, x: Value, *axes: Value) -> Value:
    order = _several(axes)
    return ops.transpose(x) if not order or order == (None,) else ops.transpose(x, axes=tuple(map(int, order)))


@function("method.tensor.dimshuffle", stack="Theano: the named axes in order, 'x' for a new one")
def dimshuffle(ops: Ops, x: Value, *pattern: Value) -> Value:
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


@function("method.tensor.flatten", stack="Theano (ndim axes are left), numpy")
def flatten(ops: Ops, x: Value, ndim: Value = 1) -> Value:
    return flattened(ops, x, int(ndim) if isinstance(ndim, int) else 1)


def flattened(ops: Ops, x: Value, axes: int) -> Value:
    """The last axes joined so that `axes` are left."""
    if axes == 1:
        return ops.reshape(x, (-1,))
    sizes = ops.shape(x)
    return shapes.reshape(ops, x, (*sizes[: axes - 1], shapes.product(sizes[axes - 1 :])))


@function("method.tensor.ravel", stack="Theano, numpy")
def ravel(ops: Ops, x: Value) -> Value:
    return ops.reshape(x, (-1,))


@function("method.tensor.astype", stack="Theano, numpy")
def astype(ops: Ops, x: Value, dtype: Value, copy: Value = True) -> Value:
    name = dtype_name(ops, dtype)
    return ops.cast(x, name) if ops.is_tensor(x) else np.asarray(x).astype(name)


@function("method.tensor.dot", stack="Theano, numpy")
def dot_(ops: Ops, x: Value, other: Value) -> Value:
    return dot(ops, x, other)


@function("method.tensor.clip", stack="Theano, numpy")
def clip(ops: Ops, x: Value, a_min: Value = None, a_max: Value = None) -> Value:
    y = x if a_max is None else ops.minimum(x, a_max)
    return y if a_min is None else ops.maximum(y, a_min)


@function("method.tensor.repeat", stack="Theano, numpy")
def repeat(ops: Ops, x: Value, repeats: Value, axis: Value = None) -> Value:
    return ops.repeat(x, int(repeats), axis=None if axis is None else int(axis))


@function("method.tensor.squeeze", stack="Theano, numpy")
def squeeze(ops: Ops, x: Value, axis: Value = None) -> Value:
    where = axis_of(axis)
    if where is None:
        where = tuple(index for index, length in enumerate(ops.shape(x)) if length == 1)
    for index in sorted((positive(one, ops.rank(x)) for one in np.ravel(where)), reverse=True):
        x = ops.squeeze(x, axis=int(index))
    return x


@function("method.tensor.swapaxes", stack="Theano, numpy")
def swapaxes(ops: Ops, x: Value, axis1: Value, axis2: Value) -> Value:
    return ops.swapaxes(x, int(axis1), int(axis2))


@function("method.tensor.norm", stack="Theano")
def norm(ops: Ops, x: Value, L: Value, axis: Value = None, keepdims: Value = False) -> Value:
    if L == 2:
        return ops.sqrt(reduce(ops, "sum", ops.square(x), axis, keepdims))
    return vector_norm(ops, x, L, axis, bool(keepdims))


@function("method.tensor.copy", "method.tensor.read_value", stack="Theano, numpy, TensorFlow variables")
def copy(ops: Ops, x: Value) -> Value:
    return x


def _plain_method(name: str) -> None:
    @function(f"{_TENSOR}.{name}", stack="Theano, numpy")
    def run(ops: Ops, x: Value, axis: Value = None) -> Value:
        return ops.op(name, x, axis=axis_of(axis))


for _name in ("cumsum", "cumprod"):
    _plain_method(_name)


@function("method.tensor.round", stack="Theano, numpy")
def round_(ops: Ops, x: Value, decimals: Value = 0) -> Value:
    return ops.round(x, decimals=int(decimals)) if isinstance(decimals, int) else ops.round(x)


@function("method.shape.as_list", stack="TensorFlow: TensorShape")
def as_list(ops: Ops, s: Value) -> Value:
    return [None if isinstance(size, Dim) else size for size in s]


@function("method.shape.num_elements", stack="TensorFlow: TensorShape")
def num_elements(ops: Ops, s: Value) -> Value:
    return None if any(not isinstance(size, int) for size in s) else shapes.product(s)


@function("method.shape.is_fully_defined", stack="TensorFlow: TensorShape")
def is_fully_defined(ops: Ops, s: Value) -> Value:
    return all(isinstance(size, int) for size in s)


@function("method.shape.concatenate", stack="TensorFlow: TensorShape")
def concatenate(ops: Ops, s: Value, other: Value) -> Value:
    return Shape((*s, *other))


@function(
    "method.shape.with_rank",
    "method.shape.with_rank_at_least",
    "method.shape.with_rank_at_most",
    "method.shape.merge_with",
    stack="TensorFlow: TensorShape",
)
def with_rank(ops: Ops, s: Value, rank: Value = None) -> Value:
    return s


@function("property.shape.ndims", "property.shape.rank", stack="TensorFlow: TensorShape")
def ndims(ops: Ops, s: Value) -> Value:
    return len(s)


@function("property.shape.dims", stack="TensorFlow: TensorShape")
def dims(ops: Ops, s: Value) -> Value:
    return list(s)


@function("property.shape.shape", stack="a shape as a tensor")
def shape_of_shape(ops: Ops, s: Value) -> Value:
    return Shape((len(s),))


@function("property.shape.ndim", stack="a shape as a tensor")
def ndim_of_shape(ops: Ops, s: Value) -> Value:
    return 1


@function("property.pair.values", stack="TensorFlow: top_k")
def pair_values(ops: Ops, pair: Value) -> Value:
    return pair[0]


@function("property.pair.indices", stack="TensorFlow: top_k")
def pair_indices(ops: Ops, pair: Value) -> Value:
    return pair[1]


@function("property.size.value", stack="TensorFlow 1: Dimension")
def value(ops: Ops, size: Value) -> Value:
    return None if isinstance(size, Dim) else size


@function("method.size.astype", stack="Theano: a size is a scalar tensor")
def size_astype(ops: Ops, size: Value, dtype: Value) -> Value:
    name = dtype_name(ops, dtype)
    return shapes.number(ops, size, name) if isinstance(size, Dim) else np.asarray(size).astype(name)[()]


@function("property.dtype.name", "property.dtype.base_dtype", "property.dtype.as_numpy_dtype", "property.dtype.type")
def dtype_itself(ops: Ops, d: Value) -> Value:
    return str(d)


@function("property.dtype.is_floating", stack="TensorFlow: DType")
def is_floating(ops: Ops, d: Value) -> Value:
    return "float" in str(d)


@function("property.dtype.is_integer", stack="TensorFlow: DType")
def is_integer(ops: Ops, d: Value) -> Value:
    return "int" in str(d)


@function("property.dtype.itemsize", "property.dtype.size", stack="TensorFlow: DType, numpy")
def itemsize(ops: Ops, d: Value) -> Value:
    return int(np.dtype(str(d)).itemsize)
