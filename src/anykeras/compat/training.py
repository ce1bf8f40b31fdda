"""Losses, metrics and schedules that legacy code derives from."""

from __future__ import annotations

import inspect
from typing import Any

from .adapters import adapt_tensor_method, call_through
from .proxies import LegacyProxy
from .runtime import LegacyRuntime
from .tensor import LegacyTensor, to_plain_shape

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

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        if "legacy_runtime" in vars(cls):
            return
        if "reset_states" in vars(cls) and "reset_state" not in vars(cls):
            cls.reset_state = vars(cls)["reset_states"]  # type: ignore[attr-defined]
        for name in _CALLED:
            method = vars(cls).get(name)
            if inspect.isfunction(method) and not getattr(method, "is_legacy", False):
                setattr(cls, name, adapt_tensor_method(cls.legacy_runtime, method))

    def __init__(self, *args: object, **kwargs: object) -> None:
        reduction = kwargs.get("reduction")
        if isinstance(reduction, str):
            kwargs["reduction"] = REDUCTIONS.get(reduction.upper(), reduction)
        super().__init__(*args, **kwargs)

    def __setattr__(self, name: str, value: object) -> None:
        super().__setattr__(name, value.raw if isinstance(value, LegacyTensor) else value)

    def add_weight(self, *args: Any, **kwargs: Any) -> Any:
        """``add_weight(name, shape, ..., initializer)`` of tf.keras' metrics; ``add_variable`` of today's."""
        order = ("shape", "initializer") if args and not isinstance(args[0], str) else ("name", "shape")
        call = {**dict(zip(order, args, strict=False)), **kwargs}
        known = ("name", "shape", "initializer", "dtype")
        weight = {key: value for key, value in call.items() if key in known and value is not None}
        weight["shape"] = to_plain_shape(tuple(weight.get("shape", ())))
        return super().add_variable(**{"initializer": "zeros", **weight})  # type: ignore[misc]


def adapt_training_class(runtime: LegacyRuntime, current: type) -> type:
    """A loss, metric or schedule class of the running Keras for legacy code."""
    methods = call_through(runtime, current, [name for name in _CALLED if name != "__call__"])
    body = {"legacy_runtime": runtime, "__module__": current.__module__, "__doc__": current.__doc__, **methods}
    return type(current.__name__, (LegacyTrainingObject, current), body)
