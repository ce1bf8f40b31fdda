"""``keras.layers`` made inside a function and called at once, without weights: ``Flatten()(x)``, ``add([a, b])``.

A layer with weights inside a Lambda kept them in the running program: they were never saved.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import reduce

from ...document.model import Era
from . import convolution, formulas, shapes
from .backend.images import data_format_of, pad_spatial_axes, resize_images
from .backend.math import binary_crossentropy, by_matmul, relu
from .backend.math import relu as backend_relu
from .base import Entry, FunctionContext, Ops
from .convolution import spatial
from .creation import concatenate_any
from .formulas import batch_dot, batch_dot_by_matmul, normalize, softmax_over
from .table import alike, also, each, function, functions, refuse
from .values import Operand, Refused

L = "keras.layers"
Call = Callable[..., Operand]
_IGNORED = ("name", "trainable", "dtype", "input_shape", "batch_input_shape", "input_dim")
_RENAMED = {"border_mode": "padding", "dim_ordering": "data_format"}

refuse(
    "its weights were made inside the function and are not in the file",
    L,
    "Dense Conv1D Conv2D Conv3D Convolution1D Convolution2D Convolution3D SeparableConv2D SeparableConv1D "
    "DepthwiseConv2D Conv2DTranspose Deconvolution2D LSTM GRU SimpleRNN RNN LSTMCell GRUCell Embedding "
    "BatchNormalization LayerNormalization GroupNormalization PReLU LocallyConnected1D LocallyConnected2D "
    "MultiHeadAttention Attention AdditiveAttention ConvLSTM2D Bidirectional TimeDistributed CuDNNLSTM CuDNNGRU",
)
refuse("it makes an input outside of the model", L, "Input InputLayer")
refuse("it makes an input outside of the model", "keras", "Input")


def _layers(rows: Mapping[str, Callable[..., Call]]) -> None:
    """Register a table of layer classes: their names, and what a layer made with its old arguments does."""
    for names, build in rows.items():
        function(*(f"{L}.{name}" for name in names.split()))(_maker(build))


def _maker(build: Callable[..., Call]) -> Callable[..., Call]:
    known = [name for name in inspect.signature(build).parameters if name not in ("ops", "_", "old")]

    def make(ops: Ops, *args: Operand, **kwargs: Operand) -> Call:
        arguments = dict(zip(known, args, strict=False)) | {k: v for k, v in kwargs.items() if k not in _IGNORED}
        return build(ops, **{_RENAMED.get(key, key): value for key, value in arguments.items()})

    return make


def _flatten(ops: Ops, data_format: Operand = None) -> Call:
    where = "channels_last" if data_format is None else data_format_of(ops, data_format)

    def call(x: Operand) -> Operand:
        x = convolution.to_channels_last(ops, x, where)
        return shapes.reshape(ops, x, (-1, shapes.product(ops.shape(x)[1:])))

    return call


def _apply_threshold(ops: Ops, theta: Operand = 1.0) -> Call:
    return lambda x: ops.multiply(x, ops.cast(ops.greater(x, theta), ops.dtype(x)))


_layers(
    {
        "Dropout SpatialDropout1D SpatialDropout2D SpatialDropout3D GaussianNoise GaussianDropout AlphaDropout Masking "
        "ActivityRegularization Identity": lambda ops, rate=None, **_: lambda x, *args, **kwargs: x,
        "Activation": lambda ops, activation=None: lambda x: get(ops, activation)(x),
        "Flatten": _flatten,
        "Reshape": lambda ops, target_shape=(): lambda x: shapes.reshape(ops, x, (ops.shape(x)[0], *target_shape)),
        "Permute": lambda ops, dims=(): lambda x: ops.transpose(x, axes=(0, *(int(one) for one in dims))),
        "RepeatVector": lambda ops, n=1: lambda x: shapes.tile(ops, ops.expand_dims(x, 1), (1, n, 1)),
        "Lambda": lambda ops, function=None, output_shape=None, mask=None, arguments=None, **_: (
            lambda x: function(x, **(arguments or {}))
        ),
        "Concatenate": lambda ops, axis=-1: lambda xs: concatenate_any(ops, list(xs), int(axis)),
        "LeakyReLU": lambda ops, alpha=0.3, negative_slope=None: (
            lambda x: ops.leaky_relu(x, negative_slope=alpha if negative_slope is None else negative_slope)
        ),
        "ELU": lambda ops, alpha=1.0: lambda x: ops.elu(x, alpha=alpha),
        "Softmax": lambda ops, axis=-1: lambda x, mask=None: softmax_over(ops, x, axis),
        "ThresholdedReLU": _apply_threshold,
        "ReLU": lambda ops, max_value=None, negative_slope=0.0, threshold=0.0: (
            lambda x: relu(ops, x, negative_slope, max_value, threshold)
        ),
    }
)


def _fold(ops: Ops, name: str, inputs: Operand) -> Operand:
    return reduce(lambda total, x: ops.op(name, total, x), list(inputs))


def _average(ops: Ops, name: str, inputs: Operand) -> Operand:
    return ops.divide(_fold(ops, "add", inputs), len(inputs))


def _merging(combine: Callable[..., Operand], name: str) -> Callable[..., Call]:
    return lambda ops, **_: lambda xs: combine(ops, name, xs)


for _name in ("add", "subtract", "multiply", "maximum", "minimum", "average"):
    _combine = _average if _name == "average" else _fold
    _layers({_name.capitalize(): _merging(_combine, _name)})
    each(L, f"{_name} merge.{_name}={_name}", _combine)  # Keras 2 on


def _dot(ops: Ops, axes: Operand = -1, normalize: Operand = False) -> Call:
    def call(xs: Operand) -> Operand:
        one, two = xs
        a, b = (axes, axes) if isinstance(axes, int) else axes
        if normalize:
            one, two = ops.normalize(one, axis=a), ops.normalize(two, axis=b)
        if max(ops.rank(one), ops.rank(two)) > 3 and not ops.context.backend_known and ops.context.before(2, 2, 5):
            raise Refused("Dot of four axes depends on the backend, which the file does not tell")
        if max(ops.rank(one), ops.rank(two)) > 3 and by_matmul(ops.context):
            return batch_dot_by_matmul(ops, one, two, (int(a) % ops.rank(one), int(b) % ops.rank(two)))
        return batch_dot(ops, one, two, int(a), int(b))

    return call


_layers({"Dot": _dot})
# Keras 2 on
functions(
    L,
    {
        "concatenate merge.concatenate": lambda ops, inputs, axis=-1: concatenate_any(ops, list(inputs), int(axis)),
        "dot merge.dot": lambda ops, inputs, axes, normalize=False: _dot(ops, axes, normalize)(inputs),
    },
)


def _format(ops: Ops, rank: int, data_format: Operand) -> str:
    """The layer's data format; in one dimension the setting did not count."""
    return data_format_of(ops, data_format) if rank > 1 or data_format else "channels_last"


def _pooling(mode: str, rank: int) -> Callable[..., Call]:
    def build(
        ops: Ops,
        pool_size: Operand = 2,
        strides: Operand = None,
        padding: Operand = "valid",
        data_format: Operand = None,
        **old: Operand,
    ) -> Call:
        size, step = old.get("pool_length", pool_size), old.get("stride", strides)
        where, theano = _format(ops, rank, data_format), ops.context.backend == "theano"
        return lambda x: convolution.pool(ops, x, mode, size, strides=step, padding=padding, data_format=where, theano=theano)

    return build


def _global(name: str, rank: int) -> Callable[..., Call]:
    def build(ops: Ops, data_format: Operand = None, keepdims: Operand = False) -> Call:
        first = 2 if _format(ops, rank, data_format) == "channels_first" else 1
        return lambda x: ops.op(name, x, axis=tuple(range(first, first + rank)), keepdims=bool(keepdims))

    return build


def _pairs(amounts: Operand, rank: int) -> list[tuple[int, int]]:
    if isinstance(amounts, int):
        return [(amounts, amounts)] * rank
    if rank == 1:
        return [(int(amounts[0]), int(amounts[1]))]
    return [(one, one) if isinstance(one, int) else (int(one[0]), int(one[1])) for one in amounts]


def _padding(rank: int) -> Callable[..., Call]:
    def build(ops: Ops, padding: Operand = 1, data_format: Operand = None) -> Call:
        where = data_format_of(ops, data_format) if rank > 1 else "channels_last"
        return lambda x: pad_spatial_axes(ops, x, _pairs(padding, rank), where)

    return build


def _cropping(rank: int) -> Callable[..., Call]:
    def build(ops: Ops, cropping: Operand = 1, data_format: Operand = None) -> Call:
        last = rank == 1 or data_format_of(ops, data_format) == "channels_last"
        keep = [slice(a, -b if b else None) for a, b in _pairs(cropping, rank)]
        every = slice(None)
        key = (every, *keep, every) if last else (every, every, *keep)
        return lambda x: ops.getitem(x, key)

    return build


def _upsampling(rank: int) -> Callable[..., Call]:
    def build(
        ops: Ops, size: Operand = 2, data_format: Operand = None, interpolation: Operand = "nearest", **_: Operand
    ) -> Call:
        factors = spatial(size, rank)
        where = data_format_of(ops, data_format) if rank > 1 else "channels_last"

        def call(x: Operand) -> Operand:
            if rank == 2:
                return resize_images(ops, x, *factors, where, interpolation)
            for axis, factor in enumerate(factors, start=2 if where == "channels_first" else 1):
                x = ops.repeat(x, factor, axis=axis)
            return x

        return call

    return build


for _rank in (1, 2, 3):
    _layers(
        {
            f"MaxPooling{_rank}D MaxPool{_rank}D": _pooling("max", _rank),
            f"AveragePooling{_rank}D AvgPool{_rank}D": _pooling("avg", _rank),
            f"GlobalMaxPooling{_rank}D GlobalMaxPool{_rank}D": _global("max", _rank),
            f"GlobalAveragePooling{_rank}D GlobalAvgPool{_rank}D": _global("mean", _rank),
            f"ZeroPadding{_rank}D": _padding(_rank),
            f"Cropping{_rank}D": _cropping(_rank),
            f"UpSampling{_rank}D": _upsampling(_rank),
        }
    )


@function(f"{L}.merge")  # Keras 1: merge(inputs, mode)
def merge(
    ops: Ops, inputs: Operand, mode: Operand = "sum", concat_axis: Operand = -1, dot_axes: Operand = -1, **_: Operand
) -> Operand:
    xs = list(inputs)
    if callable(mode):
        return mode(xs)
    if mode in ("concat", "dot"):
        return concatenate_any(ops, xs, int(concat_axis)) if mode == "concat" else _dot(ops, dot_axes)(xs)
    named = {"sum": "add", "mul": "multiply", "max": "maximum"}
    if mode == "ave":
        return _average(ops, mode, xs)
    if mode not in named:
        raise Refused(f"merge with mode {mode!r} inside a function")
    return _fold(ops, named[mode], xs)


# ``keras.activations``, ``keras.losses`` and ``keras.metrics`` called inside a function.


ACT, LOSS = "keras.activations", "keras.losses"

alike(ACT, "x", "sigmoid tanh softplus softsign selu exponential=exp swish=silu silu linear=copy log_softmax")
alike(ACT, "x", "relu6 hard_silu hard_swish log_sigmoid celu squareplus sparse_plus sparsemax")
alike(ACT, "x", "hard_tanh tanh_shrink soft_shrink hard_shrink glu")


def _new(context: FunctionContext) -> bool:
    return context.era is Era.KERAS3


functions(ACT, {"hard_sigmoid": lambda ops, x: ops.hard_sigmoid(x)}, test=_new)  # Keras 3: relu6(x + 3) / 6
also(ACT, "keras.backend", "hard_sigmoid elu softmax")  # Keras 0.3 to tf.keras 2.15: 0.2 x + 0.5
function(f"{ACT}.relu", arguments="x alpha|negative_slope max_value threshold")(backend_relu)
# tf.keras 2.4 on, Keras 3
functions(
    ACT,
    {
        "gelu": lambda ops, x, approximate=False: ops.gelu(x, approximate=bool(approximate)),
        "mish": lambda ops, x: ops.multiply(x, ops.tanh(ops.softplus(x))),
        "leaky_relu": lambda ops, x, negative_slope=0.2: ops.leaky_relu(x, negative_slope=negative_slope),
    },
)


@function(f"{ACT}.get", f"{ACT}.deserialize")
def get(ops: Ops, identifier: Operand, **_: Operand) -> Operand:
    from .table import resolve

    if identifier is None or not isinstance(identifier, str):
        return identifier if identifier is not None else _bind(ops, "linear")
    if resolve(f"{ACT}.{identifier}", ops.context) is None:
        raise Refused(f"the activation {identifier!r} is unknown")
    return _bind(ops, identifier)


def _bind(ops: Ops, name: str) -> Operand:
    from .table import resolve

    entry: Entry | None = resolve(f"{ACT}.{name}", ops.context)
    assert entry is not None
    return lambda *args, **kwargs: entry(ops, *args, **kwargs)


def _mean(ops: Ops, x: Operand) -> Operand:
    return ops.mean(x, axis=-1)


def _difference(ops: Ops, y_true: Operand, y_pred: Operand) -> Operand:
    return ops.subtract(y_pred, y_true)


functions(
    LOSS,
    {
        "mean_squared_error mse MSE": lambda ops, y_true, y_pred: _mean(ops, ops.square(_difference(ops, y_true, y_pred))),
        "mean_absolute_error mae MAE": lambda ops, y_true, y_pred: _mean(ops, ops.absolute(_difference(ops, y_true, y_pred))),
        "hinge": lambda ops, y_true, y_pred: _mean(ops, ops.maximum(ops.subtract(1.0, ops.multiply(y_true, y_pred)), 0.0)),
        "binary_crossentropy": lambda ops, y_true, y_pred, from_logits=False: _mean(
            ops, binary_crossentropy(ops, y_true, y_pred, from_logits)
        ),
    },
)


@function(f"{LOSS}.categorical_crossentropy")
def categorical_crossentropy(ops: Ops, y_true: Operand, y_pred: Operand, from_logits: Operand = False) -> Operand:
    if from_logits:
        return formulas.with_logits(ops, y_true, y_pred)
    return formulas.categorical(ops, y_true, y_pred, -1, ops.context.epsilon)


@function(f"{LOSS}.cosine_similarity")  # Keras 2.3, tf.keras, Keras 3: minus the cosine
def cosine_similarity(ops: Ops, y_true: Operand, y_pred: Operand, axis: Operand = -1) -> Operand:
    one, two = normalize(ops, y_true, axis, 1e-12), normalize(ops, y_pred, axis, 1e-12)
    return ops.negative(ops.sum(ops.multiply(one, two), axis=int(axis)))


also("keras.metrics", LOSS, "mean_squared_error mse mean_absolute_error mae binary_crossentropy")
