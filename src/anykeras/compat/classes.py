"""Classes of the running Keras that legacy code can derive from and construct as it did in its time."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from .adapters import adapt_methods, adapt_tensor_method
from .constructors import translate_arguments
from .layer import LegacyLayer, initialize_layer
from .proxies import as_legacy
from .runtime import LegacyRuntime
from .tensor import LegacyTensor
from .training import adapt_training_class

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


def find(runtime: LegacyRuntime, name: str) -> object:
    """The class of that canonical name, as legacy code uses it; None where Keras has all that it needs."""
    root, last = name.split(".")[0], name.rpartition(".")[2]
    if last in _TENSORS and name.count(".") < 4:
        return LegacyTensor
    if root != "keras" or last not in _CLASSES:
        return None
    home, _, current = _CLASSES[last].partition(".")
    return runtime.adapt(getattr(getattr(runtime.keras, home), current))


def adapt_class(runtime: LegacyRuntime, current: type) -> type:
    """The legacy form of a class of the running Keras: the class itself where nothing changed."""
    keras = runtime.keras
    if issubclass(current, keras.Model):
        return _adapt_model(runtime, current)
    if issubclass(current, keras.layers.Layer):
        return _adapt_layer(runtime, current)
    if issubclass(current, keras.initializers.Initializer | keras.regularizers.Regularizer | keras.constraints.Constraint):
        return _adapt_object(runtime, current)
    if issubclass(current, keras.losses.Loss | keras.metrics.Metric | keras.optimizers.schedules.LearningRateSchedule):
        return adapt_training_class(runtime, current)
    return current


def _adapt_layer(runtime: LegacyRuntime, current: type) -> type:
    built_in = current.__name__ not in _BASES and current.__module__.startswith("keras.")

    def __init__(self: object, *args: object, **kwargs: object) -> None:
        if built_in:
            kwargs = translate_arguments(runtime, current.__name__, args, kwargs)
            args = ()
        initialize_layer(self, current, args, kwargs)

    return _derive(runtime, current, built_in, {"__init__": __init__})


def _adapt_model(runtime: LegacyRuntime, current: Any) -> type:
    """A model class: to derive from, or to make a model of inputs and outputs by."""

    def __new__(cls: type, *args: object, **kwargs: object) -> object:
        if cls is not adapted:
            return current.__new__(cls)
        with runtime.keras_code():
            return as_legacy(runtime, current(*runtime.unwrap(args), **runtime.unwrap(kwargs)))

    def __init__(self: object, *args: object, **kwargs: object) -> None:
        initialize_layer(self, current, tuple(runtime.unwrap(args)), dict(runtime.unwrap(kwargs)))

    adapted = _derive(runtime, current, current is not runtime.keras.Model, {"__new__": __new__, "__init__": __init__})
    return adapted


def _derive(runtime: LegacyRuntime, current: type, built_in: bool, methods: Mapping[str, object]) -> type:
    body = {
        **methods,
        "legacy_runtime": runtime,
        "built_in": built_in,
        "__module__": current.__module__,
        "__doc__": current.__doc__,
        **adapt_methods(runtime, current),
    }
    return type(current.__name__, (LegacyLayer, current), body)


def _adapt_object(runtime: LegacyRuntime, current: type) -> type:
    def __init_subclass__(cls: type, **kwargs: object) -> None:
        adapt_callable(runtime, cls)

    wrap: Any = classmethod  # the class is made by hand, so that no type checker sees where this goes
    hook = wrap(__init_subclass__)
    body = {"__init_subclass__": hook, "__module__": current.__module__}
    return type(current.__name__, (current,), body)


def adapt_callable(runtime: LegacyRuntime, own_class: Any) -> Any:
    """A user's class without a base of Keras: its ``__call__`` is called by Keras, and runs as legacy code."""
    own = vars(own_class).get("__call__")
    if inspect.isfunction(own) and hasattr(own_class, "set_param"):
        own = _call_with_parameter(runtime, own)
    if inspect.isfunction(own) and not getattr(own, "is_legacy", False):
        own_class.__call__ = adapt_tensor_method(runtime, own)
    return own_class


def _call_with_parameter(runtime: LegacyRuntime, call: Callable[..., object]) -> Callable[..., object]:
    """A regularizer of Keras 1.0 as one of today: its parameter was set first, and it then added to the loss."""

    def run(self: Any, x: object) -> object:
        self.set_param(x)
        loss: object = runtime.wrap(runtime.keras.ops.zeros(())) if isinstance(x, LegacyTensor) else 0.0
        return call(self, loss)

    return run
