"""``K.*`` about shapes: asking for them, changing them, putting tensors together."""

from __future__ import annotations

from collections.abc import Callable

from ....document.model import Era
from .. import shapes
from ..base import Ops, Refused, Value, also, function
from ..dtypes import dtype_name, of
from ..indexing import cut
from ..joining import joined, stacked
from ..shapes import Shape, Sizes

K = "keras.backend"


@function("keras.backend.shape", stack="Keras 0.3 on: a tensor of sizes")
def shape(ops: Ops, x: Value) -> Value:
    return Sizes(ops.shape(x))


@function("keras.backend.int_shape", "keras.backend.get_variable_shape", stack="Keras 1.0 on; None where unknown")
def int_shape(ops: Ops, x: Value) -> Value:
    return shapes.static(ops, x)


@function("keras.backend.ndim", stack="Keras 0.3 on")
def ndim(ops: Ops, x: Value) -> Value:
    return 1 if isinstance(x, Sizes | Shape) else ops.rank(x)


@function("keras.backend.dtype", stack="Keras 1.0 on")
def dtype(ops: Ops, x: Value) -> Value:
    return of(ops, x)


@function("keras.backend.count_params", stack="Keras 0.3 on")
def count_params(ops: Ops, x: Value) -> Value:
    return shapes.product(ops.shape(x))


also(K, K, "size=count_params", stack="Keras 2.3")


@function("keras.backend.reshape", stack="Keras 0.3 on")
def reshape(ops: Ops, x: Value, shape: Value) -> Value:
    return shapes.reshape(ops, x, shape)


@function("keras.backend.flatten", stack="Keras 0.3 on: the batch too")
def flatten(ops: Ops, x: Value) -> Value:
    return ops.reshape(x, (-1,))


@function("keras.backend.batch_flatten", stack="Keras 1.0 on")
def batch_flatten(ops: Ops, x: Value) -> Value:
    return shapes.reshape(ops, x, (-1, shapes.product(ops.shape(x)[1:])))


@function("keras.backend.permute_dimensions", stack="Keras 0.3 on")
def permute_dimensions(ops: Ops, x: Value, pattern: Value) -> Value:
    return ops.transpose(x, axes=tuple(int(axis) for axis in pattern))


@function("keras.backend.expand_dims", eras=(Era.KERAS0, Era.KERAS1), stack="Keras 0.3 to 1.2: the argument is dim")
def expand_dims_keras1(ops: Ops, x: Value, dim: Value = -1) -> Value:
    return ops.expand_dims(x, dim)


@function("keras.backend.expand_dims", stack="Keras 2, tf.keras")
def expand_dims(ops: Ops, x: Value, axis: Value = -1) -> Value:
    return ops.expand_dims(x, axis)


@function("keras.backend.squeeze", stack="Keras 0.3 on")
def squeeze(ops: Ops, x: Value, axis: Value) -> Value:
    return ops.squeeze(x, axis=int(axis))


@function("keras.backend.concatenate", stack="Keras 0.3 on")
def concatenate(ops: Ops, tensors: Value, axis: Value = -1) -> Value:
    return joined(ops, list(tensors), int(axis))


@function("keras.backend.stack", "keras.backend.pack", stack="Keras 1.0 on (pack up to 1.2.0; axis from 2.0)")
def stack(ops: Ops, x: Value, axis: Value = 0) -> Value:
    return stacked(ops, list(x), int(axis))


@function("keras.backend.repeat_elements", stack="Keras 0.3 on: each element several times, as np.repeat")
def repeat_elements(ops: Ops, x: Value, rep: Value, axis: Value) -> Value:
    return ops.repeat(x, int(rep), axis=int(axis))


@function("keras.backend.repeat", stack="Keras 0.3 on: (batch, dim) to (batch, n, dim)")
def repeat(ops: Ops, x: Value, n: Value) -> Value:
    if ops.rank(x) != 2:
        raise Refused("K.repeat of a tensor that has not two axes is refused by the old library too")
    return shapes.tile(ops, ops.expand_dims(x, 1), (1, n, 1))


@function("keras.backend.tile", stack="Keras 0.3 on")
def tile(ops: Ops, x: Value, n: Value) -> Value:
    return shapes.tile(ops, x, n)


@function("keras.backend.reverse", stack="Keras 1.2 on")
def reverse(ops: Ops, x: Value, axes: Value) -> Value:
    for axis in (axes,) if isinstance(axes, int) else tuple(axes):
        x = ops.flip(x, axis=int(axis))
    return x


@function("keras.backend.slice", stack="Keras 2.2 on")
def slice_(ops: Ops, x: Value, start: Value, size: Value) -> Value:
    return cut(ops, x, start, size)


@function("keras.backend.one_hot", stack="Keras 1.1 on (nb_classes in Keras 1)")
def one_hot(ops: Ops, indices: Value, num_classes: Value = None, nb_classes: Value = None) -> Value:
    return ops.one_hot(ops.cast(indices, "int32"), num_classes if nb_classes is None else nb_classes)


@function("keras.backend.arange", stack="Keras 1.2 on: int32 unless told otherwise")
def arange(ops: Ops, start: Value, stop: Value = None, step: Value = 1, dtype: Value = "int32") -> Value:
    if stop is None and isinstance(start, int) and start < 0:
        start = 0
    return shapes.arange(ops, start, stop, step, dtype_name(ops, dtype))


@function("keras.backend.cast", stack="Keras 1.0 on")
def cast(ops: Ops, x: Value, dtype: Value) -> Value:
    return ops.cast(shapes.number(ops, x, dtype_name(ops, dtype)), dtype_name(ops, dtype))


@function("keras.backend.cast_to_floatx", stack="Keras 0.3 on")
def cast_to_floatx(ops: Ops, x: Value) -> Value:
    return ops.cast(x, ops.context.floatx)


def padded(ops: Ops, x: Value, spatial: list[tuple[int, int]], data_format: str, value: Value = 0) -> Value:
    """Zeros around the spatial axes."""
    around = [(int(before), int(after)) for before, after in spatial]
    channels_last = data_format == "channels_last"
    pattern = ((0, 0), *around, (0, 0)) if channels_last else ((0, 0), (0, 0), *around)
    return ops.pad(x, pattern, mode="constant", constant_values=value)


def _both(amount: Value) -> tuple[int, int]:
    return (int(amount), int(amount)) if isinstance(amount, int) else (int(amount[0]), int(amount[1]))


@function("keras.backend.temporal_padding", stack="Keras 0.3 on: one number in Keras 1, (left, right) after")
def temporal_padding(ops: Ops, x: Value, padding: Value = 1) -> Value:
    return padded(ops, x, [_both(padding)], "channels_last")


@function("keras.backend.asymmetric_temporal_padding", stack="Keras 1.1 to 1.2")
def asymmetric_temporal_padding(ops: Ops, x: Value, left_pad: Value = 1, right_pad: Value = 1) -> Value:
    return padded(ops, x, [(left_pad, right_pad)], "channels_last")


def _spatial_padding(name: str, rank: int) -> Callable[..., Value]:
    @function(f"keras.backend.{name}", stack="Keras 0.3 on: one number an axis in Keras 1, pairs after")
    def run(
        ops: Ops, x: Value, padding: Value = ((1, 1),) * rank, data_format: Value = None, dim_ordering: Value = None
    ) -> Value:
        spatial = [_both(amount) for amount in ((padding,) * rank if isinstance(padding, int) else padding)]
        return padded(ops, x, spatial, data_format_of(ops, data_format or dim_ordering))

    return run


_spatial_padding("spatial_2d_padding", 2)
_spatial_padding("spatial_3d_padding", 3)


@function("keras.backend.asymmetric_spatial_2d_padding", stack="Keras 1.1 to 1.2")
def asymmetric_spatial_2d_padding(
    ops: Ops,
    x: Value,
    top_pad: Value = 1,
    bottom_pad: Value = 1,
    left_pad: Value = 1,
    right_pad: Value = 1,
    dim_ordering: Value = None,
) -> Value:
    return padded(ops, x, [(top_pad, bottom_pad), (left_pad, right_pad)], data_format_of(ops, dim_ordering))


def data_format_of(ops: Ops, name: Value) -> str:
    """``channels_first`` or ``channels_last`` from any era's word; nothing means the writer's setting."""
    if name in (None, "default"):
        return ops.context.data_format
    known = {"th": "channels_first", "tf": "channels_last"}
    return known.get(name, str(name))


@function("keras.backend.bias_add", stack="Keras 2.0 on")
def bias_add(ops: Ops, x: Value, bias: Value, data_format: Value = None) -> Value:
    rank = ops.rank(x)
    if data_format_of(ops, data_format) == "channels_first" and rank > 2:
        sizes = ops.shape(bias)
        own = (sizes[-1], *sizes[:-1]) if len(sizes) > 1 else (sizes[0], *([1] * (rank - 2)))
        turned = ops.transpose(bias, axes=(len(sizes) - 1, *range(len(sizes) - 1))) if len(sizes) > 1 else bias
        return ops.add(x, ops.reshape(turned, (1, *own)))
    return ops.add(x, bias)


@function("keras.backend.normalize_data_format", stack="Keras 2.2 on")
def normalize_data_format(ops: Ops, value: Value) -> Value:
    return data_format_of(ops, value)


@function("keras.backend.pattern_broadcast", stack="Keras 1.0 on: only Theano's type information")
def pattern_broadcast(ops: Ops, x: Value, broadcastable: Value = None, broatcastable: Value = None) -> Value:
    return x
