"""``tf.nn.*``: activations, normalisation, convolution, pooling, losses."""

from __future__ import annotations

from typing import Any

from .. import convolution, crossentropies, sampling
from ..base import Kind, Ops, Refused, Value, alike, function, refuse
from ..elementary import softmax_over
from ..shapes import sizes

NN = "tensorflow.nn"
_BOTH = "TensorFlow 0.x to 2.x"

alike(NN, "features|x", "relu relu6 elu selu", stack=_BOTH)


@function("tensorflow.nn.leaky_relu", stack="TensorFlow 1.4 on")
def leaky_relu(ops: Ops, features: Value, alpha: Value = 0.2) -> Value:
    return ops.leaky_relu(features, negative_slope=alpha)


@function("tensorflow.nn.crelu", stack=_BOTH)
def crelu(ops: Ops, features: Value, axis: Value = -1) -> Value:
    return ops.relu(ops.concatenate([features, ops.negative(features)], axis=int(axis)))


@function("tensorflow.nn.swish", "tensorflow.nn.silu", stack="TensorFlow 1.5 on")
def swish(ops: Ops, features: Value, beta: Value = 1.0) -> Value:
    return ops.multiply(features, ops.sigmoid(ops.multiply(features, beta))) if beta != 1.0 else ops.silu(features)


@function("tensorflow.nn.gelu", stack="TensorFlow 2.4 on")
def gelu(ops: Ops, features: Value, approximate: Value = False) -> Value:
    return ops.gelu(features, approximate=bool(approximate))


@function("tensorflow.nn.softmax", "tensorflow.math.softmax", stack=_BOTH + " (dim in 1.x)")
def softmax(ops: Ops, logits: Value, axis: Value = None, name: Value = None, dim: Value = None) -> Value:
    where = dim if axis is None else axis
    return softmax_over(ops, logits, -1 if where is None else where)


@function("tensorflow.nn.log_softmax", "tensorflow.math.log_softmax", stack=_BOTH)
def log_softmax(ops: Ops, logits: Value, axis: Value = None, name: Value = None, dim: Value = None) -> Value:
    where = dim if axis is None else axis
    return ops.log_softmax(logits, axis=-1 if where is None else int(where))


@function("tensorflow.nn.bias_add", stack=_BOTH)
def bias_add(ops: Ops, value: Value, bias: Value, data_format: Value = None) -> Value:
    if _format(data_format) == "channels_first" and ops.rank(value) > 2:
        return ops.add(value, ops.reshape(bias, (1, -1, *([1] * (ops.rank(value) - 2)))))
    return ops.add(value, bias)


@function("tensorflow.nn.batch_normalization", stack=_BOTH)
def batch_normalization(
    ops: Ops, x: Value, mean: Value, variance: Value, offset: Value, scale: Value, variance_epsilon: Value
) -> Value:
    factor = ops.rsqrt(ops.add(variance, variance_epsilon))
    factor = factor if scale is None else ops.multiply(factor, scale)
    shift = ops.negative(ops.multiply(mean, factor))
    return ops.add(ops.multiply(x, factor), shift if offset is None else ops.add(offset, shift))


@function("tensorflow.nn.local_response_normalization", "tensorflow.nn.lrn", stack=_BOTH)
def local_response_normalization(
    ops: Ops,
    input: Value,
    depth_radius: Value = 5,
    bias: Value = 1.0,
    alpha: Value = 1.0,
    beta: Value = 0.5,
) -> Value:
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


@function("tensorflow.nn.dropout", kind=Kind.RANDOM, stack="TensorFlow 1 (keep_prob) and 2 (rate)")
def dropout(
    ops: Ops,
    x: Value,
    keep_prob: Value = None,
    noise_shape: Value = None,
    seed: Value = None,
    name: Value = None,
    rate: Value = None,
) -> Value:
    if rate is None and keep_prob is not None:
        rate = keep_prob if ops.context.eager_tensorflow else 1.0 - keep_prob
    return sampling.dropout(ops, x, rate, noise_shape, seed)


@function("tensorflow.nn.embedding_lookup", stack=_BOTH)
def embedding_lookup(ops: Ops, params: Value, ids: Value, **_: Value) -> Value:
    return ops.take(params, ids, axis=0)


def _format(name: Value) -> str:
    return "channels_first" if str(name).startswith("NC") else "channels_last"


def _inner(given: Value, rank: int, data_format: Value) -> Any:
    """The spatial numbers of a list that also names batch and channels."""
    if isinstance(given, int) or len(given) == rank:
        return given
    if len(given) == 1:
        return given[0]
    return tuple(given[2:] if _format(data_format) == "channels_first" else given[1 : rank + 1])


def _padding(given: Value) -> str:
    if not isinstance(given, str):
        raise Refused("a convolution with a border given by numbers")
    return given.lower()


def _conv(name: str, rank: int | None) -> None:
    @function(f"tensorflow.nn.{name}", stack=_BOTH)
    def run(
        ops: Ops,
        input: Value = None,
        filters: Value = None,
        strides: Value = 1,
        padding: Value = "VALID",
        data_format: Value = None,
        dilations: Value = None,
        name: Value = None,
        filter: Value = None,
        use_cudnn_on_gpu: Value = True,
        stride: Value = None,
        value: Value = None,
        dilation_rate: Value = None,
    ) -> Value:
        x, kernel = (value if input is None else input), (filter if filters is None else filters)
        dims = rank or ops.rank(x) - 2
        if isinstance(strides, str):  # tf.nn.convolution of TensorFlow 1 names the padding third
            strides, padding = 1 if padding == "VALID" else padding, strides
        holes = dilations if dilation_rate is None else dilation_rate
        return convolution.convolve(
            ops,
            x,
            kernel,
            strides=_inner((strides if strides is not None else 1) if stride is None else stride, dims, data_format),
            padding=_padding(padding),
            data_format=_format(data_format),
            dilation=1 if holes is None else _inner(holes, dims, data_format),
        )


_conv("conv1d", 1)
_conv("conv2d", 2)
_conv("conv3d", 3)
_conv("convolution", None)


@function("tensorflow.nn.atrous_conv2d", stack=_BOTH)
def atrous_conv2d(ops: Ops, value: Value, filters: Value, rate: Value, padding: Value) -> Value:
    return convolution.convolve(ops, value, filters, padding=_padding(padding), dilation=rate)


@function("tensorflow.nn.depthwise_conv2d", "tensorflow.nn.depthwise_conv2d_native", stack=_BOTH)
def depthwise_conv2d(
    ops: Ops,
    input: Value,
    filter: Value,
    strides: Value,
    padding: Value,
    data_format: Value = None,
    dilations: Value = None,
    name: Value = None,
    rate: Value = None,
) -> Value:
    holes = rate if dilations is None else dilations
    return convolution.depthwise(
        ops,
        input,
        filter,
        strides=_inner(strides, 2, data_format),
        padding=_padding(padding),
        data_format=_format(data_format),
        dilation=1 if holes is None else _inner(holes, 2, data_format),
    )


@function("tensorflow.nn.separable_conv2d", stack=_BOTH)
def separable_conv2d(
    ops: Ops,
    input: Value,
    depthwise_filter: Value,
    pointwise_filter: Value,
    strides: Value,
    padding: Value,
    data_format: Value = None,
    dilations: Value = None,
    name: Value = None,
    rate: Value = None,
) -> Value:
    y = depthwise_conv2d(ops, input, depthwise_filter, strides, padding, data_format, dilations, None, rate)
    return convolution.convolve(ops, y, pointwise_filter, data_format=_format(data_format))


@function("tensorflow.nn.conv2d_transpose", stack=_BOTH)
def conv2d_transpose(
    ops: Ops,
    input: Value = None,
    filters: Value = None,
    output_shape: Value = None,
    strides: Value = 1,
    padding: Value = "SAME",
    data_format: Value = None,
    dilations: Value = None,
    name: Value = None,
    value: Value = None,
    filter: Value = None,
) -> Value:
    return convolution.transposed(
        ops,
        value if input is None else input,
        filter if filters is None else filters,
        sizes(ops, output_shape),
        strides=_inner(strides, 2, data_format),
        padding=_padding(padding),
        data_format=_format(data_format),
        dilation=1 if dilations is None else _inner(dilations, 2, data_format),
    )


def _pool(name: str, mode: str, rank: int | None) -> None:
    @function(f"tensorflow.nn.{name}", stack=_BOTH)
    def run(
        ops: Ops,
        input: Value = None,
        ksize: Value = 2,
        strides: Value = 2,
        padding: Value = "VALID",
        data_format: Value = None,
        name: Value = None,
        value: Value = None,
    ) -> Value:
        x = value if input is None else input
        dims = rank or ops.rank(x) - 2
        return convolution.pool(
            ops,
            x,
            mode,
            _inner(ksize, dims, data_format),
            strides=_inner(strides, dims, data_format),
            padding=_padding(padding),
            data_format=_format(data_format),
        )


for _mode in ("max", "avg"):
    _pool(f"{_mode}_pool", _mode, None)
    for _rank in (1, 2, 3):
        _pool(f"{_mode}_pool{_rank}d", _mode, _rank)


@function("tensorflow.nn.depth_to_space", "tensorflow.depth_to_space", stack=_BOTH)
def depth_to_space(ops: Ops, input: Value, block_size: Value, name: Value = None, data_format: Value = "NHWC") -> Value:
    block = int(block_size)
    x = convolution.channels_last(ops, input, _format(data_format))
    _, height, width, channels = ops.shape(x)
    depth = _whole(channels) // (block * block)
    y = ops.reshape(x, (-1, _whole(height), _whole(width), block, block, depth))
    y = ops.transpose(y, axes=(0, 1, 3, 2, 4, 5))
    y = ops.reshape(y, (-1, _whole(height) * block, _whole(width) * block, depth))
    return convolution.as_given(ops, y, _format(data_format))


@function("tensorflow.nn.space_to_depth", "tensorflow.space_to_depth", stack=_BOTH)
def space_to_depth(ops: Ops, input: Value, block_size: Value, name: Value = None, data_format: Value = "NHWC") -> Value:
    block = int(block_size)
    x = convolution.channels_last(ops, input, _format(data_format))
    _, height, width, channels = ops.shape(x)
    rows, columns = _whole(height) // block, _whole(width) // block
    y = ops.reshape(x, (-1, rows, block, columns, block, _whole(channels)))
    y = ops.transpose(y, axes=(0, 1, 3, 2, 4, 5))
    y = ops.reshape(y, (-1, rows, columns, block * block * _whole(channels)))
    return convolution.as_given(ops, y, _format(data_format))


def _whole(size: Value) -> int:
    if not isinstance(size, int):
        raise Refused("pixels are regrouped on an image of unknown size", "AK3043")
    return size


def _softmax_entropy(name: str) -> None:
    @function(f"tensorflow.nn.{name}", stack=_BOTH + " (0.x: logits first)")
    def run(ops: Ops, labels: Value = None, logits: Value = None, axis: Value = -1, dim: Value = None, **_: Value) -> Value:
        return crossentropies.with_logits(ops, labels, logits, int(axis if dim is None else dim))


_softmax_entropy("softmax_cross_entropy_with_logits")
_softmax_entropy("softmax_cross_entropy_with_logits_v2")


@function("tensorflow.nn.sparse_softmax_cross_entropy_with_logits", stack=_BOTH)
def sparse_softmax_entropy(ops: Ops, labels: Value = None, logits: Value = None, **_: Value) -> Value:
    return crossentropies.sparse_with_logits(ops, labels, logits)


@function("tensorflow.nn.sigmoid_cross_entropy_with_logits", stack=_BOTH)
def sigmoid_entropy(ops: Ops, labels: Value = None, logits: Value = None, **_: Value) -> Value:
    return crossentropies.sigmoid_with_logits(ops, labels, logits)


refuse(
    "it belongs to a training or decoding procedure of TensorFlow's own",
    NN,
    "nce_loss sampled_softmax_loss ctc_loss ctc_greedy_decoder ctc_beam_search_decoder dynamic_rnn static_rnn "
    "bidirectional_dynamic_rnn raw_rnn rnn_cell fractional_max_pool fractional_avg_pool max_pool_with_argmax "
    "weighted_moments sufficient_statistics fused_batch_norm erosion2d dilation2d",
)
