"""``theano.tensor.nnet`` and ``theano.tensor.signal``."""

from __future__ import annotations

from . import convolution
from .base import Ops
from .registration import alike, also, function, functions, refuse
from .shapes import require_size
from .values import Operand, Refused

T = "theano.tensor"
NNET = "theano.tensor.nnet"
_STACK = "Theano 0.7 to 1.0"

alike(NNET, "x", "sigmoid softplus", stack=_STACK)
also(f"{NNET}.sigm", NNET, "sigmoid softplus")
refuse("Theano approximates it by a table of its own", NNET, "ultra_fast_sigmoid", stack=_STACK)


@function(f"{NNET}.relu", stack=_STACK)
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
    stack=_STACK,
)


@function(f"{NNET}.binary_crossentropy", stack=_STACK)
def binary_crossentropy(ops: Ops, output: Operand, target: Operand) -> Operand:
    other = ops.multiply(ops.subtract(1.0, target), ops.log(ops.subtract(1.0, output)))
    return ops.negative(ops.add(ops.multiply(target, ops.log(output)), other))


@function(f"{NNET}.categorical_crossentropy", stack=_STACK)
def categorical_crossentropy(ops: Ops, coding_dist: Operand, true_dist: Operand) -> Operand:
    if ops.rank(true_dist) == ops.rank(coding_dist):
        return ops.negative(ops.sum(ops.multiply(true_dist, ops.log(coding_dist)), axis=-1))
    hot = ops.one_hot(ops.cast(true_dist, "int32"), require_size(ops, coding_dist, -1, "a one-hot encoding"))
    return ops.negative(ops.sum(ops.multiply(hot, ops.log(coding_dist)), axis=-1))


@function(f"{NNET}.conv2d", f"{T}.signal.conv.conv2d", f"{NNET}.conv.conv2d", stack=_STACK)
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
    stack=_STACK,
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
