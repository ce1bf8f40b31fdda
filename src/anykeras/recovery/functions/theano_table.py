"""``theano.tensor``: what Lambda code of the Theano backend called."""

from __future__ import annotations

from . import shapes
from .arguments import along, axis_of, dtype_name, of, position, reduce, reduce_to
from .attributes import dimshuffle, flatten
from .base import Ops
from .creation import cast, concatenate_any, count, fill, fill_like
from .formulas import batch_dot, bits, clip_between, contract, dot, invert_bits, permute
from .indexing import getitem
from .registration import Spelled, alike, constants, each, function, functions, refuse
from .values import Operand, Refused, Sizes

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


def _reduce(
    ops: Ops,
    name: str,
    x: Operand,
    axis: Operand = None,
    dtype: Operand = None,
    keepdims: Operand = False,
    acc_dtype: Operand = None,
) -> Operand:
    if dtype in (True, False):  # max, min, any, all: the third is keepdims
        dtype, keepdims = None, dtype
    return reduce_to(ops, name, x, axis, dtype, keepdims)


each(T, "sum mean prod max min any all", _reduce, arguments="input|x=x axis dtype keepdims acc_dtype", stack=_STACK)


def _deviation(
    ops: Ops, name: str, input: Operand, axis: Operand = None, ddof: Operand = 0, keepdims: Operand = False, **_: Operand
) -> Operand:
    if ddof not in (0, False, True) or ddof is True:
        raise Refused(f"{T}.{name} with ddof")
    return reduce(ops, name, input, axis, keepdims)


each(T, "std var", _deviation, stack=_STACK)
each(T, "argmax argmin", position, stack=_STACK)
each(T, "cumsum cumprod", along, stack=_STACK)
each(T, "zeros ones", fill, stack=_STACK)
each(T, "zeros_like ones_like", lambda ops, name, model, dtype=None, **_: fill_like(ops, name, model, dtype), stack=_STACK)
each(T, "and_=and or_=or xor bitwise_and=and bitwise_or=or", bits, stack=_STACK)
functions(
    T,
    {
        "clip": lambda ops, x, min, max: clip_between(ops, x, min, max),
        "invert": invert_bits,
        "dot basic.dot": lambda ops, a, b: dot(ops, a, b),
        "concatenate": lambda ops, tensor_list, axis=0: concatenate_any(ops, list(tensor_list), int(axis)),
        "join": lambda ops, axis, *tensors_list: concatenate_any(ops, list(tensors_list), int(axis)),
        "reshape": lambda ops, x, newshape, ndim=None: shapes.reshape(ops, x, newshape),
        "flatten": Spelled("x ndim outdim=ndim", flatten),
        "transpose": lambda ops, x, axes=None: permute(ops, x, axes),
        "swapaxes": lambda ops, y, axis1, axis2: ops.swapaxes(y, int(axis1), int(axis2)),
        "shape_padleft": lambda ops, t, n_ones=1: dimshuffle(ops, t, *(["x"] * int(n_ones)), *range(ops.rank(t))),
        "shape_padright": lambda ops, t, n_ones=1: dimshuffle(ops, t, *range(ops.rank(t)), *(["x"] * int(n_ones))),
        "shape_padaxis": lambda ops, t, axis: ops.expand_dims(t, int(axis)),
        "addbroadcast unbroadcast patternbroadcast as_tensor_variable constant": lambda ops, x, *_, **__: x,
        "shape": lambda ops, x: Sizes(ops.shape(x)),
        "cast": cast,
        "eye identity_like": lambda ops, n, m=None, k=0, dtype=None: ops.eye(
            int(n), int(n if m is None else m), k=int(k), dtype=dtype_name(ops, dtype)
        ),
        "repeat": lambda ops, x, repeats, axis=None: ops.repeat(x, int(repeats), axis=None if axis is None else int(axis)),
        "tile": lambda ops, x, reps, ndim=None: shapes.tile(ops, x, reps),
        "squeeze": lambda ops, x: ops.squeeze(x),
        "take": lambda ops, a, indices, axis=None, mode="raise": ops.take(a, indices, axis=None if axis is None else int(axis)),
        "sort": lambda ops, a, axis=-1, kind="quicksort", order=None: ops.sort(a, axis=int(axis)),
        "argsort": lambda ops, a, axis=-1, kind="quicksort", order=None: ops.argsort(a, axis=int(axis)),
        "to_one_hot extra_ops.to_one_hot": lambda ops, y, nb_class, dtype=None: ops.one_hot(
            ops.cast(y, "int32"), int(nb_class)
        ),
        "getitem": lambda ops, x, key: getitem(ops, x, key),
    },
    stack=_STACK,
)


@function(f"{T}.round", f"{T}.iround", stack=_STACK)
def round_(ops: Ops, a: Operand, mode: Operand = None) -> Operand:
    if mode in (None, "half_to_even"):
        return ops.round(a)
    return ops.multiply(ops.sign(a), ops.floor(ops.add(ops.absolute(a), 0.5)))


def _switch(ops: Ops, condition: Operand, one: Operand, other: Operand) -> Operand:
    return ops.where(condition if of(ops, condition) == "bool" else ops.cast(condition, "bool"), one, other)


functions(
    "theano",
    {"ifelse.ifelse": lambda ops, condition, then_branch, else_branch, **_: _switch(ops, condition, then_branch, else_branch)},
)
functions(
    T,
    {
        "switch where": Spelled("cond=condition ift=one iff=other", _switch),
        "tensordot": lambda ops, a, b, axes=2: contract(ops, a, b, axes),
        "arange": count,
    },
    stack=_STACK,
)


@function(f"{T}.batched_dot", stack=_STACK)
def batched_dot(ops: Ops, a: Operand, b: Operand) -> Operand:
    if ops.rank(a) == 2 and ops.rank(b) == 2:
        return ops.sum(ops.multiply(a, b), axis=1)
    y = batch_dot(ops, a, b, ops.rank(a) - 1, 1)
    return ops.squeeze(y, axis=1) if ops.rank(a) + ops.rank(b) == 4 else y


@function(f"{T}.batched_tensordot", stack=_STACK)
def batched_tensordot(ops: Ops, x: Operand, y: Operand, axes: Operand = 2) -> Operand:
    where = axis_of(axes)
    if not isinstance(where, tuple) or len(where) != 2:
        raise Refused("batched_tensordot over several axes")
    found = batch_dot(ops, x, y, where[0], where[1])
    return ops.squeeze(found, axis=1) if ops.rank(x) == ops.rank(y) == 2 else found


@function(f"{T}.stack", stack=_STACK + ": one list, or (before 0.8) each tensor an argument")
def stack(ops: Ops, *tensors: Operand, axis: Operand = 0) -> Operand:
    several = list(tensors)
    if isinstance(several[0], list | tuple):
        axis = several[1] if len(several) > 1 else axis
        several = list(several[0])
    return ops.stack([shapes.number(ops, one, "int32") for one in several], axis=int(axis))


@function(f"{T}.alloc", stack=_STACK)
def alloc(ops: Ops, value: Operand, *shape: Operand) -> Operand:
    return ops.add(ops.zeros(shapes.sizes(ops, list(shape)), dtype=of(ops, value)), value)


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
