"""Objects that legacy code and Keras share: each sees tensors, functions and layers in its own form."""

from __future__ import annotations

from functools import wraps
from types import FunctionType
from typing import Any, ClassVar

from .runtime import LegacyRuntime
from .tensor import LegacyTensor, to_plain_shape


class LegacyProxy:
    """Mixed into a class of the running Keras; `legacy_runtime` is that of the code which derives from it.

    To legacy code, variables, tensors and functions of Keras that are attributes are legacy ones; to Keras they are
    its own.
    """

    legacy_runtime: ClassVar[LegacyRuntime]

    def __getattribute__(self, name: str) -> Any:
        found = super().__getattribute__(name)
        return found if name.startswith("__") or name == "legacy_runtime" else type(self).present(found)

    @classmethod
    def present(cls, found: object) -> Any:
        """An attribute as the running code sees it."""
        if found is None or isinstance(found, bool | int | str):
            return found
        runtime = cls.legacy_runtime
        if not runtime.in_legacy_code:
            return found.raw if isinstance(found, LegacyTensor) else found
        if isinstance(found, FunctionType):
            return runtime.for_legacy(found) if found.__module__.startswith("keras.") else found
        if isinstance(found, runtime.keras.layers.Layer):
            return as_legacy(runtime, found)
        return runtime.wrap(found) if runtime.is_tensor(found) else found


class LegacyModel(LegacyProxy):
    """Mixed into a live model that legacy code calls."""

    def __call__(self, *args: object, **kwargs: object) -> Any:
        runtime, call = type(self).legacy_runtime, super().__call__  # type: ignore[misc]
        return runtime.call_keras(call, *args, **kwargs) if runtime.in_legacy_code else call(*args, **kwargs)


def as_legacy(runtime: LegacyRuntime, layer: Any) -> Any:
    """A live layer of the running Keras as legacy code calls it; any other object itself."""
    if isinstance(layer, LegacyProxy) or not isinstance(layer, runtime.keras.layers.Layer):
        return layer
    if isinstance(layer, runtime.keras.Model):
        current = type(layer)
        body = {"legacy_runtime": runtime, "__module__": current.__module__, "__doc__": current.__doc__}
        object.__setattr__(layer, "__class__", type(current.__name__, (LegacyModel, current), body))
        return layer
    build = layer.build  # Keras binds it to the object when it is made

    @wraps(build)
    def build_from_plain(*args: object, **kwargs: object) -> object:
        plain = {key: to_plain_shape(value) for key, value in kwargs.items()}
        with runtime.keras_code():
            return build(*(to_plain_shape(arg) for arg in args), **plain)

    object.__setattr__(layer, "__class__", runtime.adapt(type(layer)))
    object.__setattr__(layer, "build", build_from_plain)
    return layer
