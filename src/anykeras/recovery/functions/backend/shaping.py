"""``K.*`` about shapes: asking for them, changing them, putting tensors together."""

from __future__ import annotations

from collections.abc import Callable

from ....document.model import Era
from .. import shapes
from ..arguments import dtype_name, of
from ..base import Ops
from ..creation import cast, concatenate_any, stack_any
from ..indexing import cut
from ..registration import Spelled, function, functions
from ..resampling import Grid, resize
from ..values import Operand, Refused, Shape, Sizes

K = "keras.backend"


functions(
    K,
    {
        "shape": lambda ops, x: Sizes(ops.shape(x)),  # a tensor of sizes
        "int_shape get_variable_shape": lambda ops, x: shapes.static(ops, x),
        "ndim": lambda ops, x: 1 if isinstance(x, Sizes | Shape) else ops.rank(x),
        "dtype": of,
        "count_params size": lambda ops, x: shapes.product(ops.shape(x)),
        "reshape": lambda ops, x, shape: shapes.reshape(ops, x, shape),
        "flatten": lambda ops, x: ops.reshape(x, (-1,)),  # the batch too
        "batch_flatten": lambda ops, x: shapes.reshape(ops, x, (-1, shapes.product(ops.shape(x)[1:]))),
        "permute_dimensions": lambda ops, x, pattern: ops.transpose(x, axes=tuple(int(axis) for axis in pattern)),
        "squeeze": lambda ops, x, axis: ops.squeeze(x, axis=int(axis)),
        "concatenate": lambda ops, tensors, axis=-1: concatenate_any(ops, list(tensors), int(axis)),
        "stack pack": lambda ops, x, axis=0: stack_any(ops, list(x), int(axis)),
        "repeat_elements": lambda ops, x, rep, axis: ops.repeat(x, int(rep), axis=int(axis)),  # each element, as np.repeat
        "tile": lambda ops, x, n: shapes.tile(ops, x, n),
        "slice": lambda ops, x, start, size: cut(ops, x, start, size),
        "cast": cast,
        "cast_to_floatx": lambda ops, x: ops.cast(x, ops.context.floatx),
        "normalize_data_format": lambda ops, value: data_format_of(ops, value),
        "pattern_broadcast": lambda ops, x, broadcastable=None, broatcastable=None: x,  # only Theano's type information
    },
    stack="Keras 0.3 on, tf.keras (size 2.3; pack to 1.2.0)",
)


@function("keras.backend.expand_dims", stack="Keras 2, tf.keras")
@function("keras.backend.expand_dims", eras=(Era.KERAS0, Era.KERAS1), arguments="x dim=axis", stack="Keras 0.3 to 1.2")
def expand_dims(ops: Ops, x: Operand, axis: Operand = -1) -> Operand:
    return ops.expand_dims(x, axis)


@function("keras.backend.repeat", stack="Keras 0.3 on: (batch, dim) to (batch, n, dim)")
def repeat(ops: Ops, x: Operand, n: Operand) -> Operand:
    if ops.rank(x) != 2:
        raise Refused("K.repeat of a tensor that has not two axes is refused by the old library too")
    return shapes.tile(ops, ops.expand_dims(x, 1), (1, n, 1))


@function("keras.backend.reverse", stack="Keras 1.2 on")
def reverse(ops: Ops, x: Operand, axes: Operand) -> Operand:
    for axis in (axes,) if isinstance(axes, int) else tuple(axes):
        x = ops.flip(x, axis=int(axis))
    return x


@function("keras.backend.one_hot", arguments="indices num_classes|nb_classes", stack="Keras 1.1 on (nb_classes in Keras 1)")
def one_hot(ops: Ops, indices: Operand, num_classes: Operand) -> Operand:
    return ops.one_hot(ops.cast(indices, "int32"), num_classes)


@function("keras.backend.arange", stack="Keras 1.2 on: int32 by default")
def arange(ops: Ops, start: Operand, stop: Operand = None, step: Operand = 1, dtype: Operand = "int32") -> Operand:
    if stop is None and isinstance(start, int) and start < 0:
        start = 0
    return shapes.arange(ops, start, stop, step, dtype_name(ops, dtype))


def pad_spatial_axes(ops: Ops, x: Operand, spatial: list[tuple[int, int]], data_format: str, value: Operand = 0) -> Operand:
    """Zeros around the spatial axes."""
    around = [(int(before), int(after)) for before, after in spatial]
    channels_last = data_format == "channels_last"
    pattern = ((0, 0), *around, (0, 0)) if channels_last else ((0, 0), (0, 0), *around)
    return ops.pad(x, pattern, mode="constant", constant_values=value)


def _both(amount: Operand) -> tuple[int, int]:
    return (int(amount), int(amount)) if isinstance(amount, int) else (int(amount[0]), int(amount[1]))


def _spatial(rank: int) -> Callable[..., Operand]:
    def run(ops: Ops, x: Operand, padding: Operand = ((1, 1),) * rank, data_format: Operand = None) -> Operand:
        spatial = [_both(amount) for amount in ((padding,) * rank if isinstance(padding, int) else padding)]
        return pad_spatial_axes(ops, x, spatial, data_format_of(ops, data_format))

    return Spelled("x padding data_format dim_ordering=data_format", run)


def _asymmetric(
    ops: Ops, x: Operand, top: Operand = 1, bottom: Operand = 1, left: Operand = 1, right: Operand = 1, where: Operand = None
) -> Operand:
    return pad_spatial_axes(ops, x, [(top, bottom), (left, right)], data_format_of(ops, where))


functions(
    K,
    {
        "temporal_padding": lambda ops, x, padding=1: pad_spatial_axes(ops, x, [_both(padding)], "channels_last"),
        "asymmetric_temporal_padding": lambda ops, x, left_pad=1, right_pad=1: pad_spatial_axes(
            ops, x, [(left_pad, right_pad)], "channels_last"
        ),
        "spatial_2d_padding": _spatial(2),
        "spatial_3d_padding": _spatial(3),
        "asymmetric_spatial_2d_padding": Spelled(
            "x top_pad=top bottom_pad=bottom left_pad=left right_pad=right dim_ordering=where", _asymmetric
        ),
    },
    stack="Keras 0.3 on: one number an axis in Keras 1, pairs after",
)


def data_format_of(ops: Ops, name: Operand) -> str:
    """``channels_first`` or ``channels_last`` from any era's word; nothing means the writer's setting."""
    if name in (None, "default"):
        return ops.context.data_format
    known = {"th": "channels_first", "tf": "channels_last"}
    return known.get(name, str(name))


@function("keras.backend.bias_add", stack="Keras 2.0 on")
def bias_add(ops: Ops, x: Operand, bias: Operand, data_format: Operand = None) -> Operand:
    rank = ops.rank(x)
    if data_format_of(ops, data_format) == "channels_first" and rank > 2:
        sizes = ops.shape(bias)
        own = (sizes[-1], *sizes[:-1]) if len(sizes) > 1 else (sizes[0], *([1] * (rank - 2)))
        turned = ops.transpose(bias, axes=(len(sizes) - 1, *range(len(sizes) - 1))) if len(sizes) > 1 else bias
        return ops.add(x, ops.reshape(turned, (1, *own)))
    return ops.add(x, bias)


# ``K.resize_images`` and ``K.resize_volumes``.


@function(
    "keras.backend.resize_images",
    arguments="x|X height_factor width_factor data_format|dim_ordering interpolation",
    stack="Keras 0.3 on (interpolation from 2.2.3), tf.keras",
)
def resize_images(
    ops: Ops,
    x: Operand,
    height_factor: Operand = 1,
    width_factor: Operand = 1,
    data_format: Operand = None,
    interpolation: Operand = "nearest",
) -> Operand:
    axes = (2, 3) if data_format_of(ops, data_format) == "channels_first" else (1, 2)
    factors = (height_factor, width_factor)
    if interpolation == "nearest":
        for axis, factor in zip(axes, factors, strict=True):
            x = ops.repeat(x, int(factor), axis=axis) if factor != 1 else x
        return x
    if ops.context.backend == "theano" and factors != (2, 2):
        raise Refused("bilinear upsampling on Theano by other factors than two is refused by Keras too")
    # tf.keras resizes by resize_images_v2; Keras by resize_bilinear of TensorFlow 1, whose grid starts at the corner,
    # which for a factor of two is Theano's bilinear_upsampling too
    grid = Grid(half_pixel_centers=ops.context.tf_keras)
    size = tuple(ops.shape(x)[axis] * int(factor) for axis, factor in zip(axes, factors, strict=True))
    return resize(ops, x, size, interpolation, grid, axes=axes)


@function(
    "keras.backend.resize_volumes",
    arguments="x|X depth_factor height_factor width_factor data_format|dim_ordering",
    stack="Keras 0.3 on, tf.keras",
)
def resize_volumes(
    ops: Ops,
    x: Operand,
    depth_factor: Operand = 1,
    height_factor: Operand = 1,
    width_factor: Operand = 1,
    data_format: Operand = None,
) -> Operand:
    first = 2 if data_format_of(ops, data_format) == "channels_first" else 1
    for axis, factor in enumerate((depth_factor, height_factor, width_factor), start=first):
        x = ops.repeat(x, int(factor), axis=axis) if factor != 1 else x
    return x
