"""``K.random_*`` and ``K.dropout``."""

from __future__ import annotations

from .. import sampling
from ..base import Kind, Ops, Value, function


@function("keras.backend.random_normal", kind=Kind.RANDOM, stack="Keras 0.3 on (std in Keras 0 and 1)")
def random_normal(
    ops: Ops,
    shape: Value,
    mean: Value = 0.0,
    stddev: Value = 1.0,
    dtype: Value = None,
    seed: Value = None,
    std: Value = None,
) -> Value:
    return sampling.normal(ops, shape, mean, stddev if std is None else std, dtype, seed)


@function("keras.backend.truncated_normal", kind=Kind.RANDOM, stack="Keras 2.0 on")
def truncated_normal(
    ops: Ops, shape: Value, mean: Value = 0.0, stddev: Value = 1.0, dtype: Value = None, seed: Value = None
) -> Value:
    return sampling.truncated(ops, shape, mean, stddev, dtype, seed)


@function("keras.backend.random_uniform", kind=Kind.RANDOM, stack="Keras 0.3 on (low, high in Keras 0 and 1)")
def random_uniform(
    ops: Ops,
    shape: Value,
    minval: Value = 0.0,
    maxval: Value = 1.0,
    dtype: Value = None,
    seed: Value = None,
    low: Value = None,
    high: Value = None,
) -> Value:
    least, most = (minval if low is None else low), (maxval if high is None else high)
    return sampling.uniform(ops, shape, least, most, dtype, seed)


@function("keras.backend.random_binomial", "keras.backend.random_bernoulli", kind=Kind.RANDOM, stack="Keras 0.3 on")
def random_binomial(ops: Ops, shape: Value, p: Value = 0.0, dtype: Value = None, seed: Value = None) -> Value:
    return sampling.bernoulli(ops, shape, p, dtype, seed)


@function("keras.backend.dropout", kind=Kind.RANDOM, stack="Keras 0.3 on: drops whenever it is called")
def dropout(ops: Ops, x: Value, level: Value, noise_shape: Value = None, seed: Value = None) -> Value:
    return sampling.dropout(ops, x, level, noise_shape, seed)
