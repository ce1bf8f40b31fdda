"""Classes of the running Keras that old code can derive from and construct as it did then."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import wraps
from typing import TYPE_CHECKING, Any

from .adapters import bridges
from .constructors import translated
from .keras0 import masked_layer
from .layer import LegacyLayer, wrap_tensor_method
from .model import as_legacy_model, model
from .tensor import LegacyTensor, to_plain_shape
from .training import part

if TYPE_CHECKING:
    from .runtime import LegacyRuntime

# Classes by the last part of their name, wherever an old library kept them: what the running Keras calls them.
_CLASSES: Mapping[str, str] = {
    "Layer": "layers.Layer",
    "Wrapper": "layers.Wrapper",
    "InputSpec": "layers.InputSpec",
    "Initializer": "initializers.Initializer",
    "Regularizer": "regularizers.Regularizer",
    "WeightRegularizer": "regularizers.L1L2",
    "ActivityRegularizer": "regularizers.L1L2",
    "Constraint": "constraints.Constraint",
    "Model": "models.Model",
    "Sequential": "models.Sequential",
    "Callback": "callbacks.Callback",
    "Optimizer": "optimizers.Optimizer",
    "Loss": "losses.Loss",
    "Metric": "metrics.Metric",
}
_BASES = frozenset({"Layer", "Wrapper"})
_TENSORS = frozenset({"Tensor", "TensorVariable", "KerasTensor", "SymbolicTensor"})


def find(runtime: LegacyRuntime, name: str) -> Any:
    """The class of that canonical name, as old code uses it; None where Keras has all that it needs."""
    root, last = name.split(".")[0], name.rpartition(".")[2]
    if last in _TENSORS and name.count(".") < 4:
        return LegacyTensor
    if root == "keras" and last == "MaskedLayer":
        return masked_layer(runtime)
    if root != "keras" or last not in _CLASSES:
        return None
    home, _, current = _CLASSES[last].partition(".")
    return adapted(runtime, getattr(getattr(runtime.keras, home), current))


def adapted(runtime: LegacyRuntime, current: type) -> Any:
    """A class of the running Keras with the ways of the writer's time."""
    known = runtime.registered.get(f"class {current.__module__}.{current.__qualname__}")
    if known is not None:
        return known
    made = _made(runtime, current)
    runtime.registered[f"class {current.__module__}.{current.__qualname__}"] = made
    return made


def _made(runtime: LegacyRuntime, current: type) -> Any:
    keras = runtime.keras
    if issubclass(current, keras.layers.Layer) and not issubclass(current, keras.Model):
        return _layer(runtime, current)
    if issubclass(current, keras.Model):
        return model(runtime, current)
    if issubclass(current, keras.initializers.Initializer | keras.regularizers.Regularizer | keras.constraints.Constraint):
        return _object(runtime, current)
    if issubclass(current, keras.losses.Loss | keras.metrics.Metric | keras.optimizers.schedules.LearningRateSchedule):
        return part(runtime, current)
    return current


def _layer(runtime: LegacyRuntime, current: type) -> type:
    built_in = current.__name__ not in _BASES and current.__module__.startswith("keras.")

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        if built_in:
            kwargs = translated(runtime, current.__name__, args, kwargs)
            args = ()
        LegacyLayer.begin(self, current, args, kwargs)

    body = {
        "__init__": __init__,
        "legacy_runtime": runtime,
        "built_in": built_in,
        "__module__": current.__module__,
        "__doc__": current.__doc__,
        **bridges(runtime, current),
    }
    return type(current.__name__, (LegacyLayer, current), body)


def as_legacy(runtime: LegacyRuntime, layer: Any) -> Any:
    """A live layer of the running Keras in the ways of then, for the code of a class that holds it."""
    if isinstance(layer, LegacyLayer) or not isinstance(layer, runtime.keras.layers.Layer):
        return layer
    if isinstance(layer, runtime.keras.Model):
        return as_legacy_model(runtime, layer)
    build = layer.build  # Keras binds it to the object when it is made

    @wraps(build)
    def built(*args: Any, **kwargs: Any) -> Any:
        with runtime.outside():
            return build(
                *(to_plain_shape(arg) for arg in args), **{key: to_plain_shape(value) for key, value in kwargs.items()}
            )

    object.__setattr__(layer, "__class__", adapted(runtime, type(layer)))
    object.__setattr__(layer, "build", built)
    return layer


def _object(runtime: LegacyRuntime, current: type) -> type:
    def __init_subclass__(cls: Any, **kwargs: Any) -> None:
        adapt_call(runtime, cls)

    wrap: Any = classmethod  # the class is made by hand, so that no type checker sees where this goes
    hook = wrap(__init_subclass__)
    body = {"__init_subclass__": hook, "__module__": current.__module__}
    return type(current.__name__, (current,), body)


def adapt_call(runtime: LegacyRuntime, made: Any) -> Any:
    """A class of a person's own without a base of Keras: its ``__call__`` is called by Keras, and runs as old code."""
    own = vars(made).get("__call__")
    if inspect.isfunction(own) and hasattr(made, "set_param"):
        own = _of_a_parameter(own)
    if inspect.isfunction(own) and not getattr(own, "is_legacy", False):
        made.__call__ = wrap_tensor_method(runtime, own)
    return made


def _of_a_parameter(call: Callable[..., Any]) -> Callable[..., Any]:
    """A regularizer of Keras 1.0 as one of today: it was told its parameter, and then added to the loss."""

    def run(self: Any, x: Any) -> Any:
        self.set_param(x)
        return call(self, x.runtime.wrap(x.runtime.keras.ops.zeros(())) if isinstance(x, LegacyTensor) else 0.0)

    return run
