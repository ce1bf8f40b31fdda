"""``tf.nn.*``: activations, normalisation, convolution, pooling, losses."""

from __future__ import annotations

from .. import convolution, creation, formulas
from ..base import EntryKind, Ops
from ..formulas import batch_normalize, softmax_over
from ..shapes import sizes
from ..table import Spelled, alike, also, each, function, functions, refuse
from ..values import Operand, Refused

NN = "tensorflow.nn"

alike(NN, "features|x", "relu relu6 elu selu")


def _swish(ops: Ops, features: Operand, beta: Operand = 1.0) -> Operand:
    return ops.multiply(features, ops.sigmoid(ops.multiply(features, beta))) if beta != 1.0 else ops.silu(features)


def _crelu(ops: Ops, features: Operand, axis: Operand = -1) -> Operand:
    return ops.relu(ops.concatenate([features, ops.negative(features)], axis=int(axis)))


def _log_softmax(ops: Ops, x: Operand, axis: Operand = -1) -> Operand:
    return ops.log_softmax(x, axis=int(axis))


functions(
    NN,
    {
        "leaky_relu": lambda ops, features, alpha=0.2: ops.leaky_relu(features, negative_slope=alpha),
        "crelu": _crelu,
        "swish silu": _swish,
        "gelu": lambda ops, features, approximate=False: ops.gelu(features, approximate=bool(approximate)),
        "softmax": Spelled("logits=x axis -name dim=axis", softmax_over),
        "log_softmax": Spelled("logits=x axis -name dim=axis", _log_softmax),
        "batch_normalization": Spelled("x mean variance=var offset=beta scale=gamma variance_epsilon=epsilon", batch_normalize),
        "embedding_lookup": lambda ops, params, ids, **_: ops.take(params, ids, axis=0),
    },
)
also("tensorflow.math", NN, "softmax log_softmax")


@function("tensorflow.nn.bias_add")
def bias_add(ops: Ops, value: Operand, bias: Operand, data_format: Operand = None) -> Operand:
    if _format(data_format) == "channels_first" and ops.rank(value) > 2:
        return ops.add(value, ops.reshape(bias, (1, -1, *([1] * (ops.rank(value) - 2)))))
    return ops.add(value, bias)


@function("tensorflow.nn.local_response_normalization", "tensorflow.nn.lrn")
def local_response_normalization(
    ops: Ops,
    input: Operand,
    depth_radius: Operand = 5,
    bias: Operand = 1.0,
    alpha: Operand = 1.0,
    beta: Operand = 0.5,
) -> Operand:
    radius = int(depth_radius)
    squared = ops.pad(ops.square(input), ((0, 0), (0, 0), (0, 0), (radius, radius)), mode="constant")
    count = ops.shape(input)[3]
    if radius > 64:
        raise Refused("local_response_normalization over more than 64 channels on each side")
    if not isinstance(count, int):
        raise Refused("local_response_normalization over an unknown number of channels", "AK3043")
    total = ops.getitem(squared, (Ellipsis, slice(0, count)))
    for start in range(1, 2 * radius + 1):
        total = ops.add(total, ops.getitem(squared, (Ellipsis, slice(start, start + count))))
    return ops.divide(input, ops.power(ops.add(ops.multiply(total, alpha), bias), beta))


@function(
    "tensorflow.nn.dropout",
    arguments="x keep_prob noise_shape seed -name rate",
    kind=EntryKind.RANDOM,
)  # TensorFlow 1 (keep_prob) and 2 (rate)
def dropout(
    ops: Ops, x: Operand, keep_prob: Operand = None, noise_shape: Operand = None, seed: Operand = None, rate: Operand = None
) -> Operand:
    if rate is None and keep_prob is not None:
        rate = keep_prob if ops.context.eager_tensorflow else 1.0 - keep_prob
    return creation.dropout(ops, x, rate, noise_shape, seed)


def _format(name: Operand) -> str:
    return "channels_first" if str(name).startswith("NC") else "channels_last"


def _inner(numbers: Operand, rank: int, data_format: Operand) -> Operand:
    """The spatial numbers of a list that also names batch and channels."""
    if isinstance(numbers, int) or len(numbers) == rank:
        return numbers
    if len(numbers) == 1:
        return numbers[0]
    return tuple(numbers[2:] if _format(data_format) == "channels_first" else numbers[1 : rank + 1])


def _padding(padding: Operand) -> str:
    if not isinstance(padding, str):
        raise Refused("a convolution with a border given by numbers")
    return padding.lower()


_WINDOW = "strides padding data_format? dilations?=dilation"


def _window(rank: int, how: dict[str, Operand]) -> dict[str, Operand]:
    """How a convolution goes over the spatial axes, from lists that name batch and channels too."""
    data_format = how.get("data_format")
    numbers = {key: _inner(value, rank, data_format) for key, value in how.items() if key in ("strides", "dilation")}
    return {**numbers, "padding": _padding(how.get("padding", "VALID")), "data_format": _format(data_format)}


@function(
    f"{NN}.conv1d",
    f"{NN}.conv2d",
    f"{NN}.conv3d",
    f"{NN}.convolution",
    arguments="input|value filters|filter strides|stride? padding? data_format? dilations|dilation_rate?=dilation -name "
    "-use_cudnn_on_gpu",
)
def convolution_(ops: Ops, input: Operand, filters: Operand, **how: Operand) -> Operand:
    if isinstance(how.get("strides"), str):  # tf.nn.convolution of TensorFlow 1 names the padding third
        how = {**how, "strides": how.get("padding", 1), "padding": how["strides"]}
    return convolution.convolve(ops, input, filters, **_window(ops.rank(input) - 2, how))


@function(f"{NN}.atrous_conv2d", arguments="value filters rate=dilation padding")
def atrous_conv2d(ops: Ops, value: Operand, filters: Operand, **how: Operand) -> Operand:
    return convolution.convolve(ops, value, filters, **_window(2, how))


@function(f"{NN}.depthwise_conv2d", f"{NN}.depthwise_conv2d_native", arguments=f"input filter {_WINDOW} -name rate=dilation")
def depthwise_conv2d(ops: Ops, input: Operand, filter: Operand, **how: Operand) -> Operand:
    return convolution.depthwise_convolve(ops, input, filter, **_window(2, how))


@function(f"{NN}.separable_conv2d", arguments=f"input depthwise_filter pointwise_filter {_WINDOW} -name rate=dilation")
def separable_conv2d(ops: Ops, input: Operand, depthwise_filter: Operand, pointwise_filter: Operand, **how: Operand) -> Operand:
    y = depthwise_conv2d(ops, input, depthwise_filter, **how)
    return convolution.convolve(ops, y, pointwise_filter, data_format=_format(how.get("data_format")))


@function(
    f"{NN}.conv2d_transpose",
    arguments="input|value filters|filter output_shape strides? padding? data_format? dilations?=dilation",
)
def conv2d_transpose(ops: Ops, input: Operand, filters: Operand, output_shape: Operand, **how: Operand) -> Operand:
    return convolution.transpose_convolve(
        ops, input, filters, sizes(ops, output_shape), **_window(2, {"padding": "SAME", **how})
    )


def _pool(ops: Ops, mode: str, input: Operand, ksize: Operand = 2, **how: Operand) -> Operand:
    rank = ops.rank(input) - 2
    window = _window(rank, {"strides": 2, **how})
    return convolution.pool(ops, input, mode, _inner(ksize, rank, how.get("data_format")), **window)


each(
    NN,
    " ".join(f"{mode}_pool{rank}={mode}" for mode in ("max", "avg") for rank in ("", "1d", "2d", "3d")),
    _pool,
    arguments="input|value ksize? strides? padding? data_format?",
)


_BLOCKS = "input block_size -name data_format"


@function("tensorflow.nn.depth_to_space", "tensorflow.depth_to_space", arguments=_BLOCKS)
def depth_to_space(ops: Ops, input: Operand, block_size: Operand, data_format: Operand = "NHWC") -> Operand:
    block = int(block_size)
    x = convolution.to_channels_last(ops, input, _format(data_format))
    _, height, width, channels = ops.shape(x)
    if not (isinstance(height, int) and isinstance(width, int)):
        y = ops.depth_to_space(x, block, data_format="channels_last")
        return convolution.restore_format(ops, y, _format(data_format))
    depth = _whole(channels) // (block * block)
    y = ops.reshape(x, (-1, height, width, block, block, depth))
    y = ops.transpose(y, axes=(0, 1, 3, 2, 4, 5))
    y = ops.reshape(y, (-1, height * block, width * block, depth))
    return convolution.restore_format(ops, y, _format(data_format))


@function("tensorflow.nn.space_to_depth", "tensorflow.space_to_depth", arguments=_BLOCKS)
def space_to_depth(ops: Ops, input: Operand, block_size: Operand, data_format: Operand = "NHWC") -> Operand:
    block = int(block_size)
    x = convolution.to_channels_last(ops, input, _format(data_format))
    _, height, width, channels = ops.shape(x)
    if not (isinstance(height, int) and isinstance(width, int)):
        y = ops.space_to_depth(x, block, data_format="channels_last")
        return convolution.restore_format(ops, y, _format(data_format))
    rows, columns = height // block, width // block
    y = ops.reshape(x, (-1, rows, block, columns, block, _whole(channels)))
    y = ops.transpose(y, axes=(0, 1, 3, 2, 4, 5))
    y = ops.reshape(y, (-1, rows, columns, block * block * _whole(channels)))
    return convolution.restore_format(ops, y, _format(data_format))


def _whole(size: Operand) -> int:
    if not isinstance(size, int):
        raise Refused("pixels are regrouped on an image of unknown size", "AK3043")
    return size


# (0.x: logits first)
functions(
    NN,
    {
        "softmax_cross_entropy_with_logits softmax_cross_entropy_with_logits_v2": Spelled(
            "labels logits axis -name dim=axis -_sentinel", formulas.with_logits
        ),
        "sparse_softmax_cross_entropy_with_logits": Spelled("labels logits -name -_sentinel", formulas.sparse_with_logits),
        "sigmoid_cross_entropy_with_logits": Spelled("labels logits -name -_sentinel", formulas.sigmoid_with_logits),
    },
)
refuse(
    "it belongs to a training or decoding procedure of TensorFlow's own",
    NN,
    "nce_loss sampled_softmax_loss ctc_loss ctc_greedy_decoder ctc_beam_search_decoder dynamic_rnn static_rnn "
    "bidirectional_dynamic_rnn raw_rnn rnn_cell fractional_max_pool fractional_avg_pool max_pool_with_argmax "
    "weighted_moments sufficient_statistics fused_batch_norm erosion2d dilation2d",
)
