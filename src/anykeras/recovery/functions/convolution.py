"""Convolution and pooling with the borders, axes and flips of each old library, over channels-last operations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict, Unpack

import numpy as np

from .base import Ops
from .shapes import require_size
from .values import Operand, Refused

Spatial = tuple[int, ...]


class ConvolutionOptions(TypedDict, total=False):
    """The options of :func:`convolve`."""

    strides: Operand
    padding: str
    data_format: str
    dilation: Operand
    theano: bool


def spatial(value: Operand, rank: int) -> Spatial:
    """One number or one an axis, as a tuple."""
    if isinstance(value, int) or not hasattr(value, "__iter__"):
        return (int(value),) * rank
    given = tuple(int(one) for one in value)
    return given * rank if len(given) == 1 else given


def to_channels_last(ops: Ops, x: Operand, data_format: str) -> Operand:
    """`x` with the channels moved to the end."""
    if data_format != "channels_first":
        return x
    rank = ops.rank(x)
    return ops.transpose(x, axes=(0, *range(2, rank), 1))


def restore_format(ops: Ops, x: Operand, data_format: str) -> Operand:
    """The way back."""
    if data_format != "channels_first":
        return x
    rank = ops.rank(x)
    return ops.transpose(x, axes=(0, rank - 1, *range(1, rank - 1)))


def flip_kernel(ops: Ops, kernel: Operand, count: int) -> Operand:
    """The kernel with its first `count` axes reversed: Theano convolves, the others correlate."""
    if not ops.is_tensor(kernel):
        return np.ascontiguousarray(np.flip(np.asarray(kernel), tuple(range(count))))
    for axis in range(count):
        kernel = ops.flip(kernel, axis=axis)
    return kernel


def pad_spatial(ops: Ops, x: Operand, before: Sequence[int], after: Sequence[int], value: float = 0.0) -> Operand:
    """A channels-last tensor with a border."""
    pairs = tuple(zip(before, after, strict=True))
    if not any(map(any, pairs)):
        return x
    return ops.pad(x, ((0, 0), *pairs, (0, 0)), mode="constant", constant_values=value)


def keep_first(ops: Ops, x: Operand, lengths: Sequence[int | None]) -> Operand:
    """Only the first so many places of each spatial axis; None keeps all."""
    if all(length is None for length in lengths):
        return x
    return ops.getitem(x, (slice(None), *(slice(None, length) for length in lengths), slice(None)))


def convolve(
    ops: Ops,
    x: Operand,
    kernel: Operand,
    *,
    strides: Operand = 1,
    padding: str = "valid",
    data_format: str = "channels_last",
    dilation: Operand = 1,
    theano: bool = False,
) -> Operand:
    """Correlate `x` with a kernel of (spatial, in, out); `theano` flips the kernel and pads as Theano's ``half``."""
    rank = ops.rank(x) - 2
    stride, holes = spatial(strides, rank), spatial(dilation, rank)
    padding = padding.lower()
    size = tuple(require_size(ops, kernel, axis, "a convolution") for axis in range(rank))
    x = to_channels_last(ops, x, data_format)
    reach = tuple((k - 1) * d for k, d in zip(size, holes, strict=True))
    crop: list[int | None] = [None] * rank
    if padding == "causal":
        x, padding = pad_spatial(ops, x, reach, (0,) * rank), "valid"
    elif padding == "full":
        x, padding = pad_spatial(ops, x, reach, reach), "valid"
    elif padding == "same" and theano:
        half = tuple((r + 1) // 2 for r in reach)
        crop = [_ceil(ops, x, a + 1, stride[a]) if size[a] % 2 == 0 else None for a in range(rank)]
        x, padding = pad_spatial(ops, x, half, half), "valid"
    kernel = flip_kernel(ops, kernel, rank) if theano else kernel
    out = ops.conv(x, kernel, strides=stride, padding=padding, data_format="channels_last", dilation_rate=holes)
    return restore_format(ops, keep_first(ops, out, crop), data_format)


def _ceil(ops: Ops, x: Operand, axis: int, step: int) -> int:
    return -(-require_size(ops, x, axis, "a convolution that keeps the size") // step)


def _one_number(several: Operand) -> Operand:
    """Equal numbers as one: Keras on TensorFlow fails on the list that a file makes of them (3.15.1, ``depthwise_conv``)."""
    return several[0] if isinstance(several, list | tuple) and len(set(several)) == 1 else several


def depthwise_convolve(ops: Ops, x: Operand, kernel: Operand, **window: Unpack[ConvolutionOptions]) -> Operand:
    """One kernel a channel: (spatial, in, multiplier). Theano had none."""
    rank = ops.rank(x) - 2
    data_format = window.get("data_format", "channels_last")
    y = ops.depthwise_conv(
        to_channels_last(ops, x, data_format),
        kernel,
        strides=_one_number(spatial(window.get("strides", 1), rank)),
        padding=window.get("padding", "valid").lower(),
        data_format="channels_last",
        dilation_rate=_one_number(spatial(window.get("dilation", 1), rank)),
    )
    return restore_format(ops, y, data_format)


def transpose_convolve(
    ops: Ops,
    x: Operand,
    kernel: Operand,
    output_shape: Operand,
    *,
    strides: Operand = 1,
    padding: str = "valid",
    data_format: str = "channels_last",
    dilation: Operand = 1,
    theano: bool = False,
) -> Operand:
    """The gradient of a convolution, with a constant kernel of (spatial, out, in).

    The whole of it comes from the layer, as the operation does not survive saving; the border is cut off where the
    library put it: TensorFlow the odd place behind, Theano (``half``) a half kernel in front.
    """
    rank = ops.rank(x) - 2
    given = ops.constant_value(kernel)
    if given is None:
        raise Refused("a transposed convolution has a kernel that is computed")
    array = flip_kernel(ops, np.asarray(given), rank) if theano else np.asarray(given)
    stride, holes = spatial(strides, rank), spatial(dilation, rank)
    config: dict[str, Operand] = {
        "filters": int(array.shape[-2]),
        "kernel_size": array.shape[:rank],
        "strides": stride,
        "padding": "valid",
        "dilation_rate": holes,
        "use_bias": False,
    }
    x = to_channels_last(ops, x, data_format)
    y = ops.layer("Conv2DTranspose" if rank == 2 else "Conv3DTranspose", config, x, weights={"kernel": array})
    window = [slice(None)]
    beyond = [(0, 0)]
    for axis, length in enumerate(_read_lengths(output_shape, rank, data_format)):
        reach = (array.shape[axis] - 1) * holes[axis] + 1
        before = require_size(ops, x, axis + 1, "a transposed convolution")
        start = _front(before, length, stride[axis], reach, padding.lower(), theano)
        made = (before - 1) * stride[axis] + max(reach, stride[axis])
        window.append(slice(start, start + length))
        beyond.append((0, max(start + length - made, 0)))
    if any(map(any, beyond)):
        y = ops.pad(y, (*beyond, (0, 0)), mode="constant")
    return restore_format(ops, ops.getitem(y, (*window, slice(None))), data_format)


def _front(before: int, after: int, stride: int, reach: int, padding: str, theano: bool) -> int:
    """How many places are cut off in front."""
    if padding == "valid":
        return 0
    if theano and (padding != "same" or reach % 2 == 0):
        raise Refused(f"a transposed convolution of Theano with border {padding!r} and an even or full kernel")
    return reach // 2 if theano else max((before - 1) * stride + reach - after, 0) // 2


def _read_lengths(output_shape: Operand, rank: int, data_format: str) -> tuple[int, ...]:
    given = tuple(output_shape)
    lengths = given[2:] if data_format == "channels_first" else given[1 : rank + 1]
    if not all(isinstance(length, int) for length in lengths):
        raise Refused("a transposed convolution to an unknown size", "AK3043")
    return lengths


def pool(
    ops: Ops,
    x: Operand,
    mode: str,
    size: Operand,
    *,
    strides: Operand = None,
    padding: str = "valid",
    data_format: str = "channels_last",
    theano: bool = False,
) -> Operand:
    """Maximum or average (``max``, ``avg``) over windows; `theano` pads as its backend did to keep the size."""
    rank = ops.rank(x) - 2
    window = spatial(size, rank)
    stride = window if strides is None else spatial(strides, rank)
    padding = padding.lower()
    x = to_channels_last(ops, x, data_format)
    if theano and padding == "same":
        y = _pool_theano_same(ops, x, mode, window, stride)
    else:
        y = _windows(ops, x, mode, window, stride, padding)
    return restore_format(ops, y, data_format)


def _windows(ops: Ops, x: Operand, mode: str, window: Spatial, stride: Spatial, padding: str) -> Operand:
    name = f"{'Max' if mode == 'max' else 'Average'}Pooling{len(window)}D"
    config = {"pool_size": window, "strides": stride, "padding": padding, "data_format": "channels_last"}
    return ops.layer(name, config, x)


def _pool_theano_same(ops: Ops, x: Operand, mode: str, window: Spatial, stride: Spatial) -> Operand:
    """theano_backend.py pool2d: a border of size - 1 (size - 2 for odd sizes above 2), then the first ceil(n / s)."""
    border = tuple(k - 2 if k > 2 and k % 2 else k - 1 for k in window)
    keep = [_ceil(ops, x, axis + 1, step) for axis, step in enumerate(stride)]
    if mode == "max":
        lowest = float(np.finfo("float32").min)
        y = _windows(ops, pad_spatial(ops, x, border, border, lowest), mode, window, stride, "valid")
        return keep_first(ops, y, keep)
    y = _windows(ops, pad_spatial(ops, x, border, border), mode, window, stride, "valid")
    inside = _windows(ops, pad_spatial(ops, ops.ones_like(x), border, border), mode, window, stride, "valid")
    return ops.divide(keep_first(ops, y, keep), keep_first(ops, inside, keep))
