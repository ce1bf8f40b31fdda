"""Models that code of then makes, calls and derives from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .adapters import bridges
from .layer import LegacyLayer
from .proxies import LegacyProxy

if TYPE_CHECKING:
    from .runtime import LegacyRuntime


class Called(LegacyProxy):
    """Mixed into a model that code of then calls: it takes and gives old tensors."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        runtime = type(self).legacy_runtime
        if not runtime.old:
            return super().__call__(*args, **kwargs)  # type: ignore[misc]
        with runtime.outside():
            return runtime.wrap(super().__call__(*runtime.unwrap(args), **runtime.unwrap(kwargs)))  # type: ignore[misc]


def as_legacy_model(runtime: LegacyRuntime, made: Any) -> Any:
    """A live model that code of then can call."""
    if isinstance(made, LegacyProxy):
        return made
    current = type(made)
    body = {"legacy_runtime": runtime, "__module__": current.__module__, "__doc__": current.__doc__}
    object.__setattr__(made, "__class__", type(current.__name__, (Called, current), body))
    return made


def model(runtime: LegacyRuntime, current: Any) -> type:
    """A model class of the running Keras: to derive from, or to make a model of inputs and outputs by."""
    keras = runtime.keras

    def __new__(cls: type, *args: Any, **kwargs: Any) -> Any:
        if cls is not made:
            return current.__new__(cls)
        with runtime.outside():
            return as_legacy_model(runtime, current(*runtime.unwrap(args), **runtime.unwrap(kwargs)))

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        LegacyLayer.begin(self, current, tuple(runtime.unwrap(args)), dict(runtime.unwrap(kwargs)))

    plain = {"built_in": current is not keras.Model, "legacy_runtime": runtime, "__module__": current.__module__}
    body = {"__new__": __new__, "__init__": __init__, "__doc__": current.__doc__, **plain, **bridges(runtime, current)}
    made = type(current.__name__, (LegacyLayer, current), body)
    return made
