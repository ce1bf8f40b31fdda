"""Losses, metrics and schedules that code of then derives from."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any

from .layer import wrap_tensor_method
from .proxies import LegacyProxy
from .tensor import LegacyTensor, to_plain_shape

if TYPE_CHECKING:
    from .runtime import LegacyRuntime

_CALLED = ("call", "__call__", "update_state", "result", "reset_state", "reset_states")
# What tf.keras 2.0 to 2.15 called the ways to reduce a loss (losses_utils.py, ReductionV2).
REDUCTIONS = {
    "AUTO": "sum_over_batch_size",
    "NONE": "none",
    "SUM": "sum",
    "SUM_OVER_BATCH_SIZE": "sum_over_batch_size",
    "SUM_OVER_NONZERO_WEIGHTS": "sum_over_batch_size",
}


class LegacyTrainingObject(LegacyProxy):
    """Mixed into a loss, metric or schedule of the running Keras."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "legacy_runtime" in vars(cls):
            return
        if "reset_states" in vars(cls) and "reset_state" not in vars(cls):
            cls.reset_state = vars(cls)["reset_states"]  # type: ignore[attr-defined]
        for name in _CALLED:
            method = vars(cls).get(name)
            if inspect.isfunction(method) and not getattr(method, "is_legacy", False):
                setattr(cls, name, wrap_tensor_method(cls.legacy_runtime, method))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if isinstance(kwargs.get("reduction"), str):
            kwargs["reduction"] = REDUCTIONS.get(kwargs["reduction"].upper(), kwargs["reduction"])
        super().__init__(*args, **kwargs)

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value.raw if isinstance(value, LegacyTensor) else value)

    def add_weight(self, *args: Any, **kwargs: Any) -> Any:
        """``add_weight(name, shape, ..., initializer)`` of tf.keras' metrics; ``add_variable`` of today's."""
        shape_first = bool(args) and not isinstance(args[0], str)
        given = {**dict(zip(("shape", "initializer") if shape_first else ("name", "shape"), args, strict=False)), **kwargs}
        known = ("name", "shape", "initializer", "dtype")
        made = {key: value for key, value in given.items() if key in known and value is not None}
        made["shape"] = to_plain_shape(tuple(made.get("shape", ())))
        return super().add_variable(**{"initializer": "zeros", **made})  # type: ignore[misc]


def part(runtime: LegacyRuntime, current: type) -> type:
    """A loss, metric or schedule class of the running Keras in the ways of then."""
    bridged = {name: _bridge(runtime, current, name) for name in _CALLED if hasattr(current, name) and name != "__call__"}
    body = {"legacy_runtime": runtime, "__module__": current.__module__, "__doc__": current.__doc__, **bridged}
    return type(current.__name__, (LegacyTrainingObject, current), body)


def _bridge(runtime: LegacyRuntime, current: type, name: str) -> Callable[..., Any]:
    method = getattr(current, name)

    @wraps(method)
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        if not runtime.old:
            return method(self, *args, **kwargs)
        with runtime.outside():
            return runtime.wrap(method(self, *runtime.unwrap(args), **runtime.unwrap(kwargs)))

    return call
