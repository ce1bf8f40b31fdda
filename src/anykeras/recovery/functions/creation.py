"""Tensors that are made: constants, ranges, and random numbers."""

from __future__ import annotations

import math

import numpy as np

from . import folding, shapes
from .arguments import dtype_name
from .base import Ops
from .shapes import arange, number, sizes
from .values import Dim, Operand, Refused, Sizes


def fill(ops: Ops, name: str, shape: Operand, dtype: Operand = None) -> Operand:
    """``zeros`` and ``ones`` in a shape of any spelling."""
    return ops.op(name, sizes(ops, shape), dtype=dtype_name(ops, dtype))


def fill_like(ops: Ops, name: str, x: Operand, dtype: Operand = None) -> Operand:
    """``zeros_like`` and ``ones_like``; like a shape, numbers as many as it has."""
    if isinstance(x, Sizes):
        return Sizes((0 if name == "zeros_like" else 1,) * len(x))
    return ops.op(name, x, dtype=None if dtype is None else dtype_name(ops, dtype))


def make_numbers(ops: Ops, value: Operand, dtype: str, shape: Operand = None) -> Operand:
    """A constant of a dtype, one number or as many as the shape has."""
    array = np.asarray(value, dtype=dtype)
    if shape is not None:
        size = tuple(int(one) for one in sizes(ops, shape))
        array = folding.compute("full", (size, array), {}) if array.ndim == 0 else np.reshape(array, size)
    return ops.constant(array)


def cast(ops: Ops, x: Operand, dtype: Operand) -> Operand:
    """A tensor, or a size as a tensor, in another dtype."""
    name = dtype_name(ops, dtype)
    if isinstance(x, Dim | Sizes) and name in ("int32", "int64"):
        return x
    return ops.cast(number(ops, x, name), name)


def count(ops: Ops, start: Operand, stop: Operand = None, step: Operand = 1, dtype: Operand = None) -> Operand:
    """``arange`` of whole numbers, or of floats where one of its numbers is one."""
    kind = "float32" if any(isinstance(one, float) for one in (start, stop, step)) else "int32"
    return arange(ops, start, stop, step, dtype_name(ops, dtype, kind))


# Concatenating and stacking, of tensors and of shapes.


def concatenate_any(ops: Ops, tensors: list[Operand], axis: int) -> Operand:
    """``concat``; of shapes it is a shape."""
    if any(isinstance(one, Sizes) for one in tensors):
        return Sizes(item for one in tensors for item in shapes.sizes(ops, one))
    return tensors[0] if len(tensors) == 1 else ops.concatenate(tensors, axis=axis)


def stack_any(ops: Ops, tensors: list[Operand], axis: int) -> Operand:
    """``stack``; of sizes it is a shape."""
    if any(isinstance(one, Dim) for one in tensors) and not any(ops.is_tensor(one) for one in tensors):
        return Sizes(tensors)
    if all(isinstance(one, int | np.integer) for one in tensors):
        return Sizes(map(int, tensors))
    return ops.stack([shapes.number(ops, one, "int32") for one in tensors], axis=axis)


# Random numbers: layers that Keras keeps in a file, around zeros and ones of the wanted shape.


_TAIL = math.erf(2 / math.sqrt(2))


def _pass_seed(seed: Operand) -> dict[str, Operand]:
    return {"seed": int(seed)} if isinstance(seed, int) and not isinstance(seed, bool) else {}


def _unit_normal(ops: Ops, shape: Operand, dtype: str, seed: Operand) -> Operand:
    zeros = ops.zeros(sizes(ops, shape), dtype=dtype)
    # GaussianNoise takes no deviation above 1 and is silent outside training: one is drawn, and scaled afterwards
    return ops.layer("GaussianNoise", {"stddev": 1.0, **_pass_seed(seed)}, zeros, training=True)


def _scale(ops: Ops, drawn: Operand, mean: Operand, deviation: Operand) -> Operand:
    if ops.is_tensor(deviation) or deviation != 1:
        drawn = ops.multiply(drawn, deviation)
    return ops.add(drawn, mean) if ops.is_tensor(mean) or mean else drawn


def normal(
    ops: Ops, shape: Operand, mean: Operand = 0.0, stddev: Operand = 1.0, dtype: Operand = None, seed: Operand = None
) -> Operand:
    """Numbers of a normal distribution."""
    return _scale(ops, _unit_normal(ops, shape, dtype_name(ops, dtype), seed), mean, stddev)


def _unit_uniform(ops: Ops, shape: Operand, dtype: str, seed: Operand) -> Operand:
    drawn = ops.erf(ops.multiply(_unit_normal(ops, shape, dtype, seed), 1 / math.sqrt(2)))
    return ops.multiply(ops.add(drawn, 1.0), 0.5)


def uniform(
    ops: Ops, shape: Operand, minval: Operand = 0.0, maxval: Operand = 1.0, dtype: Operand = None, seed: Operand = None
) -> Operand:
    """Numbers spread evenly from `minval` to `maxval`; whole numbers below `maxval` for an int dtype."""
    name = dtype_name(ops, dtype)
    if "int" in name:
        if maxval is None:
            raise Refused("whole random numbers are drawn without a maximum")
        spread = _scale(ops, _unit_uniform(ops, shape, "float32", seed), minval, maxval - minval)
        return ops.cast(ops.floor(ops.minimum(spread, maxval - 0.5)), name)
    maxval = 1.0 if maxval is None else maxval
    computed = ops.is_tensor(minval) or ops.is_tensor(maxval)
    width = ops.subtract(maxval, minval) if computed else maxval - minval
    return _scale(ops, _unit_uniform(ops, shape, name, seed), minval, width)


def truncated_normal(
    ops: Ops, shape: Operand, mean: Operand = 0.0, stddev: Operand = 1.0, dtype: Operand = None, seed: Operand = None
) -> Operand:
    """A normal distribution cut at two deviations."""
    even = _unit_uniform(ops, shape, dtype_name(ops, dtype), seed)
    drawn = ops.multiply(ops.erfinv(ops.multiply(ops.subtract(ops.multiply(even, 2.0), 1.0), _TAIL)), math.sqrt(2))
    return _scale(ops, drawn, mean, stddev)


def bernoulli(ops: Ops, shape: Operand, p: Operand = 0.0, dtype: Operand = None, seed: Operand = None) -> Operand:
    """Ones with probability `p`, else zeros."""
    name = dtype_name(ops, dtype)
    even = _unit_uniform(ops, shape, "float32" if "int" in name or name == "bool" else name, seed)
    return ops.cast(ops.less_equal(even, p), name)


def dropout(ops: Ops, x: Operand, rate: Operand, noise_shape: Operand = None, seed: Operand = None) -> Operand:
    """Always drops, as the function did: the layers around it decided when to call it."""
    if ops.is_tensor(rate):
        raise Refused("the share to drop is a tensor")
    if not rate:
        return x
    config: dict[str, Operand] = {"rate": float(rate), **_pass_seed(seed)}
    if noise_shape is not None:
        given = sizes(ops, noise_shape)
        config["noise_shape"] = tuple(size if isinstance(size, int) and size != -1 else None for size in given)
    return ops.layer("Dropout", config, x, training=True)
