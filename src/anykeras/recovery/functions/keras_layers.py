"""``keras.layers`` made inside a function and called at once, without weights: ``Flatten()(x)``, ``add([a, b])``.

A layer with weights inside a Lambda kept them in the running program: they were never saved.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import convolution, shapes
from .backend.elementwise import relu
from .backend.images import resize_images
from .backend.shaping import data_format_of, padded
from .base import Ops, Refused, Value, words
from .convolution import spatial
from .elementary import softmax_over
from .joining import joined
from .keras_names import get
from .products import batch_dot
from .registration import function, refuse

L = "keras.layers"
Call = Callable[..., Value]

refuse(
    "its weights were made inside the function and are not in the file",
    L,
    "Dense Conv1D Conv2D Conv3D Convolution1D Convolution2D Convolution3D SeparableConv2D SeparableConv1D "
    "DepthwiseConv2D Conv2DTranspose Deconvolution2D LSTM GRU SimpleRNN RNN LSTMCell GRUCell Embedding "
    "BatchNormalization LayerNormalization GroupNormalization PReLU LocallyConnected1D LocallyConnected2D "
    "MultiHeadAttention Attention AdditiveAttention ConvLSTM2D Bidirectional TimeDistributed CuDNNLSTM CuDNNGRU",
    stack="Keras 0.3 on",
)
refuse("it makes an input outside of the model", L, "Input InputLayer", stack="Keras 0.3 on")
refuse("it makes an input outside of the model", "keras", "Input", stack="Keras 0.3 on")


def _maker(names: str, build: Callable[..., Call], parameters: str = "") -> None:
    """Register layer classes: constructor arguments by their old names, and what the layer does."""
    known = words(parameters)

    @function(*(f"{L}.{name}" for name in names.split()), stack="Keras 0.3 on, tf.keras, Keras 3")
    def make(ops: Ops, *args: Value, **kwargs: Value) -> Value:
        ignored = ("name", "trainable", "dtype", "input_shape", "batch_input_shape", "input_dim")
        given = dict(zip(known, args, strict=False)) | {k: v for k, v in kwargs.items() if k not in ignored}
        aliases = {"border_mode": "padding", "dim_ordering": "data_format"}
        return build(ops, **{aliases.get(key, key): value for key, value in given.items()})


def _identity(ops: Ops, **_: Value) -> Call:
    return lambda x, *args, **kwargs: x


_maker(
    "Dropout SpatialDropout1D SpatialDropout2D SpatialDropout3D GaussianNoise GaussianDropout AlphaDropout Masking "
    "ActivityRegularization Identity",
    _identity,
    "rate",
)


def _activation(ops: Ops, activation: Value = None) -> Call:
    function_: Call = get(ops, activation)
    return lambda x: function_(x)


_maker("Activation", _activation, "activation")


def _flatten(ops: Ops, data_format: Value = None) -> Call:
    def call(x: Value) -> Value:
        x = (
            x
            if data_format_of(ops, data_format) == "channels_last" or data_format is None
            else (convolution.channels_last(ops, x, "channels_first"))
        )
        return shapes.reshape(ops, x, (-1, shapes.product(ops.shape(x)[1:])))

    return call


_maker("Flatten", _flatten, "data_format")


def _reshape(ops: Ops, target_shape: Value = ()) -> Call:
    return lambda x: shapes.reshape(ops, x, (ops.shape(x)[0], *target_shape))


_maker("Reshape", _reshape, "target_shape")


def _permute(ops: Ops, dims: Value = ()) -> Call:
    return lambda x: ops.transpose(x, axes=(0, *(int(one) for one in dims)))


_maker("Permute", _permute, "dims")


def _repeat_vector(ops: Ops, n: Value = 1) -> Call:
    return lambda x: shapes.tile(ops, ops.expand_dims(x, 1), (1, n, 1))


_maker("RepeatVector", _repeat_vector, "n")


def _lambda(ops: Ops, function: Value = None, arguments: Value = None, **_: Value) -> Call:
    return lambda x: function(x, **(arguments or {}))


_maker("Lambda", _lambda, "function output_shape mask arguments")


def _merging(names: str, lower: str, combine: Callable[..., Value]) -> None:
    def build(ops: Ops, **_: Value) -> Call:
        return lambda xs: combine(ops, list(xs))

    _maker(names, build)

    @function(f"{L}.{lower}", f"{L}.merge.{lower}", stack="Keras 2 on")
    def run(ops: Ops, inputs: Value) -> Value:
        return combine(ops, list(inputs))


def _folding(name: str) -> Callable[..., Value]:
    def combine(ops: Ops, xs: list[Value]) -> Value:
        total = xs[0]
        for x in xs[1:]:
            total = ops.op(name, total, x)
        return total

    return combine


def _average(ops: Ops, xs: list[Value]) -> Value:
    return ops.divide(_folding("add")(ops, xs), len(xs))


_merging("Add", "add", _folding("add"))
_merging("Subtract", "subtract", _folding("subtract"))
_merging("Multiply", "multiply", _folding("multiply"))
_merging("Maximum", "maximum", _folding("maximum"))
_merging("Minimum", "minimum", _folding("minimum"))
_merging("Average", "average", _average)


def _concatenate(ops: Ops, axis: Value = -1) -> Call:
    return lambda xs: joined(ops, list(xs), int(axis))


_maker("Concatenate", _concatenate, "axis")


@function(f"{L}.concatenate", f"{L}.merge.concatenate", stack="Keras 2 on")
def concatenate(ops: Ops, inputs: Value, axis: Value = -1) -> Value:
    return joined(ops, list(inputs), int(axis))


def _dot(ops: Ops, axes: Value = -1, normalize: Value = False) -> Call:
    def call(xs: Value) -> Value:
        one, two = xs
        a, b = (axes, axes) if isinstance(axes, int) else axes
        if normalize:
            one, two = ops.normalize(one, axis=a), ops.normalize(two, axis=b)
        return batch_dot(ops, one, two, int(a), int(b))

    return call


_maker("Dot", _dot, "axes normalize")


@function(f"{L}.dot", f"{L}.merge.dot", stack="Keras 2 on")
def dot(ops: Ops, inputs: Value, axes: Value, normalize: Value = False) -> Value:
    return _dot(ops, axes, normalize)(inputs)


def _pooling(mode: str, rank: int) -> Callable[..., Call]:
    def build(
        ops: Ops,
        pool_size: Value = 2,
        strides: Value = None,
        padding: Value = "valid",
        data_format: Value = None,
        **old: Value,
    ) -> Call:
        size, step = old.get("pool_length", pool_size), old.get("stride", strides)
        where = data_format_of(ops, data_format) if rank > 1 or data_format else "channels_last"
        theano = ops.context.backend == "theano"
        return lambda x: convolution.pool(ops, x, mode, size, strides=step, padding=padding, data_format=where, theano=theano)

    return build


def _global(name: str, rank: int) -> Callable[..., Call]:
    def build(ops: Ops, data_format: Value = None, keepdims: Value = False) -> Call:
        where = data_format_of(ops, data_format) if rank > 1 or data_format else "channels_last"
        axes = tuple(range(2, rank + 2)) if where == "channels_first" else tuple(range(1, rank + 1))
        return lambda x: ops.op(name, x, axis=axes, keepdims=bool(keepdims))

    return build


for _rank in (1, 2, 3):
    _arguments = "pool_size strides padding data_format"
    _maker(f"MaxPooling{_rank}D MaxPool{_rank}D", _pooling("max", _rank), _arguments)
    _maker(f"AveragePooling{_rank}D AvgPool{_rank}D", _pooling("avg", _rank), _arguments)
    _maker(f"GlobalMaxPooling{_rank}D GlobalMaxPool{_rank}D", _global("max", _rank), "data_format")
    _maker(f"GlobalAveragePooling{_rank}D GlobalAvgPool{_rank}D", _global("mean", _rank), "data_format")


def _pairs(given: Value, rank: int) -> list[tuple[int, int]]:
    if isinstance(given, int):
        return [(given, given)] * rank
    if rank == 1:
        return [(int(given[0]), int(given[1]))]
    return [(one, one) if isinstance(one, int) else (int(one[0]), int(one[1])) for one in given]


def _padding(rank: int) -> Callable[..., Call]:
    def build(ops: Ops, padding: Value = 1, data_format: Value = None) -> Call:
        where = data_format_of(ops, data_format) if rank > 1 else "channels_last"
        return lambda x: padded(ops, x, _pairs(padding, rank), where)

    return build


def _cropping(rank: int) -> Callable[..., Call]:
    def build(ops: Ops, cropping: Value = 1, data_format: Value = None) -> Call:
        last = rank == 1 or data_format_of(ops, data_format) == "channels_last"
        keep = [slice(a, -b if b else None) for a, b in _pairs(cropping, rank)]
        every = slice(None)
        key: tuple[Any, ...] = (every, *keep, every) if last else (every, every, *keep)
        return lambda x: ops.getitem(x, key)

    return build


def _upsampling(rank: int) -> Callable[..., Call]:
    def build(ops: Ops, size: Value = 2, data_format: Value = None, interpolation: Value = "nearest", **_: Value) -> Call:
        factors = spatial(size, rank)
        where = data_format_of(ops, data_format) if rank > 1 else "channels_last"

        def call(x: Value) -> Value:
            if rank == 2:
                return resize_images(ops, x, *factors, where, interpolation)
            for axis, factor in enumerate(factors, start=2 if where == "channels_first" else 1):
                x = ops.repeat(x, factor, axis=axis)
            return x

        return call

    return build


for _rank in (1, 2, 3):
    _maker(f"ZeroPadding{_rank}D", _padding(_rank), "padding data_format")
    _maker(f"Cropping{_rank}D", _cropping(_rank), "cropping data_format")
    _maker(f"UpSampling{_rank}D", _upsampling(_rank), "size data_format interpolation")


def _leaky(ops: Ops, alpha: Value = 0.3, negative_slope: Value = None) -> Call:
    slope = alpha if negative_slope is None else negative_slope
    return lambda x: ops.leaky_relu(x, negative_slope=slope)


def _elu(ops: Ops, alpha: Value = 1.0) -> Call:
    return lambda x: ops.elu(x, alpha=alpha)


def _softmax(ops: Ops, axis: Value = -1) -> Call:
    return lambda x, mask=None: softmax_over(ops, x, axis)


def _thresholded(ops: Ops, theta: Value = 1.0) -> Call:
    return lambda x: ops.multiply(x, ops.cast(ops.greater(x, theta), ops.dtype(x)))


def _relu(ops: Ops, max_value: Value = None, negative_slope: Value = 0.0, threshold: Value = 0.0) -> Call:
    return lambda x: relu(ops, x, negative_slope, max_value, threshold)


_maker("LeakyReLU", _leaky, "alpha")
_maker("ELU", _elu, "alpha")
_maker("Softmax", _softmax, "axis")
_maker("ThresholdedReLU", _thresholded, "theta")
_maker("ReLU", _relu, "max_value negative_slope threshold")


@function(f"{L}.merge", stack="Keras 1: merge(inputs, mode)")
def merge(ops: Ops, inputs: Value, mode: Value = "sum", concat_axis: Value = -1, dot_axes: Value = -1, **_: Value) -> Value:
    xs = list(inputs)
    if callable(mode):
        return mode(xs)
    if mode in ("concat", "dot"):
        return joined(ops, xs, int(concat_axis)) if mode == "concat" else _dot(ops, dot_axes)(xs)
    named = {"sum": "add", "mul": "multiply", "max": "maximum"}
    if mode == "ave":
        return _average(ops, xs)
    if mode not in named:
        raise Refused(f"merge with mode {mode!r} inside a function")
    return _folding(named[mode])(ops, xs)
