"""``theano.tensor`` of Theano 0.7 to 1.0: what Lambda code of the Theano backend called."""

from __future__ import annotations

from . import convolution, shapes
from .arguments import apply_along, axis_of, dtype_name, dtype_of, position, reduce, reduce_to
from .base import Ops
from .creation import cast, concatenate_any, count, fill, fill_like
from .formulas import batch_dot, bits, clip_between, contract, dot, invert_bits, permute
from .indexing import getitem
from .shapes import require_size
from .table import Spelled, alike, also, constants, each, function, functions, refuse
from .tensors import dimshuffle, flatten
from .values import Operand, Refused, Sizes

T = "theano.tensor"

alike(
    T,
    "x|a|input",
    "sqr=square square sqrt exp expm1 log log2 log10 log1p abs_=absolute neg=negative sin cos tan arcsin arccos "
    "arctan sinh cosh tanh arcsinh arccosh arctanh floor ceil trunc sgn=sign erf erfinv inv=reciprocal isnan isinf "
    "real imag conj deg2rad rad2deg",
)
alike(T, "a|x b|y", "add sub=subtract mul=multiply true_div=divide int_div=floor_divide mod pow=power")
alike(T, "a|x b|y", "maximum minimum eq=equal neq=not_equal lt=less le=less_equal gt=greater ge=greater_equal")
alike(T, "a|x b|y", "arctan2 outer")
constants("theano.config", {"floatX": "float32"})


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


each(T, "sum mean prod max min any all", _reduce, arguments="input|x=x axis dtype keepdims acc_dtype")


def _deviation(
    ops: Ops, name: str, input: Operand, axis: Operand = None, ddof: Operand = 0, keepdims: Operand = False, **_: Operand
) -> Operand:
    if ddof not in (0, False, True) or ddof is True:
        raise Refused(f"{T}.{name} with ddof")
    return reduce(ops, name, input, axis, keepdims)


each(T, "std var", _deviation)
each(T, "argmax argmin", position)
each(T, "cumsum cumprod", apply_along)
each(T, "zeros ones", fill)
each(T, "zeros_like ones_like", lambda ops, name, model, dtype=None, **_: fill_like(ops, name, model, dtype))
each(T, "and_=and or_=or xor bitwise_and=and bitwise_or=or", bits)
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
)


@function(f"{T}.round", f"{T}.iround")
def round_(ops: Ops, a: Operand, mode: Operand = None) -> Operand:
    if mode in (None, "half_to_even"):
        return ops.round(a)
    return ops.multiply(ops.sign(a), ops.floor(ops.add(ops.absolute(a), 0.5)))


def _switch(ops: Ops, condition: Operand, one: Operand, other: Operand) -> Operand:
    return ops.where(condition if dtype_of(ops, condition) == "bool" else ops.cast(condition, "bool"), one, other)


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
)


@function(f"{T}.batched_dot")
def batched_dot(ops: Ops, a: Operand, b: Operand) -> Operand:
    if ops.rank(a) == 2 and ops.rank(b) == 2:
        return ops.sum(ops.multiply(a, b), axis=1)
    y = batch_dot(ops, a, b, ops.rank(a) - 1, 1)
    return ops.squeeze(y, axis=1) if ops.rank(a) + ops.rank(b) == 4 else y


@function(f"{T}.batched_tensordot")
def batched_tensordot(ops: Ops, x: Operand, y: Operand, axes: Operand = 2) -> Operand:
    where = axis_of(axes)
    if not isinstance(where, tuple) or len(where) != 2:
        raise Refused("batched_tensordot over several axes")
    found = batch_dot(ops, x, y, where[0], where[1])
    return ops.squeeze(found, axis=1) if ops.rank(x) == ops.rank(y) == 2 else found


@function(f"{T}.stack")  # one list, or (before 0.8) each tensor an argument
def stack(ops: Ops, *tensors: Operand, axis: Operand = 0) -> Operand:
    several = list(tensors)
    if isinstance(several[0], list | tuple):
        axis = several[1] if len(several) > 1 else axis
        several = list(several[0])
    return ops.stack([shapes.number(ops, one, "int32") for one in several], axis=int(axis))


@function(f"{T}.alloc")
def alloc(ops: Ops, value: Operand, *shape: Operand) -> Operand:
    return ops.add(ops.zeros(shapes.sizes(ops, list(shape)), dtype=dtype_of(ops, value)), value)


refuse(
    "it belongs to a compiled function of the running program",
    T,
    "grad jacobian hessian matrix vector scalar tensor3 tensor4 fmatrix fvector fscalar dmatrix ivector imatrix",
)
refuse("it belongs to a compiled function of the running program", "theano", "function scan shared grad clone")
refuse("it writes into a part of a tensor", T, "set_subtensor inc_subtensor")
refuse("it has no counterpart among Keras' operations", T, "gammaln psi gamma nonzero choose")
refuse("it draws by a stream of the running program", f"{T}.shared_randomstreams", "RandomStreams")
refuse("it draws by a stream of the running program", "theano.sandbox.rng_mrg", "MRG_RandomStreams")


# ``theano.tensor.nnet`` and ``theano.tensor.signal``.


NNET = "theano.tensor.nnet"


alike(NNET, "x", "sigmoid softplus")
also(f"{NNET}.sigm", NNET, "sigmoid softplus")
refuse("Theano approximates it by a table of its own", NNET, "ultra_fast_sigmoid")


@function(f"{NNET}.relu")
def relu(ops: Ops, x: Operand, alpha: Operand = 0) -> Operand:
    if ops.is_tensor(alpha):
        return ops.add(ops.relu(x), ops.multiply(alpha, ops.minimum(x, 0.0)))
    return ops.leaky_relu(x, negative_slope=alpha) if alpha else ops.relu(x)


functions(
    NNET,
    {
        "elu": lambda ops, x, alpha=1: ops.elu(x, alpha=alpha),
        "selu": lambda ops, x: ops.selu(x),
        "hard_sigmoid": lambda ops, x: ops.clip(ops.add(ops.multiply(x, 0.2), 0.5), 0.0, 1.0),
        "softmax": lambda ops, c, axis=-1: ops.softmax(c, axis=int(axis)),
        "logsoftmax": lambda ops, x, axis=-1: ops.log_softmax(x, axis=int(axis)),
    },
)


@function(f"{NNET}.binary_crossentropy")
def binary_crossentropy(ops: Ops, output: Operand, target: Operand) -> Operand:
    other = ops.multiply(ops.subtract(1.0, target), ops.log(ops.subtract(1.0, output)))
    return ops.negative(ops.add(ops.multiply(target, ops.log(output)), other))


@function(f"{NNET}.categorical_crossentropy")
def categorical_crossentropy(ops: Ops, coding_dist: Operand, true_dist: Operand) -> Operand:
    if ops.rank(true_dist) == ops.rank(coding_dist):
        return ops.negative(ops.sum(ops.multiply(true_dist, ops.log(coding_dist)), axis=-1))
    hot = ops.one_hot(ops.cast(true_dist, "int32"), require_size(ops, coding_dist, -1, "a one-hot encoding"))
    return ops.negative(ops.sum(ops.multiply(hot, ops.log(coding_dist)), axis=-1))


@function(f"{NNET}.conv2d", f"{T}.signal.conv.conv2d", f"{NNET}.conv.conv2d")
def conv2d(
    ops: Ops,
    input: Operand,
    filters: Operand,
    input_shape: Operand = None,
    filter_shape: Operand = None,
    border_mode: Operand = "valid",
    subsample: Operand = (1, 1),
    filter_flip: Operand = True,
    image_shape: Operand = None,
    filter_dilation: Operand = (1, 1),
    **_: Operand,
) -> Operand:
    kernel = ops.transpose(filters, axes=(2, 3, 1, 0))
    border = {"half": "same"}.get(border_mode, border_mode) if isinstance(border_mode, str) else None
    if border is None:
        raise Refused("a convolution of Theano with a border given by numbers")
    if border == "same" and any(require_size(ops, kernel, axis, "a convolution") % 2 == 0 for axis in (0, 1)):
        raise Refused("a convolution of Theano with an even kernel and border 'half'")
    if not filter_flip:
        kernel = convolution.flip_kernel(ops, kernel, 2)
    return convolution.convolve(
        ops,
        input,
        kernel,
        strides=subsample,
        padding=border,
        data_format="channels_first",
        dilation=filter_dilation,
        theano=True,
    )


@function(
    f"{T}.signal.pool.pool_2d",
    f"{T}.signal.downsample.max_pool_2d",
    arguments="input ws ignore_border stride pad mode ds=ws st=stride padding=pad",
)
def pool_2d(
    ops: Ops,
    input: Operand,
    ws: Operand,
    ignore_border: Operand = True,
    stride: Operand = None,
    pad: Operand = (0, 0),
    mode: Operand = "max",
) -> Operand:
    if tuple(pad) != (0, 0) or mode == "sum" or not ignore_border:
        raise Refused("a pooling of Theano with a border, of sums, or over the edge")
    kind = "max" if mode == "max" else "avg"
    return convolution.pool(ops, input, kind, ws, strides=stride, data_format="channels_first")
