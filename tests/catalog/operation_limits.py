"""Calls of ``keras.ops`` that a model can hold but a saved model cannot, and what says the same and survives.

Measured with Keras 3.15.1 on jax 0.10, TensorFlow 2.21 and torch 2.13: build, save, load with safe_mode, run. Most of
them have one cause: a file has lists where the call had tuples.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from anykeras.catalog.operations import bind, find
from anykeras.document.model import Config, Slice, Value, refs

ALL: Final = ("jax", "tensorflow", "torch")
Condition = Callable[[Mapping[str, Value]], bool]


@dataclass(frozen=True)
class Limit:
    """What breaks after saving: on which backends, and what to write instead."""

    functions: tuple[str, ...]
    when: Condition
    backends: tuple[str, ...]
    instead: str


def limits(function: str, args: Sequence[Value], kwargs: Config) -> list[Limit]:
    """The reasons why this call does not survive saving; empty for nearly every call."""
    operation = find(function)
    if operation is None:
        return []
    given = bind(operation, args, kwargs)
    return [limit for limit in _LIMITS if operation.function in limit.functions and limit.when(given)]


def _always(given: Mapping[str, Value]) -> bool:
    return True


def _sequence(*names: str) -> Condition:
    return lambda given: any(isinstance(given.get(name), tuple) for name in names)


def _is_stated(name: str) -> Condition:
    return lambda given: given.get(name) is not None


def _tensor(*names: str) -> Condition:
    return lambda given: any(refs(given.get(name)) for name in names)


def _backwards(given: Mapping[str, Value]) -> bool:
    key = given.get("key")
    parts = key if isinstance(key, tuple) else (key,)
    return any(isinstance(p, Slice) and isinstance(p.step, int) and p.step < 0 for p in parts)


_NAN: Final = ("nanmax", "nanmin", "nansum", "nanmean", "nanmedian", "nanprod", "nanstd", "nanvar")
_FUNCTIONAL: Final = (
    "associative_scan", "cond", "fori_loop", "jvp", "map", "scan", "switch", "vectorized_map", "while_loop",
)  # fmt: skip

_LIMITS: Final = (
    Limit(("norm",), _is_stated("axis"), ("jax",), "sqrt(sum(square(x), axis, keepdims))"),
    Limit(("quantile",), _is_stated("axis"), ("jax",), "sort and take, or median"),
    Limit(("rot90",), _is_stated("axes"), ("jax",), "flip of transpose"),
    Limit(_NAN, _sequence("axis"), ("jax",), "where(isnan(x), ...) and the plain function"),
    Limit(("max_pool", "average_pool"), _sequence("pool_size", "strides"), ("jax",), "a pooling layer"),
    Limit(("adaptive_average_pool", "adaptive_max_pool"), _always, ALL, "an adaptive pooling layer"),
    Limit(("softmax",), _sequence("axis"), ("tensorflow", "torch"), "reshape, softmax, reshape; or a Softmax layer"),
    Limit(("conv_transpose",), _always, ALL, "a ConvTranspose layer with the kernel as its weight"),
    Limit(("clip",), _tensor("x_min", "x_max"), ALL, "minimum(maximum(x, x_min), x_max)"),
    Limit(("repeat",), _sequence("repeats"), ("jax", "torch"), "take with the repeated indices"),
    Limit(("get_item",), _backwards, ("torch",), "flip, then a slice that goes forwards"),
    Limit(("get_item",), lambda given: not isinstance(given.get("key"), tuple), ALL, "the same key as a tuple"),
    Limit(_FUNCTIONAL, _always, ALL, "the loop unrolled, where, cumsum or a recurrent layer"),
)
