"""``theano.tensor``: what Lambda code of the Theano backend called."""

from __future__ import annotations

from collections.abc import Callable

from . import shapes
from .attributes import dimshuffle, flattened
from .axes import axis_of, reduce
from .base import Entry, Ops, Refused, Value, alike, constants, function, refuse, register
from .dtypes import dtype_name, of
from .elementary import bounded
from .indexing import getitem
from .joining import joined
from .products import batch_dot, dot
from .shapes import Sizes

T = "theano.tensor"
_STACK = "Theano 0.7 to 1.0"

alike(
    T,
    "x|a|input",
    "sqr=square square sqrt exp expm1 log log2 log10 log1p abs_=absolute neg=negative sin cos tan arcsin arccos "
    "arctan sinh cosh tanh arcsinh arccosh arctanh floor ceil trunc sgn=sign erf erfinv inv=reciprocal isnan isinf "
    "real imag conj deg2rad rad2deg",
    stack=_STACK,
)
alike(T, "a|x b|y", "add sub=subtract mul=multiply true_div=divide int_div=floor_divide mod pow=power", stack=_STACK)
alike(T, "a|x b|y", "maximum minimum eq=equal neq=not_equal lt=less le=less_equal gt=greater ge=greater_equal")
alike(T, "a|x b|y", "arctan2 outer", stack=_STACK)
constants("theano.config", {"floatX": "float32"}, stack=_STACK)


def _reduction(name: str) -> None:
    @function(f"{T}.{name}", stack=_STACK)
    def run(
        ops: Ops,
        input: Value = None,
        axis: Value = None,
        dtype: Value = None,
        keepdims: Value = False,
        acc_dtype: Value = None,
        x: Value = None,
    ) -> Value:
        if dtype in (True, False):  # max, min, any, all: the third is keepdims
            dtype, keepdims = None, dtype
        y = reduce(ops, name, x if input is None else input, axis, keepdims)
        return y if dtype is None else ops.cast(y, dtype_name(ops, dtype))


for _name in ("sum", "mean", "prod", "max", "min", "any", "all"):
    _reduction(_name)


def _deviation(name: str) -> None:
    @function(f"{T}.{name}", stack=_STACK)
    def run(ops: Ops, input: Value, axis: Value = None, ddof: Value = 0, keepdims: Value = False, **_: Value) -> Value:
        if ddof not in (0, False, True) or ddof is True:
            raise Refused(f"{T}.{name} with ddof")
        return reduce(ops, name, input, axis, keepdims)


_deviation("std")
_deviation("var")


def _arg(name: str) -> None:
    @function(f"{T}.{name}", stack=_STACK)
    def run(ops: Ops, x: Value, axis: Value = None, keepdims: Value = False) -> Value:
        return ops.op(name, x, axis=axis_of(axis), keepdims=bool(keepdims))


_arg("argmax")
_arg("argmin")


@function(f"{T}.round", f"{T}.iround", stack=_STACK)
def round_(ops: Ops, a: Value, mode: Value = None) -> Value:
    if mode in (None, "half_to_even"):
        return ops.round(a)
    return ops.multiply(ops.sign(a), ops.floor(ops.add(ops.absolute(a), 0.5)))


@function(f"{T}.clip", stack=_STACK)
def clip(ops: Ops, x: Value, min: Value, max: Value) -> Value:
    return bounded(ops, x, min, max)


@function(f"{T}.switch", f"{T}.where", stack=_STACK)
def switch(ops: Ops, cond: Value, ift: Value, iff: Value) -> Value:
    return ops.where(cond if of(ops, cond) == "bool" else ops.cast(cond, "bool"), ift, iff)


@function("theano.ifelse.ifelse", stack=_STACK)
def ifelse(ops: Ops, condition: Value, then_branch: Value, else_branch: Value, **_: Value) -> Value:
    return switch(ops, condition, then_branch, else_branch)


def _logic(name: str, new: str) -> None:
    @function(f"{T}.{name}", stack=_STACK)
    def run(ops: Ops, a: Value, b: Value) -> Value:
        kind = "logical" if "bool" in (of(ops, a), of(ops, b)) else "bitwise"
        return ops.op(f"{kind}_{new}", a, b)


for _old, _new in {"and_": "and", "or_": "or", "xor": "xor", "bitwise_and": "and", "bitwise_or": "or"}.items():
    _logic(_old, _new)


@function(f"{T}.invert", stack=_STACK)
def invert(ops: Ops, a: Value) -> Value:
    return ops.logical_not(a) if of(ops, a) == "bool" else ops.bitwise_not(a)


@function(f"{T}.dot", f"{T}.basic.dot", stack=_STACK)
def dot_(ops: Ops, a: Value, b: Value) -> Value:
    return dot(ops, a, b)


@function(f"{T}.tensordot", stack=_STACK)
def tensordot(ops: Ops, a: Value, b: Value, axes: Value = 2) -> Value:
    if isinstance(axes, int):
        return ops.tensordot(a, b, axes=axes)
    return ops.tensordot(a, b, axes=tuple((one,) if isinstance(one, int) else tuple(one) for one in axes))


@function(f"{T}.batched_dot", stack=_STACK)
def batched_dot(ops: Ops, a: Value, b: Value) -> Value:
    if ops.rank(a) == 2 and ops.rank(b) == 2:
        return ops.sum(ops.multiply(a, b), axis=1)
    y = batch_dot(ops, a, b, ops.rank(a) - 1, 1)
    return ops.squeeze(y, axis=1) if ops.rank(a) + ops.rank(b) == 4 else y


@function(f"{T}.batched_tensordot", stack=_STACK)
def batched_tensordot(ops: Ops, x: Value, y: Value, axes: Value = 2) -> Value:
    where = axis_of(axes)
    if not isinstance(where, tuple) or len(where) != 2:
        raise Refused("batched_tensordot over several axes")
    found = batch_dot(ops, x, y, where[0], where[1])
    return ops.squeeze(found, axis=1) if ops.rank(x) == ops.rank(y) == 2 else found


@function(f"{T}.concatenate", stack=_STACK)
def concatenate(ops: Ops, tensor_list: Value, axis: Value = 0) -> Value:
    return joined(ops, list(tensor_list), int(axis))


@function(f"{T}.join", stack=_STACK)
def join(ops: Ops, axis: Value, *tensors_list: Value) -> Value:
    return joined(ops, list(tensors_list), int(axis))


@function(f"{T}.stack", stack=_STACK + ": one list, or (before 0.8) each tensor an argument")
def stack(ops: Ops, *tensors: Value, axis: Value = 0) -> Value:
    several = list(tensors)
    if isinstance(several[0], list | tuple):
        axis = several[1] if len(several) > 1 else axis
        several = list(several[0])
    return ops.stack([shapes.number(ops, one, "int32") for one in several], axis=int(axis))


@function(f"{T}.reshape", stack=_STACK)
def reshape(ops: Ops, x: Value, newshape: Value, ndim: Value = None) -> Value:
    return shapes.reshape(ops, x, newshape)


@function(f"{T}.flatten", stack=_STACK)
def flatten(ops: Ops, x: Value, ndim: Value = 1, outdim: Value = None) -> Value:
    return flattened(ops, x, int(ndim if outdim is None else outdim))


@function(f"{T}.transpose", stack=_STACK)
def transpose(ops: Ops, x: Value, axes: Value = None) -> Value:
    return ops.transpose(x) if axes is None else ops.transpose(x, axes=tuple(int(one) for one in axes))


@function(f"{T}.swapaxes", stack=_STACK)
def swapaxes(ops: Ops, y: Value, axis1: Value, axis2: Value) -> Value:
    return ops.swapaxes(y, int(axis1), int(axis2))


@function(f"{T}.shape_padleft", stack=_STACK)
def shape_padleft(ops: Ops, t: Value, n_ones: Value = 1) -> Value:
    return dimshuffle(ops, t, *(["x"] * int(n_ones)), *range(ops.rank(t)))


@function(f"{T}.shape_padright", stack=_STACK)
def shape_padright(ops: Ops, t: Value, n_ones: Value = 1) -> Value:
    return dimshuffle(ops, t, *range(ops.rank(t)), *(["x"] * int(n_ones)))


@function(f"{T}.shape_padaxis", stack=_STACK)
def shape_padaxis(ops: Ops, t: Value, axis: Value) -> Value:
    return ops.expand_dims(t, int(axis))


@function(f"{T}.addbroadcast", f"{T}.unbroadcast", f"{T}.patternbroadcast", f"{T}.as_tensor_variable", f"{T}.constant")
def itself(ops: Ops, x: Value, *_: Value, **__: Value) -> Value:
    return x


@function(f"{T}.shape", stack=_STACK)
def shape(ops: Ops, x: Value) -> Value:
    return Sizes(ops.shape(x))


@function(f"{T}.cast", stack=_STACK)
def cast(ops: Ops, x: Value, dtype: Value) -> Value:
    return ops.cast(shapes.number(ops, x, dtype_name(ops, dtype)), dtype_name(ops, dtype))


def _filled(name: str) -> None:
    @function(f"{T}.{name}", stack=_STACK)
    def run(ops: Ops, shape: Value, dtype: Value = None) -> Value:
        return ops.op(name, shapes.sizes(ops, shape), dtype=dtype_name(ops, dtype))

    @function(f"{T}.{name}_like", stack=_STACK)
    def like(ops: Ops, model: Value, dtype: Value = None, **_: Value) -> Value:
        return ops.op(f"{name}_like", model, dtype=None if dtype is None else dtype_name(ops, dtype))


_filled("zeros")
_filled("ones")


@function(f"{T}.alloc", stack=_STACK)
def alloc(ops: Ops, value: Value, *shape: Value) -> Value:
    return ops.add(ops.zeros(shapes.sizes(ops, list(shape)), dtype=of(ops, value)), value)


@function(f"{T}.arange", stack=_STACK)
def arange(ops: Ops, start: Value, stop: Value = None, step: Value = 1, dtype: Value = None) -> Value:
    kind = "float32" if any(isinstance(one, float) for one in (start, stop, step)) else "int32"
    return shapes.arange(ops, start, stop, step, dtype_name(ops, dtype, kind))


@function(f"{T}.eye", f"{T}.identity_like", stack=_STACK)
def eye(ops: Ops, n: Value, m: Value = None, k: Value = 0, dtype: Value = None) -> Value:
    return ops.eye(int(n), int(n if m is None else m), k=int(k), dtype=dtype_name(ops, dtype))


@function(f"{T}.repeat", stack=_STACK)
def repeat(ops: Ops, x: Value, repeats: Value, axis: Value = None) -> Value:
    return ops.repeat(x, int(repeats), axis=None if axis is None else int(axis))


@function(f"{T}.tile", stack=_STACK)
def tile(ops: Ops, x: Value, reps: Value, ndim: Value = None) -> Value:
    return shapes.tile(ops, x, reps)


@function(f"{T}.squeeze", stack=_STACK)
def squeeze(ops: Ops, x: Value) -> Value:
    return ops.squeeze(x)


@function(f"{T}.take", stack=_STACK)
def take(ops: Ops, a: Value, indices: Value, axis: Value = None, mode: Value = "raise") -> Value:
    return ops.take(a, indices, axis=None if axis is None else int(axis))


def _running(name: str) -> Callable[..., Value]:
    def run(ops: Ops, x: Value, axis: Value = None) -> Value:
        return ops.op(name, x, axis=axis_of(axis))

    return run


for _name in ("cumsum", "cumprod"):
    register(Entry(f"{T}.{_name}", _running(_name), _STACK))


@function(f"{T}.sort", stack=_STACK)
def sort(ops: Ops, a: Value, axis: Value = -1, kind: Value = "quicksort", order: Value = None) -> Value:
    return ops.sort(a, axis=int(axis))


@function(f"{T}.argsort", stack=_STACK)
def argsort(ops: Ops, a: Value, axis: Value = -1, kind: Value = "quicksort", order: Value = None) -> Value:
    return ops.argsort(a, axis=int(axis))


@function(f"{T}.to_one_hot", f"{T}.extra_ops.to_one_hot", stack=_STACK)
def to_one_hot(ops: Ops, y: Value, nb_class: Value, dtype: Value = None) -> Value:
    return ops.one_hot(ops.cast(y, "int32"), int(nb_class))


@function(f"{T}.getitem", stack=_STACK)
def getitem_(ops: Ops, x: Value, key: Value) -> Value:
    return getitem(ops, x, key)


refuse(
    "it belongs to a compiled function of the running program",
    T,
    "grad jacobian hessian matrix vector scalar tensor3 tensor4 fmatrix fvector fscalar dmatrix ivector imatrix",
    stack=_STACK,
)
refuse("it belongs to a compiled function of the running program", "theano", "function scan shared grad clone")
refuse("it writes into a part of a tensor", T, "set_subtensor inc_subtensor", stack=_STACK)
refuse("it has no counterpart among Keras' operations", T, "gammaln psi gamma nonzero choose", stack=_STACK)
refuse(
    "it draws by a stream of the running program",
    f"{T}.shared_randomstreams",
    "RandomStreams",
    stack=_STACK,
)
refuse("it draws by a stream of the running program", "theano.sandbox.rng_mrg", "MRG_RandomStreams", stack=_STACK)
