"""Random numbers: layers that Keras keeps in a file, around zeros and ones of the wanted shape."""

from __future__ import annotations

import math

from .arguments import dtype_name
from .base import Ops
from .shapes import sizes
from .values import Operand, Refused

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
